"""Drawn samples: where points lie without noise, what noise adds, and that a seed draws them again."""

import math

import numpy
import pytest
import torch

from dlcore.choices.drawn import Blobs, Circles, Moons, Noise, Regression, Spiral, Xor
from dlcore.training.draw import Drawn, samples

DRAWN: list[Drawn] = [
    Moons(),
    Circles(),
    Spiral(classes=3),
    Blobs(classes=5),
    Regression(features=2),
    Noise(),
]


@pytest.mark.parametrize("data", [Xor(samples=7), *DRAWN], ids=lambda data: data.kind)
def test_the_samples_are_those_that_were_announced(data: Drawn) -> None:
    facts = data.facts
    assert facts is not None
    inputs, targets = samples(data, 0)
    in_all = facts.training if isinstance(data, Xor) else facts.training + facts.test
    assert inputs.shape == (in_all, *facts.shape)
    if facts.task == "regression":
        assert (targets.dtype, targets.shape) == (torch.float32, (in_all, facts.targets))
    else:
        assert (targets.dtype, targets.shape) == (torch.int64, (in_all,))
        assert targets.unique().tolist() == list(range(facts.classes))
    assert inputs.dtype == (torch.uint8 if facts.is_image else torch.float32)
    assert bool(inputs.isfinite().all())


@pytest.mark.parametrize("data", [Xor(samples=40, noise=0.1), *DRAWN], ids=lambda data: data.kind)
def test_a_seed_draws_its_samples_again_and_another_draws_others(data: Drawn) -> None:
    before = torch.get_rng_state(), numpy.random.get_state()[1].tolist()  # type: ignore[index]
    one, same, other = (samples(data, seed) for seed in (3, 3, 4))
    assert torch.equal(one[0], same[0])
    assert torch.equal(one[1], same[1])
    assert not torch.equal(one[0], other[0])
    assert torch.equal(torch.get_rng_state(), before[0])
    assert numpy.random.get_state()[1].tolist() == before[1]  # type: ignore[index]


@pytest.mark.parametrize("seed", [0, 2**63 - 1])
@pytest.mark.parametrize("data", DRAWN, ids=lambda data: data.kind)
def test_any_seed_will_do(data: Drawn, seed: int) -> None:
    assert len(samples(data, seed)[0]) == len(samples(data, seed)[1])


