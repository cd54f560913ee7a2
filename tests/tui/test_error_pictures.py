"""The drawings of the Errors screen, as functions of what they are given and of their room."""

import pytest
from rich.cells import cell_len
from textual.content import Content

from tests.tui.erring import class_errors, number_errors, samples_of
from tests.tui.fakes import NASTY
from tui.asking.error_report import ClassErrors, NumberErrors, percent, read, read_samples
from tui.terminal.plain import plain as as_plain
from tui.widgets.confusion import level
from tui.widgets.pictures.agreement import agreement
from tui.widgets.pictures.drawing import Canvas
from tui.widgets.pictures.reliability import reliability, residuals
from tui.widgets.pictures.verdict import row, verdict
from tui.widgets.shortening import shortened

SIZES = [(34, 9), (37, 14), (44, 21), (62, 24), (200, 60)]


def lines(content: Content, canvas: Canvas) -> list[str]:
    """The lines of a drawing, which must fit its room."""
    found = content.plain.split("\n")
    assert max(map(cell_len, found)) <= canvas.width
    assert len(found) <= canvas.height
    return found


def classes(**changed: object) -> ClassErrors:
    report = read(class_errors(**changed))  # type: ignore[arg-type]
    assert isinstance(report, ClassErrors)
    return report


def numbers(**changed: object) -> NumberErrors:
    report = read(number_errors(**changed))  # type: ignore[arg-type]
    assert isinstance(report, NumberErrors)
    return report


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("plain", [False, True])
def test_drawings_fit_their_room(size: tuple[int, int], plain: bool) -> None:
    canvas = Canvas(*size, ascii_only=plain)
    margins = {"start": -2.0, "width": 0.5, "counts": [1, 0, 7], "below": True, "above": False}
    for report in (classes(), classes(calibration=None, margins=margins, scores="margin", loss="hinge")):
        assert lines(reliability(report, canvas), canvas)
    drawn = [*lines(agreement(numbers(), canvas), canvas), *lines(residuals(numbers(), canvas), canvas)]
    assert not plain or "?" not in as_plain("".join(drawn)), "each character has a plain one"


def test_calibration_has_a_line_for_each_tenth() -> None:
    canvas = Canvas(44, 20)
    drawn = lines(reliability(classes(), canvas), canvas)
    assert "expected calibration error 2.3 %" in drawn[0]
    (top,) = [line for line in drawn if line.startswith("0.9–1.0")]
    assert top.split()[-3:] == ["97", "%", "5,445"]
    bars = top[8:-13]
    assert bars.rstrip()[-1] == "│", "more sure than right: the bar ends before the mark"
    (empty,) = [line for line in drawn if line.startswith("0.0–0.1")]
    assert empty.split() == ["0.0–0.1", "·"]


def test_hinge_has_margins_and_says_why() -> None:
    margins = {"start": -1.0, "width": 0.5, "counts": [1, 2, 7, 20], "below": True, "above": True}
    canvas = Canvas(40, 12)
    drawn = lines(reliability(classes(calibration=None, margins=margins, loss="hinge"), canvas), canvas)
    assert "hinge trains no probabilities" in " ".join(drawn)
    assert [line.split()[-1] for line in drawn[-4:]] == ["1", "2", "7", "20"]
    assert [" ".join(line.split()[:2]) for line in drawn[-4:]] == [
        "below -0.5",
        "-0.5 to",
        "0.0 to",
        "from 0.5",
    ]


def test_what_is_right_lies_on_the_diagonal() -> None:
    canvas = Canvas(31, 15)
    drawn = lines(agreement(numbers(points=[[float(n), float(n)] for n in range(25)]), canvas), canvas)
    body = [line[7:] for line in drawn[1:-2]]
    marked = [(row, line.index(mark)) for row, line in enumerate(body) for mark in "·•●" if mark in line]
    assert len(marked) >= 10
    assert marked == sorted(marked, key=lambda place: (place[0], -place[1]))
    assert not agreement(numbers(points=[]), canvas).plain.count("╱")


def test_a_verdict_names_both_classes_and_their_scores() -> None:
    raw = class_errors([*"012345678", NASTY])
    (one, *_) = read_samples(samples_of(raw, (4, 9), 0, 3))
    report = read(raw)
    drawn = lines(verdict(one, report, Canvas(42, 18)), Canvas(42, 18))
    assert drawn[0].split() == ["true", "4"]
    assert r"[/x] \x1b[2J" in drawn[1]
    assert drawn[4].endswith("97 %")
    assert drawn[-2].split() == ["sample", "0", "of", "validation"]


def test_of_too_many_columns_the_most_unusual_are_shown() -> None:
    columns = [f"column {number}" for number in range(30)]
    (one, *_) = read_samples(samples_of(number_errors(), None, 0, 1, columns))
    few, many = Canvas(50, 10), Canvas(50, 40)
    drawn = lines(row(one, few), few)
    assert drawn[0] == "the 8 most unusual of 30 columns"
    assert drawn[2].startswith("column 29")
    assert [line.split()[1] for line in lines(row(one, many), many)[1:]] == [
        str(number) for number in range(30)
    ]


def test_names_stay_different_when_they_are_cut() -> None:
    assert shortened(("airplane", "automobile", "bird"), 5) == ("airpl", "autom", "bird")
    assert shortened(("truck a", "truck b", "tru"), 4) == ("tru0", "tru1", "tru")
    assert all(cell_len(name) <= 4 for name in shortened(("두 반달", "두 반 달", "x"), 4))


@pytest.mark.parametrize(
    ("share", "wanted"), [(0, 0), (0.0005, 1), (0.002, 1), (0.01, 2), (0.1, 4), (0.5, 6), (1, 6)]
)
def test_few_errors_are_seen_too(share: float, wanted: int) -> None:
    assert level(share) == wanted


@pytest.mark.parametrize(
    ("share", "wanted"),
    [(0, "0 %"), (1, "100 %"), (0.9996, "99.96 %"), (0.99999, "99.99 %"), (0.5, "50 %"), (0.023, "2.3 %"),
     (0.0004, "0.04 %")],
)  # fmt: skip
def test_shares_keep_two_digits(share: float, wanted: str) -> None:
    assert percent(share) == wanted
