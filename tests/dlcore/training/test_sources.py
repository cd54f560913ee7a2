"""Sources: what is read is what was announced, in the order and with the values of its files."""

import gzip
import hashlib
import os
import shutil
import struct
from functools import partial
from pathlib import Path
from typing import Any

import numpy
import pytest
import torch
from sklearn import datasets as shipped

from dlcore.choices.dataset import Facts
from dlcore.datasets.examine import examine
from dlcore.datasets.published import MNIST, Idx, PublishedFile, PublishedSet, data_folder
from dlcore.errors import ConfigError, DataError, DltuiError
from dlcore.oneline import parse
from dlcore.training import sources
from dlcore.training.cifar import read_cifar10
from dlcore.training.seeds import generator
from dlcore.training.sources import Source, idx, read
from tests.dlcore import archives
from tests.dlcore.training.own_data import write_code, write_csv, write_images
from tests.dlcore.training.prepared import NOWHERE, arrays, no_download, prepared, unheard

SHIPPED = {
    "digits": shipped.load_digits,
    "iris": shipped.load_iris,
    "wine": shipped.load_wine,
    "breast_cancer": shipped.load_breast_cancer,
    "diabetes": shipped.load_diabetes,
}
LINES = [
    *SHIPPED,
    "xor",
    "xor samples=9",
    "moons samples=57",
    "circles",
    "spiral classes=5",
    "blobs classes=7",
    "regression data.features=3",
    "noise data.channels=3 data.side=5 classes=4",
]


def read_line(line: str, home: Path = NOWHERE) -> Source:
    return read(parse(line), home, unheard if line.startswith("image_folder") else no_download)


def check(source: Source) -> None:
    """What is read is what the facts say."""
    facts = source.facts
    splits = [arrays(source.training)] + ([] if source.test is None else [arrays(source.test)])
    sizes = [facts.training + facts.test] if source.test is None else [facts.training, facts.test]
    assert [len(targets) for _, targets in splits] == sizes
    for inputs, targets in splits:
        assert inputs.shape == (len(targets), *facts.shape)
        assert inputs.dtype == (torch.uint8 if facts.is_image else torch.float32)
        assert float(inputs.max()) <= source.peak or not facts.is_image
        if facts.task == "regression":
            assert (targets.dtype, targets.shape) == (torch.float32, (len(targets), facts.targets))
            assert facts.classes == 0
        else:
            assert (targets.dtype, targets.dim()) == (torch.int64, 1)
            assert set(targets.tolist()) <= set(range(facts.classes))
    if facts.task == "classification":
        assert splits[0][1].unique().tolist() == list(range(facts.classes))
        assert len(facts.names) in (0, facts.classes)


@pytest.mark.parametrize("line", LINES)
def test_what_is_read_is_what_was_announced(line: str) -> None:
    source = read_line(line)
    assert source.facts == parse(line).data.facts == examine(parse(line))
    check(source)


@pytest.mark.parametrize("kind", SHIPPED)
def test_what_is_shipped_is_all_there_and_each_row_keeps_its_target(kind: str) -> None:
    bunch = SHIPPED[kind]()
    inputs, targets = arrays(read_line(kind).training)
    found = [
        (*values, *target)
        for values, target in zip(
            inputs.flatten(1).tolist(), targets.reshape(len(targets), -1).tolist(), strict=True
        )
    ]
    values = bunch.data.astype(numpy.float32).tolist()
    wanted = [(*row, float(target)) for row, target in zip(values, bunch.target.tolist(), strict=True)]
    assert sorted(found) == sorted(wanted)
    names = read_line(kind).facts.names
    assert list(names) == (list(map(str, bunch.target_names)) if names else [])


def test_sets_that_lie_sorted_by_class_are_read_in_an_order_of_the_seed() -> None:
    one, same, other = (arrays(read_line(f"iris seed={seed}").training) for seed in (1, 1, 2))
    assert torch.equal(one[0], same[0])
    assert not torch.equal(one[0], other[0])
    assert len(one[1][:30].unique()) == 3  # so that a limit keeps all classes


