"""Sizes of maps and receptive fields, worked out by hand."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dlcore.choices.architectures import Cnn, LeNet5, ResNet, ResNet18, Vgg
from dlcore.choices.geometry import FeatureMap, Window, seen, trace


def found(windows: list[Window], height: int, width: int | None = None) -> list[tuple[int, int, int]]:
    """Height, width and receptive field behind each window."""
    maps = trace(windows, height, width or height)
    assert [one.name for one in maps] == [window.name for window in windows][: len(maps)]
    return [(one.height, one.width, one.receptive_field) for one in maps]


def conv(kernel: int, stride: int = 1, padding: int = 0) -> Window:
    return Window("conv", kernel, stride, padding)


POOL = Window("pool", 2, 2)


@pytest.mark.parametrize(
    ("windows", "side", "expected"),
    [
        ([conv(1)], 8, [(8, 1)]),
        ([conv(3)], 8, [(6, 3)]),
        ([conv(3, padding=1)], 8, [(8, 3)]),
        ([conv(3), conv(3)], 8, [(6, 3), (4, 5)]),
        ([conv(3), conv(3), conv(3)], 8, [(6, 3), (4, 5), (2, 7)]),
        # Behind a pooling neighbours are two pixels apart, so that a window of three sees four more.
        ([conv(3), conv(3), POOL], 8, [(6, 3), (4, 5), (2, 6)]),
        (
            [conv(3, padding=1), conv(3, padding=1), POOL, conv(3, padding=1)],
            8,
            [(8, 3), (8, 5), (4, 6), (4, 10)],
        ),
        ([POOL, POOL, POOL], 8, [(4, 2), (2, 4), (1, 8)]),
        ([POOL], 7, [(3, 2)]),
        ([conv(3, 2, 1), conv(3, 2, 1)], 28, [(14, 3), (7, 7)]),
        ([conv(7, 2, 3), Window("pool", 3, 2, 1)], 224, [(112, 7), (56, 11)]),
        ([conv(11, 4, 2), Window("pool", 3, 2)], 224, [(55, 11), (27, 19)]),
        ([conv(2, 1, 0)], 1, [(0, 2)]),
        ([conv(9)], 8, [(0, 9)]),
        ([conv(12)], 8, [(-3, 12)]),
    ],
)
def test_stacks_by_hand(windows: list[Window], side: int, expected: list[tuple[int, int]]) -> None:
    assert found(windows, side) == [(size, size, field) for size, field in expected]


def test_a_trace_ends_with_the_first_map_of_nothing() -> None:
    assert trace([conv(9), conv(3)], 8, 8) == [FeatureMap("conv", 0, 0, 9)]
    assert found([POOL, POOL, POOL], 16, 2) == [(8, 1, 2), (4, 0, 4)]
    assert trace([], 8, 8) == []


def test_a_picture_need_not_be_square() -> None:
    assert found([conv(5), POOL], 12, 28) == [(8, 24, 5), (4, 12, 6)]


def test_seen_by_hand() -> None:
    assert seen(1, 1, 5, 1) == (5, 1)
    assert seen(5, 1, 2, 2) == (6, 2)
    assert seen(6, 2, 5, 1) == (14, 2)


def test_the_cnn_has_a_window_for_each_convolution_and_each_real_pooling() -> None:
    assert Cnn().windows() == [
        Window("conv1", 3, 1, 1),
        Window("pool1", 2, 2),
        Window("conv2", 3, 1, 1),
        Window("pool2", 2, 2),
    ]
    each = Cnn(
        filters=(8, 8, 8),
        kernel=(5, 3, 2),
        stride=(2, 1, 1),
        padding=("none", "same", "same"),
        pool=(1, 3, 1),
    )
    assert each.windows() == [
        Window("conv1", 5, 2, 0),
        Window("conv2", 3, 1, 1),
        Window("pool2", 3, 3),
        Window("conv3", 2, 1, 0),
    ]


def test_what_is_given_once_counts_for_every_block() -> None:
    model = Cnn(filters=(8, 8, 8), kernel=(5,), padding=("none",), pool=(1, 2, 1))
    assert model.per_block("kernel") == (5, 5, 5)
    assert model.per_block("padding") == ("none",) * 3
    assert model.per_block("pool") == (1, 2, 1)


def sizes(windows: list[Window], height: int, width: int | None = None) -> list[tuple[int, int]]:
    return [(high, wide) for high, wide, _ in found(windows, height, width)]


def test_maps_of_the_cnn_by_hand() -> None:
    assert sizes(Cnn().windows(), 28) == [(28, 28), (14, 14), (14, 14), (7, 7)]
    lenet = Cnn(filters=(6, 16), kernel=(5,), padding=("none",))
    assert sizes(lenet.windows(), 28) == [(24, 24), (12, 12), (8, 8), (4, 4)]
    assert sizes(Cnn(filters=(1, 1, 1), pool=(4,)).windows(), 8, 16) == [(8, 16), (2, 4), (2, 4), (0, 1)]
    strided = Cnn(filters=(4,), kernel=(3,), stride=(2,), pool=(1,))
    assert sizes(strided.windows(), 7, 9) == [(4, 5)]


def test_lenet_is_the_published_one() -> None:
    assert found(LeNet5().windows(), 28) == [(28, 28, 5), (14, 14, 6), (10, 10, 14), (5, 5, 16)]
    assert found(LeNet5().windows(), 12)[-1] == (1, 1, 16)


def test_each_block_of_a_vgg_halves_the_map() -> None:
    maps = found(Vgg(blocks=3).windows(), 32)
    assert [high for high, _, _ in maps] == [32, 32, 16, 16, 16, 8, 8, 8, 4]
    assert [field for _, _, field in maps] == [3, 5, 6, 10, 14, 16, 24, 32, 36]
    assert [window.name for window in Vgg(blocks=2).windows()] == [
        "conv1",
        "conv2",
        "pool1",
        "conv3",
        "conv4",
        "pool2",
    ]


def test_a_resnet_halves_the_map_twice() -> None:
    maps = found(ResNet(blocks=1).windows(), 32)
    assert [high for high, _, _ in maps] == [32, 32, 32, 16, 16, 8, 8]
    # 3, then 5 and 7 at full size, 9 and 13 at half, 17 and 25 at a quarter.
    assert [field for _, _, field in maps] == [3, 5, 7, 9, 13, 17, 25]
    deep = found(ResNet(blocks=3).windows(), 32)
    assert len(deep) == 19
    assert deep[-1][0] == 8
    assert {high for high, _, _ in found(ResNet(blocks=18).windows(), 1)} == {1}


def test_resnet18_leaves_its_size_to_torchvision() -> None:
    assert ResNet18().windows() == []


windows = st.builds(Window, st.just("w"), st.integers(1, 7), st.integers(1, 3), st.integers(0, 3)).filter(
    lambda window: window.padding <= window.kernel // 2
)


@settings(max_examples=300, derandomize=True, deadline=None)
@given(st.lists(windows, max_size=6), st.integers(1, 64))
def test_a_map_has_as_many_places_as_the_window_has(stack: list[Window], side: int) -> None:
    sides = [side, *(one.height for one in trace(stack, side, side))]
    for window, (before, after) in zip(stack, pairwise(sides), strict=False):  # a trace may end early
        last = before + 2 * window.padding - window.kernel
        assert max(after, 0) == len(range(0, last + 1, window.stride))


@settings(max_examples=200, derandomize=True, deadline=None)
@given(st.lists(windows, min_size=1, max_size=5))
def test_a_unit_sees_exactly_its_receptive_field(stack: list[Window]) -> None:
    """Walk back from one unit to the input pixels, without the closed form."""
    maps = trace(stack, 10_000, 10_000)
    positions = {0}
    for window in reversed(stack):
        positions = {
            position * window.stride + offset for position in positions for offset in range(window.kernel)
        }
    assert maps[-1].receptive_field == max(positions) - min(positions) + 1
