"""Calibration in lines: whether a network is right as often as it says; or margins, and residuals."""

import math

from rich.cells import cell_len
from textual.content import Content

from dlcore import figures
from tui.asking.error_report import Calibration, ClassErrors, Histogram, NumberErrors, percent
from tui.widgets.gradient_bars import bar
from tui.widgets.pictures.drawing import Canvas
from tui.widgets.pictures.fitting import fitting, flowing

_RANGE = len("0.9–1.0 ")
_SHARE = 6
_COUNT = 7
_LONGEST_BAR = 40
_LEAST_BAR = 6
_TIED = "\N{NO-BREAK SPACE}"


def reliability(report: ClassErrors, canvas: Canvas) -> Content:
    """Return the reliability diagram, a line for each tenth of confidence; margins where there is none.

    A bar is the share that was right; a mark stands at the mean confidence, where the bar should end.
    """
    if report.calibration is None:
        return _margins(report, canvas)
    told = report.calibration
    lines = _said(_verdict(told), canvas)
    cells = max(_LEAST_BAR, min(_LONGEST_BAR, canvas.width - _RANGE - _SHARE - _COUNT))
    head = "sure".ljust(_RANGE) + "right".ljust(cells) + " " * _SHARE + "samples".rjust(_COUNT)
    rows = [_bin(told, index, cells, canvas) for index in reversed(range(len(told.counts)))]
    rows = rows[: last_filled(told) + 1] if len(lines) + 2 + len(rows) > canvas.height else rows
    key = Content.assemble(("|" if canvas.ascii_only else "│", "bold"), " where the bar should end")
    below = [key.stylize("$secondary")] if len(lines) + 2 + len(rows) <= canvas.height else []
    head_line = Content(head).stylize("$secondary")
    return Content("\n").join([*lines, head_line, *fitting(rows, canvas.height - len(lines) - 1), *below])


def residuals(report: NumberErrors, canvas: Canvas) -> Content:
    """Return how far predictions are off, as a histogram, and the figures of the whole split."""
    parts = [
        f"MAE {figures.amount(report.mae)}",
        f"RMSE {figures.amount(report.rmse)}",
        f"bias {figures.amount(report.bias)}",
    ]
    lines = flowing(parts, canvas.width).split("\n")
    return Content("\n").join([*lines, *_histogram(report.residuals, canvas, canvas.height - len(lines))])


def last_filled(told: Calibration) -> int:
    """Return the last of the lines, from the surest on, that has a sample."""
    filled = [index for index, count in enumerate(reversed(told.counts)) if count]
    return max(filled, default=0)


def _verdict(told: Calibration) -> str:
    """Return the error in words, and in which direction the network is off."""
    error = f"expected calibration error {percent(told.error)}"
    sure, right = (f"{100 * share:.1f} %" for share in (told.mean_confidence, told.mean_right))
    side = "too sure" if told.mean_confidence > told.mean_right else "not sure enough"
    near = abs(told.mean_confidence - told.mean_right) < 0.005
    return f"{error}: {sure} sure and {right} right on average{'' if near else f', {side}'}"


def _bin(told: Calibration, index: int, cells: int, canvas: Canvas) -> Content:
    name = f"{index / 10:.1f}–{(index + 1) / 10:.1f}".ljust(_RANGE)
    if not told.counts[index]:
        return Content(f"{name}·").stylize("$secondary")
    mark = min(cells - 1, int(told.confidence[index] * cells))
    drawn = bar(told.right[index], cells, canvas.ascii_only).ljust(cells)
    share = f"{100 * told.right[index]:.0f} %".rjust(_SHARE)
    return Content.assemble(
        (name, "$secondary"),
        (drawn[:mark], "$accent"),
        ("|" if canvas.ascii_only else "│", "bold"),
        (drawn[mark + 1 :], "$accent"),
        share,
        (f"{told.counts[index]:,}".rjust(_COUNT), "$secondary"),
    )


def _margins(report: ClassErrors, canvas: Canvas) -> Content:
    assert report.margins is not None
    said = (
        f"{report.loss} trains no probabilities, so there is nothing to calibrate. "
        "The margin is by how much the true class's output leads the others; below 0 it does not"
    )
    lines = _said(said, canvas)
    return Content("\n").join([*lines, *_histogram(report.margins, canvas, canvas.height - len(lines))])


def _said(sentence: str, canvas: Canvas) -> list[Content]:
    """Return a sentence in as many lines as it takes; a figure is not parted from its sign."""
    words = sentence.replace(" %", f"{_TIED}%").split(" ")
    lines = flowing(words, canvas.width, " ").plain.replace(_TIED, " ").split("\n")
    return [Content(line).stylize("$secondary") for line in lines]


def _histogram(told: Histogram, canvas: Canvas, height: int) -> list[Content]:
    """Return a line for each bin; those below zero are marked by another colour and by their sign."""
    if not told.counts:
        return [Content("nothing to count").stylize("$secondary")]
    ranges = [_range(told, index) for index in range(len(told.counts))]
    names = max(map(cell_len, ranges)) + 1
    cells = max(_LEAST_BAR, min(_LONGEST_BAR, canvas.width - names - _COUNT))
    most = max(told.counts)
    lines = []
    for index, count in enumerate(told.counts):
        drawn = bar(count / most, cells, canvas.ascii_only) or ("." if count else "")
        is_below = told.start + (index + 0.5) * told.width < 0
        lines.append(
            Content.assemble(
                (ranges[index].rjust(names - 1) + " ", "$secondary"),
                (drawn.ljust(cells), canvas.color(1 if is_below else 0)),
                (f"{count:,}".rjust(_COUNT), "$secondary"),
            )
        )
    return fitting(lines, max(1, height))


def _range(told: Histogram, index: int) -> str:
    """Return the limits of a bin, open where it holds all that lies beyond."""
    low, high = (_limit(told.start + one * told.width, told.width) for one in (index, index + 1))
    if told.below and index == 0:
        return f"below {high}"
    if told.above and index == len(told.counts) - 1:
        return f"from {low}"
    return f"{low} to {high}"


def _limit(value: float, width: float) -> str:
    """Return a limit with as many decimals as the width of the bins asks for."""
    if not 1e-4 <= width < 1e6:
        return f"{value:.3g}"
    text = f"{value:.{max(0, -math.floor(math.log10(width) + 1e-9))}f}"
    return text.removeprefix("-") if not float(text) else text
