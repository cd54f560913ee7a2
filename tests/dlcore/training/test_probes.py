"""The probes: they measure what they say, within their budget, and change nothing."""

import math

import numpy
import pytest
import torch
from torch import nn

from dlcore.training.layers import activation_of, layers_of, norm_of, weights_of
from dlcore.training.probes import PROBED_SAMPLES, ActivationProbe, Budget, GradientProbe, spread
from tests.dlcore.training.networks import KINDS, batch_for, build


def network_with_gradients(seed: int = 0) -> nn.Module:
    network = build("digits mlp 7,5", seed)
    network(torch.randn(4, 1, 8, 8)).square().sum().backward()
    return network


def test_norms_are_those_of_each_layer_s_weights() -> None:
    weights = weights_of(network_with_gradients())
    probe = GradientProbe(weights, Budget(0.1))
    wanted: dict[str, list[float]] = {name: [] for name in weights}
    for step in (1, 2, 3):
        probe.look(step)
        for name, weight in weights.items():
            assert weight.grad is not None
            wanted[name].append(torch.linalg.vector_norm(weight.grad).item())
            weight.grad.mul_(10)
    found = probe.taken(3, 0.0)
    assert found.steps == [1, 2, 3]
    assert list(found.norms) == ["fc1", "fc2", "fc3"]
    for name, values in found.norms.items():
        assert values == pytest.approx(wanted[name], rel=1e-6)
    assert probe.taken(3, 0.0).steps == []


def test_updates_are_shares_of_the_weights_before() -> None:
    weights = weights_of(network_with_gradients())
    probe = GradientProbe(weights, Budget(0.1))
    wanted: dict[str, list[float]] = {name: [] for name in weights}
    for step, factor in enumerate((1.5, 1.0, 0.25), start=1):
        probe.begin()
        probe.look(step)
        with torch.no_grad():
            for name, weight in weights.items():
                before = weight.clone()
                weight.mul_(factor).add_(0.01)
                wanted[name].append(float((weight - before).norm() / before.norm()))
        probe.end()
    found = probe.taken(3, 0.0).updates
    assert list(found) == ["fc1", "fc2", "fc3"]
    for name, values in found.items():
        assert values == pytest.approx(wanted[name], rel=1e-5)


def test_looking_changes_neither_gradients_nor_generators() -> None:
    network = network_with_gradients()
    before = [parameter.grad.clone() for parameter in network.parameters() if parameter.grad is not None]
    state = torch.get_rng_state()
    probe = GradientProbe(weights_of(network), Budget(0.1))
    probe.look(1)
    probe.taken(1, 1.0)
    after = [parameter.grad for parameter in network.parameters() if parameter.grad is not None]
    assert all(torch.equal(one, other) for one, other in zip(before, after, strict=True))
    assert torch.equal(torch.get_rng_state(), state)


def test_a_weight_that_gets_no_gradient_has_norm_zero() -> None:
    network = network_with_gradients()
    weights = weights_of(network) | {"unused": nn.Parameter(torch.ones(3, 2))}
    weights["fc2"].grad = None  # frozen, or reached by no loss
    probe = GradientProbe(weights, Budget(0.1))
    probe.look(1)
    norms = probe.taken(3, 0.0).norms
    assert list(norms) == ["fc1", "fc2", "fc3", "unused"]
    assert norms["fc2"] == norms["unused"] == [0.0]
    assert min(norms["fc1"][0], norms["fc3"][0]) > 0


def test_the_gradient_before_a_step_has_norm_zero() -> None:
    network = build("digits mlp 7,5 step")
    network(torch.randn(4, 1, 8, 8)).square().sum().backward()
    probe = GradientProbe(weights_of(network), Budget(0.1))
    probe.look(1)
    norms = probe.taken(3, 0.0).norms
    assert norms["fc1"] == norms["fc2"] == [0.0]
    assert norms["fc3"][0] > 0


def test_when_it_looks() -> None:
    probe = GradientProbe(weights_of(network_with_gradients()), Budget(0.1))
    looked = []
    for step in range(1, 60):
        if probe.due(step, stepping=step == 33) and step != 20:  # 33 a person asked for; at 20 it could not
            probe.look(step)
            looked.append(step)
    assert looked == [*range(1, 11), 21, 31, 33, 43, 53]


def test_without_a_budget_or_anything_to_look_at_it_never_looks() -> None:
    for probe in (
        GradientProbe(weights_of(network_with_gradients()), Budget(0.0)),
        GradientProbe({}, Budget(0.1)),
    ):
        for step in range(1, 50):
            assert not probe.due(step, stepping=True)
            assert not probe.due(step, stepping=False)


