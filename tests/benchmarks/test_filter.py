import pytest

from benchmarks.filter import rests


def test_a_key_s_time_ends_with_the_last_piece_before_the_next_key() -> None:
    pieces = [0.5, 1.01, 1.03, 2.02, 2.9, 3.5]
    assert rests([1.0, 2.0], 3.0, pieces) == pytest.approx([0.03, 0.9])


def test_a_key_that_shows_nothing_counts_with_all_the_time_until_the_next() -> None:
    assert rests([1.0, 2.0], 2.4, [0.9, 2.1]) == pytest.approx([1.0, 0.1])
