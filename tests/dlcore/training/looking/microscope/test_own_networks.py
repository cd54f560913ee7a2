"""Networks of the user's own: what cannot be written out is said, and the rest is shown all the same."""

from collections.abc import Callable
from typing import Any

import pytest
import torch

from dlcore.errors import DltuiError
from dlcore.rundir import RunDir
from tests.dlcore.training.looking.microscope.plain import look, near, rules, worked_out

Learned = Callable[[str], tuple[RunDir, dict[str, Any]]]
OWN = """
import torch
from torch import nn
from torch.nn import functional

class Functional(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Linear(64, 6), nn.Linear(6, 10)
    def forward(self, values):
        return self.second(functional.relu(self.first(values.flatten(1))))

class Overwriting(Functional):
    def forward(self, values):
        return self.second(functional.relu_(self.first(values.flatten(1))))

class Unknown(Functional):
    def forward(self, values):
        return self.second(torch.sin(self.first(values.flatten(1))))

class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn, self.head = nn.GRU(8, 5, batch_first=True), nn.Linear(5, 10)
    def forward(self, values):
        return self.head(self.rnn(values[:, 0])[0][:, -1])

class Shortcut(nn.Module):
    def __init__(self):
        super().__init__()
        self.into, self.around, self.out = nn.Linear(64, 6), nn.Linear(6, 6), nn.Linear(6, 10)
        self.relu = nn.ReLU(inplace=True)
    def forward(self, values):
        values = self.relu(self.into(values.flatten(1)))
        other = self.around(values)
        other += values
        return self.out(other)

class Rows(nn.Module):
    def __init__(self):
        super().__init__()
        self.each, self.out = nn.Linear(8, 3), nn.Linear(24, 10)
    def forward(self, values):
        return self.out(torch.tanh(self.each(values[:, 0])).flatten(1))

class Twice(nn.Module):
    def __init__(self):
        super().__init__()
        self.into, self.again, self.out = nn.Linear(64, 6), nn.Linear(6, 6), nn.Linear(6, 10)
        self.tanh = nn.Tanh()
    def forward(self, values):
        values = self.tanh(self.into(values.flatten(1)))
        return self.out(self.tanh(self.again(self.tanh(self.again(values)))))

class Mapped(nn.Module):
    def __init__(self):
        super().__init__()
        self.wide = nn.Conv2d(1, 4, 3, stride=2, padding=1, padding_mode="circular")
        self.grouped = nn.Conv2d(4, 6, (3, 2), padding="same", dilation=(1, 2), groups=2, bias=False)
        self.narrow, self.out = nn.Conv1d(6, 2, 5, stride=3), nn.Linear(8, 10)
    def forward(self, values):
        return self.out(self.narrow(torch.tanh(self.grouped(self.wide(values))).flatten(2)).flatten(1))

class Single(nn.Module):
    def __init__(self):
        super().__init__()
        self.out = nn.Linear(64, 10)
    def forward(self, values):
        return self.out(values.flatten(1) @ torch.eye(64))
"""


@pytest.fixture(scope="module")
def own(learned: Learned, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], RunDir]:
    path = tmp_path_factory.mktemp("own") / "net.py"
    path.write_text(OWN)
    return lambda name: learned(f"digits model=custom model.target={path}:{name} n=40 b=20 e=1 val=0")[0]


def adds_up(answer: dict[str, Any]) -> bool:
    """Whether every rule that is written out comes to its value."""
    return all(worked_out(rule) == pytest.approx(rule["value"], rel=1e-4, abs=1e-7) for rule in rules(answer))


@pytest.mark.parametrize("name", ["Functional", "Overwriting"])
def test_a_function_that_is_no_module_is_known_from_autograd(own: Callable[[str], RunDir], name: str) -> None:
    answer = look(own(name), "forward", unit=1, sample=4)
    assert [row["name"] for row in answer["content"]["rows"]] == ["first", "second"]
    neuron = answer["content"]["neuron"]
    assert near(neuron["sum"] + neuron["bias"], neuron["value"], share=1e-4)
    assert [stage["rule"] for stage in neuron["stages"]] == ["max(0, z)"]
    assert neuron["note"] == "handed on to second"
    assert adds_up(answer)
    for sample in range(5):
        answer = look(own(name), "backward", sample=sample)
        delta, rule = answer["content"]["delta"], answer["content"]["rule"]
        assert rule["sum"] == pytest.approx(rule["value"], rel=1e-4)
        assert delta["from"] == "second"
        assert [line["symbol"] for line in delta["lines"]] == ["dL/da", "dL/dz"]
        assert near(delta["lines"][-1]["value"], delta["value"])
        assert adds_up(answer)
    assert look(own(name), "check")["content"]["error"] < 1e-4