def looking(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Let what lies between two questions to the clock of the probes take so long."""
    clock = [0.0]

    def now() -> float:
        clock[0] += seconds
        return clock[0]

    monkeypatch.setattr("dlcore.training.probes.time.perf_counter", now)


@pytest.mark.parametrize(
    ("look", "step", "every"),
    [
        (1e-5, 1e-3, 10),  # every 10th step costs a thousandth
        (5e-4, 1e-3, 10),
        (1e-3, 1e-3, 20),  # half the budget of a tenth: one step in twenty
        (8e-3, 1e-3, 160),
        (1.0, 1e-3, 1280),  # never more rarely
    ],
)
def test_it_looks_as_often_as_half_of_its_budget_lasts(
    monkeypatch: pytest.MonkeyPatch, look: float, step: float, every: int
) -> None:
    looking(monkeypatch, look)
    budget = Budget(0.1)
    probe = GradientProbe(weights_of(network_with_gradients()), budget)
    at, seconds = 0, 0.0
    for _ in range(40):
        for _ in range(10_000):
            at, seconds = at + 1, seconds + step
            if probe.due(at, stepping=False):
                probe.look(at)
        probe.taken(at, seconds)
    assert every <= probe.every <= 1.5 * every or probe.every == every == 1280
    assert probe.cost == budget.cost(seconds)
    assert probe.cost < 0.1 or every == 1280


def test_what_is_left_of_the_budget_is_for_the_others() -> None:
    budget = Budget(0.1)
    assert budget.allows(0.05, 1.0)
    assert not budget.allows(0.051, 1.0)
    budget.seconds = 0.04
    assert budget.allows(0.01, 1.0)
    assert not budget.allows(0.011, 1.0)
    assert budget.cost(2.0) == pytest.approx(0.02)
    assert budget.cost(0.0) == 0.0


def by_hand(network: nn.Module, inputs: torch.Tensor, *, after: bool) -> dict[str, numpy.ndarray]:
    """What a sequence of modules gives behind each layer: behind its norm, or behind its activation."""
    wanted: dict[str, str] = {}
    for name in layers_of(network):
        last = activation_of(network, name) if after else norm_of(network, name)
        wanted[last or name] = name
    found, values = {}, inputs
    with torch.no_grad():
        for name, module in network.eval().named_children():
            values = module(values)
            if name in wanted:
                found[wanted[name]] = values.double().numpy()
    return found


LINES = {
    "mlp": "digits mlp 9,7 tanh",
    "wide mlp": "digits mlp 512,512",
    "mlp with norm and dropout": "digits mlp 32,16 norm=batch drop=.5",
    "cnn": "digits cnn filters=16,32 64,",
    "cnn with norm": "noise data.side=24 cnn filters=8,16 norm=batch",
    "lenet5 of large pictures": "noise data.side=28 lenet5",
    "vgg": KINDS["vgg"],
}


def trained_norms(line: str) -> nn.Module:
    """A network whose batch norms have seen something."""
    network = build(line).train()
    with torch.no_grad():
        for _ in range(3):
            network(pictures(network) * 2 + 1)
    return network


def pictures(network: nn.Module, samples: int = 300) -> torch.Tensor:
    """Inputs with a dark border, as pictures have it."""
    first = next(iter(layers_of(network).values()))
    side = 8 if isinstance(first, nn.Linear) else {8: 24, 6: 28, 3: 9}.get(first.weight.shape[0], 8)
    inputs = torch.randn(samples, 1, side, side, generator=torch.Generator().manual_seed(2))
    inputs[..., 0, :] = inputs[..., -1, :] = inputs[..., 0] = inputs[..., -1] = -1.0
    return inputs


@pytest.mark.parametrize("line", LINES.values(), ids=LINES)
def test_activations_are_those_of_a_hand_written_forward(line: str) -> None:
    network = trained_norms(line)
    inputs = pictures(network)
    measured = ActivationProbe(network).look(inputs)
    wanted = by_hand(network, inputs[:PROBED_SAMPLES], after=False)
    assert list(measured["mean"]) == list(wanted) == list(layers_of(network))
    for name, values in wanted.items():
        found = {figure: by_layer[name] for figure, by_layer in measured.items() if name in by_layer}
        assert found["mean"] == pytest.approx(values.mean(), rel=1e-4, abs=1e-5)
        assert found["deviation"] == pytest.approx(values.std(), rel=1e-4)
        for key, share in (("low", 0.05), ("high", 0.95)):
            if values.size <= 4096:
                assert found[key] == pytest.approx(numpy.quantile(values, share), rel=1e-4, abs=1e-5)
            else:  # of 4,096 values no more than one in a hundred is likely to stand on the wrong side
                assert abs(numpy.mean(values < found[key]) - share) < 0.012


@pytest.mark.parametrize("line", LINES.values(), ids=LINES)
def test_the_spread_is_that_of_a_hand_written_forward(line: str) -> None:
    network = trained_norms(line)
    inputs = pictures(network, 40)
    rows = spread(network, inputs)
    wanted = by_hand(network, inputs, after=True)
    assert [row["name"] for row in rows] == list(wanted)
    for row, values in zip(rows, wanted.values(), strict=True):
        assert row["mean"] == pytest.approx(values.mean(), rel=1e-4, abs=1e-5)
        assert row["deviation"] == pytest.approx(values.std(), rel=1e-4, abs=1e-6)
        assert row["range"] == pytest.approx([values.min(), values.max()])
        assert sum(row["counts"]) == values.size
        counts, _ = numpy.histogram(values, bins=31, range=(values.min(), values.max()))
        assert numpy.abs(counts - row["counts"]).sum() <= 2 + values.size // 1000  # on an edge of two bins


@pytest.mark.parametrize("line", KINDS.values(), ids=KINDS)
@pytest.mark.parametrize("training", [True, False])
def test_measuring_changes_nothing(line: str, training: bool) -> None:
    network = build(line).train(training)
    inputs = batch_for(line)[0].float()
    before = {name: values.clone() for name, values in network.state_dict().items()}
    state = torch.get_rng_state()
    for measured in (
        ActivationProbe(network).look(inputs)["mean"],
        {row["name"]: row for row in spread(network, inputs)},
    ):
        assert set(measured) == set(layers_of(network))
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(values, before[name]) for name, values in network.state_dict().items())
    assert all(module.training == training for module in network.modules())
    assert all(parameter.grad is None for parameter in network.parameters())
    assert not any(module._forward_hooks for module in network.modules())


def test_layers_that_all_give_one_value() -> None:
    network = build("digits mlp 5,4 zeros")
    inputs = torch.randn(6, 1, 8, 8)
    found = ActivationProbe(network).look(inputs)
    for figure in ("mean", "deviation", "low", "high"):
        assert found[figure] == {"fc1": 0.0, "fc2": 0.0, "fc3": 0.0}
    assert found["dead"] == {"fc1": 1.0, "fc2": 1.0}
    for row, values in zip(spread(network, inputs), (30, 24, 60), strict=True):
        assert (row["range"], sum(row["counts"]), row["counts"][0]) == ([0.0, 0.0], values, values)


def test_a_network_that_has_diverged_is_measured_all_the_same() -> None:
    network = build("digits mlp 5,4")
    layers_of(network)["fc2"].weight.data.fill_(float("nan"))
    measured = ActivationProbe(network).look(torch.randn(6, 1, 8, 8))
    for figure in ("mean", "deviation", "low", "high"):
        assert math.isfinite(measured[figure]["fc1"])
        assert math.isnan(measured[figure]["fc2"])


def test_a_unit_is_dead_once_three_looks_have_not_seen_it_fire() -> None:
    network = build("digits mlp 4, relu")
    probe = ActivationProbe(network)
    inputs = torch.ones(6, 1, 8, 8)
    layer = layers_of(network)["fc1"]
    seen = []
    for biases in ([1, 1, 1, 1], [-1, -1, 1, 1], [-1, 1, 1, 1], [-1, -1, 1, 1], [-1, -1, -1, 1]):
        with torch.no_grad():
            layer.weight.zero_()
            assert layer.bias is not None
            layer.bias.copy_(torch.tensor(biases))
        seen.append(probe.look(inputs)["dead"]["fc1"])
    assert seen == [0.0, 0.0, 0.0, 0.25, 0.25]


@pytest.mark.parametrize(("kind", "limit"), [("sigmoid", 4.357), ("tanh", 2.178)])
def test_saturated_is_where_the_slope_is_a_twentieth(kind: str, limit: float) -> None:
    """σ' = σ(1 − σ) is at most a quarter, and a twentieth of that at ±4.357; 1 − tanh² at ±2.178."""
    network = build(f"digits mlp 4, {kind}")
    layer = layers_of(network)["fc1"]
    with torch.no_grad():
        layer.weight.zero_()
        assert layer.bias is not None
        layer.bias.copy_(torch.tensor([0.0, limit * 1.01, -limit * 1.01, limit * 0.99]))
    found = ActivationProbe(network).look(torch.ones(6, 1, 8, 8))
    assert found["saturated"] == {"fc1": 0.5}
    assert found["dead"] == {}


def test_a_network_without_layers_has_nothing_to_measure() -> None:
    network = nn.Sequential(nn.Flatten(), nn.LayerNorm(4))
    assert not any(ActivationProbe(network).look(torch.randn(3, 4)).values())
    assert spread(network, torch.randn(3, 4)) == []
