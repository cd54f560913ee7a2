"""A series against brute force: every column is exact, no spike is lost, and it does not grow."""

import math
import random
from array import array
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dlcore.curves.series import MOST_BLOCKS, Column, Series, band, smoothed


def series_of(values: list[float | None], pieces: int = 7, most: int = MOST_BLOCKS) -> Series:
    series = Series(most)
    for start in range(0, len(values), pieces):
        series.extend(values[start : start + pieces])
    return series


def brute(values: Sequence[float], start: int, stop: int) -> Column:
    finite = [value for value in values[start:stop] if math.isfinite(value)]
    if not finite:
        return Column(start + 1, stop, math.nan, math.nan, math.nan, 0)
    mean = math.fsum(finite) / len(finite)
    return Column(start + 1, stop, min(finite), max(finite), mean, len(finite))


def assert_same(found: Column, wanted: Column) -> None:
    assert (found.first, found.last, found.count) == (wanted.first, wanted.last, wanted.count)
    for name in ("low", "high", "mean"):
        assert getattr(found, name) == pytest.approx(getattr(wanted, name), nan_ok=True, rel=1e-9)


def noise(length: int, seed: int) -> list[float | None]:
    chance = random.Random(seed)
    odd: list[float | None] = [None, math.nan, math.inf, -math.inf]
    return [chance.choice(odd) if chance.random() < 0.1 else chance.gauss(0, 1) for _ in range(length)]


@pytest.mark.parametrize("length", [0, 1, 15, 16, 17, 255, 256, 257, 5000])
def test_every_column_is_what_brute_force_finds(length: int) -> None:
    series = series_of(noise(length, length), pieces=997)
    chance = random.Random(length)
    for _ in range(20):
        width = chance.choice([1, 2, 40, 80, 300])
        first = chance.randint(1, max(length, 1))
        last = chance.randint(first, max(length, first))
        columns = series.columns(width, first, last)
        assert len(columns) == min(width, max(0, min(last, length) - first + 1))
        for column in columns:
            assert_same(column, brute(series.values, column.first - 1, column.last))
        if columns:
            assert (columns[0].first, columns[-1].last) == (first, min(last, length))
        for left, right in pairwise(columns):
            assert right.first == left.last + 1


@settings(max_examples=200, derandomize=True, deadline=None)
@given(st.integers(0, 4999), st.integers(1, 4999), st.integers(1, 4999), st.integers(1, 120))
def test_no_spike_is_lost_at_any_zoom(at: int, one: int, other: int, width: int) -> None:
    values: list[float | None] = [0.0] * 5000
    values[at] = 1e6
    series = series_of(values, pieces=5000)
    first, last = sorted((one, other))
    seen = [column for column in series.columns(width, first, last) if column.high == 1e6]
    assert len(seen) == (first <= at + 1 <= last)
    assert all(column.first <= at + 1 <= column.last for column in seen)


def test_chunks_do_not_matter() -> None:
    values = noise(3000, 1)
    columns = {str(series_of(values, pieces).columns(60)) for pieces in (1, 7, 100, 3000)}
    assert len(columns) == 1


def test_cutting_and_going_on_is_as_if_it_had_never_been() -> None:
    values = noise(3000, 2)
    series = series_of([*values[:2000], *[9e9] * 900])
    series.cut(2000)
    series.cut(2500)  # there is nothing behind that any more
    assert len(series) == 2000
    series.extend(values[2000:])
    assert str(series.columns(70)) == str(series_of(values).columns(70))
    series.cut(0)
    assert len(series) == 0
    assert series.columns(10) == []


def test_values_are_float32_and_gaps_are_nan() -> None:
    series = series_of([0.1, None, 1e39])
    assert series.values.tobytes() == array("f", [0.1, math.nan, math.inf]).tobytes()
    assert series.last() == math.inf
    assert math.isnan(Series().last())
    (column,) = series.columns(1)
    assert (column.count, column.high) == (1, series.values[0])


def test_columns_of_nothing() -> None:
    series = series_of([1.0, 2.0])
    assert series.columns(0) == []
    assert series.columns(5, first=3) == []
    assert [column.first for column in series.columns(5)] == [1, 2]
    assert [column.last for column in series.columns(5, last=99)] == [1, 2]