def test_a_function_between_layers_is_not_guessed(own: Callable[[str], RunDir]) -> None:
    neuron = look(own("Unknown"), "forward")["content"]["neuron"]
    assert neuron["stages"] == []
    assert neuron["note"] == "the network goes on with it by itself, not by a module"
    answer = look(own("Unknown"), "backward")
    assert answer["content"]["rule"]["sum"] == pytest.approx(answer["content"]["rule"]["value"], rel=1e-4)
    assert answer["content"]["delta"]["note"] == "dL/dz is not written out here: no module takes it"
    assert adds_up(answer)
    assert look(own("Unknown"), "check")["content"]["error"] < 1e-4


def test_what_is_no_weighted_sum_is_said(own: Callable[[str], RunDir]) -> None:
    run = own("Recurrent")
    answer = look(run, "forward")
    assert answer["layers"] == ["rnn.weight_ih_l0", "rnn.weight_hh_l0", "head"]
    assert answer["content"]["rows"][0]["note"] == "gives no tensor"
    assert "is no plain weighted sum" in answer["content"]["neuron"]["note"]
    answer = look(run, "backward", layer=1)
    assert "autograd alone knows the way" in answer["content"]["rule"]["note"]
    assert answer["content"]["delta"]["lines"] == []
    step, check = look(run, "step", layer=1)["content"], look(run, "check", layer=1)["content"]
    assert near(step["lines"][0]["value"], answer["content"]["rule"]["value"])
    assert check["error"] < 1e-4
    assert near(check["single"], answer["content"]["rule"]["value"])


def test_what_comes_around_a_layer_is_added(own: Callable[[str], RunDir]) -> None:
    answer = look(own("Shortcut"), "backward")
    delta = answer["content"]["delta"]
    assert delta["from"] == "around"
    assert [line["rule"] for line in delta["lines"]] == [
        "Σ w·δ over the units of around",
        "this + what comes another way",
        "relu'(z)·dL/da",
    ]
    assert near(delta["lines"][-1]["value"], delta["value"])
    assert adds_up(answer)
    assert look(own("Shortcut"), "forward")["content"]["neuron"]["stages"][0]["symbol"] == "a"
    assert look(own("Shortcut"), "check")["content"]["error"] < 1e-4


def test_a_layer_along_a_sequence_has_places(own: Callable[[str], RunDir]) -> None:
    neuron = look(own("Rows"), "forward", sample=2)["content"]["neuron"]
    assert len(neuron["place"]) == 1
    assert near(neuron["sum"] + neuron["bias"], neuron["value"], share=1e-4)
    rule = look(own("Rows"), "backward", sample=2)["content"]["rule"]
    assert rule["places"] == 8
    assert rule["sum"] == pytest.approx(rule["value"], rel=1e-4)
    assert rule["within"]["count"] == 8


@pytest.mark.parametrize("layer", range(3), ids=["strided", "grouped and dilated", "along a line"])
def test_every_kind_of_convolution_adds_up(own: Callable[[str], RunDir], layer: int) -> None:
    run = own("Mapped")
    for unit, weight in ((None, None), (1, 0), (-1, -1)):
        chosen = {"layer": layer, "unit": unit, "weight": weight, "sample": 1}
        neuron = look(run, "forward", **chosen)["content"]["neuron"]
        assert near(neuron["sum"] + (neuron["bias"] or 0.0), neuron["value"], share=1e-4, floor=1e-6)
        answer = look(run, "backward", **chosen)
        rule = answer["content"]["rule"]
        assert rule["sum"] == pytest.approx(rule["value"], rel=1e-4, abs=1e-8)
        assert adds_up(answer)
    note = look(run, "backward")["content"]["delta"]["note"]
    assert note == "dL/dz comes back from grouped: Σ w·δ over its filters and places"


def test_a_layer_that_is_used_twice_sums_over_both(own: Callable[[str], RunDir]) -> None:
    rule = look(own("Twice"), "backward", layer=1)["content"]["rule"]
    assert rule["uses"] == 2
    assert rule["sum"] == pytest.approx(rule["value"], rel=1e-4)


def test_a_network_that_makes_its_own_float32_is_told_from_a_wrong_gradient(
    own: Callable[[str], RunDir],
) -> None:
    with pytest.raises(DltuiError, match="cannot be computed in double precision"):
        look(own("Single"), "check")
    assert torch.get_default_dtype() == torch.float32
    assert look(own("Single"), "backward")["content"]["rule"]["value"]
