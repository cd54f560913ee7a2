"""Augmentation by hand: shifts with numpy, mirrors exactly, turns by what they do to straight slopes."""

import itertools
import math
from typing import Any

import numpy
import pytest
import torch

from dlcore.training import augment
from dlcore.training.augment import augmented

Picture = numpy.ndarray[Any, Any]
WAYS = ["shift", "flip", "rotate"]
ALL_WAYS = [ways for count in (1, 2, 3) for ways in itertools.combinations(WAYS, count)]


def chance(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def pictures(size: int, channels: int = 1, height: int = 8, width: int = 8) -> torch.Tensor:
    return torch.randn(size, channels, height, width, generator=chance(99))


def slopes(size: int, height: int, width: int) -> torch.Tensor:
    """Pictures that hold each pixel's place: x in the first channel, y in the second, from the middle."""
    x = torch.arange(width).float() - (width - 1) / 2
    y = torch.arange(height).float() - (height - 1) / 2
    grid = torch.stack((x.expand(height, width), y[:, None].expand(height, width)))
    return grid.expand(size, 2, height, width).clone()


def shifted(picture: Picture, down: int, right: int, most: int) -> Picture:
    """The picture moved by whole pixels, its border repeated."""
    height, width = picture.shape[1:]
    wide = numpy.pad(picture, ((0, 0), (most, most), (most, most)), mode="edge")
    rolled = numpy.roll(wide, (down, right), axis=(1, 2))
    return rolled[:, most : most + height, most : most + width]


# -- what is the same for all -------------------------------------------------------------------------


@pytest.mark.parametrize("ways", ALL_WAYS, ids="+".join)
@pytest.mark.parametrize(("channels", "height", "width"), [(1, 8, 8), (3, 32, 32), (2, 10, 30), (1, 1, 1)])
def test_shapes_stay_and_what_comes_in_is_left_alone(
    ways: tuple[str, ...], channels: int, height: int, width: int
) -> None:
    inputs = pictures(7, channels, height, width)
    before = inputs.clone()
    found = augmented(inputs, ways, chance())
    assert found.shape == inputs.shape
    assert found.dtype == torch.float32
    assert torch.equal(inputs, before)
    # Every value lies between those of the picture: nothing is made up beyond the border.
    low, high = inputs.amin((2, 3), keepdim=True) - 1e-5, inputs.amax((2, 3), keepdim=True) + 1e-5
    assert bool(((found >= low) & (found <= high)).all())


@pytest.mark.parametrize("ways", ALL_WAYS, ids="+".join)
def test_the_generator_alone_decides(ways: tuple[str, ...]) -> None:
    inputs = pictures(40)
    torch.manual_seed(1)
    first, state = augmented(inputs, ways, chance(5)), torch.get_rng_state()
    torch.manual_seed(2)
    assert torch.equal(augmented(inputs, ways, chance(5)), first)
    torch.manual_seed(1)
    assert torch.equal(torch.get_rng_state(), state)  # dropout's own is not touched
    assert not torch.equal(augmented(inputs, ways, chance(6)), first)
    generator = chance(5)
    assert torch.equal(augmented(inputs, ways, generator), first)
    assert not torch.equal(augmented(inputs, ways, generator), first)  # anew in every step


@pytest.mark.parametrize("ways", ALL_WAYS, ids="+".join)
def test_the_layout_in_memory_does_not_matter(ways: tuple[str, ...]) -> None:
    inputs = pictures(9, 3, 12, 10)
    last = inputs.contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(augmented(last, ways, chance()), augmented(inputs, ways, chance()))


def test_the_order_of_the_words_does_not_matter() -> None:
    inputs = pictures(9)
    first = augmented(inputs, WAYS, chance())
    assert torch.equal(augmented(inputs, WAYS[::-1], chance()), first)


def test_no_way_leaves_pictures_as_they_are() -> None:
    inputs = pictures(9)
    torch.testing.assert_close(augmented(inputs, (), chance()), inputs)


# -- shift --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("height", "width", "most"),
    [(8, 8, (1, 1)), (28, 28, (3, 3)), (32, 32, (3, 3)), (10, 30, (1, 3)), (4, 4, (1, 1))],
)
def test_a_shift_is_whole_pixels_with_the_border_repeated(
    height: int, width: int, most: tuple[int, int]
) -> None:
    inputs = pictures(400, 2, height, width)
    found = augmented(inputs, ["shift"], chance(3)).numpy()
    moves = list(itertools.product(range(-most[0], most[0] + 1), range(-most[1], most[1] + 1)))
    counts = dict.fromkeys(moves, 0)
    for picture, moved in zip(inputs.numpy(), found, strict=True):
        fitting = [
            move
            for move in moves
            if numpy.allclose(moved, shifted(picture, move[0], move[1], max(most)), atol=1e-4)
        ]
        assert len(fitting) == 1
        counts[fitting[0]] += 1
    # All of them are drawn alike: no count is five deviations away from its share.
    share = 400 / len(moves)
    assert all(abs(count - share) < 5 * math.sqrt(share) for count in counts.values())


