"""One sample: what it is, what the network says of it, and the columns of its row."""

from collections.abc import Sequence

from rich.cells import cell_len
from textual.content import Content

from tui.asking.error_report import SCORES, ClassErrors, Report, Sample, number, percent
from tui.widgets.gradient_bars import bar
from tui.widgets.pictures.drawing import Canvas
from tui.widgets.shortening import cut_to, left, right

_WORD = 10
_NAME = 14
_NUMBER = 9
_COLUMN = 32
_LONGEST_BAR = 30
_UNUSUAL = 2.0
"""Deviations off the mean from which on a value is lit."""


def verdict(sample: Sample, report: Report, canvas: Canvas) -> Content:
    """Return the true and the predicted class and the highest scores, or target, prediction and error."""
    lines = _classified(sample, report, canvas) if isinstance(report, ClassErrors) else _predicted(sample)
    place = _line("sample", f"{sample.place:,} of {report.seen.split}")
    keys = Content("left and right: other samples").stylize("$secondary")
    return Content("\n").join([*lines, Content(""), place, keys])


def row(sample: Sample, canvas: Canvas) -> Content:
    """Return the columns of a table's row, and how far each value is off the mean.

    In their order where all have room, else the most unusual of them first.
    """
    rows = sample.row
    above = []
    if len(rows) > canvas.height - 1:
        rows = tuple(sorted(rows, key=lambda one: -abs(one[2] or 0.0))[: max(1, canvas.height - 2)])
        above = [Content(f"the {len(rows)} most unusual of {len(sample.row)} columns").stylize("$secondary")]
    longest = max((cell_len(one[0]) for one in rows), default=0) + 1
    names = min(_COLUMN, max(8, canvas.width - 2 * _NUMBER), max(longest, 8))
    head = left("column", names) + "value".rjust(_NUMBER) + "off mean".rjust(_NUMBER)
    lines = [*above, Content(head).stylize("$secondary")]
    for name, value, off in rows:
        deviations = "–" if off is None else f"{off:+.1f} dev"
        style = "$text-warning" if off is not None and abs(off) >= _UNUSUAL else "$secondary"
        figures = right(number(value), _NUMBER)
        lines.append(Content.assemble(left(name, names), figures, (right(deviations, _NUMBER), style)))
    return Content("\n").join(lines)


def _classified(sample: Sample, report: ClassErrors, canvas: Canvas) -> list[Content]:
    lines = [
        _line("true", _class(sample.true, report)),
        _line("predicted", _class(sample.predicted, report), "" if _is_right(sample) else "$text-error"),
        Content(""),
        Content(SCORES[report.scores]).stylize("$secondary"),
    ]
    longest = max((cell_len(report.names[label]) for label, _ in sample.scores), default=1)
    names = min(_NAME, longest)
    cells = max(4, min(_LONGEST_BAR, canvas.width - names - _NUMBER))
    for label, score in sample.scores:
        name = left(report.names[label], names)
        style = "bold" if label in (sample.true, sample.predicted) else ""
        if report.scores == "margin" or score is None:
            lines.append(Content.assemble((name, style), right(number(score), _NUMBER)))
        else:
            drawn = bar(score, cells, canvas.ascii_only).ljust(cells)
            lines.append(
                Content.assemble((name, style), " ", (drawn, "$accent"), right(percent(score), _NUMBER - 1))
            )
    if report.scores == "margin":
        said = "the true class leads by" if (sample.margin or 0) > 0 else "the true class is behind by"
        behind = number(abs(sample.margin)) if sample.margin is not None else "not finite"
        lines += [Content(""), Content(f"{said} {behind}")]
    return lines


def _predicted(sample: Sample) -> list[Content]:
    wanted, got = sample.true, sample.predicted
    off = number(got - wanted) if wanted is not None and got is not None else "not finite"
    return [
        _line("target", number(wanted)),
        _line("predicted", number(got)),
        _line("off by", off, "$text-error"),
    ]


def _line(word: str, text: str, style: str = "") -> Content:
    return Content.assemble((word.ljust(_WORD), "$secondary"), (text, f"bold {style}".strip()))


def _class(label: float | None, report: ClassErrors) -> str:
    return cut_to(report.names[int(label)], 60) if label is not None else "–"


def _is_right(sample: Sample) -> bool:
    return sample.true == sample.predicted


def heading(report: Report, cell: Sequence[int] | None, number_: int, total: int) -> str:
    """Return the first line above samples: which they are, and which of them is seen."""
    what = "farthest off first"
    if isinstance(report, ClassErrors) and cell is not None:
        true, called = report.names[cell[0]], report.names[cell[1]]
        what = f"{true} taken for {called}, worst first"
        if cell[0] == cell[1]:
            what = f"{true} rightly told, least sure first"
    return f"{number_ + 1:,} of {total:,} · {what} · {report.seen.split} at step {report.seen.step:,}"
