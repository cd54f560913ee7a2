import math
from pathlib import Path

import pytest

from dlcore import figures


@pytest.mark.parametrize(
    ("value", "shown"),
    [(2.302585, "2.3026"), (0.0004, "0.0004"), (1.5e29, "1.5e+29"), (0.0, "0"), (math.nan, "not finite")],
)
def test_a_loss_has_four_digits_or_a_power_of_ten(value: float, shown: str) -> None:
    assert figures.loss(value) == shown


def test_what_does_not_exist_or_is_not_finite_is_a_word_or_a_dash() -> None:
    assert figures.loss(None) == "not finite"
    assert figures.norm(None) == "not finite"
    assert figures.share(None) == figures.share(math.nan) == "–"
    assert figures.ratio(None) == "–"
    assert figures.duration(None) == figures.duration(math.inf) == "–"


def test_shares_are_percent_and_norms_are_powers_of_ten() -> None:
    assert figures.share(0.92361) == "92.36 %"
    assert figures.norm(0.00342) == "3.4e-03"
    assert figures.ratio(0.752) == "0.75"
    assert figures.ratio(3e-6) == "3.0e-06"


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0.4, "0 s"), (59.4, "59 s"), (59.6, "1:00"), (185, "3:05"), (3785, "1:03:05")]
)
def test_durations(seconds: float, shown: str) -> None:
    assert figures.duration(seconds) == shown


def test_rates_and_sizes() -> None:
    assert figures.rate(5038.4) == "5,038"
    assert figures.rate(138_796.9) == "139k"
    assert figures.size(512) == "512 B"
    assert figures.size(11_490_000) == "11.5 MB"
    assert figures.size(5e12) == "5000.0 GB"


def test_a_sparkline_goes_from_low_to_high_and_leaves_gaps() -> None:
    assert figures.sparkline([], 8) == ""
    assert figures.sparkline([0, 1, math.nan, 7], 8) == "▁▂ █"
    assert figures.sparkline([3, 3, 3], 8) == "▁▁▁"
    assert len(figures.sparkline(list(range(100)), 8)) == 8


def test_a_download_has_a_bar_where_the_size_is_known() -> None:
    assert figures.download("a.gz", 5_000_000, 10_000_000, 4) == "downloading a.gz  ██░░  5.0 MB of 10.0 MB"
    assert figures.download("a.gz", 512, 0) == "downloading a.gz  512 B"
    assert figures.download("a.gz", 20, 10, 4).count("█") == 4


def test_a_score_is_written_by_its_metric() -> None:
    assert figures.score(0.92361, "accuracy") == "92.36 %"
    assert figures.score(0.48349, "r2") == "0.483"
    assert figures.score(-0.25, "r2") == "-0.250"
    assert figures.score(-12345.6, "r2") == "-1.23e+04"
    for metric in figures.SCORES:
        assert figures.score(None, metric) == figures.score(math.nan, metric) == "–"
    assert figures.named_score(0.5, "accuracy") == "accuracy 50.00 %"
    assert figures.named_score(0.5, "r2") == "R² 0.500"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (41.23456, "41.23"),
        (0.0312, "0.03120"),
        (0, "0.000"),
        (53.3, "53.30"),
        (1234.5, "1,234"),
        (25312.4, "25,312"),
        (3e12, "3.000e+12"),
        (None, "–"),
        (math.inf, "–"),
    ],
)
def test_an_error_in_the_unit_of_the_targets_has_four_digits(value: float | None, shown: str) -> None:
    assert figures.amount(value) == shown


def test_a_path_of_one_s_own_begins_with_a_tilde(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ada")
    assert figures.path(Path("/home/ada/runs/a")) == "~/runs/a"
    assert figures.path(Path("/home/adalbert/runs")) == "/home/adalbert/runs"