@pytest.mark.parametrize("kind", ["moons", "circles", "spiral", "blobs", "regression", "noise"])
def test_a_seed_of_their_own_draws_the_same_samples_in_all_runs(kind: str) -> None:
    runs = [arrays(read_line(f"{kind} seed={seed} data.seed=run").training)[0] for seed in (1, 1, 2)]
    own = [arrays(read_line(f"{kind} seed={seed} data.seed=2").training)[0] for seed in (1, 1, 2)]
    assert torch.equal(runs[0], runs[1])
    assert not torch.equal(runs[0], runs[2])
    assert torch.equal(own[0], own[1])
    assert torch.equal(own[0], own[2])
    assert torch.equal(own[0], runs[2])  # as the run of that seed draws them


def test_xor_is_tested_on_its_own_points() -> None:
    source = read_line("xor samples=10 noise=.5")
    assert source.test is source.training


# -- shuffled pixels ----------------------------------------------------------------------------------


@pytest.mark.parametrize("line", ["digits", "noise data.channels=3 data.side=6"])
def test_shuffled_pixels_are_one_permutation_of_all_images(line: str) -> None:
    plain, shuffled, again, other = (
        arrays(read_line(f"{line} {more}").training)
        for more in (
            "seed=1",
            "seed=1 data.shuffle_pixels=true",
            "seed=1 data.shuffle_pixels=true",
            "seed=2 data.shuffle_pixels=true",
        )
    )
    assert torch.equal(shuffled[0], again[0])
    assert torch.equal(shuffled[1], plain[1])
    assert shuffled[0].shape == plain[0].shape
    # A row for each pixel, of its colours in all images.
    before, after = (
        images.permute(2, 3, 0, 1).flatten(2).flatten(0, 1).flatten(1) for images in (plain[0], shuffled[0])
    )
    if line != "digits":  # else some pixels are the same in all images, and cannot be told apart
        order = torch.tensor([int((before == pixel).all(1).nonzero()) for pixel in after])
        assert sorted(order.tolist()) == list(range(len(before)))
        assert torch.equal(after[order.argsort()], before)
        assert order.tolist() != sorted(order.tolist())
    assert sorted(map(tuple, after.tolist())) == sorted(map(tuple, before.tolist()))
    assert not torch.equal(after, before)
    assert not torch.equal(other[0], shuffled[0])


