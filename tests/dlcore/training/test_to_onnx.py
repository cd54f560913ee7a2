"""ONNX: the same outputs as our own network, for any number of samples, or a sentence."""

from pathlib import Path

import pytest
import torch

from dlcore.errors import DltuiError
from dlcore.export import render
from dlcore.oneline import parse
from dlcore.training import checkpoint
from dlcore.training.opened import opened
from dlcore.training.to_onnx import exported
from tests.dlcore.trained import make, train, train_run

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")
pytest.importorskip("onnxscript")

WITHOUT_GRAPH = """
import torch
from torch import nn

class WithoutGraph(nn.Module):
    def __init__(self, shape, outputs):
        super().__init__()
        self.fc = nn.Linear(shape[0] * shape[1] * shape[2], outputs)

    def forward(self, values):
        if torch.compiler.is_exporting():
            raise RuntimeError("it has no graph")
        return self.fc(values.flatten(1))
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


@pytest.mark.filterwarnings("ignore")  # of torch's exporter
def test_a_network_without_a_graph_is_torchs_to_refuse(home: Path, tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(WITHOUT_GRAPH)
    target = f"{tmp_path / 'own.py'}:WithoutGraph"
    config = parse(f"digits model=custom 'model.target={target}' n=64 b=32 e=1 device=cpu training.threads=1")
    run = train_run(make(home, config)).run
    with pytest.raises(torch.onnx.OnnxExporterError):
        exported(run, 2, 2)


def test_what_cannot_be_exported_is_a_sentence(home: Path) -> None:
    run = train(home, "digits mlp 8, n=64 b=32 e=1").run
    checkpoint.save(run, 2, {"model": {"strange": torch.zeros(3)}})
    with pytest.raises(DltuiError) as caught:
        render(run, "onnx")
    assert caught.value.message.startswith(
        f"{run.id} cannot be exported to ONNX: The checkpoint lacks fc1.weight"
    )
    assert "\n" not in caught.value.message
    assert len(caught.value.message) < 400
    assert caught.value.hint
