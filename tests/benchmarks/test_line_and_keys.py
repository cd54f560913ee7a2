import random

import pytest

from benchmarks.keys import latencies, percentile
from benchmarks.line import Sent


def test_a_key_s_time_ends_when_something_else_is_seen() -> None:
    seen = [(0.0, ""), (1.010, ""), (1.020, "log y"), (2.5, "log y"), (3.004, ""), (3.005, "")]
    assert latencies(seen, [1.0, 3.0]) == pytest.approx([0.020, 0.004])


def test_a_key_whose_effect_is_never_seen_counts_too() -> None:
    [seconds] = latencies([(0.0, "a"), (2.0, "a")], [1.0])
    assert seconds >= 1.0


def test_a_percentile_is_a_value_that_was_measured() -> None:
    ordered = [float(value) for value in range(1, 1001)]
    assert [percentile(ordered, percent) for percent in (50, 90, 99, 100)] == [500, 900, 990, 1000]
    assert [percentile([7.0], percent) for percent in (1, 50, 100)] == [7, 7, 7]


def test_bytes_are_counted_a_second_and_in_the_fullest_one() -> None:
    sent = Sent(((0.0, b"x" * 3000), (0.9, b"x" * 2000), (1.8, b"x" * 4000), (9.0, b"x" * 1000)), 10.0)
    assert (sent.raw, sent.peak) == (1.0, 6.0)
    assert sent.packed < 0.1


def test_what_cannot_be_compressed_is_not() -> None:
    content = tuple((float(at), random.Random(at).randbytes(1000)) for at in range(10))
    assert Sent(content, 10.0).packed == pytest.approx(1.0, abs=0.1)


def test_nothing_is_nothing() -> None:
    assert (Sent((), 10.0).raw, Sent((), 10.0).packed, Sent((), 10.0).peak) == (0, 0, 0)