@pytest.mark.parametrize("count", [4, 5, 10, 400])
def test_xor_is_its_four_corners_over_and_over(count: int) -> None:
    inputs, targets = samples(Xor(samples=count), 0)
    assert inputs[:4].tolist() == [[0, 0], [0, 1], [1, 0], [1, 1]]
    for (x, y), target in zip(inputs.tolist(), targets.tolist(), strict=True):
        assert target == (x != y)
    assert torch.equal(inputs, inputs[:4].repeat(count // 4 + 1, 1)[:count])


def test_xor_with_noise_is_spread_around_the_same_corners() -> None:
    exact, targets = samples(Xor(samples=4000), 0)
    noisy, same = samples(Xor(samples=4000, noise=0.2), 0)
    assert torch.equal(targets, same)
    off = noisy - exact
    assert off.mean(0).tolist() == pytest.approx([0, 0], abs=0.02)
    assert off.std(0).tolist() == pytest.approx([0.2, 0.2], abs=0.01)


@pytest.mark.parametrize("count", [20, 333])
def test_points_on_circles_and_moons(count: int) -> None:
    inputs, targets = samples(Circles(samples=count, noise=0), 0)
    radius = inputs.square().sum(1).sqrt()
    torch.testing.assert_close(radius, torch.where(targets == 1, 0.5, 1.0))
    inputs, targets = samples(Moons(samples=count, noise=0), 0)
    middles = torch.stack((targets, targets / 2), 1)
    torch.testing.assert_close((inputs - middles).square().sum(1), torch.ones(count))
    assert bool((inputs[targets == 0][:, 1] >= -1e-6).all())  # the upper one, and the lower one
    assert bool((inputs[targets == 1][:, 1] <= 0.5 + 1e-6).all())
    for found in (samples(Circles(samples=count), 0)[1], samples(Moons(samples=count), 0)[1]):
        assert abs(int((found == 0).sum()) - int((found == 1).sum())) <= 1


@pytest.mark.parametrize("data", [Moons(samples=4000, noise=0.3), Circles(samples=4000, noise=0.3)])
def test_noise_has_the_deviation_asked_for(data: Moons | Circles) -> None:
    exact = samples(data.model_copy(update={"noise": 0.0}), 0)
    points, targets = samples(data, 0)
    assert torch.equal(exact[1], targets)
    assert (points - exact[0]).std(0).tolist() == pytest.approx([0.3, 0.3], abs=0.02)


@pytest.mark.parametrize("turns", [0.5, 1.0, 2.5])
@pytest.mark.parametrize("classes", [2, 3, 10])
def test_arms_of_a_spiral(classes: int, turns: float) -> None:
    data = Spiral(samples=1000, classes=classes, turns=turns, noise=0)
    (x, y), targets = samples(data, 0)[0].double().T, samples(data, 0)[1]
    radius = (x.square() + y.square()).sqrt()
    along = (radius - 0.1) / 0.9
    assert 0 <= float(along.min()) < 0.02
    assert 0.98 < float(along.max()) <= 1
    turned = torch.atan2(y, x) - 2 * math.pi * (turns * along + targets / classes)
    assert torch.cos(turned).tolist() == pytest.approx([1.0] * 1000, abs=1e-5)
    counted = torch.bincount(targets)
    assert int(counted.max() - counted.min()) <= 1


def test_a_spiral_s_noise_is_on_both_axes() -> None:
    exact = samples(Spiral(samples=4000, noise=0), 0)[0]
    noisy = samples(Spiral(samples=4000, noise=0.5), 0)[0]
    assert (noisy - exact).std(0).tolist() == pytest.approx([0.5, 0.5], abs=0.03)


def test_clouds_have_their_size_and_their_spread() -> None:
    inputs, targets = samples(Blobs(samples=3001, classes=4, noise=2.0), 0)
    assert sorted(torch.bincount(targets).tolist()) == [750, 750, 750, 751]
    for number in range(4):
        assert inputs[targets == number].std(0).tolist() == pytest.approx([2, 2], abs=0.2)
    points, targets = samples(Blobs(samples=100, classes=20, noise=0), 0)
    assert (
        len({(*point, target) for point, target in zip(points.tolist(), targets.tolist(), strict=True)}) == 20
    )


@pytest.mark.parametrize(
    ("function", "wanted"), [("sine", lambda x: (2 * x).sin()), ("linear", lambda x: x), ("step", torch.sign)]
)
def test_a_curve_without_noise_is_its_function(function: str, wanted: object) -> None:
    data = Regression.model_validate({"function": function, "noise": 0.0, "samples": 2000})
    inputs, targets = samples(data, 0)
    assert callable(wanted)
    torch.testing.assert_close(targets, wanted(inputs))
    assert -2 <= float(inputs.min()) < -1.98
    assert 1.98 < float(inputs.max()) <= 2


def test_a_curve_of_several_features_follows_their_weighted_sum() -> None:
    inputs, targets = samples(Regression(function="linear", features=7, noise=0.0), 1)
    weights = torch.linalg.lstsq(inputs, targets).solution
    torch.testing.assert_close(inputs @ weights, targets, rtol=1e-4, atol=1e-5)
    assert float(weights.norm()) == pytest.approx(1, rel=1e-4)
    again, step = samples(Regression(function="step", features=7, noise=0.0), 1)
    assert torch.equal(again, inputs)
    assert torch.equal(step, torch.where(targets >= 0, 1.0, -1.0))


def test_the_noise_on_a_curve_is_on_y_alone() -> None:
    exact = samples(Regression(samples=4000, noise=0.0), 0)
    noisy = samples(Regression(samples=4000, noise=0.5), 0)
    assert torch.equal(noisy[0], exact[0])
    assert float((noisy[1] - exact[1]).std()) == pytest.approx(0.5, abs=0.03)


def test_noise_is_bytes_and_labels_that_are_all_as_likely() -> None:
    pictures, labels = samples(Noise(samples=2000, side=4, channels=3, classes=5), 0)
    assert (pictures.shape, pictures.dtype) == ((2000, 3, 4, 4), torch.uint8)
    counted = torch.bincount(pictures.flatten().to(torch.int64), minlength=256).double()
    expected = pictures.numel() / 256
    chi_squared = float((counted - expected).square().sum() / expected)
    assert chi_squared < 255 + 5 * math.sqrt(2 * 255)
    assert torch.bincount(labels, minlength=5).tolist() == pytest.approx([400] * 5, abs=5 * math.sqrt(400))
