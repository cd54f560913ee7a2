"""What the panes share that show the network as it stood at a checkpoint."""

import asyncio
from abc import abstractmethod
from bisect import bisect_right
from typing import Any, ClassVar

from textual import work
from textual.app import ComposeResult
from textual.content import Content
from textual.events import Resize

from dlcore.checkpoints import saved
from dlcore.clean import clean
from dlcore.foreign import foreign_of
from tui.asking.inspector import Inspector
from tui.widgets.panes.pane import Moment, Pane
from tui.widgets.pictures.drawing import Canvas
from tui.widgets.pictures.picture import Picture

_PAUSE = 0.1
"""Seconds that a step stays under the cursor before the inspector is asked: quick keys ask nothing."""


class CheckpointPane(Pane):
    """A picture of the network at the newest checkpoint up to the cursor.

    The inspector is asked only when that is another one, or something else in the pane is chosen. Until it
    has answered, the picture before stays, which names its own step.
    """

    QUESTION: ClassVar[str]
    """What the inspector is asked for."""

    def __init__(self, inspector: Inspector, *, ascii_only: bool = False) -> None:
        super().__init__(inspector, ascii_only=ascii_only)
        self._moment: Moment | None = None
        self._listed: tuple[str, int] = ("", -1)
        self._steps: list[int] = []
        self._asked: dict[str, Any] | None = None
        self.answer: dict[str, Any] | None = None
        """What is drawn."""

    @property
    @abstractmethod
    def fields(self) -> dict[str, Any]:
        """What the question says beside run and step."""

    @abstractmethod
    def show(self, answer: dict[str, Any]) -> None:
        """Draw an answer."""

    def start_anew(self) -> None:
        """Choose what is chosen at first: it is another run."""

    def compose(self) -> ComposeResult:
        """Return one picture."""
        yield Picture(ascii_only=self.ascii_only)

    @property
    def picture(self) -> Picture:
        """The main picture."""
        return self.query(Picture).first()

    def look(self, moment: Moment) -> None:
        """Show the network at a moment."""
        if self._moment is None or moment.run != self._moment.run:
            self.answer = self._asked = None
            self.start_anew()
        self._moment = moment
        self._inquire()

    def say(self, sentence: str) -> None:
        """Show a sentence and no picture."""
        self.answer = None
        self.picture.say(sentence)

    def on_resize(self, event: Resize) -> None:
        """Ask for a picture of the new size, where it is made for one."""
        self.call_after_refresh(self._inquire)

    def _inquire(self) -> None:
        moment = self._moment
        if moment is None or not self.size:  # not laid out yet: its first size comes as an event
            return
        step = self._nearest(moment)
        if step is None:
            self._asked = None
            self.workers.cancel_group(self, "picture")
            source = foreign_of(moment.run)
            missing = f"There is no checkpoint up to step {moment.step:,} yet."
            self.say(source.without_weights() if source is not None else missing)
            return
        wanted = {"run": str(moment.run.path), "step": step, **self.fields}
        if wanted != self._asked:
            self._asked = wanted
            if self.answer is None:
                self.say("one moment …")
            self._ask(wanted)

    def _nearest(self, moment: Moment) -> int | None:
        """Return the step of the newest checkpoint up to the moment's; the folder is read after each save."""
        told = str(moment.run.path), moment.history.checkpoints.added
        if told != self._listed:
            self._listed, self._steps = told, list(saved(moment.run))
        index = bisect_right(self._steps, moment.step)
        return self._steps[index - 1] if index else None

    @work(exclusive=True, group="picture")
    async def _ask(self, wanted: dict[str, Any]) -> None:
        await asyncio.sleep(_PAUSE)
        answer = await self.inspector.ask(self.QUESTION, **wanted)
        while answer.get("complete") is False and self._asked == wanted and self.children:
            if self.answer is None:
                self.picture.say(f"measuring … {100 * float(answer['done']):.0f} %")
            answer = await self.inspector.ask(self.QUESTION, **wanted)
        if self._asked != wanted or not self.children:  # something else by now, or the app is leaving
            return
        if "error" in answer:
            self.say(str(answer["error"]))
        else:
            self.answer = answer
            self.show(answer)


def head(title: str, step: int, parts: list[str], canvas: Canvas) -> Content:
    """Return the first line of a picture: what it shows, at which step, and more where there is room."""
    line = Content.assemble((clean(title), "bold"), (f"  checkpoint of step {step:,}", "$secondary"))
    for part in parts:
        longer = Content.assemble(line, (f" · {clean(part)}", "$secondary"))
        if longer.cell_length > canvas.width:
            break
        line = longer
    return line.truncate(canvas.width, ellipsis=True)


def flowed(parts: list[Content], width: int, between: str = "   ") -> Content:
    """Return the parts in one line, as many as there is room for."""
    line = Content("")
    for part in parts:
        longer = part if not line.plain else Content.assemble(line, between, part)
        if longer.cell_length > width:
            break
        line = longer
    return line


def picked(index: int, by: int, count: int) -> int:
    """Return the number of what is chosen after a move, within its bounds."""
    return max(0, min(index + by, max(count, 1) - 1))
