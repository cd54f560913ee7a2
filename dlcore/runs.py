"""One row a run, for lists: an ended run's comes from its `run.json` alone, another's from its events.

Every file may be damaged or foreign: what has the wrong type counts as absent, the configuration steps in,
and what cannot be read at all still has a row that says so.
"""

import json
import math
import os
import stat
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic_core import from_json

from dlcore import events, figures
from dlcore.config import RunConfig
from dlcore.errors import DltuiError
from dlcore.events import Event
from dlcore.family.origin import Group, Origin, group, origin
from dlcore.files.journal import Tail
from dlcore.files.lock import lock_holder
from dlcore.flat_config import NO_SETTINGS, Setting, Settings, flat_config, read_settings, settings
from dlcore.history import LIVE, Metric, RunHistory, State
from dlcore.labels import NO_LABEL, Label, read_label
from dlcore.oneline import print_value
from dlcore.reading import read_file
from dlcore.run_figures import NO_FIGURES, Figures, finite, is_count, measured
from dlcore.rundir import RunDir, stamped
from dlcore.summary import created, summarize

_ENDED: dict[str, State] = {"finished": "finished", "stopped": "stopped", "failed": "failed"}
_MOST_BYTES = 1 << 18
"""A `run.json` larger than this is not ours."""
_MOST_LETTERS = 200
"""So much of a name is kept; a row shows less."""
_HEAVY = (b'"kind":"StepsEnded"', b'"kind":"GradientsMeasured"', b'"kind":"ActivationsMeasured"')
"""Events of which a row needs no more than the step: nearly all lines of a long run."""
_KIND_WITHIN = 80
"""The kind stands within so many bytes of a line's start."""

Stamp = tuple[int, int, int]
"""Time of the last change in nanoseconds, size and inode: a file with the same stamp holds the same."""


@dataclass(frozen=True, slots=True)
class RunRow:
    """What a list says of a run."""

    run: RunDir
    state: State
    own_name: str
    """As its configuration calls it."""
    network: str
    split: str
    """The split that `score` is the best of: validation or test."""
    metric: Metric
    """What `score` is: an accuracy or R²."""
    score: float | None
    epochs: int
    steps: int
    made: datetime | None
    """When it was made, where that is known."""
    origin: Origin | None = None
    """Where it comes from, if it comes from another run."""
    group: Group | None = None
    """The runs that it was made with, if it was made as a twin or a repeat."""
    settings: Settings = NO_SETTINGS
    """Its configuration at birth."""
    figures: Figures = NO_FIGURES
    label: Label = NO_LABEL

    @property
    def name(self) -> str:
        """What it is called: as somebody has renamed it, else as its configuration says."""
        return self.label.name or self.own_name

    @property
    def live(self) -> bool:
        """Whether a trainer is at work on it."""
        return self.state in LIVE

    @property
    def figure(self) -> str:
        """The best score alone, as in `92.36 %` or `R² 0.483`."""
        if self.score is None:
            return "–"
        sign = "" if self.metric == "accuracy" else f"{figures.SCORES[self.metric]} "
        return f"{sign}{figures.score(self.score, self.metric)}"

    @property
    def best(self) -> str:
        """The best score in words, as in `92.36 % validation` or `R² 0.483 test`."""
        return f"{self.figure} {self.split}" if self.score is not None else self.figure

    def age(self, now: datetime) -> str:
        """Return how long ago it was made, as in `3 min`."""
        return age((now - self.made).total_seconds()) if self.made is not None else "–"


def facts_for_lists(config: RunConfig) -> dict[str, str | dict[str, Setting]]:
    """Return what `run.json` gets at birth, so that a list need not read the configuration."""
    return {"name": config.name, "network": _network(config), "config": flat_config(config)}


def run_row(run: RunDir, now: datetime) -> RunRow:
    """Return the row of a run; one that cannot be read has a row that says so."""
    facts, _ = read_facts(run)
    row = ended_row(run, facts)
    if row is None:
        fold = Fold(run, facts)
        fold.read()
        row = fold.row(now)
    return labelled(row, read_label(run) if stamp(run.label) is not None else NO_LABEL)


