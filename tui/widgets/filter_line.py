"""The line of the filter: it stays while it holds a query, since a filter that nobody sees hides runs."""

from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input, Static

from dlcore.clean import clean
from tui.widgets.ordered_input import OrderedInput


class FilterLine(Horizontal):
    """One line to type into; enter and down leave it, escape empties it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave(True)", "No filter", key_display="esc"),
        Binding("down,tab", "leave(False)", "To the list", key_display="↓"),
    ]
    DEFAULT_CSS = """
    FilterLine { height: 1; padding: 0 1; display: none; }
    FilterLine.-open { display: block; }
    FilterLine > Static { width: 2; color: $accent; }
    FilterLine > Input { width: 1fr; background: $background; }
    """

    @dataclass
    class Typed(Message):
        """What the line holds now."""

        text: str

    @dataclass
    class Left(Message):
        """The person is done with it."""

        is_submitted: bool
        """Whether what it holds is meant as it is: enter was pressed."""

    def __init__(self, text: str) -> None:
        super().__init__(classes="-open" if text else "")
        self._first = text

    def compose(self) -> ComposeResult:
        """Return the sign of a filter, and the line."""
        yield Static("/")
        field = OrderedInput(clean(self._first), compact=True, select_on_focus=False)
        field.cursor_blink = False
        yield field

    @property
    def _field(self) -> Input:
        return self.query_one(Input)

    @property
    def text(self) -> str:
        """What it holds."""
        return self._field.value

    @property
    def is_typed_into(self) -> bool:
        """Whether keys go into it."""
        return self.screen.focused is self._field

    def open(self) -> None:
        """Let somebody type."""
        self.add_class("-open")
        self._field.focus()

    def hold(self, text: str) -> None:
        """Hold another text; nobody types any more."""
        self._field.value = clean(text)
        self._field.cursor_position = len(self._field.value)
        self.set_class(bool(text), "-open")

    def action_leave(self, empties: bool) -> None:
        """Give the keys back, with the filter or without it."""
        if empties:
            self._field.value = ""
        self.post_message(self.Left(is_submitted=False))

    def on_input_changed(self, event: Input.Changed) -> None:
        """Say what it holds at every key."""
        event.stop()
        self.post_message(self.Typed(event.value))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Say that it is meant as it is."""
        event.stop()
        self.post_message(self.Left(is_submitted=True))
