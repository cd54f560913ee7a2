"""One line of a form: label, value, and what is wrong with it. Edited in place."""

from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget
from textual.widgets import Input
from textual.widgets.input import Selection

from dlcore.clean import clean
from tui.draft import Row
from tui.widgets.ordered_input import OrderedInput
from tui.widgets.shortening import ellipsized

LABEL_CELLS = 18
_LEAST_REASON = 24


class _Value(OrderedInput):
    """The value while it is typed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "close(True)", "Take"),
        Binding("escape", "close(False)", "Leave as it was"),
        Binding("backspace", "delete_left", "Rub out", show=False),
    ]

    def action_close(self, takes: bool) -> None:
        """Have the row take the value, or leave what was there."""
        row = self.parent
        assert isinstance(row, FieldRow)
        row.close(takes)


class FieldRow(Widget, can_focus=True):
    """A focusable line. It shows what it is given, and posts `Edited` and `MenuAsked`; it decides nothing."""

    DEFAULT_CSS = """
    FieldRow {
        height: 1;
        padding: 0 1;
        layers: below above;
    }
    FieldRow:focus, FieldRow:focus-within { background: $primary 22%; }
    FieldRow:hover { background: $primary 12%; }
    FieldRow > _Value {
        layer: above;
        offset-x: 18;
        width: 1fr;
        margin: 0 0 0 0;
        background: $surface;
    }
    """
    text: reactive[str] = reactive("")
    problem: reactive[str] = reactive("")

    @dataclass
    class Edited(Message):
        """A value was typed to its end."""

        row: Row
        text: str

    @dataclass
    class MenuAsked(Message):
        """The list of what can be picked is wanted."""

        row: Row

    @dataclass
    class Focused(Message):
        """The row has the focus now."""

        row: Row

    def __init__(self, row: Row, text: str) -> None:
        super().__init__(classes="-kind" if row.depth == 0 else "")
        self.row = row
        self._field: _Value | None = None
        self.set_reactive(FieldRow.text, text)

    @property
    def is_menu(self) -> bool:
        """Whether the value is picked rather than typed."""
        return self.row.control in ("choice", "option", "flag")

    def compose(self) -> ComposeResult:
        """Return no children: the input exists only while it is used."""
        yield from ()

    def render(self) -> Content:
        """Return the line: the value between ‹ › where it can be picked and the row has the focus."""
        label = ("  " * self.row.depth + self.row.label)[: LABEL_CELLS - 1].ljust(LABEL_CELLS)
        value = clean(self.text) or "–"
        lit = self.has_focus
        shown = {"true": "yes", "false": "no"}.get(value, value) if self.row.control == "flag" else value
        shown = f"‹ {shown} ›" if lit and self.is_menu else f"  {shown}"
        room = self.size.width - LABEL_CELLS - (2 if self.problem else 0)
        shown = ellipsized(shown, room)
        kind = self.row.depth == 0
        parts: list[str | tuple[str, str] | Content] = [
            (label, "bold $primary" if kind else "$secondary"),
            (shown, "bold" if kind or lit else ""),
        ]
        if self.problem:
            room = self.size.width - LABEL_CELLS - cell_len(shown) - 1
            wrong = Content("✗ " + clean(self.problem))
            # Where only a few letters would fit, the mark alone says it; the sentence stands elsewhere too.
            wrong = wrong.truncate(room, ellipsis=True) if room >= _LEAST_REASON else Content("✗")
            parts += [" ", wrong.stylize("$text-error")]
        return Content.assemble(*parts)

    def edit(self, start: str | None = None) -> None:
        """Open the value for typing, or ask for its list; `start` replaces what stands there."""
        if self.is_menu:
            self.post_message(self.MenuAsked(self.row))
            return
        if self._field is not None:
            return
        value = clean(self.text) if start is None else start
        self._field = field = _Value(value, compact=True, select_on_focus=False)
        self.mount(field)
        self.screen.set_focus(field)  # at once, not when there is time: a fast typist's next key is its own
        field.selection = Selection(0 if start is None else len(value), len(value))

    def on_input_blurred(self, event: Input.Blurred) -> None:
        """Take the typed value also when the focus goes elsewhere."""
        event.stop()
        if event.input is self._field:
            self._end(takes=True)

    def close(self, takes: bool) -> None:
        """End the typing, and go on from this row."""
        if self._field is not None:
            self._end(takes)
            self.screen.set_focus(self)

    def _end(self, takes: bool) -> None:
        field, self._field = self._field, None
        if field is None:
            return
        value = field.value.strip()
        if takes and value not in (self.text, clean(self.text)):
            self.post_message(self.Edited(self.row, value))
        field.remove()

    async def on_key(self, event: events.Key) -> None:
        """Begin typing with the first digit; what was typed before the input had the focus is the input's."""
        if self._field is not None:
            if event.is_printable and event.character:
                event.stop()
                self._field.replace(event.character, *self._field.selection)
            elif await self._field.act(event.key):
                event.stop()
        elif not self.is_menu and self.has_focus and event.character and event.character in "0123456789.-":
            event.stop()
            self.edit(event.character)

    def on_click(self, event: events.Click) -> None:
        """A click on the value edits it; one on the label only gives the row the focus."""
        if event.widget is self and self.has_focus and event.x >= LABEL_CELLS:
            self.edit()

    def on_focus(self) -> None:
        """Tell who explains things."""
        self.post_message(self.Focused(self.row))
