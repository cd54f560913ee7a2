"""Data: splits that are disjoint, stratified and reproducible; normalization; batches; IDX files."""

import os
import shutil
import struct
from pathlib import Path
from typing import Any

import numpy
import pytest
import torch
from sklearn.datasets import load_digits

from dlcore.choices.datasets import DATASETS
from dlcore.config import RunConfig, plan
from dlcore.errors import DataError
from dlcore.oneline import parse
from dlcore.published import MNIST, data_folder
from dlcore.training.data import Data, Split, idx, load

SHIPPED = [kind.word() for kind in DATASETS if kind.word() != "mnist"]
CPU = torch.device("cpu")


def loaded(line: str) -> tuple[RunConfig, Data]:
    config = parse(line).resolved()
    return config, load(config, Path("/nowhere"), CPU, no_report)


def no_report(name: str, got: int, total: int) -> None:
    raise AssertionError("nothing is downloaded")


def rows(split: Split) -> list[tuple[Any, ...]]:
    """The samples as comparable rows, in order: input, then target."""
    flat = split.inputs.reshape(len(split), -1).tolist()
    return [(*values, target) for values, target in zip(flat, split.targets.tolist(), strict=True)]


def shares(split: Split, classes: int) -> list[int]:
    return torch.bincount(split.targets, minlength=classes).tolist()


@pytest.mark.parametrize("kind", SHIPPED)
@pytest.mark.parametrize("options", ["", "val=.25", "val=0", "n=101 val=.5", "samples=57 seed=3"])
def test_sizes_are_those_of_the_plan(kind: str, options: str) -> None:
    if kind == "xor":
        options = ""
    if kind == "digits":
        options = options.replace("samples", "n")
    config, data = loaded(f"{kind} {options}")
    wanted = plan(config)
    assert (len(data.training), len(data.validation), len(data.test)) == (
        wanted.training,
        wanted.validation,
        wanted.test,
    )
    for split in (data.training, data.validation, data.test):
        assert split.inputs.shape[1:] == config.data.shape
        assert split.targets.dtype == torch.int64
        assert split.inputs.is_contiguous()


def test_the_splits_of_digits_are_all_of_its_samples_once() -> None:
    _, data = loaded("digits val=.2")
    images, labels = load_digits(return_X_y=True)
    whole = sorted((*map(int, image), int(label)) for image, label in zip(images, labels, strict=True))
    assert sorted(rows(data.training) + rows(data.validation) + rows(data.test)) == whole


@pytest.mark.parametrize("kind", ["moons", "circles"])
def test_no_sample_is_in_two_splits(kind: str) -> None:
    _, data = loaded(f"{kind} samples=500 val=.3")
    parts = [set(rows(split)) for split in (data.training, data.validation, data.test)]
    assert [len(part) for part in parts] == [280, 120, 100]
    assert len(set.union(*parts)) == 500


@pytest.mark.parametrize(
    "line", ["digits val=.1", "digits val=.33 seed=5", "moons samples=333", "circles val=.5"]
)
def test_every_class_keeps_its_share_within_one_sample(line: str) -> None:
    config, data = loaded(line)
    classes = config.data.classes
    training, validation, test = (
        shares(split, classes) for split in (data.training, data.validation, data.test)
    )
    for held, rest in (
        (test, [a + b for a, b in zip(training, validation, strict=True)]),
        (validation, training),
    ):
        whole = [a + b for a, b in zip(held, rest, strict=True)]
        for number, of in zip(held, whole, strict=True):
            assert abs(number - of * sum(held) / sum(whole)) < 1


def test_one_seed_draws_the_same_splits_and_another_one_others() -> None:
    first, same, other = (loaded(f"digits seed={seed}")[1] for seed in (1, 1, 2))
    assert rows(first.test) == rows(same.test) != rows(other.test)
    assert rows(first.validation) == rows(same.validation) != rows(other.validation)
    moons, again, others = (loaded(f"moons seed={seed}")[1] for seed in (1, 1, 2))
    assert rows(moons.training) == rows(again.training)
    assert not set(rows(moons.training)) & set(rows(others.training))


