"""What the earlier attempts at a run leave to a new one: its number, what was told, and where to go on."""

from dataclasses import dataclass, field

from dlcore import events
from dlcore.checkpoints import is_whole, saved
from dlcore.curves.thinned import counts
from dlcore.edits import Edit, edit_of
from dlcore.errors import DltuiError
from dlcore.events import (
    AttemptEnded,
    CheckpointSaved,
    CommandApplied,
    CommandRefused,
    Event,
    Prepared,
    Stages,
)
from dlcore.family.origin import origin
from dlcore.files.atomic import read_json
from dlcore.files.journal import Tail
from dlcore.rundir import RunDir

_HEAVY = (b'"kind":"StepsEnded"', b'"kind":"GradientsMeasured"')
_KIND_WITHIN = 80
"""The kind of an event stands within so many bytes from the start of its line."""


@dataclass(frozen=True)
class Checkpointed:
    """A checkpoint to go on from."""

    step: int
    kept: int
    """So many events were said by then, the one that tells of it among them: later ones no longer count."""
    is_fresh: bool = False
    """Whether the optimizer begins without what the parent's remembered, as that of a branch may."""
    threads: int | None = None
    """Threads of the parent, with which a branch computes too."""


@dataclass
class Past:
    """What was said before, as far as a new attempt needs it."""

    attempt: int = 0
    seq: int = -1
    answered: set[str] = field(default_factory=set)
    """Ids of the commands that were carried out or refused."""
    checkpoints: list[CheckpointSaved] = field(default_factory=list)
    threads: int | None = None
    """Threads of the first attempt: a later one computes with as many, and so to the same bits."""
    stages: Stages = ()
    """How long the first attempt was to be; () where it has not said so."""
    finished: bool = False
    resumed: tuple[tuple[int, int], ...] = ()
    """Where each attempt behind the first went on from, as events say it."""
    _edits: dict[str, Edit] = field(default_factory=dict)

    @property
    def edits(self) -> list[Edit]:
        """Changes of hyperparameters in the order of their steps, those of all attempts: each made once."""
        return sorted(self._edits.values(), key=lambda edit: (edit.step, edit.seq))

    def take(self, event: Event) -> None:
        """Take in one event; of one that comes twice, or out of its order, only what it answers."""
        if isinstance(event, CommandApplied | CommandRefused):
            self.answered.add(event.id)
        if event.seq <= self.seq:
            return
        if event.attempt > self.attempt:
            self._begin_attempt(event)
        self.seq = event.seq
        match event:
            case Prepared() if self.threads is None:
                self.threads, self.stages = event.threads, event.stages
            case CheckpointSaved():
                self.checkpoints.append(event)
            case CommandApplied():
                if (edit := edit_of(event)) is not None:
                    self._edits[edit.id] = edit
            case CommandRefused():
                self._edits.pop(
                    event.id, None
                )  # made by an attempt before, and refused when its turn came again
            case AttemptEnded():
                self.finished = event.reason == "finished"
            case _:
                pass

    def _begin_attempt(self, event: Event) -> None:
        """Forget the checkpoints that an attempt took back when it went on from an earlier one."""
        if (start := event.resumed_since(self.attempt)) is not None:
            self.checkpoints = [one for one in self.checkpoints if counts(one, *start)]
        self.attempt, self.resumed = event.attempt, event.resumed
        self.finished = False


def read(run: RunDir) -> Past:
    """Return the past of a run, by one reading of its events."""
    past = Past()
    heavy = None
    for line in Tail(run.events).read():
        if any(kind in line[:_KIND_WITHIN] for kind in _HEAVY):
            heavy = line  # its figures are nothing to us, its number is
        elif (event := events.decode(line)) is not None:
            past.take(event)
    if heavy is not None and (event := events.decode(heavy)) is not None:
        past.take(event)
    return past


def start_of(run: RunDir, past: Past) -> Checkpointed | None:
    """Return what to go on from: the newest checkpoint that is whole; None to start from nothing.

    A branch that has saved none of its own goes on from that of its parent.
    """
    there = saved(run)
    for event in reversed(past.checkpoints):
        if event.step in there and is_whole(there[event.step]):
            return Checkpointed(event.step, event.seq + 1)
    parent = origin(read_json(run.facts))
    if parent is None or parent.remedy or parent.step < 0:  # a remedy has a parent, but trains from nothing
        return None
    if not is_whole(run.checkpoints / f"{parent.step}.pt"):
        raise DltuiError(
            f"The checkpoint at step {parent.step} that this run is to go on from is damaged or gone",
            "Branch from another step of the parent.",
        )
    return Checkpointed(parent.step, 0, parent.is_fresh, parent.threads or None)
