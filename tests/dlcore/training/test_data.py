"""Data: splits that are disjoint, stratified and reproducible; normalization; targets; batches."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy
import pytest
import torch
from sklearn.datasets import load_digits

from dlcore.config import plan
from dlcore.training.data import Data, held_out, load
from dlcore.training.sources import Source
from tests.dlcore.trained import train
from tests.dlcore.training.own_data import write_csv
from tests.dlcore.training.prepared import CPU, arrays, batched, prepared, resident, rows

NEEDS_NOTHING = [
    *("digits", "iris", "wine", "breast_cancer", "diabetes", "xor", "moons", "circles", "spiral", "blobs"),
    *("regression", "noise"),
]
REGRESSIONS = ("diabetes", "regression")


def loaded(line: str) -> Data:
    return prepared(line).data


def splits(data: Data) -> list[Any]:
    return [data.training, data.validation, data.test]


# -- splits -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", NEEDS_NOTHING)
@pytest.mark.parametrize("options", ["", "val=.25", "val=0", "n=101 val=.5", "seed=3"])
def test_sizes_are_those_of_the_plan(kind: str, options: str) -> None:
    if kind == "xor" and "val" in options:
        options = "n=3"
    start = prepared(f"{kind} {options}")
    wanted, facts = plan(start.config, start.source.facts), start.source.facts
    assert list(map(len, splits(start.data))) == [wanted.training, wanted.validation, wanted.test]
    for split in map(resident, splits(start.data)):
        assert split.inputs.shape == (len(split), *facts.shape)
        assert split.inputs.is_contiguous()
        if kind in REGRESSIONS:
            assert (split.targets.dtype, split.targets.shape) == (torch.float32, (len(split), 1))
        else:
            assert (split.targets.dtype, split.targets.shape) == (torch.int64, (len(split),))


@pytest.mark.parametrize("kind", [kind for kind in NEEDS_NOTHING if kind != "xor"])
def test_the_splits_are_together_all_samples_once(kind: str) -> None:
    scale = " data.scale_target=false" if kind in REGRESSIONS else ""
    start = prepared(f"{kind} val=.3{scale}")
    inputs, targets = arrays(start.source.training)
    whole = [
        (*values, *target)
        for values, target in zip(
            inputs.flatten(1).tolist(), targets.reshape(len(targets), -1).tolist(), strict=True
        )
    ]
    parts = [rows(split) for split in splits(start.data)]
    assert sorted(part for each in parts for part in each) == sorted(whole)
    for part in parts:  # each keeps the order of the source
        places = iter(whole)
        assert all(row in places for row in part)


def test_the_splits_of_digits_are_all_of_its_samples_once() -> None:
    data = loaded("digits val=.2")
    images, labels = load_digits(return_X_y=True)
    whole = sorted((*map(int, image), int(label)) for image, label in zip(images, labels, strict=True))
    assert sorted(row for split in splits(data) for row in rows(split)) == whole


@pytest.mark.parametrize(
    "line",
    [
        *(
            "digits val=.1",
            "digits val=.33 seed=5",
            "moons samples=333",
            "circles val=.5",
            "iris",
            "wine val=.4",
        ),
        *("breast_cancer", "blobs classes=7 samples=100", "spiral classes=3", "noise"),
    ],
)
def test_every_class_keeps_its_share_within_one_sample(line: str) -> None:
    start = prepared(line)
    training, validation, test = (
        torch.bincount(resident(split).targets, minlength=start.source.facts.classes).tolist()
        for split in splits(start.data)
    )
    for held, rest in (
        (test, [a + b for a, b in zip(training, validation, strict=True)]),
        (validation, training),
    ):
        whole = [a + b for a, b in zip(held, rest, strict=True)]
        for number, of in zip(held, whole, strict=True):
            assert abs(number - of * sum(held) / sum(whole)) < 1


@pytest.mark.parametrize(
    "line", ["diabetes", "regression data.function=linear", "regression samples=95 val=.3"]
)
def test_every_tenth_of_a_regression_s_targets_keeps_its_share(line: str) -> None:
    data = loaded(f"{line} data.scale_target=false")
    for rest, held in (
        ([data.training, data.validation], data.test),
        ([data.training], data.validation),
    ):
        parts = [resident(split).targets[:, 0] for split in (*rest, held)]
        ranks = torch.cat(parts).argsort(stable=True).argsort()
        tenth = ranks * 10 // len(ranks)
        share = len(held) / len(ranks)
        inside, all_ = torch.bincount(tenth[-len(held) :], minlength=10), torch.bincount(tenth, minlength=10)
        # Equal targets may stand on either side of a border between two tenths.
        slack = 2 if "diabetes" in line else 1
        assert all(abs(a - share * b) < slack for a, b in zip(inside.tolist(), all_.tolist(), strict=True))


@pytest.mark.parametrize("held", [0, 1, 7, 50])
def test_as_many_are_held_out_as_asked_for(held: int) -> None:
    for targets in (torch.arange(50) % 3, torch.randn(50, 2), torch.ones(50, 1), torch.zeros(50)):
        out = held_out(targets, held, 0, "test")
        assert (out.dtype, out.shape, int(out.sum())) == (torch.bool, (50,), held)


@pytest.mark.parametrize("kind", ["digits", "diabetes", "wine", "noise", "blobs"])
def test_one_seed_draws_the_same_splits_and_another_one_others(kind: str) -> None:
    more = " data.seed=1" if kind in ("noise", "blobs") else ""
    first, same, other = (loaded(f"{kind} seed={seed}{more}") for seed in (1, 1, 2))
    for one, two, three in zip(splits(first), splits(same), splits(other), strict=True):
        assert rows(one) == rows(two)
        assert sorted(rows(one)) != sorted(rows(three))


@pytest.mark.parametrize("kind", ["digits", "moons", "iris"])
def test_a_limit_takes_the_first_of_the_training_split_and_leaves_the_test_alone(kind: str) -> None:
    whole, some = loaded(f"{kind} val=0"), loaded(f"{kind} val=.2 n=50")
    assert rows(some.test) == rows(whole.test)
    assert sorted(rows(some.training) + rows(some.validation)) == sorted(rows(whole.training)[:50])
    assert (len(some.training), len(some.validation)) == (40, 10)


def test_the_share_that_is_held_out_does_not_change_the_test() -> None:
    assert rows(loaded("digits val=.5").test) == rows(loaded("digits val=0").test)


def test_xor_is_its_four_points() -> None:
    data = loaded("xor")
    assert rows(data.training) == rows(data.test) == [(0, 0, 0), (0, 1, 1), (1, 0, 1), (1, 1, 0)]
    assert len(data.validation) == 0


# -- normalization ------------------------------------------------------------------------------------


@pytest.mark.parametrize("split", ["training", "validation", "test"])
@pytest.mark.parametrize(
    ("line", "peak"), [("digits", 16), ("noise data.channels=3", 255), ("moons", 1), ("wine", 1)]
)
@pytest.mark.parametrize("normalize", ["none", "half", "standard", "auto"])
def test_normalization_against_numpy(line: str, peak: int, normalize: str, split: str) -> None:
    data = loaded(f"{line} data.normalize={normalize}")
    values = resident(getattr(data, split)).inputs.double().numpy() / peak
    fitted = resident(data.training).inputs.double().numpy() / peak
    axes = (0, 2, 3) if peak > 1 else (0,)
    wanted = {
        "none": values,
        "half": (values - 0.5) / 0.5,
        "standard": (values - fitted.mean(axes, keepdims=True)) / fitted.std(axes, keepdims=True),
    }
    wanted["auto"] = wanted["half" if peak > 1 else "standard"]
    found, _ = batched(data, getattr(data, split))
    assert found.dtype == torch.float32
    numpy.testing.assert_allclose(found.double().numpy(), wanted[normalize], rtol=1e-5, atol=1e-4)


def changed(source: Source, where: torch.Tensor) -> Source:
    """The source with quite other inputs at some samples."""
    inputs, targets = arrays(source.training)
    other = 77 * torch.ones(()) if inputs.is_floating_point() else torch.tensor(255, dtype=torch.uint8)
    mask = where.reshape(-1, *[1] * (inputs.dim() - 1))
    return replace(source, training=(torch.where(mask, other, inputs), targets))


@pytest.mark.parametrize("line", ["wine", "digits data.normalize=standard", "diabetes", "moons val=.5"])
def test_nothing_is_fitted_on_what_is_held_out(line: str) -> None:
    start = prepared(line)
    targets = arrays(start.source.training)[1]
    test = held_out(targets, start.source.facts.test, 0, "test")
    rest = (~test).nonzero()[:, 0]
    validation = torch.zeros(len(targets), dtype=torch.bool)
    validation[rest[held_out(targets[rest], len(start.data.validation), 0, "validation")]] = True
    for where in (test, validation):
        other = load(start.config, changed(start.source, where), CPU)
        assert torch.equal(other.scale, start.data.scale)
        assert torch.equal(other.shift, start.data.shift)
        assert rows(other.training) == rows(start.data.training)
        assert rows(other.test if where is test else other.validation) != rows(
            start.data.test if where is test else start.data.validation
        )
    training = ~test & ~validation
    assert not torch.equal(load(start.config, changed(start.source, training), CPU).shift, start.data.shift)
    assert int(training.sum()) == len(start.data.training)


@pytest.mark.parametrize("line", ["xor n=1", "xor n=2", "moons n=1 val=0"])
def test_a_column_that_is_always_the_same_stays_small(line: str) -> None:
    data = loaded(f"{line} data.normalize=standard")
    assert float(batched(data, data.test)[0].abs().max()) < 10
    assert float(batched(data, data.training)[0].abs().max()) <= 1


@pytest.mark.parametrize("value", [0.0, 1e-20, 0.1, 1e6, 16777217.0])
def test_a_constant_column_becomes_zeros_whatever_its_size(value: float) -> None:
    start = prepared("wine")
    inputs, targets = arrays(start.source.training)
    inputs = inputs.clone()
    inputs[:, 3] = value
    data = load(start.config, replace(start.source, training=(inputs, targets)), CPU)
    for split in splits(data):
        found = batched(data, split)[0]
        assert bool(found.isfinite().all())
        assert float(found[:, 3].abs().max()) < 1e-3


# -- targets ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("line", ["diabetes", "regression data.function=linear noise=2"])
def test_scaled_targets_are_of_the_training_split_and_can_be_undone(line: str) -> None:
    scaled, plain = loaded(line), loaded(f"{line} data.scale_target=false")
    targets = resident(scaled.training).targets
    assert float(targets.mean()) == pytest.approx(0, abs=1e-5)
    assert float(targets.std(correction=0)) == pytest.approx(1, abs=1e-5)
    assert scaled.target_variance.tolist() == [1.0]
    variance = float(resident(plain.training).targets.double().var(correction=0))
    assert float(plain.target_variance) == pytest.approx(variance, rel=1e-5)
    assert (plain.target_mean.tolist(), plain.target_deviation.tolist()) == ([0.0], [1.0])
    for one, other in zip(splits(scaled), splits(plain), strict=True):
        undone = resident(one).targets * scaled.target_deviation + scaled.target_mean
        torch.testing.assert_close(undone, resident(other).targets, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("value", [0.0, 0.1, 1e6])
@pytest.mark.parametrize("scale", ["true", "false"])
def test_targets_that_are_all_alike_stay_finite(value: float, scale: str) -> None:
    start = prepared(f"diabetes data.scale_target={scale}")
    inputs, targets = arrays(start.source.training)
    data = load(start.config, replace(start.source, training=(inputs, torch.full_like(targets, value))), CPU)
    wanted = 0.0 if scale == "true" else value
    for split in splits(data):
        assert resident(split).targets.unique().tolist() == pytest.approx([wanted], rel=1e-6)
    assert (data.target_deviation.tolist(), data.target_variance.tolist()) == ([1.0], [1.0])


def test_errors_are_told_in_the_target_s_own_unit(home: Path) -> None:
    mean_only = "diabetes perceptron zeros sgd lr=1e-30 e=1 val=0"  # predicts the mean of the training split
    data = loaded("diabetes val=0 data.scale_target=false")
    training, test = (resident(split).targets[:, 0].double() for split in (data.training, data.test))
    last = train(home, mean_only).history.evaluations[-1]
    errors = test - training.mean()
    assert last.mae == pytest.approx(float(errors.abs().mean()), rel=1e-5)
    assert last.rmse == pytest.approx(float(errors.square().mean().sqrt()), rel=1e-5)
    assert last.mae is not None
    assert last.mae > 50  # of a figure between 25 and 346
    assert last.r2 == pytest.approx(
        1 - float(errors.square().sum() / (test - test.mean()).square().sum()), abs=1e-5
    )
    assert last.loss == pytest.approx(float(errors.square().mean() / training.var(correction=0)), rel=1e-5)


@pytest.mark.parametrize("share", [0.3, 1.0])
def test_label_noise_is_in_the_training_labels_alone(share: float) -> None:
    clean, noisy, again = (
        loaded(f"digits {more}") for more in ("", *[f"regularization.label_noise={share}"] * 2)
    )
    for one, other in ((clean.validation, noisy.validation), (clean.test, noisy.test)):
        assert rows(one) == rows(other)
    before, after = resident(clean.training), resident(noisy.training)
    assert torch.equal(before.inputs, after.inputs)
    assert torch.equal(after.targets, resident(again.training).targets)
    different = float((before.targets != after.targets).float().mean())
    assert different == pytest.approx(share * 0.9, abs=0.03)  # one in ten is drawn as it was
    assert set(after.targets.tolist()) == set(range(10))


# -- the user's own -----------------------------------------------------------------------------------


def test_missing_figures_become_the_mean_of_the_training_split(tmp_path: Path) -> None:
    line = f"csv data.file={write_csv(tmp_path)} data.missing=impute data.normalize=none"
    start = prepared(line)
    inputs, _ = arrays(start.source.training)
    assert int(inputs.isnan().sum()) == 6
    filled = torch.cat([resident(split).inputs for split in splits(start.data)])
    assert bool(filled.isfinite().all())
    known = {(*row[1:],): row[0] for row in inputs.tolist()}
    imputed = torch.tensor([numpy.isnan(known[(*row[1:],)]) for row in filled.tolist()])
    training = len(start.data.training)
    mean = filled[:training][~imputed[:training], 0].mean()
    assert int(imputed.sum()) == 6
    assert imputed[:training].any()
    torch.testing.assert_close(filled[imputed, 0], mean.expand(6))
    for row, missing in zip(filled.tolist(), imputed.tolist(), strict=True):
        assert missing or known[(*row[1:],)] == row[0]


# -- batches ------------------------------------------------------------------------------------------


def test_batches_in_an_order() -> None:
    data = loaded("digits val=0 data.normalize=none")
    order = torch.randperm(1438, generator=torch.Generator().manual_seed(0))
    stored = resident(data.training)
    for size in (1, 64, 100, 1438):
        batches = list(data.batches(stored, size, order))
        assert [len(targets) for _, targets in batches] == [
            min(size, 1438 - start) for start in range(0, 1438, size)
        ]
        inputs = torch.cat([inputs for inputs, _ in batches])
        assert torch.equal(inputs, stored.inputs[order].float() / 16)
        assert torch.equal(torch.cat([targets for _, targets in batches]), stored.targets[order])


def test_batches_as_they_stand() -> None:
    data = loaded("moons val=0 data.normalize=none")
    inputs, targets = batched(data, data.training)
    assert torch.equal(inputs, resident(data.training).inputs)
    assert torch.equal(targets, resident(data.training).targets)


def test_batches_leave_the_stored_samples_alone() -> None:
    data = loaded("moons data.normalize=half")
    before = resident(data.training).inputs.clone()
    for inputs, _ in data.batches(data.training, 64):
        inputs.zero_()
    assert torch.equal(resident(data.training).inputs, before)


@pytest.mark.parametrize("model", ["cnn", "lenet5", "vgg", "resnet", "resnet18"])
def test_images_for_convolutions_have_their_channels_last(model: str) -> None:
    data = loaded(f"noise {model} data.side=12 data.channels=3")
    inputs, _ = next(data.batches(data.training, 8))
    assert inputs.is_contiguous(memory_format=torch.channels_last)
    assert resident(data.training).inputs.dtype == torch.uint8
    plain = loaded("noise mlp 8, data.side=12 data.channels=3")
    assert next(plain.batches(plain.training, 8))[0].is_contiguous()


def test_the_first_samples_are_those_of_the_first_batch() -> None:
    start = prepared("digits mlp e=1")
    (inputs, targets), *_ = start.data.batches(start.data.training, 7)
    found = start.data.first(start.data.training, 7)
    assert torch.equal(found[0], inputs)
    assert torch.equal(found[1], targets)
