from datetime import UTC, datetime

import pytest

from dlcore.finding_runs.literals import day, has_unit, number, seconds, truth


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.97", 0.97),
        ("97%", 0.97),
        ("97.3%", 0.973),
        (".5", 0.5),
        ("5.", 5.0),
        ("-3", -3.0),
        ("1e-3", 0.001),
        ("10k", 10_000.0),
        ("1.5M", 1_500_000.0),
        ("2G", 2e9),
        ("", None),
        ("k", None),
        ("1,000", None),
        ("10 k", None),
        ("97 %", 0.97),
        ("nan", None),
        ("inf", None),
        ("0x10", None),
        ("1e9999", None),
        ("9" * 50, None),
        ("١", 1.0),
    ],
)
def test_numbers(text: str, value: float | None) -> None:
    assert number(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("90", 90.0),
        ("90s", 90.0),
        ("5m", 300.0),
        ("5min", 300.0),
        ("2h30m", 9000.0),
        ("1.5h", 5400.0),
        ("3d", 259_200.0),
        ("1w", 604_800.0),
        ("3:05", 185.0),
        ("1:03:05", 3785.0),
        ("-5m", None),
        ("-5", None),
        ("5%", None),
        ("5x", None),
        ("m", None),
        ("1:2", None),
        ("1h" * 30, None),
    ],
)
def test_times(text: str, value: float | None) -> None:
    assert seconds(text) == value


def test_a_unit_is_seen() -> None:
    assert has_unit("2h")
    assert has_unit("1:05")
    assert not has_unit("90")


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("2026", (2026, 1, 1), (2027, 1, 1)),
        ("2026-12", (2026, 12, 1), (2027, 1, 1)),
        ("2026-01", (2026, 1, 1), (2026, 2, 1)),
        ("2026-02-28", (2026, 2, 28), (2026, 3, 1)),
        ("2026-02-28T23:59", (2026, 2, 28, 23, 59), (2026, 3, 1)),
        ("2026-02-28 23:58", (2026, 2, 28, 23, 58), (2026, 2, 28, 23, 59)),
    ],
)
def test_days(text: str, start: tuple[int, ...], end: tuple[int, ...]) -> None:
    assert day(text) == (datetime(*start, tzinfo=UTC), datetime(*end, tzinfo=UTC))  # type: ignore[arg-type, misc]


@pytest.mark.parametrize("text", ["", "26", "2026-1", "2026-02-30", "0000", "9999", "2026-02-28T24:00", "x"])
def test_what_is_no_day(text: str) -> None:
    assert day(text) is None


def test_yes_and_no() -> None:
    assert [truth(word) for word in ("true", "Yes", "ON", "false", "no", "off")] == [True] * 3 + [False] * 3
    assert truth("1") is None
