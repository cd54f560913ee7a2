"""Histograms of a network's values as arrays of a frame: over their range, or of their magnitude."""

from array import array
from collections.abc import Iterable

import torch

from dlcore.files.arrays import Array
from dlcore.training.probes import stride

_BINS = 64
_MOST_VALUES = 1 << 15
"""So many values of a layer, evenly picked, are enough for its histogram."""
_LOWEST, _HIGHEST, _A_DECADE = -12, 4, 4
"""Powers of ten between which magnitudes are told apart, and the bins of each."""
_LARGEST = 1e18
"""Larger values count as not finite: their squares would not be."""
_CLOSEST, _LEAST = 2.0**-16, 1e-30
"""Edges lie so far apart, as a share of what they are and at least: a float32 can tell them apart then."""

MAGNITUDE_EDGES = (
    0.0,
    *(10 ** (_LOWEST + index / _A_DECADE) for index in range((_HIGHEST - _LOWEST) * _A_DECADE + 1)),
)
"""The first bin is of what is zero, or nearly; the last holds all beyond its end as well."""


def spread_over(name: str, values: torch.Tensor) -> dict[str, Array]:
    """Return a histogram from the smallest to the largest value; `name` is as in `weights.{}/fc1`.

    It has `edges`, `counts`, `figures` (mean, standard deviation) and, where there are any, `others`: how
    many values are not finite. Without a finite value there is no histogram.
    """
    finite, others = _finite(values)
    if not len(finite):
        return {}
    low, high = torch.stack((finite.min(), finite.max())).tolist()
    largest = max(abs(low), abs(high))
    room = _BINS * max(_CLOSEST * largest, _LEAST) if largest else 1.0
    if high - low < room:
        low, high = (low + high - room) / 2, (low + high + room) / 2
    counts = torch.histc(finite, _BINS, low, high)
    edges = (low + (high - low) * index / _BINS for index in range(_BINS + 1))
    return _arrays(name, edges, counts, finite, others)


def magnitudes(name: str, values: torch.Tensor) -> dict[str, Array]:
    """Return a histogram of absolute values, the same bins for all: a quarter of a decade each.

    So layers and steps compare bin by bin, and a gradient that shrinks a thousandfold is seen to move. Named
    as by `spread_over`; the figures are those of the values with their signs.
    """
    finite, others = _finite(values)
    if not len(finite):
        return {}
    first = _LOWEST - 1 / _A_DECADE
    places = finite.abs().log10().clamp(first, _HIGHEST)  # the logarithm of zero is −∞, and so in the first
    counts = torch.histc(places, len(MAGNITUDE_EDGES) - 1, first, _HIGHEST)
    return _arrays(name, MAGNITUDE_EDGES, counts, finite, others)


def _finite(values: torch.Tensor) -> tuple[torch.Tensor, int]:
    """Return values, evenly picked, that are finite, as float32; and how many of those picked are not."""
    flat = values.detach().flatten()
    picked = flat[:: stride(len(flat), _MOST_VALUES)].to(torch.float32)
    is_finite = picked.abs() < _LARGEST
    finite = picked if bool(is_finite.all()) else picked[is_finite]
    return finite, len(picked) - len(finite)


def _arrays(
    name: str, edges: Iterable[float], counts: torch.Tensor, finite: torch.Tensor, others: int
) -> dict[str, Array]:
    figures = torch.stack((finite.mean(), finite.std(correction=0)))
    found = {
        name.format("edges"): Array.row(array("f", edges)),
        name.format("counts"): Array.row(array("I", map(int, counts.tolist()))),
        name.format("figures"): Array.row(array("f", figures.tolist())),
    }
    if others:
        found[name.format("others")] = Array.row(array("I", (others,)))
    return found
