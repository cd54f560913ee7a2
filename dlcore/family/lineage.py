"""Runs that come from another: where from, and of remedies what came of them.

The child says in its `run.json` whose remedy it is, and for which finding; nothing is written at the parent.
What came of it is read from both, whenever somebody asks.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dlcore import figures
from dlcore.changes import with_changes
from dlcore.config import RunConfig
from dlcore.diagnose.finding import Finding, Remedy
from dlcore.family.branch import config_at
from dlcore.family.origin import Group, Origin, group, origin
from dlcore.foreign import refuse
from dlcore.history import LIVE, Metric, State
from dlcore.rundir import RunDir, run_ids
from dlcore.runs import Fold, read_facts

_MOST_RUNS = 1000
"""So many runs are looked through for children, those made right after the parent."""
_STATES: Mapping[object, State] = {"finished": "finished", "stopped": "stopped", "failed": "failed"}


def remedy_of(run: RunDir, finding: Finding, remedy: Remedy) -> Origin:
    """Return the origin of a run that takes a remedy."""
    return Origin(run.id, 0, finding.code, remedy.name)


def remedied(run: RunDir, step: int, remedy: Remedy) -> RunConfig:
    """Return a run's configuration as it stands at a step, live edits included, with a remedy in it.

    Raises DltuiError where the configuration cannot be read or does not take the remedy, or where the run is
    none that we could train.
    """
    refuse(run, "be trained anew")
    return with_changes(config_at(run, step), remedy.set)


@dataclass(frozen=True, slots=True)
class Standing:
    """What a run has come to on the split that it is watched by."""

    state: State
    step: int
    split: str
    metric: Metric
    score: float | None
    loss: float | None

    @property
    def live(self) -> bool:
        """Whether a trainer is at work on it."""
        return self.state in LIVE

    def figure(self, *, split: bool) -> str:
        """Return its score, as in `91.23 %` or `R² 0.483`, and the split's name where that is wanted."""
        if self.score is None:
            return "no figure"
        sign = "" if self.metric == "accuracy" else f"{figures.SCORES[self.metric]} "
        return f"{sign}{figures.score(self.score, self.metric)}{f' {self.split}' if split else ''}"

    def table(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {
            "state": self.state,
            "step": self.step,
            "split": self.split,
            "loss": self.loss,
            self.metric: self.score,
        }


@dataclass(frozen=True, slots=True)
class Trial:
    """A remedy that was taken: by which run, and how both runs stand."""

    run: str
    """The id of the run that takes it."""
    origin: Origin
    parent: Standing | None
    """None where the parent is gone, or cannot be read."""
    child: Standing

    @property
    def is_decided(self) -> bool:
        """Whether it can be said what came of it: it has ended, or has come as far as its parent did."""
        if not self.child.live:
            return True
        if self.parent is None or self.parent.live or self.child.score is None:
            return False
        return self.child.step >= self.parent.step > 0

    def told(self, parent: str = "the parent", *, split: bool = True) -> str:
        """Return what came of it in a clause; `parent` is how the parent is called.

        `split` says whether the name of the split is in it.
        """
        said = self.outcome(parent, split=split)
        return f"{self.origin.remedy}: {said}" if self.is_decided else f"{self.origin.remedy} is {said}"

    def outcome(self, parent: str = "the parent", *, split: bool = True) -> str:
        """Return the same without the remedy's name."""
        child = self.child
        if not self.is_decided:
            figure = f": {child.figure(split=split)} at step {child.step:,}"
            return f"being tried{figure if child.score is not None else ''}"
        came_to = child.figure(split=split) + (" so far" if child.live else "")
        if child.state not in ("finished", *LIVE):
            came_to = f"{child.state} with {came_to}"
        if self.parent is None:
            return f"{came_to}; {parent} is gone"
        other = self.parent.split != child.split
        return f"{came_to} where {parent} had {self.parent.figure(split=other)}"

    def table(self) -> dict[str, Any]:
        """Return it as JSON has it, for the parent's list."""
        return {"run": self.run, "code": self.origin.code, "remedy": self.origin.remedy, **self.child.table()}


@dataclass(frozen=True, slots=True)
class Relations:
    """What a run has to do with others."""

    origin: Origin | None = None
    """Where the run itself comes from."""
    own: Trial | None = None
    """The remedy that the run itself takes."""
    taken: tuple[Trial, ...] = ()
    """The remedies that were taken of it, the latest first."""
    group: Group | None = None
    """The runs that it was made with, if it is a twin or a repeat."""


class Kin:
    """Reads what a run comes from and what came of it, again and again: each look only at what is new."""

    def __init__(self, root: Path, run: RunDir) -> None:
        """Parent and children are looked for among the runs below `root`."""
        self.run = run
        self._root = root
        self._listed: tuple[int, int] | None = None
        self._strangers: set[str] = set()
        self._children: dict[str, Origin] = {}
        self._folds: dict[str, Fold] = {}

    def look(self) -> Relations:
        """Return how all of them stand; reads files, so that an app asks away from its own thread."""
        facts, _ = read_facts(self.run)
        own, made_with = origin(facts), group(facts)
        self._list()
        if own is None and not self._children:
            return Relations(group=made_with)
        here = self._standing(self.run, facts)
        trial = None
        if own is not None and own.remedy and here is not None:
            trial = Trial(self.run.id, own, self._standing_of(own.run), here)
        taken = []
        for name in sorted(self._children, reverse=True):
            if (there := self._standing_of(name)) is not None:
                taken.append(Trial(name, self._children[name], here, there))
        return Relations(own, trial, tuple(taken), made_with)

    def _list(self) -> None:
        """Look for children among the runs that have come since."""
        try:
            folder = (self._root / "runs").stat()
        except OSError:
            return
        if (listed := (folder.st_mtime_ns, folder.st_nlink)) == self._listed:
            return
        self._listed = listed
        later = [name for name in run_ids(self._root) if name > self.run.id]
        for name in later[-_MOST_RUNS:]:
            if name in self._strangers or name in self._children:
                continue
            facts, _ = read_facts(self._at(name))
            found = origin(facts)
            if found is not None and found.run == self.run.id and found.remedy:
                self._children[name] = found
            elif facts:
                self._strangers.add(name)
            else:  # its run.json is about to come
                self._listed = None

    def _at(self, name: str) -> RunDir:
        return RunDir(self._root / "runs" / name)

    def _standing_of(self, name: str) -> Standing | None:
        run = self._at(name)
        facts, stamp = read_facts(run)
        return self._standing(run, facts) if stamp is not None else None

    def _standing(self, run: RunDir, facts: Mapping[str, Any]) -> Standing | None:
        """Return how a run stands: by its summary where it has ended, else by its events."""
        summary = facts.get("summary")
        state = _STATES.get(summary.get("state")) if isinstance(summary, dict) else None
        if isinstance(summary, dict) and state is not None:
            self._folds.pop(run.id, None)
            return standing(state, summary)
        fold = self._folds.get(run.id)
        if fold is None:
            fold = self._folds[run.id] = Fold(run, dict(facts))
        fold.read()
        summary = fold.summary(datetime.now(UTC))
        return standing(summary["state"], summary)


def standing(state: State, summary: Mapping[str, Any]) -> Standing:
    """Return how a run stands by its summary, which may be damaged."""
    split = "validation" if isinstance(summary.get("validation"), dict) else "test"
    found = summary.get(split)
    measured: dict[str, Any] = found if isinstance(found, dict) else {}
    metric: Metric = "r2" if "r2" in measured else "accuracy"
    steps = summary.get("steps")
    return Standing(
        state=state,
        step=steps if isinstance(steps, int) and not isinstance(steps, bool) else 0,
        split=split,
        metric=metric,
        score=_finite(measured.get(metric)),
        loss=_finite(measured.get("loss")),
    )


def _finite(value: object) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and math.isfinite(value) else None  # type: ignore[arg-type]