def name_of(run: RunDir) -> str:
    """Return what a run is called: as somebody has renamed it, else as it was made, else by its id."""
    return read_label(run).name or _words(run, read_facts(run)[0])[0]


def labelled(row: RunRow, label: Label) -> RunRow:
    """Return a row with what people say of the run."""
    return row if row.label == label else replace(row, label=label)


def read_facts(run: RunDir) -> tuple[dict[str, Any], Stamp | None]:
    """Return what `run.json` holds, with its stamp; an absent, foreign or damaged one counts as empty."""
    return read_facts_at(str(run.facts))


def read_facts_at(path: str) -> tuple[dict[str, Any], Stamp | None]:
    """Return what a `run.json` holds, as `read_facts`: a list of thousands makes no `Path` of each."""
    try:
        # O_NONBLOCK: a pipe of that name would have us wait for whoever writes into it.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError):
        return {}, None
    try:
        status = os.fstat(descriptor)
        whole = stat.S_ISREG(status.st_mode) and status.st_size <= _MOST_BYTES
        # Room for more than it holds is not made: that would take longer than reading it.
        value = _decoded(os.read(descriptor, status.st_size + 1)) if whole else None
    except (OSError, ValueError, RecursionError):
        value = None
    finally:
        os.close(descriptor)
    return value if isinstance(value, dict) else {}, _stamp(status)


def _decoded(content: bytes) -> Any:
    """Return what JSON holds; texts that runs share are one text in memory. Raises ValueError."""
    try:
        return from_json(content)
    except ValueError:
        return json.loads(content)  # which also knows halves of a surrogate pair, as in names of files


def stamp(path: Path | str) -> Stamp | None:
    """Return the stamp of a regular file; None where there is none."""
    try:
        return _stamp(os.stat(path))
    except (OSError, ValueError):
        return None


def _stamp(status: os.stat_result) -> Stamp | None:
    return (status.st_mtime_ns, status.st_size, status.st_ino) if stat.S_ISREG(status.st_mode) else None


def ended_row(run: RunDir, facts: dict[str, Any]) -> RunRow | None:
    """Return the row of an ended run; None where its `run.json` holds no whole summary."""
    summary = facts.get("summary")
    if not isinstance(summary, dict):
        return None
    ended = summary.get("state")
    epochs, steps = summary.get("epochs", 0), summary.get("steps", 0)
    if not (isinstance(ended, str) and ended in _ENDED and is_count(epochs) and is_count(steps)):
        return None
    name, network, config = _words(run, facts)
    split, metric, score = _best(summary.get("best"))
    return RunRow(
        run=run,
        state=_ENDED[ended],
        own_name=name,
        network=network,
        split=split,
        metric=metric,
        score=score,
        epochs=epochs,
        steps=steps,
        made=_made(run, facts),
        origin=origin(facts),
        group=group(facts),
        settings=config,
        figures=measured(summary, facts.get("parameters")),
    )


