import pickle
import random
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy
import pytest
import torch
from PIL import Image

from dlcore.choices.own import ImageFolder
from dlcore.datasets.folders import list_images
from dlcore.errors import DataError
from dlcore.training.images import ImageFiles, decode, read_images

RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)


def _folder(tmp_path: Path, images: int = 6) -> Path:
    for number in range(images):
        folder = tmp_path / "ab"[number % 2]
        folder.mkdir(exist_ok=True)
        Image.new("RGB", (8, 6), (number, 0, 100)).save(folder / f"{number}.png")
    return tmp_path


def _saved(path: Path, pixels: object, **how: Any) -> str:
    Image.fromarray(numpy.asarray(pixels)).save(path, **how)
    return str(path)


def test_all_at_once_where_they_fit(tmp_path: Path) -> None:
    files = list_images(_folder(tmp_path)).training
    told: list[tuple[int, int]] = []
    read = read_images(files, ImageFolder(size=4), lambda *so_far: told.append(so_far))
    assert isinstance(read, tuple)
    assert read[0].shape == (6, 3, 4, 4)
    assert read[0].dtype == torch.uint8
    assert read[0][:, :, 0, 0].tolist() == [[number, 0, 100] for number in (0, 2, 4, 1, 3, 5)]
    assert read[1].tolist() == [0, 0, 0, 1, 1, 1]
    assert told == [(6, 6)]


def test_one_by_one_where_they_do_not(tmp_path: Path) -> None:
    files = list_images(_folder(tmp_path)).training * 100
    read = read_images(files, ImageFolder(size=64, memory=1, color=False))
    assert isinstance(read, ImageFiles)
    assert len(read) == 600
    assert torch.equal(read.targets[:6], torch.tensor([0, 0, 0, 1, 1, 1]))
    sent = pickle.loads(pickle.dumps(read))
    assert sent.paths == read.paths
    pixels, number = sent[599]
    assert (pixels.shape, number) == ((1, 64, 64), 1)


def test_the_middle_square_is_taken_and_scaled(tmp_path: Path) -> None:
    wide = numpy.zeros((4, 12, 3), numpy.uint8)
    wide[:, :4], wide[:, 4:8], wide[:, 8:] = RED, GREEN, BLUE
    path = _saved(tmp_path / "wide.png", wide)
    assert (decode(path, 2, True).argmax(0) == 1).all()
    assert decode(path, 4, True).tolist() == [[[0] * 4] * 4, [[255] * 4] * 4, [[0] * 4] * 4]
    tall = _saved(tmp_path / "tall.png", wide.transpose(1, 0, 2))
    assert (decode(tall, 9, True).argmax(0) == 1).all()
    checks = numpy.indices((64, 64)).sum(0) % 2 * 255  # scaled without smoothing it would be black or white
    smooth = decode(_saved(tmp_path / "checks.png", checks.astype(numpy.uint8)), 8, False)
    assert (smooth.int() - 128).abs().max() < 3


def test_a_photograph_is_turned_upright(tmp_path: Path) -> None:
    pixels = numpy.zeros((8, 8, 3), numpy.uint8)
    pixels[:4] = RED
    exif = Image.Exif()
    exif[0x0112] = 3  # upside down
    path = _saved(tmp_path / "turned.png", pixels, exif=exif)
    assert decode(path, 8, True)[0, :, 0].tolist() == [0] * 4 + [255] * 4


def test_every_kind_of_pixel(tmp_path: Path) -> None:
    deep = numpy.full((4, 4), 0x8000, numpy.uint16)
    assert decode(_saved(tmp_path / "deep.png", deep), 4, True).unique().tolist() == [128]
    see_through = Image.new("RGBA", (4, 4), (10, 20, 30, 0))
    see_through.save(tmp_path / "alpha.png")
    assert decode(str(tmp_path / "alpha.png"), 4, True)[:, 0, 0].tolist() == [10, 20, 30]
    palette = Image.new("RGB", (4, 4), RED).quantize(4)
    palette.save(tmp_path / "palette.png", transparency=b"\x00\x10")
    palette.save(tmp_path / "palette.gif")
    for name in ("palette.png", "palette.gif"):
        assert decode(str(tmp_path / name), 4, True)[:, 0, 0].tolist() == [255, 0, 0]
    Image.new("CMYK", (300, 200)).save(tmp_path / "print.jpg")
    assert decode(str(tmp_path / "print.jpg"), 4, True).min() > 250
    Image.new("1", (4, 4), 1).save(tmp_path / "bit.bmp")
    assert decode(str(tmp_path / "bit.bmp"), 4, False).tolist() == [[[255] * 4] * 4]


def test_what_is_no_image_is_named(tmp_path: Path) -> None:
    folder = _folder(tmp_path, 200)
    (folder / "b/101.png").write_text("hello")
    with pytest.raises(DataError, match=r"b/101\.png is no image that can be read\. Replace") as caught:
        read_images(list_images(folder).training, ImageFolder(size=4))
    assert caught.value.hint
    (folder / "b/101.png").unlink()
    with pytest.raises(DataError, match=r"101\.png is gone"):
        decode(str(folder / "b/101.png"), 4, True)


@pytest.mark.parametrize("name", ["x.png", "x.jpg", "x.gif", "x.bmp", "x.webp", "x.ppm"])
def test_no_damage_gets_past_the_sentence(tmp_path: Path, name: str) -> None:
    chance = random.Random(name)
    noise = numpy.frombuffer(chance.randbytes(40 * 40 * 3), numpy.uint8).reshape(40, 40, 3)
    path = tmp_path / name
    Image.fromarray(noise).save(path)
    whole = path.read_bytes()
    refused: list[DataError] = []
    for _ in range(60):
        broken = bytearray(whole[: chance.randrange(len(whole))] if chance.random() < 0.5 else whole)
        for _ in range(4 if broken else 0):
            broken[chance.randrange(min(len(broken), 200))] = chance.randrange(256)
        path.write_bytes(broken)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                assert decode(str(path), 8, True).shape == (3, 8, 8)
            except DataError as error:
                refused.append(error)
    assert len(refused) > 10
    assert all(name in error.message for error in refused)


def test_a_bomb_is_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Image.new("L", (100, 100)).save(tmp_path / "bomb.png")
    for most in (9_999, 100):
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", most)
        with pytest.raises(DataError, match="too many pixels"):
            decode(str(tmp_path / "bomb.png"), 4, True)


def test_without_pillow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(DataError, match="need pillow") as caught:
        ImageFiles(((tmp_path / "x.png", 0),), 4, True)
    assert "pip install pillow" in caught.value.hint


def test_what_the_progress_raises_ends_the_reading(tmp_path: Path) -> None:
    def stop(done: int, total: int) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        read_images(list_images(_folder(tmp_path, 80)).training, ImageFolder(size=4), stop)
