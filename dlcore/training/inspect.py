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
from typing import Any, BinaryIO

import torch

from dlcore.errors import DltuiError
from dlcore.reading import checked
from dlcore.training.models import build_model, describe


def network(table: dict[str, Any]) -> dict[str, Any]:
    """Return layers, shapes and parameter counts of the network of a configuration, built without memory."""
    config = checked(table).resolved()
    with torch.device("meta"):
        layers = describe(build_model(config), config.data.shape)
    return {
        "input": list(config.data.shape),
        "layers": [layer.model_dump() for layer in layers],
        "output": config.model.output,
        "parameters": sum(layer.parameters for layer in layers),
    }


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
        case "environment":
            return environment()
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
        request = json.loads(line)
        try:
            say({"id": request.get("id"), **answer(request)})
        except DltuiError as error:
            say({"id": request.get("id"), "error": str(error)})
        except (RuntimeError, ValueError, MemoryError) as error:  # torch's word on an impossible network
            say({"id": request.get("id"), "error": f"{type(error).__name__}: {error}"})


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
