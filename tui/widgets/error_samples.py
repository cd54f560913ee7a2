"""The samples behind a cell, one at a time: the picture or the row, and what the network says of it."""

from functools import partial

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from tui.error_report import Cell, Report, Sample
from tui.widgets.pictures.drawing import Drawing
from tui.widgets.pictures.images import Image, images_of, thumbnails
from tui.widgets.pictures.verdict import heading, row, verdict

PAGE = 6
"""Samples that are asked for at once."""


class ErrorSamples(Horizontal):
    """Goes through the samples of a cell, the worst first."""

    DEFAULT_CSS = """
    ErrorSamples { padding-top: 1; }
    ErrorSamples > .samples--subject { width: 1fr; }
    ErrorSamples > Vertical { width: 42; }
    ErrorSamples .samples--verdict { height: auto; }
    ErrorSamples .samples--others { margin-top: 1; }
    """

    def __init__(self, *, ascii_only: bool = False) -> None:
        super().__init__()
        self._ascii_only = ascii_only
        self._report: Report | None = None
        self._known: dict[int, Sample] = {}
        self.cell: Cell | None = None
        self.number = 0
        """Which of the samples is seen, from 0."""
        self.total = 0

    def compose(self) -> ComposeResult:
        """Return the subject at the left, the verdict at the right, and below it some other samples."""
        yield Drawing(ascii_only=self._ascii_only).add_class("samples--subject")
        with Vertical():
            yield Drawing(ascii_only=self._ascii_only).add_class("samples--verdict")
            yield Drawing(ascii_only=self._ascii_only).add_class("samples--others")

    @property
    def heading(self) -> str:
        """Which samples they are, and which of them is seen."""
        assert self._report is not None
        return heading(self._report, self.cell, self.number, self.total)

    @property
    def wanted(self) -> int | None:
        """The number of the first sample to ask for, where the one to be seen is not known yet."""
        return None if self.number in self._known else self.number // PAGE * PAGE

    def open(self, report: Report, cell: Cell | None, number: int, total: int) -> None:
        """Begin with other samples, `total` of them, as far as is known."""
        self._report, self.cell, self.number, self.total = report, cell, number, total
        self._known.clear()
        self.say("one moment …")

    def take(self, first: int, total: int, samples: list[Sample]) -> None:
        """Take samples in, those from number `first` on."""
        self.total = total
        self._known |= dict(enumerate(samples, first))
        self._draw()

    def move(self, by: int) -> None:
        """Go to the next sample, or to the one before."""
        number = max(0, min(self.number + by, self.total - 1))
        if number != self.number:
            self.number = number
            self._draw()

    def say(self, sentence: str) -> None:
        """Show a sentence where there is no sample to show."""
        self.query_one(".samples--subject", Drawing).say(sentence)
        for name in (".samples--verdict", ".samples--others"):
            self.query_one(name, Drawing).say("")

    def _draw(self) -> None:
        sample = self._known.get(self.number)
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
        first = self.number // PAGE * PAGE
        numbers = [one for one in range(first, first + PAGE) if one != self.number and one in self._known]
        found = [(one, self._known[one]) for one in numbers]
        return [_image(other, f"{one + 1:,}") for one, other in found if other.pixels is not None]


def _image(sample: Sample, label: str = "") -> Image:
    return images_of({"images": [{"label": label, "pixels": sample.pixels}]})[0]
