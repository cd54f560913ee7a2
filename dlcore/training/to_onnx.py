"""`python -m dlcore.training.to_onnx RUN STEP WEIGHTS`: a run's network at a checkpoint, in ONNX.

The answer goes to standard output: a line of JSON, then the file. The line is {"bytes": …, "difference": …}
or {"error": …, "hint": …}. WEIGHTS is the step whose weights the checkpoint has, as it is told in the file.
The file maps inputs as the network gets them, normalized, to its outputs, for any number of samples at once.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

import torch
from torch import nn

from dlcore.config import RunConfig, to_table
from dlcore.errors import DltuiError
from dlcore.family.branch import config_at
from dlcore.oneline import print_line
from dlcore.rundir import RunDir
from dlcore.training import checkpoint
from dlcore.training.data import Data, load
from dlcore.training.faults import described
from dlcore.training.known import known, source_of
from dlcore.training.models import build_model
from dlcore.training.safe_load import fitting
from dlcore.training.seeds import generator

_SAMPLES = 16
_OTHER_NUMBER = 3
"""So many samples at once are tried as well: the file is for any number."""
_TOLERANCE = 1e-4
"""How far outputs may be apart, as a share of the largest one: sums of float32 come in another order."""
_MOST_NOTED = 16
"""Numbers of a normalization that are written out."""


def exported(run: RunDir, step: int, weights: int) -> tuple[bytes, float]:
    """Return the file, and how far its outputs are from the network's, at most; raises DltuiError."""
    config, facts = known(to_table(config_at(run, step)))
    torch.manual_seed(config.seed)
    model = build_model(config, facts)
    state = checkpoint.load(run, step)
    model.load_state_dict(fitting(state.get("model", {}), model.state_dict(), "the weights"))
    model.eval()
    source = source_of(config)
    data = load(config, source, torch.device("cpu")) if source is not None else None
    if data is not None:
        inputs, _ = data.first(data.training, _SAMPLES)
    else:
        inputs = torch.randn(_SAMPLES, *facts.shape, generator=generator(config.seed, "stand-in"))
    proto = _in_onnx(model, inputs)
    for key, value in _notes(run, config, weights, data).items():
        entry = proto.metadata_props.add()
        entry.key, entry.value = key, value.encode(errors="backslashreplace").decode()
    content: bytes = proto.SerializeToString()
    return content, _difference(model, content, inputs)


def _in_onnx(model: nn.Module, inputs: torch.Tensor) -> Any:
    """Return the network as an ONNX model, its first dimension free."""
    program = torch.onnx.export(
        model,
        (inputs.contiguous(),),
        input_names=["input"],
        output_names=["output"],
        dynamic_shapes=({0: torch.export.Dim("batch")},),
        dynamo=True,
        verbose=False,
    )
    assert program is not None
    return program.model_proto


def _notes(run: RunDir, config: RunConfig, weights: int, data: Data | None) -> dict[str, str]:
    """Return what the file says of where it comes from, and of what its inputs are."""
    notes = {"run": run.id, "step": str(weights), "line": print_line(config)}
    if data is not None:
        notes["classes"] = json.dumps(list(data.facts.names), ensure_ascii=False)
        for name, numbers in (("input_scale", data.scale), ("input_shift", data.shift)):
            if numbers.numel() <= _MOST_NOTED:
                notes[name] = json.dumps(numbers.flatten().tolist())
        notes["input"] = "stored sample × input_scale + input_shift"
    return notes


@torch.no_grad()
def _difference(model: nn.Module, content: bytes, inputs: torch.Tensor) -> float:
    """Return how far onnxruntime's outputs are from the network's; raises DltuiError if too far."""
    import onnxruntime

    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    largest = 0.0
    for some in (inputs, inputs[:_OTHER_NUMBER]):
        ours = model(some)
        theirs = torch.from_numpy(session.run(None, {name: some.contiguous().numpy()})[0])
        apart = (ours - theirs).abs().max().item() if ours.shape == theirs.shape else float("inf")
        if not apart <= _TOLERANCE * max(1.0, ours.abs().max().item()):
            raise DltuiError(
                f"onnxruntime's outputs are {apart:.2g} away from those of the network",
                "Its weights can be had with --format safetensors.",
            )
        largest = max(largest, apart)
    return largest


def main(arguments: list[str]) -> int:
    """Answer on standard output; what libraries print goes to standard error. This is an outer door."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    torch.set_num_threads(1)
    path, step, weights = arguments
    try:
        content, difference = exported(RunDir(Path(path)), int(step), int(weights))
    except DltuiError as error:
        answers.write(json.dumps({"error": error.message, "hint": error.hint}).encode() + b"\n")
        return 1
    except (Exception, SystemExit) as error:  # torch's word, or whatever a user's own network raises
        answers.write(json.dumps({"error": described(error)}).encode() + b"\n")
        return 1
    answers.write(json.dumps({"bytes": len(content), "difference": difference}).encode() + b"\n")
    answers.write(content)
    answers.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