# -- flip ---------------------------------------------------------------------------------------------


def test_a_flip_mirrors_about_half_of_them_exactly() -> None:
    inputs = pictures(1000, 3, 6, 9)
    found = augmented(inputs, ["flip"], chance(1))
    mirrored = torch.from_numpy(numpy.flip(inputs.numpy(), axis=3).copy())
    same = (found == inputs).flatten(1).all(1)
    flipped = (found == mirrored).flatten(1).all(1)
    assert bool((same ^ flipped).all())
    assert abs(int(flipped.sum()) - 500) < 5 * math.sqrt(1000) / 2


def test_a_flip_with_a_shift_is_both() -> None:
    inputs = pictures(50)
    found = augmented(inputs, ["flip", "shift"], chance(1)).numpy()
    moves = list(itertools.product((-1, 0, 1), repeat=2))
    kinds = set()
    for picture, moved in zip(inputs.numpy(), found, strict=True):
        either = {"same": picture, "mirrored": picture[:, :, ::-1]}
        fitting = [
            (name, move)
            for name, start in either.items()
            for move in moves
            if numpy.allclose(moved, shifted(start, move[0], move[1], 1), atol=1e-4)
        ]
        assert len(fitting) == 1
        kinds.add(fitting[0][0])
    assert kinds == {"same", "mirrored"}


# -- rotate -------------------------------------------------------------------------------------------


def test_a_turn_by_nothing_is_the_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(augment, "ROTATION", 0.0)
    inputs = pictures(9, 3, 11, 8)
    torch.testing.assert_close(augmented(inputs, ["rotate"], chance()), inputs, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("shape", [(24, 24), (20, 36)])
@pytest.mark.parametrize("ways", [["rotate"], ["rotate", "flip"], WAYS], ids="+".join)
def test_a_turn_keeps_lengths_and_angles(ways: list[str], shape: tuple[int, int]) -> None:
    """Slopes are straight, so between pixels they are exact: they tell where each pixel comes from."""
    places = slopes(300, *shape)
    found = augmented(places, ways, chance(2)).double()
    row, column = shape[0] // 2, shape[1] // 2
    middle = found[:, :, row, column]
    right = found[:, :, row, column + 1] - middle
    down = found[:, :, row + 1, column] - middle
    for vector in (right, down):
        torch.testing.assert_close(vector.norm(dim=1), torch.ones(300).double(), rtol=1e-4, atol=1e-4)
    assert float((right * down).sum(1).abs().max()) < 1e-3
    angles = torch.rad2deg(torch.atan2(-down[:, 0], down[:, 1]))
    assert float(angles.abs().max()) <= 15.01
    assert float(angles.min()) < -14
    assert float(angles.max()) > 14
    assert abs(float(angles.mean())) < 5 * 15 / math.sqrt(3 * 300)  # uniform: deviation 15/√3
    turns = right[:, 0] * down[:, 1] - right[:, 1] * down[:, 0]
    share = float((turns < 0).double().mean())
    assert share == 0 if "flip" not in ways else abs(share - 0.5) < 0.15

    # The middle of the picture stays where it is, but for a shift by whole pixels.
    offset = middle - places[0, :, row, column].double() @ torch.stack((right, down), 1)
    most = [round(0.1 * side) for side in reversed(shape)] if "shift" in ways else [0, 0]
    torch.testing.assert_close(offset, offset.round(), rtol=0, atol=2e-3)
    assert [int(value) for value in offset.round().abs().amax(0)] == most
