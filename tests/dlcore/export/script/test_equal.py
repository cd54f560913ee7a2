"""A script repeats its run bit for bit: every preset, every kind of anything, users' own data and code."""

import gzip
import struct
from pathlib import Path

import numpy
import pytest
import torch

from dlcore.datasets.published import data_folder
from dlcore.errors import DltuiError
from dlcore.export.script.part import WIDTH
from dlcore.presets import PRESETS
from dlcore.training import cifar, sources
from tests.dlcore.export.script.scripts import assert_equal, run_script, script_of, trained
from tests.dlcore.training.own_data import write_code, write_csv, write_images
from tests.dlcore.training.test_repeating import LINES

ALL_OF = ("optimizers", "schedules")
"""Presets of which every variant is another kind; of the others the first and the last will do."""
LINES_OF_PRESETS = {
    name: variant.line
    for preset in PRESETS
    for name, variant in zip(preset.names, preset.variants, strict=True)
    if preset.name in ALL_OF or variant in (preset.variants[0], preset.variants[-1])
}
FEW = {"training.epochs": 2, "data.limit": 150}
KINDS = (
    "digits mlp 8, lecun selu nesterov b=32 e=3 performance schedule.patience=1 n=100 lr=1 "
    "training.evaluate_every=2",
    "digits mlp 16,16,16 elu orthogonal adam n=120 e=2 drop=.2 stop=1 training.evaluate_every=3",
    "wine mlp 8,8,4 norm=layer res=true drop=.3 silu he rmsprop optimizer.momentum=.5 e=3 b=13",
    "iris perceptron bce zeros adagrad e=2 data.shuffle=false val=0",
    "wine mlp 8,6 sigmoid,tanh orthogonal hinge adadelta e=2 b=20",
    "digits mlp 8, ce smooth=.1 red=sum adamw lr=1e-4 n=100 e=2 clip=.5 regularization.clip_value=.01",
    "diabetes mlp 8, gelu he mse red=sum lr=1e-4 sgd e=2 data.scale_target=false data.normalize=none",
    "blobs mlp 6, leaky_relu he model.activation.slope=.3 momentum e=2 n=200",
    "spiral mlp 6, step momentum e=2 n=200 data.seed=4 classes=3",
    "moons mlp 6,4 softplus he adam e=2 n=200 optimizer.lr_per_layer='{fc1=0.02,fc3=0.001}' cosine warmup=3",
    "regression mlp 6, data.features=3 data.function=step e=2 n=100 exp s=5 gamma=.5",
    "regression mlp 6, data.function=linear e=2 n=100 piecewise schedule.boundaries=3,5 "
    "schedule.factors=0.5,0.1",
    "xor mlp 4, tanh bce data.samples=40 noise=.1 regularization.label_noise=.5 e=3 b=8",
    "digits cnn filters=4,6 kernel=3,1 stride=1,2 model.pooling=average norm=batch n=80 e=1 8,4",
    "digits cnn filters=4 kernel=3 model.padding=none n=90 e=2 aug=rotate data.normalize=standard",
    "digits cnn filters=4 n=90 e=2 aug=flip val=0",
    "digits vgg model.width=4 model.blocks=2 n=64 e=1 b=16 4, aug=shift training.precision=bfloat16",
    "digits resnet model.width=4 model.norm=none elu he n=64 e=1 b=16 model.blocks=2",
    "noise resnet model.width=16 leaky_relu n=48 data.samples=80 e=1 b=16",
    "noise lenet5 tanh data.side=16 n=64 e=1 b=16 xavier data.normalize=none",
    "digits mlp 8, e=4 n=150 batch_growth b=16 schedule.every=1 schedule.most=64 nesterov",
)


