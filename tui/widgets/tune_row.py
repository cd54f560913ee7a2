"""One hyperparameter of a live run: its value now, at the start, and what came of changing it."""

from textual.content import Content
from textual.reactive import reactive

from dlcore.clean import clean
from tui.draft import Row
from tui.tuning import RATES
from tui.widgets.field_row import FieldRow
from tui.widgets.shortening import ellipsized, left

LABEL_CELLS = 21
NOW_CELLS = 14
START_CELLS = 12
_PART_OF_A_KIND = "schedule."
_AS_ALL = "as lr"
"""What stands for the rate of a layer that has none of its own."""


class TuneRow(FieldRow):
    """A `FieldRow` with two more columns; `problem` is the reason of a refusal."""

    DEFAULT_CSS = """
    TuneRow > _Value { offset-x: 21; }
    """
    start: reactive[str] = reactive("")
    """What it was at the start; empty where it was not there."""
    answer: reactive[str] = reactive("")
    """What came of the last change of it."""

    def __init__(self, row: Row, text: str, start: str) -> None:
        super().__init__(row, text)
        self.set_reactive(TuneRow.start, start)

    def render(self) -> Content:
        """Return the line: the value between ‹ › where arrows go through words and the row has the focus."""
        inner = self.row.depth > 1 or (self.row.key.startswith(_PART_OF_A_KIND) and self.row.depth)
        label = f"{'  ' if inner else ''}{self.row.label if self.row.depth > 1 else self.row.label.lower()}"
        lit, changed = self.has_focus, self.text != self.start
        value = _shown(self.row, self.text)
        value = f"‹ {value} ›" if lit and self.is_menu else value
        mark = "› " if lit else "  "
        room = max(0, self.content_size.width - LABEL_CELLS - NOW_CELLS - START_CELLS)
        said, style = (f"✗ {self.problem}", "$text-error") if self.problem else (self.answer, "$secondary")
        return Content.assemble(
            (_fit(mark + label, LABEL_CELLS), "bold" if lit else "$secondary"),
            (_fit(value, NOW_CELLS), "bold" if lit or changed else ""),
            (_fit(_shown(self.row, self.start) if changed else "=", START_CELLS), "$secondary"),
            Content(clean(said)).truncate(room, ellipsis=True).stylize(style) if room else "",
        )


def _shown(row: Row, text: str) -> str:
    value = clean(text) or (_AS_ALL if row.key.startswith(f"{RATES}.") else "–")
    return {"true": "yes", "false": "no"}.get(value, value) if row.control == "flag" else value


def _fit(text: str, cells: int) -> str:
    """Return a text in so many cells, the last of them blank."""
    return left(ellipsized(text, cells - 1), cells)


def header() -> Content:
    """Return the names of the columns."""
    names = f" {'':<{LABEL_CELLS}}{'now':<{NOW_CELLS}}{'start':<{START_CELLS}}came of it"
    return Content(names).stylize("$secondary")