class Fold:
    """A run without a stored summary, read piece by piece: all of its events but the figures of each step."""

    def __init__(self, run: RunDir, facts: dict[str, Any]) -> None:
        self.run = run
        self._tail = Tail(run.events)
        self._history = RunHistory()
        self._step = 0
        self.learn(facts)

    def learn(self, facts: dict[str, Any]) -> None:
        """Take in what `run.json` holds by now; what has been read of the events stays."""
        self._name, self._network, self._settings = _words(self.run, facts)
        self._made = _made(self.run, facts)
        self._origin, self._group = origin(facts), group(facts)

    def read(self, seconds: float = math.inf) -> bool:
        """Take in what is new, for about so long at most; return whether that was all there is."""
        until = time.monotonic() + seconds
        if stamp(self.run.events) is None:
            return True
        heavy = b""
        whole = True
        try:
            for line in self._tail.read():
                start = line[:_KIND_WITHIN]
                if any(kind in start for kind in _HEAVY):
                    heavy = line
                else:
                    heavy = b""
                    self._take(events.decode(line))
                if time.monotonic() > until:
                    whole = False
                    break
        except OSError as error:
            self._network = f"events.jsonl cannot be read: {error.strerror}"
        if heavy and (event := events.decode(heavy)) is not None and event.seq > self._history.seq:
            self._step = event.step
        return whole

    def _take(self, event: Event | None) -> None:
        if event is not None and self._history.apply(event):
            self._step = event.step

    def summary(self, now: datetime) -> dict[str, Any]:
        """Return the summary as far as it has been read, asking the run's lock.

        What only the figures of each step tell is not in it.
        """
        held = stamp(self.run.lock) is not None and lock_holder(self.run) is not None
        age = (now - self._made).total_seconds() if self._made is not None else math.inf
        summary = summarize(self.run, self._history, self._history.state(held, age))
        if self._step:  # those of the untrained network no longer count
            for split in ("validation", "test"):
                found = self._history.latest(split)
                if found is not None and not found.step:
                    del summary[split]
        return summary | {"steps": self._step}

    def row(self, now: datetime) -> RunRow:
        """Return the row as far as it has been read."""
        summary = self.summary(now)
        split, metric, score = _best(summary["best"])
        prepared = self._history.prepared
        return RunRow(
            run=self.run,
            state=summary["state"],
            own_name=self._name,
            network=self._network,
            split=split,
            metric=metric,
            score=score,
            epochs=summary["epochs"],
            steps=summary["steps"],
            made=self._made,
            origin=self._origin,
            group=self._group,
            settings=self._settings,
            figures=measured(summary, prepared.parameters if prepared is not None else None),
        )


def _best(best: object) -> tuple[str, Metric, float | None]:
    """Return split, metric and score of the best evaluation that a summary names, if it names one."""
    if not isinstance(best, dict):
        return "", "accuracy", None
    metric: Metric = "r2" if "r2" in best else "accuracy"
    score, split = finite(best.get(metric)), best.get("split")
    if score is None:
        return "", metric, None
    return split[:_MOST_LETTERS] if isinstance(split, str) else "", metric, score


def _words(run: RunDir, facts: dict[str, Any]) -> tuple[str, str, Settings]:
    """Return name, network and settings: from the facts, else from the configuration."""
    name, network, config = facts.get("name"), facts.get("network"), settings(facts.get("config"))
    if not (isinstance(name, str) and name and isinstance(network, str) and network):
        try:
            if stamp(run.config) is None:
                raise DltuiError(f"{run.config} is no file", "Give the path of a TOML file.")
            written = read_file(run.config)
        except DltuiError:
            name = name if isinstance(name, str) and name else run.id
            network = "config.toml cannot be read"
        else:
            name, network = written.name, _network(written)
            config = settings(flat_config(written))
    elif config is NO_SETTINGS:
        config = read_settings(run)
    return name[:_MOST_LETTERS], network[:_MOST_LETTERS], config


def _network(config: RunConfig) -> str:
    """Return the network in a few words, as in `mlp 128,64 relu · adam`."""
    parts = [config.model.word()]
    for field in ("filters", "hidden", "activation"):
        value = getattr(config.model, field, ())
        if value:
            parts.append(print_value(value).rstrip(","))
    return f"{' '.join(parts)} · {config.optimizer.word()}"


def _made(run: RunDir, facts: dict[str, Any]) -> datetime | None:
    """Return when a run was made: as its facts say, else its folder's name."""
    if (made := created(facts)) is not None:
        return made.astimezone(UTC) if datetime.min.year < made.year < datetime.max.year else None
    return stamped(run.id)


def age(seconds: float) -> str:
    """Return a time that has passed in one word, as in `3 min`; `now` for less than a minute."""
    for unit, length in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{seconds / length:.0f} {unit}"
    return "now"
