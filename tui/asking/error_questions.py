"""What is asked about errors, and when: of which checkpoint, how often, and what is known already."""

import time
from dataclasses import dataclass

from dlcore.checkpoints import saved
from dlcore.foreign import foreign_of
from tui.asking.error_report import Report
from tui.feed import RunFeed

EVERY_SECONDS = 4.0
"""A newer checkpoint of a run that goes on is asked for no more often; a moved cursor asks at once."""
_KEPT = 16
"""Answers that are kept, for a cursor that goes back and forth."""
_NO_RUN = "No run is open. Start one in Setup (1), or open one in Runs (5)."


@dataclass(frozen=True)
class Question:
    """Which errors are wanted: of a run's folder, at a checkpoint, of one of the numbers to predict."""

    run: str
    step: int
    target: int


def question(feed: RunFeed | None, past: int | None, target: int) -> Question | str:
    """Return the question for a run's newest checkpoint, up to the step `past` if there is one.

    Where there is nothing to ask about, that is said in a sentence.
    """
    if feed is None:
        return _NO_RUN
    if feed.config is None:
        return feed.problem
    there = list(saved(feed.run))
    steps = [step for step in there if past is None or step <= past]
    if steps:
        return Question(str(feed.run.path), steps[-1], target)
    if there:
        return f"No checkpoint up to step {past:,}: go on in time (. and >), or to the end (end)."
    if (source := foreign_of(feed.run)) is not None:
        return source.without_weights()
    if not feed.live:
        return "This run has no checkpoint: there are no weights whose errors could be counted."
    every = feed.config.training.checkpoint_seconds
    return f"No checkpoint yet: errors are those of saved weights, and these are saved every {every:g} s."


class Asked:
    """What was asked last, what is being asked, and the reports that have come."""

    def __init__(self) -> None:
        self.last: Question | None = None
        """What was asked last."""
        self.is_waiting = False
        """Whether its answer is still to come, or to be completed."""
        self._at = float("-inf")
        self._reports: dict[Question, Report] = {}
        """The newest at the end."""

    def is_about(self, run: str) -> bool:
        """Whether a run is the one that was asked about last."""
        return self.last is not None and self.last.run == run

    def is_due(self, wanted: Question, *, at_once: bool) -> bool:
        """Whether to ask now: not what is being asked, and not about the same run that was asked just now.

        `at_once` asks about the same run all the same.
        """
        if self.is_waiting and self.last == wanted:
            return False
        if at_once or not self.is_about(wanted.run):
            return True
        return not self.is_waiting and time.monotonic() >= self._at + EVERY_SECONDS

    def begin(self, wanted: Question) -> None:
        """Take note that it is asked."""
        self.last, self.is_waiting, self._at = wanted, True, time.monotonic()

    def known(self, wanted: Question) -> Report | None:
        """Return the answer that has come, be it complete or not."""
        return self._reports.get(wanted)

    def keep(self, wanted: Question, report: Report) -> None:
        """Keep an answer, and forget the oldest of too many."""
        self._reports.pop(wanted, None)
        self._reports[wanted] = report
        while len(self._reports) > _KEPT:
            del self._reports[next(iter(self._reports))]