def test_both_splits_of_a_published_set_are_shuffled_alike(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_small_idx_set(home, monkeypatch, "kmnist")
    plain, shuffled = (read_line(f"kmnist {more}", home) for more in ("", "data.shuffle_pixels=true"))
    order = torch.randperm(784, generator=generator(0, "pixels"))
    for before, after in ((plain.training, shuffled.training), (plain.test, shuffled.test)):
        assert torch.equal(arrays(after)[0].flatten(1)[:, order.argsort()], arrays(before)[0].flatten(1))
        assert torch.equal(arrays(after)[1], arrays(before)[1])


# -- published sets -----------------------------------------------------------------------------------


def header(*shape: int, magic: bytes = b"\x00\x00\x08") -> bytes:
    return magic + bytes([len(shape)]) + b"".join(struct.pack(">I", side) for side in shape)


def use_small_idx_set(home: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> dict[str, Any]:
    """Put a set with 30 training and 20 test images into its folder, and let it be the published one."""
    folder = data_folder(home, kind)
    folder.mkdir(parents=True)
    chance = numpy.random.default_rng(0)
    stored: dict[str, Any] = {}
    files = []
    for file, shape in zip(MNIST.files, ((30, 28, 28), (30,), (20, 28, 28), (20,)), strict=True):
        values = chance.integers(0, 256, shape) if len(shape) == 3 else chance.permutation(shape[0]) % 10
        stored[file.name.split("-ubyte")[0]] = values
        content = header(*shape) + values.astype(numpy.uint8).tobytes()
        packed = gzip.compress(content, mtime=0)
        (folder / file.name).write_bytes(packed)
        checksum = hashlib.md5(packed, usedforsecurity=False).hexdigest()
        files.append(PublishedFile(file.name, len(content), checksum, "packed", Idx(shape)))
    small = PublishedSet(kind, kind, tuple(files), ())
    monkeypatch.setattr(sources, "published", {kind: small}.__getitem__)
    return stored


@pytest.mark.parametrize("kind", ["mnist", "fashion_mnist", "kmnist"])
def test_sets_like_mnist(home: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    stored = use_small_idx_set(home, monkeypatch, kind)
    source = read_line(kind, home)
    facts = parse(kind).data.facts
    assert source.facts == facts
    assert (facts.shape, facts.training, facts.test) == ((1, 28, 28), 60_000, 10_000)
    for samples, name in ((source.training, "train"), (source.test, "t10k")):
        images, labels = arrays(samples)
        assert (images.dtype, labels.dtype) == (torch.uint8, torch.int64)
        assert images.shape == (len(labels), *facts.shape)
        assert images.squeeze(1).tolist() == stored[f"{name}-images-idx3"].tolist()
        assert labels.tolist() == stored[f"{name}-labels-idx1"].tolist()
    assert source.peak == 255
    assert len(facts.names) == (0 if kind == "mnist" else 10)


def test_cifar10(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = data_folder(home, "cifar10")
    folder.mkdir(parents=True)
    (folder / archives.FILE.name).write_bytes(archives.PACKED)
    monkeypatch.setattr(sources, "read_cifar10", partial(read_cifar10, published=archives.small_cifar10()))
    source = read_line("cifar10", home)
    assert source.facts == parse("cifar10").data.facts
    assert (source.facts.shape, source.facts.training, len(source.facts.names)) == ((3, 32, 32), 50_000, 10)
    for samples, count in ((source.training, 50), (source.test, 10)):
        images, labels = arrays(samples)
        assert (images.shape, images.dtype) == ((count, 3, 32, 32), torch.uint8)
        assert labels.tolist() == [*range(10)] * (count // 10)
    assert source.peak == 255


def test_the_real_mnist(home: Path) -> None:
    folder = os.environ.get("DLTUI_TEST_MNIST")
    if not folder:
        pytest.skip("DLTUI_TEST_MNIST names no folder with the four MNIST files")
    data_folder(home, "mnist").mkdir(parents=True)
    for file in MNIST.files:
        shutil.copy(Path(folder) / file.name, data_folder(home, "mnist"))
    start = prepared("mnist val=.1", home)
    check(start.source)
    data = start.data
    assert (len(data.training), len(data.validation), len(data.test)) == (54_000, 6_000, 10_000)
    images, labels = arrays(start.source.training)
    assert arrays(start.source.test)[1][:5].tolist() == [7, 2, 1, 0, 4]
    # 60,000 training labels: the published number of each digit.
    published = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert torch.bincount(labels).tolist() == published
    assert float(images.double().mean() / 255) == pytest.approx(0.1307, abs=1e-4)  # known to every tutorial


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


# -- the user's own -----------------------------------------------------------------------------------


def test_a_csv_file_keeps_its_rows_in_order(tmp_path: Path) -> None:
    line = f"csv data.file={write_csv(tmp_path)} data.missing=impute"
    source = read_line(line)
    check(source)
    assert source.facts == examine(parse(line))
    assert source.facts == Facts("classification", (5,), 48, 12, 3, ("large", "middle", "small"))
    inputs, targets = arrays(source.training)
    assert targets.tolist() == [(2, 1, 0)[row % 3] for row in range(60)]
    assert inputs.isnan().sum(0).tolist() == [6, 0, 0, 0, 0]
    assert [inputs[row].isnan().any().item() for row in range(10)] == [row == 4 for row in range(10)]
    with pytest.raises(DataError, match="width"):
        read_line(line.replace("impute", "refuse"))


def test_a_csv_file_of_a_regression(tmp_path: Path) -> None:
    line = f"csv data.file={write_csv(tmp_path)} data.target=height data.ignore=width,size"
    source = read_line(line)
    check(source)
    assert source.facts == examine(parse(line)) == Facts("regression", (3,), 48, 12)
    written = [float(row.split(",")[2]) for row in (tmp_path / "table.csv").read_text().splitlines()[1:]]
    assert arrays(source.training)[1][:, 0].tolist() == pytest.approx(written)


@pytest.mark.parametrize("test", [0, 4])
@pytest.mark.parametrize("color", ["true", "false"])
def test_a_folder_of_images(tmp_path: Path, test: int, color: str) -> None:
    folder = write_images(tmp_path, each=15, test=test)
    line = f"image_folder data.folder={folder} data.size=8 data.color={color}"
    told: list[tuple[str, int, int]] = []
    source = read(parse(line), NOWHERE, lambda *progress: told.append(progress))
    check(source)
    assert source.facts == examine(parse(line))
    sizes = (30, 8) if test else (24, 6)
    shape = (3 if color == "true" else 1, 8, 8)
    assert source.facts == Facts("classification", shape, *sizes, 2, ("dark", "light"))
    images, labels = arrays(source.training)
    assert labels.tolist() == [0] * 15 + [1] * 15
    assert float(images[:15].float().mean()) < float(images[15:].float().mean()) - 50
    size = 64 * shape[0]  # what is told are bytes of pictures
    assert {(file, total) for file, _, total in told} == {(str(folder), 30 * size)} | (
        {(str(folder), 8 * size)} if test else set()
    )


def test_images_that_do_not_fit_in_memory_are_read_as_they_are_used(tmp_path: Path) -> None:
    folder = write_images(tmp_path, each=3)
    line = f"image_folder data.folder={folder} data.size=512"
    few = read_line(f"{line} data.memory=5")
    source = read_line(f"{line} data.memory=4")  # six images of 0.79 MB
    assert source.facts == few.facts
    assert not isinstance(source.training, tuple)
    images, labels = arrays(few.training)
    for index in range(6):
        image, label = source.training[index]
        assert torch.equal(image, images[index])
        assert label == labels[index]


def test_data_from_the_user_s_code(tmp_path: Path) -> None:
    code = write_code(tmp_path)
    source = read_line(f"data=custom data.target={code}:points data.args={{samples=90,classes=4}}")
    check(source)
    assert source.facts == Facts("classification", (5,), 72, 18, 4)
    streamed, resident = (
        read_line(f"data=custom data.target={code}:{name}") for name in ("Waves", "residents")
    )
    check(resident)
    assert streamed.facts == resident.facts == Facts("regression", (3,), 48, 12, targets=2)
    assert not isinstance(streamed.training, tuple)
    inputs, targets = arrays(resident.training)
    for index in range(60):
        values, wanted = streamed.training[index]
        assert torch.equal(values, inputs[index])
        assert torch.equal(wanted, targets[index])


def test_what_the_user_s_code_draws_follows_from_the_seed(tmp_path: Path) -> None:
    line = f"data=custom data.target={write_code(tmp_path)}:points"
    one, same, other = (arrays(read_line(f"{line} seed={seed}").training) for seed in (1, 1, 2))
    assert torch.equal(one[0], same[0])
    assert not torch.equal(one[0], other[0])


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("csv data.file={folder}/none.csv", "{folder}/none.csv: there is no such file"),
        ("csv data.file={folder}", "{folder}: this is a folder"),
        ("image_folder data.folder={folder}/none", "There is no folder {folder}/none"),
        ("data=custom data.target={folder}/none.py:load", "custom: there is no file {folder}/none.py"),
    ],
)
def test_what_is_not_there_is_told_with_a_cure(tmp_path: Path, line: str, message: str) -> None:
    with pytest.raises(DltuiError) as caught:
        read_line(line.format(folder=tmp_path))
    assert caught.value.message == message.format(folder=tmp_path)
    assert caught.value.hint


def test_what_does_not_go_with_what_is_found_is_refused(tmp_path: Path) -> None:
    write_csv(tmp_path)
    with pytest.raises(ConfigError) as caught:
        prepared(f"csv data.file={tmp_path}/table.csv data.missing=impute huber")
    assert [problem.key for problem in caught.value.problems] == ["loss.kind"]
    with pytest.raises(ConfigError):
        prepared(f"csv cnn data.file={tmp_path}/table.csv data.missing=impute")
