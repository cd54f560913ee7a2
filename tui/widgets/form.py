"""The form of a configuration: one row a field, made from the choices, rebuilt where a kind changes."""

from collections.abc import Mapping
from dataclasses import dataclass

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Static

from dlcore.reading import Reading
from tui.draft import Draft
from tui.nudge import nudged
from tui.widgets.field_row import FieldRow


class Form(VerticalScroll, can_focus=False, inherit_bindings=False):
    """Edits a `Draft`. Posts `Changed` after every edit, with the configuration or what is wrong with it."""

    DEFAULT_CSS = """
    Form { scrollbar-size-vertical: 1; }
    Form > .form--heading { padding: 0 1; height: 1; color: $primary; text-style: bold; }
    """

    @dataclass
    class Changed(Message):
        """Something was edited."""

        reading: Reading

    def __init__(self, draft: Draft) -> None:
        super().__init__()
        self.draft = draft
        self._rows: list[FieldRow] = []

    def compose(self) -> ComposeResult:
        """Return a row for each field of the chosen kinds."""
        yield from self._lines()

    def on_mount(self) -> None:
        """Begin at the first row. What it all amounts to at first, whoever shows the form can read itself."""
        self.screen.set_focus(self._rows[0])

    def _lines(self) -> list[Widget]:
        """Return new rows, each section below its heading."""
        self._rows = [FieldRow(row, self.draft.text(row.key)) for row in self.draft.rows()]
        widgets: list[Widget] = []
        section = ""
        for widget in self._rows:
            row = widget.row
            if row.section.title != section and row.depth:
                widgets.append(Static(Content(row.section.title), classes="form--heading"))
            section = row.section.title
            widgets.append(widget)
        return widgets

    def _rebuild(self, focus: str | None = None) -> None:
        """Mount other rows, and put the focus where it was."""
        widgets = self._lines()
        with self.app.batch_update():
            self.remove_children()
            self.mount_all(widgets)
        wanted = next((row for row in self._rows if row.row.key == focus), self._rows[0])
        self.screen.set_focus(wanted)  # at once, not when there is time: a fast typist's next key is for it
        self._report()

    def _report(self) -> None:
        reading = self.draft.read()
        self.post_message(self.Changed(reading))

    def show_problems(self, reading: Reading) -> None:
        """Mark the rows that have a problem."""
        problems = {problem.key: problem.message for problem in reversed(reading.problems)}
        for row in self._rows:
            row.problem = problems.get(row.row.key, "")

    def load(self, draft: Draft) -> None:
        """Show another draft."""
        self.draft = draft
        self._rebuild()

    def put(self, key: str, text: str) -> None:
        """Write into a field, and rebuild the rows where that changes which fields there are."""
        self.draft.put(key, text)
        self._refresh(key)

    def put_all(self, texts: Mapping[str, str]) -> None:
        """Write into several fields at once, in this order; the focus stays where it is."""
        for key, text in texts.items():
            self.draft.put(key, text)
        self._refresh(self.current.row.key if self.current is not None else "")

    def _refresh(self, key: str) -> None:
        if [row.key for row in self.draft.rows()] != [row.row.key for row in self._rows]:
            self._rebuild(key)
            return
        for widget, row in zip(self._rows, self.draft.rows(), strict=True):
            widget.row = row  # the same key, but perhaps another kind's words for it
            widget.text = self.draft.text(row.key)
        self._report()

    @property
    def current(self) -> FieldRow | None:
        """The row that has the focus, or None."""
        focused = self.screen.focused
        while focused is not None and not isinstance(focused, FieldRow):
            parent = focused.parent
            focused = parent if isinstance(parent, Widget) else None
        return focused

    def move(self, by: int) -> None:
        """Put the focus on the row below or above."""
        current = self.current
        index = self._rows.index(current) + by if current in self._rows else 0
        row = self._rows[max(0, min(index, len(self._rows) - 1))]
        # Textual would lay the screen out anew to see whether it must scroll; mostly the row is in sight.
        is_seen = self.content_region.contains_region(row.region)
        self.screen.set_focus(row, scroll_visible=not is_seen)

    def nudge(self, direction: int) -> None:
        """Change the focused value by one step, past what goes together with nothing else."""
        if (current := self.current) is None:
            return
        row = current.row
        before = text = self.draft.text(row.key)
        is_wrong = any(problem.key == row.key for problem in self.draft.read().problems)  # any way leads out
        for _ in range(max(len(row.options), 1)):  # a number whose next value is a fault stays: limits
            following = nudged(row, text, direction)
            if following in (before, text):
                return
            text = following
            if is_wrong or not self.draft.refusal(row.key, text):
                self.draft.put(row.key, text)
                self._refresh(row.key)
                return

    def restore(self) -> None:
        """Put the focused field back to its default."""
        if (current := self.current) is not None:
            self.draft.restore(current.row.key)
            self._refresh(current.row.key)

    def on_field_row_edited(self, event: FieldRow.Edited) -> None:
        """Take a typed value."""
        event.stop()
        self.put(event.row.key, event.text)
