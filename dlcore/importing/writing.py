"""A log of another program, said again in events of ours: a run that everybody here can look at.

A program counts its steps from 0 or from 1, and ours are counted from 1; figures that it says only now and
then leave gaps between them. Nobody trains such a run: its lock is held while it is written, and never again.
"""

import math
import os
import socket
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from dlcore import commands
from dlcore.config import RunConfig, to_toml
from dlcore.errors import RunError
from dlcore.events import (
    AttemptEnded,
    AttemptStarted,
    CommandRefused,
    EpochEnded,
    Evaluated,
    Event,
    Prepared,
    StepsEnded,
    Unknown,
    Warned,
    encode,
)
from dlcore.files.journal import Appender, Tail
from dlcore.files.lock import Lock
from dlcore.foreign import IMPORTED_LOG
from dlcore.importing.between import epoch_at, epoch_ends, in_shares, mean_over, metric_of, shift_of
from dlcore.importing.log import Column, Log
from dlcore.importing.mapping import Choice
from dlcore.importing.sources import began
from dlcore.launch import versions
from dlcore.reading import checked
from dlcore.rundir import RunDir, after_newest, create
from dlcore.summary import store_summary

_MOST_TOGETHER = 512
_MOST_GAP = 8
"""Steps without a figure that a line leaves empty; behind more of them, a new line begins."""
_UNHEARD = "it is read from another program's log, which hears nothing; Ctrl-C ends its dltui import"
_FIGURES = ("loss", "accuracy", "r2", "mae", "rmse")

Row = dict[str, float]
Split = Literal["validation", "test"]