@pytest.mark.parametrize("kind", ["digits", "moons"])
def test_a_limit_takes_the_first_of_the_training_split_and_leaves_the_test_alone(kind: str) -> None:
    _, whole = loaded(f"{kind} val=0")
    _, some = loaded(f"{kind} val=.2 n=50")
    assert rows(some.test) == rows(whole.test)
    assert sorted(rows(some.training) + rows(some.validation)) == sorted(rows(whole.training)[:50])
    assert (len(some.training), len(some.validation)) == (40, 10)


def test_the_share_that_is_held_out_does_not_change_the_test() -> None:
    assert rows(loaded("digits val=.5")[1].test) == rows(loaded("digits val=0")[1].test)


def test_xor_is_its_four_points() -> None:
    _, data = loaded("xor")
    assert rows(data.training) == rows(data.test) == [(0, 0, 0), (0, 1, 1), (1, 0, 1), (1, 1, 0)]
    assert len(data.validation) == 0


@pytest.mark.parametrize("kind", ["moons", "circles"])
def test_points_without_noise_lie_on_their_curves(kind: str) -> None:
    _, data = loaded(f"{kind} noise=0 samples=200")
    for x, y, target in rows(data.training):
        if kind == "circles":
            assert x * x + y * y == pytest.approx(0.25 if target else 1.0, abs=1e-5)
        else:
            assert (x - target) ** 2 + (y - target / 2) ** 2 == pytest.approx(1.0, abs=1e-5)


def normalized(data: Data, split: Split) -> numpy.ndarray[Any, Any]:
    batches = [inputs for inputs, _ in data.batches(split, 64)]
    assert all(inputs.dtype == torch.float32 for inputs in batches)
    return torch.cat(batches).double().numpy()


@pytest.mark.parametrize("split", ["training", "validation", "test"])
@pytest.mark.parametrize(
    ("kind", "normalize"),
    [(kind, word) for kind in ("digits", "moons") for word in ("none", "half", "standard")],
)
def test_normalization_against_numpy(kind: str, normalize: str, split: str) -> None:
    _, data = loaded(f"{kind} data.normalize={normalize}")
    peak = 16 if kind == "digits" else 1
    stored: Split = getattr(data, split)
    values = stored.inputs.double().numpy() / peak
    fitted = data.training.inputs.double().numpy() / peak
    axes = (0, 2, 3) if kind == "digits" else (0,)
    wanted = {
        "none": values,
        "half": (values - 0.5) / 0.5,
        "standard": (values - fitted.mean(axes, keepdims=True)) / fitted.std(axes, keepdims=True),
    }[normalize]
    numpy.testing.assert_allclose(normalized(data, stored), wanted, rtol=1e-5, atol=1e-5)


def test_standard_is_fitted_on_the_training_split_alone() -> None:
    _, data = loaded("moons val=.5 noise=2 samples=40 data.normalize=standard")
    assert normalized(data, data.training).mean(0) == pytest.approx([0, 0], abs=1e-5)
    assert normalized(data, data.training).std(0) == pytest.approx([1, 1], abs=1e-5)
    assert abs(normalized(data, data.test).mean(0)).max() > 1e-3


@pytest.mark.parametrize("line", ["xor n=1", "xor n=2", "moons n=1 val=0"])
def test_a_column_that_is_always_the_same_stays_small(line: str) -> None:
    _, data = loaded(f"{line} data.normalize=standard")
    assert abs(normalized(data, data.test)).max() < 10
    assert abs(normalized(data, data.training)).max() <= 1


