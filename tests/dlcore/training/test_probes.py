"""The probe: it measures what it says, within its budget, and changes nothing."""

import pytest
import torch

from dlcore.choices.architectures import Mlp
from dlcore.config import RunConfig
from dlcore.training.models import build_model, weighted_layers
from dlcore.training.probes import GradientProbe


def network_with_gradients(seed: int = 0) -> torch.nn.Sequential:
    torch.manual_seed(seed)
    network = build_model(RunConfig(model=Mlp(hidden=(7, 5))).resolved())
    network(torch.randn(4, 1, 8, 8)).square().sum().backward()
    return network


def test_norms_are_those_of_each_layer_s_weights() -> None:
    network = network_with_gradients()
    layers = weighted_layers(network)
    probe = GradientProbe(layers, 0.1)
    wanted: dict[str, list[float]] = {name: [] for name in layers}
    for step in (1, 2, 3):
        probe.look(step)
        for name, layer in layers.items():
            assert layer.weight.grad is not None
            wanted[name].append(torch.linalg.vector_norm(layer.weight.grad).item())
            layer.weight.grad.mul_(10)
    steps, norms = probe.taken(0.0)
    assert steps == [1, 2, 3]
    assert list(norms) == ["fc1", "fc2", "fc3"]
    for name, values in norms.items():
        assert values == pytest.approx(wanted[name], rel=1e-6)
    assert probe.taken(0.0) == ([], {})


def test_looking_changes_neither_gradients_nor_generators() -> None:
    network = network_with_gradients()
    before = [parameter.grad.clone() for parameter in network.parameters() if parameter.grad is not None]
    state = torch.get_rng_state()
    probe = GradientProbe(weighted_layers(network), 0.1)
    probe.look(1)
    probe.taken(1.0)
    after = [parameter.grad for parameter in network.parameters() if parameter.grad is not None]
    assert all(torch.equal(one, other) for one, other in zip(before, after, strict=True))
    assert torch.equal(torch.get_rng_state(), state)


def test_when_it_looks() -> None:
    probe = GradientProbe(weighted_layers(network_with_gradients()), 0.1)
    looked = []
    for step in range(1, 60):
        if probe.due(step, stepping=step == 33) and step != 20:  # 33 a person asked for; at 20 it could not
            probe.look(step)
            looked.append(step)
    assert looked == [*range(1, 11), 21, 31, 33, 43, 53]


def test_without_a_budget_it_never_looks() -> None:
    probe = GradientProbe(weighted_layers(network_with_gradients()), 0.0)
    assert not any(probe.due(step, stepping=stepping) for step in range(1, 50) for stepping in (True, False))


def test_it_looks_less_often_where_it_costs_too_much_and_more_often_again() -> None:
    probe = GradientProbe(weighted_layers(network_with_gradients()), 1e-9)
    probe.look(1)
    probe.taken(0.1)
    assert (probe.every, probe.cost) == (10, 0.0)  # too early to judge
    seen = []
    for _ in range(10):
        probe.taken(0.5)
        seen.append(probe.every)
    assert seen == [20, 40, 80, 160, 320, 640, 1280, 1280, 1280, 1280]
    assert 0 < probe.cost < 1
    for _ in range(10):
        probe.taken(1e12)
        seen.append(probe.every)
    assert seen[10:] == [640, 320, 160, 80, 40, 20, 10, 10, 10, 10]
