"""The inspector in-process: what it answers of networks, data and activations, and of what cannot be had."""

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from dlcore.config import to_table
from dlcore.oneline import parse
from dlcore.training import inspect
from dlcore.training import known as kept
from dlcore.training.data import load
from dlcore.training.layers import layers_of
from dlcore.training.models import build_model
from dlcore.training.probes import spread
from dlcore.training.sources import read
from tests.dlcore.training.networks import KINDS, known

CSV = "height,colour,weight\n" + "".join(f"{n},{'red' if n % 3 else 'blue'},{2 * n + 1}\n" for n in range(40))
OWN = """
import torch
from torch import nn

def rows(seed): return torch.rand(30, 3), torch.arange(30) % 3
def scans(seed): return torch.rand(30, 1, 6, 6), torch.rand(30)
def broken(): raise KeyError("no such sample")

class Net(nn.Module):
    def __init__(self, shape, outputs, extra=0):
        super().__init__()
        self.layer = nn.Linear(shape[0], outputs + extra)
    def forward(self, values): return self.layer(values)

class Faulty(Net):
    def forward(self, values): return self.lair(values)

class Leaving(Net):
    def forward(self, values): raise SystemExit(3)

class Two(Net):
    def forward(self, values): return self.layer(values), None

class Mismatched(Net):
    def forward(self, values): return nn.functional.linear(values, torch.zeros(3, 99))

def chained(): return nn.Sequential(nn.Flatten(), nn.Linear(99, 3))
def no_module(): return 3
def no_weights(): return nn.Flatten()
"""


@pytest.fixture(autouse=True)
def _nothing_kept(home: Path) -> Iterator[None]:
    kept._sources.clear()
    yield
    kept._sources.clear()


@pytest.fixture
def own(tmp_path: Path) -> str:
    path = tmp_path / "own.py"
    path.write_text(OWN)
    return str(path)


def ask(*questions: dict[str, Any]) -> list[dict[str, Any]]:
    """What the inspector answers, in the JSON that it writes."""
    said = io.BytesIO()
    lines = [json.dumps({"id": number, **question}) for number, question in enumerate(questions)]
    inspect.serve(io.BytesIO("\n".join(lines).encode()), said)
    ready, *answers = [json.loads(line, parse_constant=_refused) for line in said.getvalue().splitlines()]
    assert ready == {"ready": True, "torch": torch.__version__}
    assert [answer.pop("id") for answer in answers] == list(range(len(questions)))
    return answers


def _refused(constant: str) -> None:
    raise AssertionError(f"{constant} is no JSON")


def ask_line(what: str, line: str) -> dict[str, Any]:
    (answer,) = ask({"ask": what, "config": to_table(parse(line))})
    assert "error" not in answer, answer
    return answer


def ask_table(what: str, **table: Any) -> dict[str, Any]:
    return ask({"ask": what, "config": table})[0]


@pytest.mark.parametrize("line", KINDS.values(), ids=KINDS)
def test_networks_of_every_kind(line: str) -> None:
    answer = ask_line("network", line)
    config = parse(line).resolved()
    network = build_model(config, known(config))
    assert answer["input"] == list(known(config).shape)
    assert {layer["name"] for layer in answer["layers"]} == set(layers_of(network))
    count = sum(parameter.numel() for parameter in network.parameters())
    assert answer["parameters"] == sum(layer["parameters"] for layer in answer["layers"]) == count
    assert answer["output"] == "linear"
    assert [layer["receptive_field"] is not None for layer in answer["layers"]] == [
        len(layer["shape"]) == 3 and "shortcut" not in layer["name"] and "downsample" not in layer["name"]
        for layer in answer["layers"]
    ]


def test_huge_networks_take_no_memory() -> None:
    answer = ask_line("network", "mnist mlp 65536,65536,65536 adam")
    assert answer["parameters"] == 784 * 65536 + 2 * 65536**2 + 65536 * 10 + 3 * 65536 + 10


