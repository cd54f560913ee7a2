"""ONNX: the same outputs as our own network, for any number of samples, or a sentence."""

from pathlib import Path

import pytest
import torch

from dlcore.errors import DltuiError
from dlcore.export import render
from dlcore.oneline import parse
from dlcore.training.opened import opened
from dlcore.training.to_onnx import exported
from tests.dlcore.trained import make, train, train_run

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")
pytest.importorskip("onnxscript")

BRANCHING = """
import torch
from torch import nn

class Branching(nn.Module):
    def __init__(self, shape, outputs):
        super().__init__()
        self.fc = nn.Linear(shape[0] * shape[1] * shape[2], outputs)

    def forward(self, values):
        outputs = self.fc(values.flatten(1))
        return outputs if outputs.sum() > 0 else 2 * outputs
"""


@pytest.mark.filterwarnings("ignore")  # of torch's exporter
def test_a_network_gives_the_same_outputs(home: Path) -> None:
    line = "digits cnn filters=4, model.hidden=[8] model.norm=batch drop=.5 n=64 b=32 e=1"
    run = train(home, line).run
    content, difference = exported(run, 2, 2)
    assert difference < 1e-4
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    found = opened(str(run.path))
    for number in (1, 7):
        inputs, _ = found.data.first(found.data.test, number)
        (theirs,) = session.run(None, {"input": inputs.contiguous().numpy()})
        with torch.no_grad():
            ours = found.model(inputs)
        assert torch.allclose(ours, torch.from_numpy(theirs), atol=1e-4)
    notes = {one.key: one.value for one in onnx.load_from_string(content).metadata_props}
    assert (notes["run"], notes["step"]) == (run.id, "2")
    assert notes["line"].startswith("digits cnn ")
    assert notes["input_scale"].startswith("[")


def test_a_network_that_cannot_be_exported_is_a_sentence(home: Path, tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(BRANCHING)
    target = f"{tmp_path / 'own.py'}:Branching"
    config = parse(f"digits model=custom 'model.target={target}' n=64 b=32 e=1 device=cpu training.threads=1")
    run = train_run(make(home, config)).run
    with pytest.raises(DltuiError) as caught:
        render(run, "onnx")
    assert caught.value.message.startswith(f"{run.id} cannot be exported to ONNX: ")
    assert "\n" not in caught.value.message
    assert caught.value.hint
