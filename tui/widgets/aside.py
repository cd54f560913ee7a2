"""Beside the form: the picture that goes with the focused row."""

import asyncio
from functools import partial
from typing import Any

from textual import work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from dlcore import rundir
from dlcore.choices.activations import Activation
from dlcore.choices.dataset import Facts
from dlcore.config import RunConfig, to_table
from tui.asking.examination import facts_of, facts_words
from tui.asking.inspector import Inspector
from tui.widgets.network import Network
from tui.widgets.pictures.comparison import comparison, endings
from tui.widgets.pictures.course import course
from tui.widgets.pictures.drawing import Drawing
from tui.widgets.pictures.fitting import flowing
from tui.widgets.pictures.function import band, function_chart
from tui.widgets.pictures.histogram import histograms, spreads_of
from tui.widgets.pictures.images import images_of, thumbnails
from tui.widgets.pictures.scatter import points_of, scatter
from tui.widgets.plot import Plot
from tui.widgets.subjects import QUESTIONS, TITLES, Subject, subject_of

Wanted = tuple[Subject, RunConfig, Facts | None]

_PAUSE = 0.15
"""Seconds that a row keeps the focus before the inspector is asked: quick arrow keys ask nothing."""
_NOT_HERE = "not here yet: downloaded when the run starts"
_STAND_IN = "(normal noise stands for the data)"


