"""Errors: what the network gets wrong, class by class or number by number, down to single samples."""

import asyncio
from collections.abc import Callable
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.content import Content
from textual.events import ScreenResume
from textual.widgets import Static

from dlcore.clean import clean
from tui.asking.error_questions import Asked, Question, question
from tui.asking.error_report import ClassErrors, NumberErrors, Report, read
from tui.asking.inspector import Inspector
from tui.bindings import bindings
from tui.feed import RunFeed
from tui.screens.time_screen import AskingScreen
from tui.watching.cursor import Cursor
from tui.widgets.class_errors import ClassErrorsView
from tui.widgets.confusion import Confusion
from tui.widgets.error_samples import ErrorSamples
from tui.widgets.errors_view import ErrorsView
from tui.widgets.header import Header
from tui.widgets.key_line import KeyLine
from tui.widgets.number_errors import NumberErrorsView
from tui.widgets.pictures.drawing import Drawing
from tui.widgets.virtual_table import VirtualTable

_LOOK_SECONDS = 0.5
"""So often it is seen whether there is a newer checkpoint."""
_PAUSE = 0.15
"""Seconds that the cursor stands still before the inspector is asked: quick keys ask nothing."""
_WAIT = "one moment: the samples are being looked at …"


class ErrorsScreen(AskingScreen):
    """The confusion matrix, the classes, and the samples behind a cell; or how far predictions are off."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("errors")
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]  # noqa: RUF012  # as Textual declares it
    AUTO_FOCUS = None

    def __init__(
        self,
        feed: Callable[[], RunFeed | None],
        inspector: Inspector,
        *,
        ascii_only: bool = False,
        cursor: Cursor | None = None,
    ) -> None:
        super().__init__(feed, inspector, ascii_only=ascii_only, cursor=cursor)
        self._target = 0
        self._asked = Asked()
        self._wanted: Question | None = None
        """What goes with the cursor now."""
        self._shown: Question | None = None
        self._drawn: Report | None = None
        self._said = ""

    def compose(self) -> ComposeResult:
        """Return the parts, from top to bottom; one of those in the middle is seen at a time."""
        yield Header("errors")
        yield Static(id="errors-line", classes="essential")
        with Container(id="errors-body"):
            yield Drawing(ascii_only=self._ascii_only).add_class("errors--note")
            yield ClassErrorsView(ascii_only=self._ascii_only)
            yield NumberErrorsView(ascii_only=self._ascii_only)
            yield ErrorSamples(self._inspector, ascii_only=self._ascii_only)
        yield KeyLine()

    def on_mount(self) -> None:
        """Begin to look."""
        self._show_only(self._note)
        self.set_interval(_LOOK_SECONDS, self._look)

    def on_screen_resume(self, event: ScreenResume) -> None:
        """Look at what has come while another screen was seen."""
        self.show_moment()

    # -- what is wanted -----------------------------------------------------------------------------

    def show_moment(self) -> None:
        """Look at where the cursor stands now."""
        self._look(at_once=True)

    def _look(self, at_once: bool = False) -> None:
        """Show what is wanted now, or ask for it; nothing while nobody sees it, or samples are open."""
        if not self.is_current:
            return
        feed = self.watched()
        self.query_one(Header).aside = feed.called if feed is not None else ""
        past = self.cursor.past(feed.history) if feed is not None else None
        is_same = feed is not None and self._asked.is_about(str(feed.run.path))
        wanted = question(feed, past, self._target if is_same else 0)
        if self._samples.display:
            if self._shown is not None and not isinstance(wanted, str) and wanted.run == self._shown.run:
                return
            self._close()  # they are another run's
        if isinstance(wanted, str):
            self._say(wanted)
            return
        self._wanted = wanted
        report = self._asked.known(wanted)
        if report is not None and self._is_better(wanted, report):
            self._show(wanted, report)
        is_complete = report is not None and report.seen.complete
        if not is_complete and self._asked.is_due(wanted, at_once=at_once):
            self._inquire(wanted)

    def _inquire(self, wanted: Question) -> None:
        if not self._asked.is_about(wanted.run):
            self._target = 0
            if self._shown is None or self._shown.run != wanted.run:
                self._say(_WAIT)
        self._asked.begin(wanted)
        self._ask(wanted)

    def _is_better(self, wanted: Question, report: Report) -> bool:
        """Whether to show a report: one that goes with a cursor that stands still, whatever it lacks.

        Of a run that goes on, the step before stays until all samples of the next one are in.
        """
        if not self.cursor.follows:
            return wanted == self._wanted
        is_first = self._shown is None or self._shown.run != wanted.run
        return report.seen.complete or self._shown == wanted or is_first

    @work(exclusive=True, group="errors")
    async def _ask(self, wanted: Question) -> None:
        """Ask until all samples are in that will be; what is known is shown meanwhile."""
        await asyncio.sleep(_PAUSE)
        is_complete = False
        while self.is_current and not is_complete:
            answer = await self._inspector.ask(
                "errors", run=wanted.run, step=wanted.step, target=wanted.target
            )
            if self._asked.last != wanted or not self.is_mounted:  # something else is wanted by now
                return
            if "error" in answer:
                if not self._samples.display:
                    self._say(str(answer["error"]))
                break
            report = read(answer)
            self._asked.keep(wanted, report)
            is_complete = report.seen.complete
            if self.is_current and not self._samples.display and self._is_better(wanted, report):
                self._show(wanted, report)
        self._asked.is_waiting = False

    # -- what is shown ------------------------------------------------------------------------------

    @property
    def report(self) -> Report | None:
        """What is shown, or stands behind the samples."""
        return self._drawn

    @property
    def view(self) -> ErrorsView | None:
        """The panes of the report that is shown, seen or behind its samples."""
        if self.report is None:
            return None
        return self.query_one(ClassErrorsView if isinstance(self.report, ClassErrors) else NumberErrorsView)

    @property
    def _samples(self) -> ErrorSamples:
        return self.query_one(ErrorSamples)

    @property
    def _note(self) -> Drawing:
        return self.query_one(".errors--note", Drawing)

    def _show(self, wanted: Question, report: Report) -> None:
        """Show a report, unless it is shown already."""
        self._shown = wanted
        self._write(report.words())
        if self._drawn is not report:
            self._drawn = report
            view = self.view
            assert view is not None
            view.show(report)
            self._show_only(view)

    def _say(self, sentence: str) -> None:
        """Show a sentence instead of a report."""
        self._shown = self._drawn = None
        self._write("")
        if self._said != sentence or not self._note.display:
            self._said = sentence
            self._note.say(sentence)
            self._show_only(self._note)

    def _write(self, text: str) -> None:
        """Write the line above."""
        feed = self.watched()
        if text and feed is not None and (past := self.cursor.past(feed.history)) is not None:
            text += f" · cursor at step {past:,}"
        line = self.query_one("#errors-line", Static)
        content = Content(clean(text))
        if line.content != content:
            line.update(content)

    def _show_only(self, seen: ErrorsView | ErrorSamples | Drawing) -> None:
        for one in self.query_one("#errors-body").children:
            one.display = one is seen
        self.refresh_bindings()

    # -- samples ------------------------------------------------------------------------------------

    def action_open(self) -> None:
        """Show the samples of the cell, or of the class or prediction, under the cursor."""
        report, view = self.report, self.view
        if report is None or view is None or self._samples.display:
            return
        cell, number = view.chosen()
        if self._shown is not None and report.behind(cell):
            self._samples.open(self._shown, report, cell, number)
            self._show_only(self._samples)

    def on_error_samples_turned(self, event: ErrorSamples.Turned) -> None:
        """Say which sample is seen."""
        if self._samples.display:
            self._write(event.heading)

    def action_back(self) -> None:
        """Go back from the samples."""
        if self._samples.display:
            self._close()
            self._look()

    def _close(self) -> None:
        self._samples.close()
        if (view := self.view) is not None:
            self._show_only(view)
            self._write(self._drawn.words() if self._drawn is not None else "")
        else:
            self._show_only(self._note)

    # -- keys ---------------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Show only keys that can do something now."""
        if action in ("open", "turn_pane", "worst", "sort", "back", "target"):
            is_open = self.is_mounted and self._samples.display
            report = self.report
            if report is None or is_open != (action == "back"):
                return False
            if action == "sort":
                return isinstance(report, ClassErrors)
            return isinstance(report, NumberErrors) and report.targets > 1 if action == "target" else True
        return super().check_action(action, parameters)

    def action_move(self, columns: int, rows: int) -> None:
        """Move the cursor of the active pane; go to the sample before or after."""
        if self._samples.display:
            self._samples.move(columns + rows)
        elif (view := self.view) is not None:
            view.move(columns, rows)

    def action_turn_pane(self) -> None:
        """Make the next pane the active one."""
        if (view := self.view) is not None:
            view.turn()

    def action_worst(self) -> None:
        """Go to what is next worst."""
        if (view := self.view) is not None:
            view.next_worst()

    def action_sort(self) -> None:
        """Sort by another figure."""
        if (view := self.view) is not None:
            view.sort()

    def action_target(self) -> None:
        """Look at the next of several numbers to predict."""
        if isinstance(report := self.report, NumberErrors):
            self._target = (report.target + 1) % report.targets
            self.show_moment()

    def on_confusion_chosen(self, event: Confusion.Chosen) -> None:
        """Show the samples of a cell that was clicked."""
        self.action_open()

    def on_virtual_table_chosen(self, event: VirtualTable.Chosen) -> None:
        """Show the samples of a row that was clicked."""
        self.action_open()
