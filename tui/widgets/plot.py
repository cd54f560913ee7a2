"""A live plot that sends only what changed over a slow line.

The widget keeps its last lines. A new chart is drawn at once and compared with them, and only the cells
between the first and the last difference of a line are refreshed. What is out of sight is drawn when seen.
"""

from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from textual.dom import NoScreen
from textual.errors import NoWidget
from textual.events import Click
from textual.geometry import NULL_SIZE, Region, Size
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from dlcore.clean import clean
from tui.drawing.plot_frame import LARGEST, TIME_LABELS, x_of
from tui.drawing.plot_line import Key, Line, Run
from tui.drawing.plotting import Chart, draw, drawn_limits, shown_mark
from tui.terminal.plain import plain

_AROUND = ("axis", "title", "value", "cursor", "note", "mark")
"""What has a style of its own beside the curves."""


class Plot(Widget):
    """Shows a chart: a line of legend, then curves and axes. Its owner decides when, by calling `show`."""

    ALLOW_SELECT = False
    SCOPED_CSS = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "plot--title",
        "plot--value",
        "plot--axis",
        "plot--cursor",
        "plot--note",
        "plot--mark",
        "plot--curve-train",
        "plot--curve-validation",
        "plot--curve-raw",
        "plot--curve-reference",
        "plot--curve-run-1",
        "plot--curve-run-2",
        "plot--curve-run-3",
        "plot--curve-run-4",
        "plot--curve-run-5",
    }
    # The colours of Okabe and Ito, which the colour-blind tell apart too; in darker shades on a light ground.
    DEFAULT_CSS = """
    Plot { width: 1fr; height: 1fr; }
    Plot .plot--title { color: $foreground; text-style: bold; }
    Plot .plot--value { color: $foreground; }
    Plot .plot--axis { color: $foreground 65%; }
    Plot .plot--cursor { color: $primary; }
    Plot .plot--note { color: $text-warning; }
    Plot .plot--mark { color: $text-warning; text-style: bold; }
    Plot .plot--curve-reference { color: $foreground 35%; }
    Plot .plot--curve-train, Plot .plot--curve-run-1 { color: #56B4E9; }
    Plot .plot--curve-validation, Plot .plot--curve-run-2 { color: #E69F00; }
    Plot .plot--curve-raw { color: #56B4E9 50%; }
    Plot .plot--curve-run-3 { color: #20B88C; }
    Plot .plot--curve-run-4 { color: #CC79A7; }
    Plot .plot--curve-run-5 { color: #F0E442; }
    App:light Plot .plot--curve-train, App:light Plot .plot--curve-run-1 { color: #0072B2; }
    App:light Plot .plot--curve-validation, App:light Plot .plot--curve-run-2 { color: #B85C00; }
    App:light Plot .plot--curve-raw { color: #0072B2 60%; }
    App:light Plot .plot--curve-run-3 { color: #007A5A; }
    App:light Plot .plot--curve-run-4 { color: #A34A7B; }
    App:light Plot .plot--curve-run-5 { color: #7A7000; }
    """

    def __init__(
        self,
        chart: Chart | None = None,
        *,
        ascii_only: bool = False,
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._chart = chart
        self._ascii_only = ascii_only
        self._lines: list[Line] = []
        self._drawn_size: Size = NULL_SIZE
        self._outdated = True

    @dataclass
    class StepChosen(Message):
        """A step on the axis was clicked; or the epoch, second or sample that the axis has."""

        step: float

    def on_click(self, event: Click) -> None:
        """Choose the step under the mouse, where the axis has steps, or what goes with them."""
        offset = event.get_content_offset(self)
        if offset is None or self._chart is None or self._chart.x_label not in TIME_LABELS:
            return
        if (x := x_of(offset.x, drawn_limits(self._chart), self.size.width)) is not None:
            self.post_message(self.StepChosen(10.0**x if self._chart.log_x else x))

    def show(self, chart: Chart) -> None:
        """Show a chart instead of the last one, and refresh only the cells that differ."""
        if chart == self._chart:
            return
        self._chart = chart
        if not self._in_sight():
            if not self._outdated:
                self._outdated = True
                self.refresh()
        elif self._outdated or self._drawn_size != self.size:
            self._outdated = True
            self.refresh()
        else:
            before, self._lines = self._lines, self._draw()
            width = self.size.width
            spans = [_changed(old, new, width) for old, new in zip(before, self._lines, strict=True)]
            regions = [
                Region(start, y, end - start, 1) for y, (start, end) in enumerate(spans) if end > start
            ]
            if regions:
                self.refresh(*regions)

    def render_line(self, y: int) -> Strip:
        """Return line `y` of the picture, drawn anew if the size or an unseen chart requires it."""
        if self._outdated or self._drawn_size != self.size:
            self._lines = self._draw()
        segments = [
            Segment(text, self.get_visual_style(_component(key)).rich_style) for text, key in self._lines[y]
        ]
        return Strip(segments, self.size.width)

    def _draw(self) -> list[Line]:
        width, height = self._drawn_size = self.size
        self._outdated = False
        if self._chart is None or not self.size:
            return [(Run(" " * width, "value"),)] * height
        if not any(y is not None for curve in self._chart.curves for _, y in curve.points):
            return _without_values(self._chart, width, height, ascii_only=self._ascii_only)
        picture = draw(self._chart, width, height - 1, ascii_only=self._ascii_only)
        return [legend(self._chart, width, ascii_only=self._ascii_only), *picture]

    def _in_sight(self) -> bool:
        try:
            screen = self.screen
            stack = self.app.screen_stack
            covered = any(above.styles.background.a == 1 for above in stack[stack.index(screen) + 1 :])
            return not covered and bool(screen.find_widget(self).visible_region)
        except (NoScreen, NoWidget, ValueError):  # the last one: the screen is not on the stack now
            return False


def _without_values(chart: Chart, width: int, height: int, *, ascii_only: bool) -> list[Line]:
    """Return the title and a word, where axes would only make one wonder what they are for."""
    title = _shown(chart.title, ascii_only)
    texts = [[Run(title, "title")], [Run("no values", "axis")], *([] for _ in range(height - 2))]
    return [_fitted(runs, width, "~" if ascii_only else "…") for runs in texts[:height]]


def legend(chart: Chart, width: int, *, ascii_only: bool = False) -> Line:
    """Return a line of `width` cells: the title, then mark, name and last value of each curve.

    When room is short the gaps shrink, then the names go, and at last the line ends in an ellipsis.
    """
    runs: list[Run] = []
    for gap, named in (("   ", True), ("  ", True), ("  ", False)):
        runs = _legend(chart, gap, named, ascii_only)
        if sum(cell_len(run.text) for run in runs) <= width:
            break
    return _fitted(runs, width, "~" if ascii_only else "…")


def value_text(value: float | None, *, percent: bool = False) -> str:
    """Write a value in six characters wherever that is possible, so that the text beside it stands still."""
    if value is None:
        text = "-"
    elif not abs(value) <= LARGEST:
        text = str(value)
    elif percent:
        text = f"{100 * value:.1f}%"
    elif value == 0 or 1e-3 <= abs(value) < 1e5:
        text = f"{value:.{max(0, 5 - (value < 0) - len(str(int(abs(value)))))}f}"
    else:
        mantissa, exponent = f"{value:.1e}".split("e")
        text = f"{mantissa}e{int(exponent)}"
    return text.ljust(6)


def _legend(chart: Chart, gap: str, named: bool, ascii_only: bool) -> list[Run]:
    runs = [Run(_shown(chart.title, ascii_only), "title")]
    for curve in (curve for curve in chart.curves if curve.name):
        name = f" {_shown(curve.name, ascii_only)}" if named else ""
        last = curve.points[-1][1] if curve.points else None
        value = f" {value_text(last, percent=chart.percent)}" if chart.values else ""
        runs += [Run(gap + shown_mark(curve, ascii_only), curve.role), Run(f"{name}{value}", "value")]
    return runs


def _fitted(runs: list[Run], width: int, ellipsis: str) -> Line:
    """Cut or fill a line to exactly `width` cells."""
    fitted: list[Run] = []
    room = max(width, 0)
    for text, key in runs:
        if cell_len(text.rstrip()) > room:
            text = set_cell_size(text, room - 1) + ellipsis if room else ""
        text = set_cell_size(text, min(room, cell_len(text)))
        fitted.append(Run(text, key))
        room -= cell_len(text)
    return tuple(run for run in [*fitted, Run(" " * room, "value")] if run.text)


def _shown(text: str, ascii_only: bool) -> str:
    """Return a name with all that a terminal would obey made visible."""
    text = clean(text)
    return plain(text) if ascii_only else text


def _component(key: Key) -> str:
    return f"plot--{key}" if key in _AROUND else f"plot--curve-{key}"


def _changed(before: Line, after: Line, width: int) -> tuple[int, int]:
    """Return the first cell and the one past the last cell that differ; an empty span where none does."""
    if before == after:
        return 0, 0
    old, new = _cells(before), _cells(after)
    if not len(old) == len(new) == width:  # a name holds characters that are two cells wide, or none
        return 0, width
    differing = [x for x, (cell, other) in enumerate(zip(old, new, strict=True)) if cell != other]
    return (differing[0], differing[-1] + 1) if differing else (0, 0)


def _cells(line: Line) -> list[tuple[str, str]]:
    """Return character and style of every cell; blanks look alike in every style."""
    return [(character, "" if character == " " else key) for text, key in line for character in text]
