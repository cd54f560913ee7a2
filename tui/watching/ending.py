"""What last happened to a run, in one sentence."""

import math
import subprocess

from dlcore import figures
from dlcore.checkpoints import saved
from dlcore.events import CommandRefused
from dlcore.process.aftermath import RESUMABLE, aftermath
from tui.feed import RunFeed

Trainer = subprocess.Popen[bytes]
Said = tuple[str, str]
"""A sentence and its style."""

RESUMING: Said = ("resuming …", "$secondary")
"""Said until the trainer of a new attempt speaks."""


def happened(feed: RunFeed, answered: int, trainer: Trainer | None) -> Said | None:
    """Return how a run began or ended, its newest warning, or the answer to a command; None for no news.

    Answers count behind those `answered`. `trainer` is its process, where this app has started it.
    """
    history = feed.history
    if trainer is not None and not feed.live and (said := _beginning(feed, trainer)) is not None:
        return said
    if history.ended is not None or feed.state == "crashed":
        return ending(feed, trainer.poll() if trainer is not None else None)
    answer_seq = history.answers[-1].seq if history.answers.added else -1
    warning = history.warnings[-1] if history.warnings.added else None
    if warning is not None and warning.attempt == history.attempt and warning.seq > answer_seq:
        return f"{warning.message}.", "$text-warning"
    if history.answers.added > answered:
        answer = history.answers[-1]
        if isinstance(answer, CommandRefused):
            return f"refused: {answer.reason}", "$text-error"
        return f"{answer.text} at step {answer.step:,}", "$secondary"
    if history.compiled is not None and not history.compiled.used and not history.answers.added:
        return figures.compilation(False, history.compiled.reason), "$text-warning"
    return None


def _beginning(feed: RunFeed, trainer: Trainer) -> Said | None:
    """Return what is to be said of a trainer that has not yet spoken; None of one that has."""
    started = feed.history.started
    if started is not None and started.pid == trainer.pid:
        return None
    if trainer.poll() is None:
        return RESUMING
    return f"The trainer did not start; l shows its log: {figures.path(feed.run.log)}", "$text-error"


def is_over(feed: RunFeed, *, read_only: bool) -> str:
    """Return that a run takes no commands any more, and which keys lead on from there, in a sentence."""
    was = {"finished": "has finished", "stopped": "was stopped", "failed": "has failed"}
    ways = ["e exports it"]
    if feed.source is None and not read_only:
        goes_on = ["R resumes it"] if feed.state in RESUMABLE else []
        ways = [*goes_on, *(["b branches"] if saved(feed.run) else []), "n repeats it with more seeds"]
    return f"The run {was.get(feed.state, 'has ended')}; {', '.join(ways)}."


def ending(feed: RunFeed, status: int | None = None) -> Said:
    """Return how a run ended; `status` is its trainer's exit status, where that is known."""
    history = feed.history
    if said := aftermath(feed.run, history, feed.state, status, in_app=True):
        return said, "$text-error"
    ended = history.ended
    assert ended is not None
    metric = history.metric
    final = {split: figure for split, figure in history.final().items() if split != "train"}
    scores = [
        f"{figures.score(value, metric)} {split}"
        for split, figure in final.items()
        if (value := figure[metric]) is not None and math.isfinite(value)
    ]
    came_of_it = f": {figures.SCORES[metric]} {', '.join(scores)}" if scores else ""
    if final and not scores:  # a log may have no score
        losses = [f"{figures.loss(figure['loss'])} {split}" for split, figure in final.items()]
        came_of_it = f": loss {', '.join(losses)}"
    said = f" {ended.message}." if ended.message else ""  # of early stopping
    return f"{ended.reason}{came_of_it}.{said} e exports a summary.", "$text-success"