def test_batches_in_an_order() -> None:
    _, data = loaded("digits val=0 data.normalize=none")
    order = torch.randperm(1438, generator=torch.Generator().manual_seed(0))
    for size in (1, 64, 100, 1438):
        batches = list(data.batches(data.training, size, order))
        assert [len(targets) for _, targets in batches] == [
            min(size, 1438 - start) for start in range(0, 1438, size)
        ]
        inputs = torch.cat([inputs for inputs, _ in batches])
        assert torch.equal(inputs, data.training.inputs[order].float() / 16)
        assert torch.equal(torch.cat([targets for _, targets in batches]), data.training.targets[order])


def test_batches_as_they_stand() -> None:
    _, data = loaded("moons val=0 data.normalize=none")
    inputs, targets = zip(*data.batches(data.training, 64), strict=True)
    assert torch.equal(torch.cat(inputs), data.training.inputs)
    assert torch.equal(torch.cat(targets), data.training.targets)


def test_batches_leave_the_stored_samples_alone() -> None:
    _, data = loaded("moons data.normalize=half")
    before = data.training.inputs.clone()
    for inputs, _ in data.batches(data.training, 64):
        inputs.zero_()
    assert torch.equal(data.training.inputs, before)


def test_images_for_a_cnn_have_their_channels_last() -> None:
    _, data = loaded("digits cnn")
    inputs, _ = next(data.batches(data.training, 8))
    assert inputs.is_contiguous(memory_format=torch.channels_last)
    assert data.training.inputs.dtype == torch.uint8


def header(*shape: int, magic: bytes = b"\x00\x00\x08") -> bytes:
    return magic + bytes([len(shape)]) + b"".join(struct.pack(">I", side) for side in shape)


@pytest.mark.parametrize("shape", [(4,), (2, 3), (2, 3, 4), (0, 28, 28)])
def test_an_idx_file_is_read(shape: tuple[int, ...]) -> None:
    values = torch.arange(int(numpy.prod(shape)), dtype=torch.uint8).reshape(shape)
    found = idx(header(*shape) + values.numpy().tobytes(), Path("x"))
    assert torch.equal(found, values)
    assert found.dtype == torch.uint8


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "x is not an IDX file of bytes"),
        (b"\x00\x00", "x is not an IDX file of bytes"),
        (b"\x1f\x8b\x08\x00", "x is not an IDX file of bytes"),
        (header(4, magic=b"\x00\x00\x0d") + bytes(16), "x is not an IDX file of bytes"),
        (header(2, 2)[:-1], "x is not an IDX file of bytes"),
        (header(2, 2) + bytes(3), "x announces 4 values and holds 3"),
        (header(2, 2) + bytes(5), "x announces 4 values and holds 5"),
        (header(), "x announces 1 values and holds 0"),
    ],
)
def test_what_is_no_idx_file_is_said_to_be_none(content: bytes, message: str) -> None:
    with pytest.raises(DataError) as caught:
        idx(content, Path("x"))
    assert caught.value.message == message
    assert caught.value.hint


def test_the_real_mnist(home: Path) -> None:
    source = os.environ.get("DLTUI_TEST_MNIST")
    if not source:
        pytest.skip("DLTUI_TEST_MNIST names no folder with the four MNIST files")
    folder = data_folder(home, "mnist")
    folder.mkdir(parents=True)
    for file in MNIST.files:
        shutil.copy(Path(source) / file.name, folder)
    config = parse("mnist val=.1").resolved()
    data = load(config, home, CPU, no_report)
    assert (len(data.training), len(data.validation), len(data.test)) == (54_000, 6_000, 10_000)
    assert data.training.inputs.shape == (54_000, 1, 28, 28)
    assert data.test.targets[:5].tolist() == [7, 2, 1, 0, 4]
    # 60,000 training labels: the published number of each digit.
    published = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    both = [a + b for a, b in zip(shares(data.training, 10), shares(data.validation, 10), strict=True)]
    assert both == published
    other = load(parse("mnist val=.1 seed=1").resolved(), home, CPU, no_report)
    assert torch.equal(other.test.inputs, data.test.inputs)
    assert not torch.equal(other.validation.inputs, data.validation.inputs)