def test_a_value_is_known_exactly_or_not_at_all() -> None:
    series = series_of([1.0, 2.0, 3.0, 3.0, None, 3.0, 0.1], most=4)
    assert series.size == 2
    known = [series.value_at(step) for step in range(9)]
    assert known == pytest.approx([math.nan] * 3 + [3.0, 3.0] + [math.nan] * 2 + [0.1, math.nan], nan_ok=True)
    assert series.last() == array("f", [0.1])[0]
    with pytest.raises(ValueError, match="7 figures are no longer kept one by one"):
        _ = series.values
    assert [series_of([1.0, 2.0]).value_at(step) for step in (1, 2)] == [1.0, 2.0]


def test_a_million_steps_are_a_bounded_number_of_blocks() -> None:
    series = Series()
    chunk = [1.0] * 1000
    for number in range(1000):
        series.extend(chunk if number != 765 else [*chunk[:-1], 1e6])
        assert series.blocks <= MOST_BLOCKS
    assert len(series) == 1_000_000
    assert series.size == 32
    columns = series.columns(100)
    assert [column.high for column in columns].count(1e6) == 1
    assert sum(column.count for column in columns) == 1_000_000
    spike = next(column for column in columns if column.high == 1e6)
    assert spike.first <= 766_000 <= spike.last


def test_a_gap_costs_nothing_however_long() -> None:
    series = series_of([1.0])
    series.skip(10**15)
    series.extend([2.0])
    assert len(series) == 10**15 + 2
    assert series.blocks <= MOST_BLOCKS
    (column,) = series.columns(1)
    assert (column.low, column.high, column.count) == (1.0, 2.0, 2)


finite = st.floats(width=32, min_value=-1e6, max_value=1e6)
figure = st.one_of(finite, st.sampled_from([None, math.nan, math.inf, -math.inf, 1e39, 0.0]))
Change = list[float | None] | int | float
"""Figures that come, a number of steps that are lost, or the share that is left by a cut."""
change = st.one_of(
    st.lists(finite, max_size=90), st.lists(figure, max_size=30), st.integers(0, 300), st.floats(0, 1.1)
)


@settings(max_examples=300, derandomize=True, deadline=None)
@given(st.lists(change, max_size=12), st.sampled_from([2, 4, 16, 64]), st.integers(1, 50))
def test_whatever_happens_to_it_it_is_what_a_plain_list_is(
    changes: list[Change], most: int, width: int
) -> None:
    series, plain = Series(most), array("f")
    for one in changes:
        match one:
            case int():
                series.skip(one)
                plain.extend([math.nan] * one)
            case float():
                length = int(one * len(plain))
                if length < len(plain):  # the rest of a block that is cut through is no longer known
                    whole = length - length % series.size
                    plain = array("f", [*plain[:whole], *[math.nan] * (length - whole)])
                series.cut(length)
            case _:
                series.extend(one)
                plain.extend(math.nan if value is None else value for value in one)
        assert len(series) == len(plain)
        assert series.blocks <= most
    columns = series.columns(width)
    assert sum(column.last - column.first + 1 for column in columns) == len(plain)
    for column in columns:
        wanted = brute(plain, column.first - 1, column.last)
        assert (column.first, column.last, column.count) == (wanted.first, wanted.last, wanted.count)
        assert (column.low, column.high) == pytest.approx((wanted.low, wanted.high), nan_ok=True, rel=0)
        assert column.mean == pytest.approx(wanted.mean, nan_ok=True, rel=1e-6, abs=1e-6)
    for step, value in enumerate(plain, 1):
        known = series.value_at(step)
        assert known == value or math.isnan(known)
        assert series.size > 1 or math.isnan(value) == math.isnan(known)


def test_a_window_smooths_by_the_number_of_steps() -> None:
    columns = [
        Column(1, 2, 1, 1, 1.0, 2),
        Column(3, 4, 0, 0, 4.0, 1),
        Column(5, 6, math.nan, math.nan, math.nan, 0),
        Column(7, 8, 7, 7, 7.0, 2),
    ]
    points = smoothed(columns, 3)
    assert [step for step, _ in points] == [1.5, 3.5, 5.5, 7.5]
    assert points[0][1] == pytest.approx((2 * 1 + 4) / 3)
    assert points[1][1] == pytest.approx((2 * 1 + 4) / 3)
    assert math.isnan(points[2][1])  # a gap stays a gap
    assert points[3][1] == 7.0
    assert smoothed(columns, 1)[1][1] == 4.0
    assert smoothed([], 5) == []


def test_a_band_runs_through_both_ends_of_a_column() -> None:
    columns = [Column(1, 1, 5, 5, 5, 1), Column(2, 5, 1, 9, 4, 4)]
    assert band(columns) == [(1.0, 5), (3.5, 1), (3.5, 9)]