class Aside(Vertical):
    """Shows data, network, functions or the course of the run; asks only for what is in sight."""

    SCOPED_CSS = False  # it asks how high the screen is
    DEFAULT_CSS = """
    Aside { height: 1fr; }
    Aside > .aside--line { height: auto; max-height: 3; }
    .-tall Aside > .aside--line { margin-bottom: 1; }
    Aside > Plot { margin: 0 1; }
    Aside > .aside--band { height: auto; max-height: 3; }
    """

    def __init__(self, inspector: Inspector, *, ascii_only: bool = False) -> None:
        super().__init__()
        self._inspector = inspector
        self._ascii_only = ascii_only
        self._config: RunConfig | None = None
        self._facts: Facts | None = None
        self._answers: dict[Subject, tuple[RunConfig, dict[str, Any]]] = {}
        self._drawn: Wanted | None = None
        self.subject: Subject = "data"
        """What it shows."""

    def compose(self) -> ComposeResult:
        """Return one widget for each sort of picture; one of them is seen at a time."""
        yield Static(classes="title")
        yield Drawing().add_class("aside--line")
        yield Network()
        yield Drawing(ascii_only=self._ascii_only).add_class("aside--picture")
        yield Plot(ascii_only=self._ascii_only)
        yield Drawing(ascii_only=self._ascii_only).add_class("aside--band")

    def tell(self, config: RunConfig, facts: Facts | None) -> None:
        """Draw for another configuration; `facts` are those of its data, as far as they are known."""
        self._config, self._facts = config, facts
        self._update()

    def wait(self, note: str) -> None:
        """Say what is missing before there is anything to draw."""
        self._config = self._facts = self._drawn = None
        self.workers.cancel_group(self, "picture")
        self._say([])
        for pane in (self.query_one(Network), self._picture):
            pane.say(note)
        self._show_only(Network if self.subject == "network" else Drawing)

    def turn(self, key: str) -> None:
        """Draw what goes with the row of this dotted key."""
        self.subject = subject_of(key)
        self._update()

    # -- what is drawn ------------------------------------------------------------------------------

    def _update(self) -> None:
        config, facts = self._config, self._facts
        if config is None or self._drawn == (wanted := (self.subject, config, facts)):
            return
        is_new = self._drawn is None or self._drawn[0] != self.subject
        self._drawn = wanted
        self.workers.cancel_group(self, "picture")
        if is_new:
            self._unfold()
        self._say(facts_words(facts) if self.subject == "data" and facts is not None else [])
        match self.subject:
            case "function":
                self._draw_function(config, is_new)
            case "course":
                chart, note = course(config, facts)
                self._show_only(Drawing if chart is None else Plot)
                if chart is None:
                    self._picture.say(note)
                else:
                    self._say(note.split(" "), " ")
                    self.query_one(Plot).show(chart)
            case "loss":
                self._picture.show(partial(comparison, config, facts))
            case _:
                self._inquire(is_new)

    def _unfold(self) -> None:
        """Show the widget of a new subject."""
        self.query_one(".title", Static).update(Content(TITLES[self.subject]).stylize("bold"))
        sorts: dict[Subject, type[Widget]] = {"network": Network, "function": Plot, "course": Plot}
        self._show_only(sorts.get(self.subject, Drawing))

    def _show_only(self, sort: type[Widget]) -> None:
        for widget in (self.query_one(Network), self._picture, self.query_one(Plot)):
            widget.display = isinstance(widget, sort)
        self.query_one(".aside--band").display = False

    @property
    def _picture(self) -> Drawing:
        return self.query_one(".aside--picture", Drawing)

    def _say(self, parts: list[str], between: str = " · ") -> None:
        """Write a line or two above the picture, broken only between the parts."""
        line = self.query_one(".aside--line", Drawing)
        line.display = any(parts)
        line.show(lambda canvas: flowing(parts, canvas.width, between))

    def _draw_function(self, config: RunConfig, is_new: bool) -> None:
        chosen: Activation | tuple[Activation, ...] = getattr(config.model, "activation", ())
        self.query_one(Plot).show(function_chart(chosen if isinstance(chosen, tuple) else (chosen,)))
        if is_new:
            self._mark_values()

    @work(exclusive=True, group="values")
    async def _mark_values(self) -> None:
        """Mark where the values of the latest run fell, when there is one that has measured them."""
        from tui.watching.latest import (
            latest_measured,  # all that a run can say, for what is rarely looked at
        )

        measured = await asyncio.to_thread(latest_measured, rundir.home())
        if measured is not None and self.subject == "function":
            marks = self.query_one(".aside--band", Drawing)
            marks.show(partial(band, measured))
            marks.display = True

    # -- what must be asked -------------------------------------------------------------------------

    def _inquire(self, is_new: bool) -> None:
        """Show the answer that is there, or ask for it."""
        assert self._config is not None
        before = self._answers.get(self.subject)
        if before is not None and before[0] == self._config:
            self._show(before[1])
            return
        if is_new:
            note = "one moment …" if self._answers else "waking the inspector …"
            for pane in (self.query_one(Network), self._picture):
                pane.say(note)
        assert self._drawn is not None
        self._ask(self._drawn)

    @work(exclusive=True, group="picture")
    async def _ask(self, wanted: Wanted) -> None:
        subject, config, _ = wanted
        await asyncio.sleep(_PAUSE)
        answer = await self._inspector.ask(QUESTIONS[subject], config=to_table(config))
        if self._drawn is not wanted:  # the focus is elsewhere by now, or the form says something else
            return
        if not self.children:  # the app is leaving, and has taken the panes away already
            return
        if _lasts(config, answer):
            self._answers[subject] = config, answer
        self._show(answer)

    def _show(self, answer: dict[str, Any]) -> None:
        assert self._config is not None
        drawing = self._picture
        if self.subject == "network":
            self.query_one(Network).show(answer, endings(self._config, self._facts))
        elif "error" in answer:
            drawing.say(str(answer["error"]))
        elif self.subject == "spread":
            note = "" if answer["real"] else _STAND_IN
            drawing.show(partial(histograms, spreads_of(answer), note=note))
        else:
            self._show_data(answer)

    def _show_data(self, answer: dict[str, Any]) -> None:
        drawing, picture = self._picture, answer["picture"]
        self._say(facts_words(facts_of(answer)))
        if picture is None:
            drawing.say(_NOT_HERE)
        elif picture["sort"] == "images":
            drawing.show(partial(thumbnails, images_of(picture)))
        else:
            facts = facts_of(answer)
            names = [facts.name(label) for label in range(facts.classes)]
            drawing.show(partial(scatter, points_of(picture, names)))


def _lasts(config: RunConfig, answer: dict[str, Any]) -> bool:
    """Whether an answer will still hold: not a failure, nor anything that depends on changing files."""
    return "error" not in answer and config.data.facts is not None and answer.get("picture", ...) is not None
