"""Histograms of a frame are numpy's, whatever the values are."""

import math

import numpy
import pytest
import torch

from dlcore.files.arrays import Array
from dlcore.frames import Frame, Histogram, What
from dlcore.training.histograms import MAGNITUDE_EDGES, magnitudes, spread_over

CHANCE = torch.Generator().manual_seed(3)
NORMAL = torch.randn(300, 40, generator=CHANCE)


def read(arrays: dict[str, Array], what: What = "weights") -> Histogram:
    found = Frame(1, arrays, {}).histogram(what, "fc1")
    assert found is not None
    return found


def spread(values: torch.Tensor) -> Histogram:
    return read(spread_over("weights.{}/fc1", values))


def decades(values: torch.Tensor) -> Histogram:
    return read(magnitudes("gradients.{}/fc1", values), "gradients")


def test_a_histogram_of_values_reaches_from_the_smallest_to_the_largest() -> None:
    found = spread(NORMAL)
    values = NORMAL.numpy().ravel()
    counts, edges = numpy.histogram(values, 64, (values.min(), values.max()))
    assert list(found.edges) == pytest.approx(edges, rel=1e-6, abs=1e-6)
    assert numpy.abs(counts - list(found.counts)).sum() <= 4  # a value on an edge
    assert (found.total, found.others) == (12_000, 0)
    assert found.mean == pytest.approx(values.mean(), abs=1e-6)
    assert found.deviation == pytest.approx(values.std(), rel=1e-5)


def test_a_histogram_of_magnitudes_is_in_quarters_of_decades() -> None:
    values = NORMAL * 10 ** torch.linspace(-14, 6, 40)
    found = decades(values)
    assert list(found.edges) == pytest.approx(MAGNITUDE_EDGES, rel=1e-6)
    assert found.edges[0] == 0.0
    assert numpy.diff(numpy.log10(found.edges[1:])) == pytest.approx([0.25] * 64, abs=1e-5)
    clipped = numpy.abs(values.double().numpy()).clip(0, 9.999e3)  # what lies beyond is in the last bin
    counts, _ = numpy.histogram(clipped, numpy.array(MAGNITUDE_EDGES))
    assert numpy.abs(counts - list(found.counts)).sum() <= 8
    assert found.counts[0] > 100
    assert found.counts[-1] > 100
    assert found.total == 12_000


def test_zeros_and_what_is_no_number_are_told_apart() -> None:
    values = torch.tensor([0.0, 0.0, 1e-20, 1e-3, -1e-3, math.nan, math.inf, -math.inf, 1e38])
    found = decades(values)
    assert (found.counts[0], found.total, found.others) == (3, 5, 4)
    found = spread(values)
    assert (found.total, found.others) == (5, 4)
    assert found.edges[0] == pytest.approx(-1e-3)


@pytest.mark.parametrize("value", [0.0, 1.0, -3.7e5, 1e-25, 9e17])
def test_values_that_are_all_alike(value: float) -> None:
    found = spread(torch.full((50,), value))
    assert (found.total, max(found.counts)) == (50, 50)
    assert found.edges[0] < value < found.edges[-1]
    assert found.deviation == pytest.approx(0.0, abs=abs(value) * 1e-5)
    assert decades(torch.full((50,), value)).total == 50


@pytest.mark.parametrize("values", [[], [math.nan] * 3, [math.inf]])
def test_without_a_number_there_is_no_histogram(values: list[float]) -> None:
    assert spread_over("weights.{}/fc1", torch.tensor(values)) == {}
    assert magnitudes("gradients.{}/fc1", torch.tensor(values)) == {}


def test_of_very_many_values_some_are_picked_evenly() -> None:
    values = torch.randn(1 << 19, generator=CHANCE)
    found = spread(values)
    assert 20_000 < found.total <= 1 << 15
    assert found.deviation == pytest.approx(1.0, abs=0.02)
    counts, _ = numpy.histogram(values.numpy(), numpy.array(found.edges))
    shares = numpy.array(found.counts) / found.total
    assert numpy.abs(shares - counts / counts.sum()).max() < 0.01


def test_other_types_and_layouts_count_as_they_are() -> None:
    values = torch.randn(4, 6, 5, 5, generator=CHANCE)
    wanted = list(spread(values).counts)
    assert list(spread(values.contiguous(memory_format=torch.channels_last)).counts) == wanted
    assert list(spread(values.double()).counts) == wanted
    assert spread(values.to(torch.bfloat16)).total == values.numel()
