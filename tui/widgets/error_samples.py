"""The samples behind a cell, one at a time: the picture or the row, and what the network says of it."""

from dataclasses import dataclass
from functools import partial

from textual import work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message

from tui.asking.error_questions import Question
from tui.asking.error_report import Cell, Report, Sample, read_samples
from tui.asking.inspector import Inspector
from tui.widgets.pictures.drawing import Drawing
from tui.widgets.pictures.images import Image, images_of, thumbnails
from tui.widgets.pictures.verdict import heading, row, verdict

PAGE = 6
"""Samples that are asked for at once."""


class ErrorSamples(Horizontal):
    """Goes through the samples of a cell, the worst first; asks for those that are to be seen."""

    DEFAULT_CSS = """
    ErrorSamples { padding-top: 1; }
    ErrorSamples > .samples--subject { width: 1fr; }
    ErrorSamples > Vertical { width: 42; }
    ErrorSamples .samples--verdict { height: auto; }
    ErrorSamples .samples--others { margin-top: 1; }
    """

    @dataclass
    class Turned(Message):
        """Another sample is seen."""

        heading: str

    def __init__(self, inspector: Inspector, *, ascii_only: bool = False) -> None:
        super().__init__()
        self._inspector = inspector
        self._ascii_only = ascii_only
        self._asked: Question | None = None
        self._report: Report | None = None
        self._cell: Cell | None = None
        self._known: dict[int, Sample] = {}
        self._number = 0
        self._total = 0

    def compose(self) -> ComposeResult:
        """Return the subject at the left, the verdict at the right, and below it some other samples."""
        yield Drawing(ascii_only=self._ascii_only).add_class("samples--subject")
        with Vertical():
            yield Drawing(ascii_only=self._ascii_only).add_class("samples--verdict")
            yield Drawing(ascii_only=self._ascii_only).add_class("samples--others")

    @property
    def is_known(self) -> bool:
        """Whether the sample that is to be seen is there."""
        return self._number in self._known

    def open(self, asked: Question, report: Report, cell: Cell | None, number: int) -> None:
        """Show the samples of a cell, or of a regression, beginning with one of them."""
        self._asked, self._report, self._cell, self._number = asked, report, cell, number
        self._total = report.behind(cell)
        self._known.clear()
        self.say("one moment …")
        self._turn()

    def close(self) -> None:
        """Ask for nothing any more."""
        self.workers.cancel_group(self, "samples")

    def move(self, by: int) -> None:
        """Go to the next sample, or to the one before."""
        number = max(0, min(self._number + by, self._total - 1))
        if number != self._number:
            self._number = number
            self._draw()
            self._turn()

    def _turn(self) -> None:
        assert self._report is not None
        self.post_message(self.Turned(heading(self._report, self._cell, self._number, self._total)))
        if not self.is_known:
            self._fetch()

    @work(exclusive=True, group="samples")
    async def _fetch(self) -> None:
        """Ask until the sample that is to be seen is there."""
        while (asked := self._asked) is not None and not self.is_known:
            first = self._number // PAGE * PAGE
            place = {"run": asked.run, "step": asked.step, "target": asked.target, "cell": self._cell}
            answer = await self._inspector.ask("error_samples", **place, first=first, count=PAGE)
            if not self.is_mounted:
                return
            if "error" in answer or not answer["samples"]:
                self.say(str(answer.get("error", "They are no longer there.")))
                return
            self.take(first, read_samples(answer))

    def take(self, first: int, samples: list[Sample]) -> None:
        """Take samples in, those from number `first` on."""
        self._known |= dict(enumerate(samples, first))
        self._draw()

    def say(self, sentence: str) -> None:
        """Show a sentence where there is no sample to show."""
        self.query_one(".samples--subject", Drawing).say(sentence)
        for name in (".samples--verdict", ".samples--others"):
            self.query_one(name, Drawing).say("")

    def _draw(self) -> None:
        sample = self._known.get(self._number)
        if sample is None or self._report is None:
            return
        subject = self.query_one(".samples--subject", Drawing)
        if sample.pixels is not None:
            subject.show(partial(thumbnails, (_image(sample),)))
        else:
            subject.show(partial(row, sample))
        self.query_one(".samples--verdict", Drawing).show(partial(verdict, sample, self._report))
        if others := self._others():
            self.query_one(".samples--others", Drawing).show(partial(thumbnails, others))

    def _others(self) -> list[Image]:
        """Return the pictures of the samples that come with the one that is seen, by their numbers."""
        first = self._number // PAGE * PAGE
        numbers = [one for one in range(first, first + PAGE) if one != self._number and one in self._known]
        found = [(one, self._known[one]) for one in numbers]
        return [_image(other, f"{one + 1:,}") for one, other in found if other.pixels is not None]


def _image(sample: Sample, label: str = "") -> Image:
    return images_of({"images": [{"label": label, "pixels": sample.pixels}]})[0]
