"""The form of a configuration: one row a field, made from the choices, rebuilt where a kind changes."""

from dataclasses import dataclass

from textual.containers import VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Static

from dlcore.reading import Reading
from tui.draft import Draft, Row
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
        self._keys: tuple[str, ...] = ()

    def on_mount(self) -> None:
        """Build the rows and say what they amount to."""
        self._rebuild()

    def _rebuild(self, focus: str | None = None) -> None:
        """Mount a row for each field of the chosen kinds, and put the focus where it was."""
        self._keys = tuple(row.key for row in self.draft.rows())
        widgets: list[Widget] = []
        section = ""
        for row in self.draft.rows():
            if row.section.title != section and row.depth:
                widgets.append(Static(Content(row.section.title), classes="form--heading"))
            section = row.section.title
            widgets.append(FieldRow(row, self.draft.text(row.key)))
        with self.app.batch_update():
            self.remove_children()
            self.mount_all(widgets)
        wanted = focus or self._keys[0]
        self.call_after_refresh(self._focus, wanted)
        self._report()

    def _focus(self, key: str) -> None:
        for row in self.query(FieldRow):
            if row.row.key == key:
                row.focus()
                return

    def _report(self) -> None:
        reading = self.draft.read()
        self.post_message(self.Changed(reading))

    def show_problems(self, reading: Reading) -> None:
        """Mark the rows that have a problem."""
        problems = {problem.key: problem.message for problem in reversed(reading.problems)}
        for row in self.query(FieldRow):
            row.problem = problems.get(row.row.key, "")

    def load(self, draft: Draft) -> None:
        """Show another draft."""
        self.draft = draft
        self._rebuild()

    def put(self, key: str, text: str) -> None:
        """Write into a field, and rebuild the rows where that changes which fields there are."""
        self.draft.put(key, text)
        self._refresh(key)

    def _refresh(self, key: str) -> None:
        if tuple(row.key for row in self.draft.rows()) != self._keys:
            self._rebuild(key)
            return
        for row in self.query(FieldRow):
            row.text = self.draft.text(row.row.key)
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
        rows = list(self.query(FieldRow))
        if not rows:
            return
        current = self.current
        index = rows.index(current) + by if current in rows else 0
        self.screen.set_focus(rows[max(0, min(index, len(rows) - 1))])

    def nudge(self, direction: int) -> None:
        """Change the focused value by one step."""
        if (current := self.current) is not None:
            key = current.row.key
            before = self.draft.text(key)
            after = nudged(current.row, before, direction)
            if after != before:
                self.put(key, after)

    def restore(self) -> None:
        """Put the focused field back to its default."""
        if (current := self.current) is not None:
            self.draft.restore(current.row.key)
            self._refresh(current.row.key)

    def on_field_row_edited(self, event: FieldRow.Edited) -> None:
        """Take a typed value."""
        event.stop()
        self.put(event.row.key, event.text)


def describe(row: Row) -> str:
    """Return the line of help for a row."""
    return f"{row.key}: {row.help}"