class Import:
    """One log on its way into a run directory: `update` says what is new, `end` the last word."""

    def __init__(
        self, root: Path, log: Log, choice: Choice, name: str = "", now: datetime | None = None
    ) -> None:
        """Make the run below `root`; raises RunError where that cannot be."""
        now = now or datetime.now(UTC)
        made = began(log) or now
        config = _config(name or log.name, log, choice)
        facts = {
            "name": config.name,
            "network": f"imported from {log.format}",
            "versions": versions(),
            "imported": {"from": log.source, "format": log.format, "series": choice.series},
        }
        self.run = create(root, config.name, made, to_toml(config), facts, stamp=after_newest(root, now))
        try:
            self._lock = Lock(self.run)
            self._appender = Appender(self.run.events)
        except (RunError, OSError):
            self.run.remove()
            raise
        self._asked = Tail(self.run.control)
        self._seq = 0
        self._began = made.timestamp() if began(log) is not None else 0.0
        self._shift: int | None = None
        """What is added to a step of the log."""
        self._step = 0
        """The last step that was told."""
        self._epoch = 0
        self._told: dict[str, int] = {"validation": -1, "test": -1}
        """The last step of each split that was told."""
        self._lr = math.nan
        self._seconds: dict[int, float] = {}
        """When the log says that a step was over, in seconds since it began."""
        self._now = 0.0
        self._prepared: Prepared | None = None
        self._say(
            AttemptStarted(step=0, time=made.isoformat(), pid=os.getpid(), host=socket.gethostname(), kept=0)
        )

    # -- what is said -------------------------------------------------------------------------------

    def update(self, log: Log, choice: Choice, *, is_whole: bool) -> None:
        """Say what is new in a log; figures of its last step may be incomplete until it `is_whole`.

        Raises OSError where the disk takes nothing.
        """
        series = {wanted: log.columns[name] for wanted, name in choice.series.items()}
        in_shares(series)
        if self._shift is None:
            self._shift = shift_of(log, series)
        self._prepare(log, series, is_whole=is_whole)
        for event in self._new(log, series, is_whole=is_whole):
            self._say(event)

    def answer(self) -> None:
        """Refuse what viewers have asked for since: whoever trains it hears nothing of it."""
        for line in self._asked.read():
            command = commands.decode(line)
            if command is not None:
                asked = command.model_dump()
                self._say(CommandRefused(step=self._step, id=command.id, command=asked, reason=_UNHEARD))

    def end(self, warnings: tuple[str, ...] = ()) -> RunDir:
        """Say the last word, keep the summary and let go of the run."""
        for warning in warnings:
            self._say(Warned(step=self._step, message=warning))
        self._say(AttemptEnded(step=self._step, reason="finished"))
        self._appender.sync()
        self._appender.close()
        store_summary(self.run)
        self._lock.release()
        return self.run

    def give_up(self) -> None:
        """Leave nothing behind."""
        self._appender.close()
        self._lock.release()
        self.run.remove()

    def _say(self, event: Event) -> None:
        self._now = event.seconds or self._now
        self._appender.append(encode(event.model_copy(update={"seq": self._seq, "seconds": self._now})))
        self._seq += 1

    def _prepare(self, log: Log, series: Mapping[str, Column], *, is_whole: bool) -> None:
        """Say what the run is, and again when more of it is known."""
        last = max((self._at(column.steps[-1]) for column in series.values() if len(column)), default=0)
        epochs = epoch_ends(log, series)
        count = int(max((number for _, number in epochs), default=0)) if is_whole else 0
        total = last if is_whole else 0
        has_rate = "lr" in series
        scored = any(one.endswith(("accuracy", "r2")) for one in series)
        missing: dict[Unknown, bool] = {
            "optimizer": True,
            "network": True,
            "lr": not has_rate,
            "score": not scored,
            "chance": True,
            "epochs": not count,
            "length": not total,
        }
        prepared = Prepared(
            device="unknown",
            threads=0,
            task="regression" if metric_of(series) == "r2" else "classification",
            layers=(),
            parameters=0,
            training_samples=0,
            validation_samples=0,
            test_samples=0,
            batch_size=0,
            steps_per_epoch=max(total // count, 1) if count else 0,
            total_steps=total,
            epochs=count,
            unknown=tuple(name for name, is_missing in missing.items() if is_missing),
        )
        if prepared != self._prepared:
            self._prepared = prepared
            self._say(prepared)

    def _new(self, log: Log, series: Mapping[str, Column], *, is_whole: bool) -> Iterator[Event]:
        """Yield what was not told yet, in the order of the steps."""
        found: list[tuple[int, int, Event]] = []
        found += [(event.step, 0, event) for event in self._steps(series, is_whole=is_whole)]
        found += [(event.step, 1, event) for event in self._epochs_ended(log, series, is_whole=is_whole)]
        for split in ("validation", "test"):
            found += [
                (event.step, 2, event) for event in self._evaluated(log, series, split, is_whole=is_whole)
            ]
        yield from (event for _, _, event in sorted(found, key=lambda one: one[:2]))

    def _at(self, step: int) -> int:
        return step + (self._shift or 0)

    # -- steps --------------------------------------------------------------------------------------

    def _steps(self, series: Mapping[str, Column], *, is_whole: bool) -> Iterator[StepsEnded]:
        """Yield the figures of steps, those that follow each other closely in one event."""
        metric = metric_of(series)
        names = {"loss": "train_loss", "score": f"train_{metric}", "lr": "lr"}
        rows = self._rows({key: series[name] for key, name in names.items() if name in series})
        steps = sorted(step for step in rows if step > self._step and rows[step].keys() != {"lr"})
        if not is_whole:
            del steps[-1:]
        start = 0
        for at, step in enumerate(steps):
            is_last = at + 1 == len(steps)
            if is_last or steps[at + 1] - step > _MOST_GAP or steps[at + 1] - steps[start] >= _MOST_TOGETHER:
                yield self._chunk(range(steps[start], step + 1), rows, metric)
                start = at + 1
        if steps:
            self._step = steps[-1]

    def _chunk(self, steps: range, rows: Mapping[int, Row], metric: str) -> StepsEnded:
        losses, scores, rates = [], [], []
        for step in steps:
            row = rows.get(step, {})
            self._lr = row.get("lr", self._lr)
            losses.append(row.get("loss"))
            scores.append(row.get("score"))
            rates.append(None if math.isnan(self._lr) else self._lr)
        seconds = self._seconds.get(steps[-1], 0.0)
        scored: Any = {metric: tuple(scores)} if any(one is not None for one in scores) else {}
        return StepsEnded(
            step=steps[-1],
            seconds=seconds,
            loss=tuple(losses),
            lr=tuple(rates),
            samples=0,
            training_seconds=seconds,
            **scored,
        )

    def _rows(self, columns: Mapping[str, Column]) -> dict[int, Row]:
        """Return the figures at each step, and take note of when it was over."""
        rows: dict[int, Row] = {}
        for name, column in columns.items():
            for step, value, time in zip(column.steps, column.values, column.times, strict=True):
                at = self._at(step)
                rows.setdefault(at, {})[name] = value
                if time and self._began:
                    self._seconds[at] = max(time - self._began, 0.0)
        return rows

    # -- epochs and evaluations ---------------------------------------------------------------------

    def _epochs_ended(
        self, log: Log, series: Mapping[str, Column], *, is_whole: bool
    ) -> Iterator[EpochEnded]:
        """Yield the epochs that are over: with the means that the log says, else with those of the steps."""
        metric = metric_of(series)
        ends = epoch_ends(log, series)
        if not is_whole:
            del ends[-1:]
        begin, before = -1, 0.0
        for end, number in ends:
            epoch = int(number)
            now = self._seconds.get(self._at(end), before)
            if epoch > self._epoch:
                self._epoch = epoch
                figures: dict[str, Any] = {
                    key: mean_over(series, (f"epoch_{key}", f"train_{key}"), begin, end)
                    for key in ("loss", metric)
                }
                lasted = max(now - before, 0.0)
                yield EpochEnded(step=self._at(end), seconds=now, epoch=epoch, duration=lasted, **figures)
            begin, before = end, now

    def _evaluated(
        self, log: Log, series: Mapping[str, Column], split: Split, *, is_whole: bool
    ) -> Iterator[Evaluated]:
        """Yield what the log says of a split, all figures of a step together."""
        columns = {key: series[f"{split}_{key}"] for key in _FIGURES if f"{split}_{key}" in series}
        rows = self._rows(columns)
        steps = sorted(step for step in rows if step > self._told[split])
        if not is_whole:
            del steps[-1:]
        ends = [(self._at(step), number) for step, number in epoch_ends(log, series)]
        for step in steps:
            figures: dict[str, Any] = {"loss": None, **rows[step]}
            yield Evaluated(
                step=step,
                seconds=self._seconds.get(step, 0.0),
                split=split,
                epoch=epoch_at(ends, step),
                samples=0,
                duration=0.0,
                **figures,
            )
        if steps:
            self._told[split] = steps[-1]


def _config(name: str, log: Log, choice: Choice) -> RunConfig:
    """Return what stands in `config.toml`: nobody here knows data or network, the rate only by its curve."""
    rates = log.columns[choice.series["lr"]].values if "lr" in choice.series else ()
    lr = next((rate for rate in rates if 0 < rate < 1e6), None)
    return checked(
        {
            "name": name.encode(errors="backslashreplace").decode()[:200],  # a file may be called anything
            "data": {"kind": "custom", "target": f"{IMPORTED_LOG}:data"},
            "model": {"kind": "custom", "target": f"{IMPORTED_LOG}:model"},
            "optimizer": {"kind": "sgd"} | ({"lr": lr} if lr else {}),
            "training": {"probe_budget": 0.0, "frames_mb": 0},
        }
    )
