"""`python -m dlcore.training.inspect`: answers whatever needs torch outside a run, a JSON line each.

A request is {"id": 1, "ask": "network", "config": {...}}; its answer {"id": 1, ...} or, when it cannot be
had, {"id": 1, "error": "..."}. The first line, {"ready": true, ...}, says that torch is there. It is a
child of the viewer and ends with it, when its standard input closes. It writes no file and no run.
"""

import importlib
import json
import os
import signal
import sys
from contextlib import nullcontext
from dataclasses import asdict
from typing import Any, BinaryIO

import torch

from dlcore.choices.architectures import CustomModel
from dlcore.config import output_units
from dlcore.errors import DltuiError
from dlcore.reading import checked
from dlcore.training.data import load
from dlcore.training.faults import described
from dlcore.training.known import known, source_of
from dlcore.training.layers import describe
from dlcore.training.looking import errors
from dlcore.training.looking.microscope.answer import microscope
from dlcore.training.looking.pictured import look
from dlcore.training.lr_range import lr_range
from dlcore.training.models import build_model, check_outputs
from dlcore.training.optimizers import build_optimizer
from dlcore.training.pictures import picture
from dlcore.training.probes import spread
from dlcore.training.seeds import generator

_SAMPLES = 128
_MOST_REAL = 2_000_000
"""A network of so many parameters is run in earnest: without memory, torch imports its compiler first."""


def network(table: dict[str, Any]) -> dict[str, Any]:
    """Return layers, shapes and parameter counts of the network of a configuration.

    A large one is built without memory. A network of the user's own is built in earnest: who knows whether
    it can be built without.
    """
    config, facts = known(table)
    is_own = isinstance(config.model, CustomModel)
    with nullcontext() if is_own else torch.device("meta"):
        model = build_model(config, facts)
    parameters = sum(parameter.numel() for parameter in model.parameters())
    if not is_own and parameters <= _MOST_REAL:
        model = build_model(config, facts)
    layers, outputs = describe(model, facts.shape)
    if config.optimizer.lr_per_layer:  # only then can it ask for a layer that is not there
        build_optimizer(config.optimizer, model)
    check_outputs(outputs, output_units(config.loss, facts))
    return {
        "input": list(facts.shape),
        "layers": [layer.model_dump() for layer in layers],
        "output": getattr(config.model, "output", ""),
        "parameters": parameters,
    }


def data(table: dict[str, Any]) -> dict[str, Any]:
    """Return what the data are, and a picture of them when they are here already."""
    config = checked(table)
    source = source_of(config)
    facts = source.facts if source else config.data.facts
    assert facts is not None, "only data that are published can be absent, and their facts are known"
    return {**asdict(facts), "picture": picture(source) if source else None}


def activations(table: dict[str, Any]) -> dict[str, Any]:
    """Return how the activations of each layer spread at step 0: with the run's first weights, on its data.

    Where the data are not here yet, normal noise stands for them.
    """
    config, facts = known(table)
    torch.manual_seed(config.seed)
    model = build_model(config, facts)
    source = source_of(config)
    if source is None:
        inputs = torch.randn(_SAMPLES, *facts.shape, generator=generator(config.seed, "stand-in"))
    else:
        held = load(config, source, torch.device("cpu"))
        inputs, _ = held.first(held.training, _SAMPLES)
    return {"layers": spread(model, inputs), "real": source is not None}


def environment() -> dict[str, Any]:
    """Return what torch and torchvision are and can do here, for `dltui doctor`."""
    return {
        "torch": torch.__version__,
        "torchvision": _torchvision(),
        "cuda": torch.version.cuda,
        "threads": torch.get_num_threads(),
        "devices": _devices(),
    }


def _torchvision() -> dict[str, str]:
    """Return the version of torchvision, or why it cannot be imported: it may be built for another torch."""
    try:
        return {"version": str(importlib.import_module("torchvision").__version__)}
    except (ImportError, RuntimeError, AttributeError) as error:
        return {"error": f"{type(error).__name__}: {error}".split("\n", 1)[0]}


def _devices() -> list[dict[str, Any]]:
    """Return name, memory in bytes and load of each GPU."""
    found: list[dict[str, Any]] = []
    for index in range(torch.cuda.device_count()):
        free, total = torch.cuda.mem_get_info(index)
        try:
            load: int | None = torch.cuda.utilization(index)
        except (ModuleNotFoundError, RuntimeError):  # needs NVIDIA's management library
            load = None
        name = torch.cuda.get_device_name(index)
        found.append({"device": f"cuda:{index}", "name": name, "free": free, "total": total, "load": load})
    if torch.backends.mps.is_available():
        found.append({"device": "mps", "name": "Apple GPU", "free": None, "total": None, "load": None})
    return found


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """Return the answer to one request."""
    match request.get("ask"):
        case "network":
            return network(request.get("config", {}))
        case "data":
            return data(request.get("config", {}))
        case "activations":
            return activations(request.get("config", {}))
        case "environment":
            return environment()
        case "filters" | "features" | "boundary" | "predictions" | "surface" as what:
            return look(what, request)
        case "errors":
            return errors.errors(request["run"], request.get("step"), request.get("target", 0))
        case "error_samples":
            return errors.samples(**{name: request[name] for name in errors.SAMPLES if name in request})
        case "microscope":
            return microscope(request)
        case "lr_range":
            return lr_range(request)
        case other:
            raise DltuiError(f"the inspector cannot answer {other!r}")


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer until the requests end."""

    def say(message: dict[str, Any]) -> None:
        answers.write(json.dumps(message).encode() + b"\n")
        answers.flush()

    network({})  # the first network pays for torch's lazy imports: better now than when a person waits
    say({"ready": True, "torch": torch.__version__})
    for line in requests:
        asked = None
        try:
            request = json.loads(line)
            asked = request.get("id")
            say({"id": asked, **answer(request)})
        except DltuiError as error:
            say({"id": asked, "error": str(error)})
        except (Exception, SystemExit) as error:  # torch's word, or whatever a user's own network raises
            say({"id": asked, "error": described(error)})


def main() -> None:
    """Serve on standard input and output; what libraries print goes to standard error."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the viewer's
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    try:
        serve(sys.stdin.buffer, answers)
    except BrokenPipeError:
        os._exit(0)  # the viewer is gone; closing its pipe would only fail again


if __name__ == "__main__":
    main()
