"""How convolutions and poolings change the size of a map, and how much of the picture a unit sees."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Window:
    """A square window that slides over a map: a convolution or a pooling."""

    name: str
    kernel: int
    stride: int = 1
    padding: int = 0

    def slid(self, side: int) -> int:
        """Return the height (or width) behind it; 0 or less says that nothing is left."""
        return (side + 2 * self.padding - self.kernel) // self.stride + 1


@dataclass(frozen=True)
class FeatureMap:
    """What is left of a picture behind a window."""

    name: str
    height: int
    width: int
    receptive_field: int
    """Side of the square of input pixels that one unit sees, at most."""


def seen(receptive_field: int, jump: int, kernel: int, stride: int) -> tuple[int, int]:
    """Return receptive field and jump behind one more window; both are 1 for the picture itself.

    The jump is the distance, in input pixels, between the fields of neighbours (Araujo et al., 2019).
    """
    return receptive_field + (kernel - 1) * jump, jump * stride


def trace(windows: Iterable[Window], height: int, width: int) -> list[FeatureMap]:
    """Return the map behind each window; the list ends with the first that has shrunk to nothing."""
    maps: list[FeatureMap] = []
    field = jump = 1
    for window in windows:
        height, width = window.slid(height), window.slid(width)
        field, jump = seen(field, jump, window.kernel, window.stride)
        maps.append(FeatureMap(window.name, height, width, field))
        if min(height, width) < 1:
            break
    return maps
