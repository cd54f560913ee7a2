"""Tune: the hyperparameters of a live run that can change, over Train; each change is sent at once."""

from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from dlcore.clean import clean
from tui.bindings import bindings
from tui.draft import Draft
from tui.screens.dialogs import Pick
from tui.screens.picking import answers
from tui.tuning import Tuning, newest, text_of
from tui.widgets.field_row import FieldRow
from tui.widgets.key_line import KeyLine
from tui.widgets.tune_row import TuneRow, header

_LOOK_SECONDS = 0.1
_CHANGES = 3
"""So many of the newest changes are listed."""
_OF_ALL_SCHEDULES = ("schedule.kind", "schedule.warmup_steps")
_AROUND = 8
"""Lines that are not for rows: title, names of the columns, help, changes and keys."""


class _Rows(VerticalScroll, can_focus=False, inherit_bindings=False):
    """The rows; arrows are the screen's."""


class TuningScreen(ModalScreen[None]):
    """A compact form of what is live. It shows what the run says, also when another viewer has changed it."""

    PLACE = "tuning"
    BINDINGS: ClassVar[list[BindingType]] = bindings("tuning")
    DEFAULT_CSS = """
    TuningScreen > Vertical { width: 100%; max-width: 100; height: auto; max-height: 100%; }
    TuningScreen > Vertical { padding: 0 1; background: $panel; }
    TuningScreen Static { height: 1; text-wrap: nowrap; text-overflow: ellipsis; }
    TuningScreen _Rows { height: auto; scrollbar-size-vertical: 1; }
    TuningScreen KeyLine { dock: none; padding: 0; }
    TuningScreen #tuning-help { height: 2; text-wrap: wrap; color: $secondary; }
    TuningScreen #tuning-changes { height: 3; color: $secondary; }
    """

    def __init__(self, tuning: Tuning) -> None:
        super().__init__()
        self._tuning = tuning
        self._start = Draft(tuning.feed.config)
        self._rows: list[TuneRow] = []
        self._shown: object = None

    def compose(self) -> ComposeResult:
        """Return title, rows, what the chosen one means, and the newest changes."""
        with Vertical():
            yield Static(id="tuning-title")
            yield Static(id="tuning-columns")
            yield _Rows(*self._new_rows())
            yield Static(id="tuning-help")
            yield Static(id="tuning-changes")
            yield KeyLine()

    def on_mount(self) -> None:
        """Begin at the hyperparameter that was chosen last, and listen."""
        self._say("tuning-columns", header())
        self._focus_on(self._tuning.chosen)
        self._look()
        self.set_interval(_LOOK_SECONDS, self._look)

    def on_resize(self) -> None:
        """Leave room for what stands around the rows."""
        self.query_one(_Rows).styles.max_height = max(self.size.height - _AROUND, 1)

    # -- looking ------------------------------------------------------------------------------------

    def _new_rows(self) -> list[TuneRow]:
        draft = self._tuning.draft()
        self._rows = []
        if draft is not None:
            kind = draft.text("schedule.kind")
            self._rows = [
                TuneRow(row, text_of(draft, row.key), self._at_start(row.key, kind))
                for row in self._tuning.rows(draft)
            ]
        return self._rows

    def _at_start(self, key: str, kind: str) -> str:
        """Return what a key held at the start; a field of `kind`, another schedule now, was not there."""
        is_own = key.startswith("schedule.") and key not in _OF_ALL_SCHEDULES
        return "" if is_own and kind != self._start.text("schedule.kind") else text_of(self._start, key)

    def _look(self) -> None:
        """Show what has come since the last look; nothing is done where nothing has, or nobody sees it."""
        if not self.is_current:
            return
        feed = self._tuning.feed
        self._tuning.listen()
        history = feed.history
        seen = (history.answers.added, len(history.edits), feed.state, feed.reading, self._tuning.pending)
        if seen == self._shown:
            return
        self._shown = seen
        draft = self._tuning.draft()
        if draft is not None:
            if [row.key for row in self._tuning.rows(draft)] != [row.row.key for row in self._rows]:
                self._rebuild()
            for row in self._rows:
                row.text = text_of(draft, row.row.key)
                told = self._tuning.told.get(row.row.key)
                row.problem = told.text if told is not None and told.is_wrong else ""
                row.answer = told.text if told is not None and not told.is_wrong else ""
            self._explain()
        changes = Content("\n".join(clean(line) for line in newest(history.edits, _CHANGES)))
        self._say("tuning-changes", changes)
        title = Content.assemble(("Tune", "bold"), (clean(f"  {feed.called}  {feed.state}"), "$secondary"))
        self._say("tuning-title", title)

    def _rebuild(self) -> None:
        """Mount other rows: another kind of schedule has other fields."""
        chosen = self._tuning.chosen
        place = self.query_one(_Rows)
        with self.app.batch_update():
            place.remove_children()
            place.mount_all(self._new_rows())
        self._focus_on(chosen)

    def _say(self, place: str, content: Content) -> None:
        line = self.query_one(f"#{place}", Static)
        if line.content != content:
            line.update(content, layout=False)

    def _focus_on(self, key: str) -> None:
        if self._rows:
            self.set_focus(next((row for row in self._rows if row.row.key == key), self._rows[0]))

    def on_field_row_focused(self, event: FieldRow.Focused) -> None:
        """Explain what is chosen; the brackets on Train go on with it."""
        self._tuning.chosen = event.row.key
        self._explain()

    def _explain(self) -> None:
        """Say what the chosen one means; or, in full, why it was refused last."""
        row = self.focused
        if isinstance(row, TuneRow) and row.problem:
            self._say("tuning-help", Content(clean(f"✗ {row.row.key}: {row.problem}")).stylize("$text-error"))
        elif isinstance(row, TuneRow):
            self._say("tuning-help", Content(f"{row.row.key}: {row.row.help}"))

    # -- changing -----------------------------------------------------------------------------------

    def _answered(self, problem: str) -> None:
        """Show what was asked for as it soon is, or why it could not be asked."""
        self._look()
        if problem:
            self._say("tuning-help", Content(clean(problem)).stylize("$text-error"))

    def action_focus_row(self, by: int) -> None:
        """Choose the row below or above."""
        focused = self.focused
        if isinstance(focused, TuneRow):
            index = self._rows.index(focused) + by
            self.set_focus(self._rows[max(0, min(index, len(self._rows) - 1))])

    def action_nudge(self, direction: int) -> None:
        """Ask for the next smaller or larger value."""
        if isinstance(self.focused, TuneRow):
            self._answered(self._tuning.nudge(direction, self.focused.row.key))

    def action_edit(self) -> None:
        """Type a value, or pick a word."""
        if isinstance(self.focused, TuneRow):
            self.focused.edit()

    def action_undo(self) -> None:
        """Ask for the newest change to be taken back."""
        self._answered(self._tuning.undo())

    def action_close(self) -> None:
        """Go back to Train."""
        self.dismiss(None)

    def on_field_row_edited(self, event: FieldRow.Edited) -> None:
        """Ask for a value that was typed."""
        self._answered(self._tuning.type(event.row.key, event.text))

    @work
    async def on_field_row_menu_asked(self, event: FieldRow.MenuAsked) -> None:
        """Offer the words that can be picked."""
        row, draft = event.row, self._tuning.draft()
        if draft is None:
            return
        current = draft.text(row.key)
        word = await self.app.push_screen_wait(Pick(row.label, answers(row, draft), current))
        if word is not None and word != current:
            self._answered(self._tuning.type(row.key, word))