@pytest.fixture(scope="module", name="folder")
def _folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table, images and code."""
    folder = tmp_path_factory.mktemp("own")
    write_csv(folder)
    write_images(folder)
    write_code(folder)
    return folder


@pytest.fixture(name="mnist")
def _mnist(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Four files like those of MNIST, with fewer images of noise; nobody looks at their checksums."""
    folder = data_folder(home, "mnist")
    folder.mkdir(parents=True)
    chance = numpy.random.default_rng(0)
    for split, count in (("train", 300), ("t10k", 120)):
        pixels = chance.integers(0, 256, (count, 28, 28), numpy.uint8)
        labels = (pixels[:, :4].sum((1, 2)) % 10).astype(numpy.uint8)
        for name, values in (("images-idx3", pixels), ("labels-idx1", labels)):
            head = struct.pack(f">4B{values.ndim}I", 0, 0, 8, values.ndim, *values.shape)
            content = gzip.compress(head + values.tobytes(), 1)
            (folder / f"{split}-{name}-ubyte.gz").write_bytes(content)

    def unread(files: object, home: Path, report: object) -> dict[str, Path]:
        return {path.name: path for path in folder.iterdir()}

    monkeypatch.setattr(sources, "fetch", unread)
    monkeypatch.setattr(sources, "read_verified", lambda file, path: gzip.decompress(path.read_bytes()))
    return folder


@pytest.mark.parametrize("name", [name for name, line in LINES_OF_PRESETS.items() if "mnist" not in line])
def test_every_preset(home: Path, tmp_path: Path, name: str) -> None:
    run = trained(home, LINES_OF_PRESETS[name], FEW)
    assert_equal(run, run_script(run, tmp_path))


@pytest.mark.parametrize("name", [name for name, line in LINES_OF_PRESETS.items() if "mnist" in line])
def test_every_preset_of_mnist(home: Path, tmp_path: Path, mnist: Path, name: str) -> None:
    run = trained(home, LINES_OF_PRESETS[name], FEW)
    assert_equal(run, run_script(run, tmp_path, "--data", str(mnist)))


def test_cifar10(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "cifar-10-batches-bin"
    folder.mkdir()
    chance = numpy.random.default_rng(0)
    contents = []
    for name in (*(f"data_batch_{number}.bin" for number in range(1, 6)), "test_batch.bin"):
        stored = chance.integers(0, 256, (20, cifar.RECORD), numpy.uint8)
        stored[:, 0] %= 10
        contents.append(stored.tobytes())
        (folder / name).write_bytes(contents[-1])
    splits = cifar.records(b"".join(contents[:5])), cifar.records(contents[5])
    monkeypatch.setattr(sources, "read_cifar10", lambda home, report: splits)
    run = trained(home, "cifar10 cnn filters=4 4, b=16 e=2 data.normalize=standard", {"data.limit": 100})
    assert_equal(run, run_script(run, tmp_path, "--data", str(tmp_path)))


def test_two_threads(home: Path, tmp_path: Path) -> None:
    run = trained(home, "digits cnn filters=8 he n=200 b=64 e=2", {"training.threads": 2})
    assert "torch.set_num_threads(2)" in script_of(run)
    assert_equal(run, run_script(run, tmp_path))
    torch.set_num_threads(1)


@pytest.mark.parametrize("line", KINDS)
def test_every_kind(home: Path, tmp_path: Path, line: str) -> None:
    run = trained(home, line)
    assert_equal(run, run_script(run, tmp_path))


STREAMED = (
    "image_folder lenet5 data.folder={folder}/images data.size=80 data.memory=1 "
    "data.normalize=standard e=1 b=16"
)


@pytest.mark.parametrize("line", [STREAMED, *(line for line in LINES if "Shaken" not in line)])
def test_own_data_and_code(home: Path, folder: Path, tmp_path: Path, line: str) -> None:
    run = trained(home, line.format(folder=folder))
    assert ("all of them are in memory" in script_of(run)) == (line == STREAMED)
    assert_equal(run, run_script(run, tmp_path))


def test_a_file_that_has_changed_is_told(home: Path, tmp_path: Path) -> None:
    table = write_csv(tmp_path)
    run = trained(home, f"csv mlp 4, data.file={table} data.missing=impute e=1 b=16")
    assert max(map(len, script_of(run).splitlines())) <= WIDTH + len(str(table))
    table.write_text(table.read_text() + "1.0,red,2.0,small\n")
    with pytest.raises(DltuiError, match="has changed: the run had 60 samples of it, and now there are 61"):
        script_of(run)
    table.unlink()
    with pytest.raises(DltuiError, match="no such file"):
        script_of(run)