@pytest.mark.parametrize(
    ("line", "shape", "training", "test", "classes", "sort"),
    [
        ("digits", [1, 8, 8], 1438, 359, 10, "images"),
        ("iris", [4], 120, 30, 3, "points"),
        ("diabetes", [10], 354, 88, 0, "points"),
        ("regression", [1], 400, 100, 0, "points"),
        ("regression data.features=5", [5], 400, 100, 0, "points"),
        ("moons", [2], 800, 200, 2, "points"),
        ("xor", [2], 4, 4, 2, "points"),
        ("noise data.channels=3", [3, 8, 8], 400, 100, 10, "images"),
    ],
)
def test_data_of_every_sort(
    line: str, shape: list[int], training: int, test: int, classes: int, sort: str
) -> None:
    answer = ask_line("data", line)
    picture = answer.pop("picture")
    names = {"iris": ["setosa", "versicolor", "virginica"]}.get(line, [])
    assert answer == {
        "task": "classification" if classes else "regression",
        "shape": shape,
        "classes": classes,
        "names": names,
        "training": training,
        "test": test,
        "targets": 1,
        "test_is_training": line == "xor",
    }
    assert picture["sort"] == sort
    assert len(picture[sort]) == (
        12 if sort == "images" else min(400, training + (test if line != "xor" else 0))
    )


@pytest.mark.parametrize("kind", ["mnist", "fashion", "kmnist", "cifar"])
def test_data_that_would_have_to_be_downloaded_are_not(kind: str, home: Path) -> None:
    answer = ask_line("data", kind)
    assert answer["picture"] is None
    assert (answer["classes"], answer["test"]) == (10, 10_000)
    found = ask_line("activations", f"{kind} mlp 5,")
    assert found["real"] is False
    assert [layer["name"] for layer in found["layers"]] == ["fc1", "fc2"]
    assert not home.exists()


def test_a_csv_file(tmp_path: Path) -> None:
    path = tmp_path / "plants.csv"
    path.write_text(CSV)
    table = {"data": {"kind": "csv", "file": str(path)}, "model": {"kind": "mlp", "hidden": [4]}}
    data = ask_table("data", **table)
    assert (data["task"], data["shape"], data["training"], data["test"]) == ("regression", [2], 32, 8)
    assert len(data["picture"]["points"]) == 40
    assert [layer["text"] for layer in ask_table("network", **table)["layers"]] == ["2 → 4", "4 → 1"]
    assert ask_table("activations", **table)["real"] is True
    table["data"] = {"kind": "csv", "file": str(path), "target": "colour"}
    data = ask_table("data", **table)
    assert (data["classes"], sorted(data["names"])) == (2, ["blue", "red"])


def test_a_csv_file_that_has_changed_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "plants.csv"
    path.write_text(CSV)
    table = {"data": {"kind": "csv", "file": str(path)}}
    before = ask_table("data", **table)
    path.write_text(CSV + "".join(f"{n},green,{n}\n" for n in range(10)))
    after = ask_table("data", **table)
    assert (before["training"] + before["test"], after["training"] + after["test"]) == (40, 50)
    assert len(after["picture"]["points"]) == 50
    assert "error" not in ask_table("activations", **table)


def test_data_of_the_user_s_own_code(own: str) -> None:
    rows, scans, broken = (
        ask_table("data", data={"kind": "custom", "target": f"{own}:{name}"})
        for name in ("rows", "scans", "broken")
    )
    assert (rows["task"], rows["shape"], rows["classes"]) == ("classification", [3], 3)
    assert (scans["task"], scans["shape"], scans["picture"]["sort"]) == ("regression", [1, 6, 6], "images")
    assert "KeyError: 'no such sample', in own.py line 7" in broken["error"]
    Path(own).write_text(OWN.replace("torch.rand(30, 3)", "torch.rand(30, 5)"))
    assert ask_table("data", data={"kind": "custom", "target": f"{own}:rows"})["shape"] == [5]


def test_a_network_of_the_user_s_own_code(own: str) -> None:
    model = {"kind": "custom", "target": f"{own}:Net"}
    answer = ask_table("network", data={"kind": "custom", "target": f"{own}:rows"}, model=model)
    assert [(layer["name"], layer["text"]) for layer in answer["layers"]] == [("layer", "3 → 3")]
    assert answer["parameters"] == 12
    assert answer["output"] == ""
    spread_ = ask_table("activations", data={"kind": "iris"}, model=model)["layers"]
    assert [layer["name"] for layer in spread_] == ["layer"]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Faulty", "AttributeError: 'Faulty' object has no attribute 'lair', in own.py line 16"),
        ("Leaving", "SystemExit: 3, in own.py line 19"),
        ("Mismatched", "(1x4 and 99x3), in own.py line 25"),
        ("chained", "(1x4 and 99x3), in Linear(in_features=99, out_features=3, bias=True)"),
        ("Two", "the network gives a tuple, not a tensor"),
        ("no_module", "gave an int, not a torch module"),
        ("no_weights", "has no weights that could learn"),
        ("nowhere", "has no nowhere"),
    ],
)
def test_faults_of_a_user_s_network_are_answers(own: str, name: str, said: str) -> None:
    question = {
        "ask": "network",
        "config": {"data": {"kind": "iris"}, "model": {"kind": "custom", "target": f"{own}:{name}"}},
    }
    faulty, good = ask(question, {"ask": "network", "config": {}})
    assert list(faulty) == ["error"]
    assert said in faulty["error"]
    assert "error" not in good, "it goes on"


def test_a_wrong_number_of_outputs_is_an_answer(own: str) -> None:
    model = {"kind": "custom", "target": f"{own}:Net", "args": {"extra": 2}}
    answer = ask_table("network", data={"kind": "iris"}, model=model)
    assert "the network gives 5 for a sample, and the data and the loss need 3" in answer["error"]


def test_what_cannot_be_had_is_said(tmp_path: Path) -> None:
    answers = ask(
        {"ask": "network", "config": {"optimizer": {"lr": "fast"}}},
        {"ask": "network", "config": {"optimizer": {"lr_per_layer": {"fc9": 0.1}}}},
        {"ask": "data", "config": {"data": {"kind": "csv", "file": str(tmp_path / "absent.csv")}}},
        {"ask": "data", "config": {"data": {"kind": "csv"}}},
        {"ask": "network", "config": {"data": {"kind": "iris"}, "model": {"kind": "lenet5"}}},
        {"ask": "riddle"},
        {},
    )
    said = [
        *("optimizer.lr: must be a number", "the network has no layer 'fc9'", "absent.csv"),
        *(
            "csv needs the path of a file",
            "lenet5 needs images",
            "cannot answer 'riddle'",
            "cannot answer None",
        ),
    ]
    for answer, wanted in zip(answers, said, strict=True):
        assert list(answer) == ["error"]
        assert wanted in answer["error"]


@pytest.mark.parametrize(
    "line", ["digits mlp 9,7 he seed=3", "digits cnn norm=batch", "diabetes mlp 5, tanh"]
)
def test_activations_are_those_of_the_run_s_first_weights_on_its_data(line: str, home: Path) -> None:
    config = parse(line).resolved()
    torch.manual_seed(config.seed)
    network = build_model(config, known(config))
    data = load(config, read(config, home, lambda *_: None), torch.device("cpu"))
    inputs, _ = next(iter(data.batches(data.training, 128)))
    wanted = {"layers": spread(network, inputs), "real": True}
    assert ask_line("activations", line) == json.loads(json.dumps(wanted))


def test_data_are_read_once_and_again_for_another_seed() -> None:
    ask_line("data", "noise")
    (held,) = kept._sources.values()
    ask_line("activations", "noise mlp 5, adam b=7 n=100 val=.2 e=3")
    assert next(iter(kept._sources.values())) is held
    ask_line("data", "noise seed=1")
    assert len(kept._sources) == 1
    assert next(iter(kept._sources.values())) is not held


def test_the_environment() -> None:
    (answer,) = ask({"ask": "environment"})
    assert answer["torch"] == torch.__version__
    assert answer["threads"] == torch.get_num_threads()
    assert answer["torchvision"].keys() <= {"version", "error"}
    assert isinstance(answer["devices"], list)
