"""One watched script: its run directory, what it says, and what it hears."""

import math
import os
import socket
import time
from datetime import UTC, datetime
from typing import Any, Literal

from torch import nn, optim

from dlcore import rundir
from dlcore.commands import Command, Set
from dlcore.config import to_toml
from dlcore.errors import DltuiError, StopTraining
from dlcore.events import (
    ActivationsMeasured,
    AttemptEnded,
    AttemptStarted,
    CommandApplied,
    CommandRefused,
    EpochEnded,
    Evaluated,
    GradientsMeasured,
    Prepared,
    StepsEnded,
    Warned,
)
from dlcore.files.lock import Lock
from dlcore.history import Metric
from dlcore.summary import store_summary
from dlcore.training.control import Control
from dlcore.training.probes import PROBED_SAMPLES, Budget
from dlcore.training.record import Record, now, readable
from dlcore.training.watching_commands import Course, carry_out, lr_of
from dlcore.training.watching_config import Settings, config_of, facts_of
from dlcore.training.watching_eyes import Eyes
from dlcore.training.watching_guard import Guard
from dlcore.training.watching_prepared import Known, prepared
from dlcore.training.watching_steps import StepFigures, Told, first_bad

Reason = Literal["finished", "stopped", "failed"]
Split = Literal["validation", "test"]
_PAUSE_SECONDS = 0.02
_MOST_WAITING = 64_000_000
"""Bytes that may wait in memory for a full disk."""


class Session:
    """What stands between a script and its run directory."""

    def __init__(
        self, model: nn.Module, optimizer: optim.Optimizer, settings: Settings, guard: Guard
    ) -> None:
        """Make the run and say the first word; raises DltuiError or OSError where that cannot be."""
        self.settings = settings
        self.optimizer = optimizer
        self.network = model
        config, self.knows_optimizer = config_of(model, optimizer, settings)
        moment, home = datetime.now(UTC), rundir.home()
        stamp = rundir.after_newest(home, moment)
        facts = facts_of(model, optimizer, config)
        self.run = rundir.create(home, config.name, moment, to_toml(config), facts, stamp=stamp)
        try:
            self._lock = Lock(self.run)
            self.record = Record(self.run, attempt=1, seq=0, is_stopping=lambda: True)
        except BaseException:
            self.run.remove()
            raise
        self.record.say(AttemptStarted, 0, time=now(), pid=os.getpid(), host=socket.gethostname(), kept=0)
        self.control = Control(self.run, set())
        self.course = Course(settings.obey)
        self.figures = StepFigures()
        self.budget = Budget(settings.probe_budget)
        self.eyes = Eyes(model, optimizer, self.budget, guard, lambda: self.figures.step)
        self.metric: Metric | None = None
        self.epoch = 0
        self.steps_per_epoch = 0
        self.validation_samples = self.test_samples = 0
        self.bad: tuple[int, float] | None = None
        """The first step whose loss was not finite, with that loss, since the loss was finite last."""
        self._has_warned_of_bad = False
        self._epoch_began = 0.0
        self._is_prepared = False

    # -- what the script says -----------------------------------------------------------------------

    def step(self, loss: Any, metric: Metric | None, score: Any, samples: int | None) -> None:
        """Take in a step, tell what is due, and obey."""
        if not self._is_prepared:
            self._prepare(metric)
        elif metric is not None and metric != self.metric:
            self._say_prepared(metric)
        seen = samples if samples is not None else self.eyes.batch_size
        self.figures.note(loss, score, self.eyes.lr, seen)
        if self.figures.step == self.course.pause_at:
            self.course.paused, self.course.pause_at = True, None
        if self.figures.is_due() or self.course.paused:
            self._tell()
            self._obey()

    def end_epoch(self) -> None:
        """Tell an epoch: the running means over its steps."""
        if not self._is_prepared:
            self._prepare(None)
        self._tell()
        self.epoch += 1
        if not self.steps_per_epoch:
            self.steps_per_epoch = self.figures.step
            if not self.settings.total_steps:
                self._say_prepared(self.metric)
        loss, score = self.figures.end_epoch()
        seconds = self.figures.training_seconds
        self.record.say(
            EpochEnded,
            self.figures.step,
            epoch=self.epoch,
            loss=loss,
            duration=seconds - self._epoch_began,
            **({self.metric: score} if self.metric is not None else {}),
        )
        self._epoch_began = seconds
        if self.course.pause_after is not None and self.epoch >= self.course.pause_after:
            self.course.paused, self.course.pause_after = True, None
        self._obey()

    def evaluated(self, split: Split, samples: int, figures: dict[str, float | None]) -> None:
        """Tell what a split was measured to have; the time since the last word counts as spent on it."""
        self._tell()
        duration = self.figures.resume_clock()
        if split == "validation":
            is_known, self.validation_samples = bool(self.validation_samples), max(samples, 1)
        else:
            is_known, self.test_samples = bool(self.test_samples), max(samples, 1)
        metric: Metric | None = next(
            (one for one in ("accuracy", "r2") if figures.get(one) is not None), None
        )
        if not self._is_prepared:
            self._prepare(metric)
        elif not is_known or metric not in (None, self.metric):
            self._say_prepared(metric or self.metric)
        self.record.say(
            Evaluated,
            self.figures.step,
            split=split,
            epoch=self._epochs_over(),
            samples=samples,
            duration=duration,
            **figures,
        )
        self._obey()

    def end(self, reason: Reason, message: str = "", hint: str = "") -> None:
        """Say the last word, keep the summary and give everything back."""
        try:
            self._tell()
            if reason == "finished" and self.course.stopping:
                reason = "stopped"
            elif reason == "finished" and self.bad is not None:
                step, loss = self.bad
                reason, message = "failed", f"The loss is not finite since step {step} (it is {loss})"
        finally:
            self._close(reason, message, hint)

    def unsaid(self) -> tuple[str, ...]:
        """Return reason and message for a run that nobody ended: it may have been left before its time."""
        total, step = self._total, self.figures.step
        if not total or step >= total:
            return ("finished",)
        return "stopped", f"The script let go of it at step {step:,} of {total:,}"

    def abandon(self, fault: str) -> None:
        """Say that nothing is watched any more, and why, as far as that can be said."""
        self._close("stopped", f"Watching ended, the script goes on: {fault.rstrip('.')}")

    def _close(self, reason: Reason, message: str, hint: str = "") -> None:
        try:
            self.eyes.close()
            self.record.say(
                AttemptEnded, self.figures.step, reason=reason, message=readable(message), hint=readable(hint)
            )
            self.record.close()
            store_summary(self.run)
        finally:
            self._lock.release()

    # -- what is said -------------------------------------------------------------------------------

    def _prepare(self, metric: Metric | None) -> None:
        """Say what the network is: by now it has seen a batch."""
        self.eyes.settle()
        self._is_prepared = True
        self._say_prepared(metric)
        if self.eyes.reason and self.budget.share:
            self._warn(self.eyes.reason[:1].upper() + self.eyes.reason[1:])
        if not self.knows_optimizer:
            kind = type(self.optimizer).__name__
            self._warn(f"{kind} is no optimizer that dltui knows: nothing is concluded from its rate")

    def _say_prepared(self, metric: Metric | None) -> None:
        """Say it anew, with what is known by now."""
        self.metric = metric
        known = Known(metric, self._total, self.steps_per_epoch, self.validation_samples, self.test_samples)
        fields = prepared(self.settings, self.network, self.eyes, known, knows_optimizer=self.knows_optimizer)
        self.record.say(Prepared, self.figures.step, **fields)

    def _tell(self) -> None:
        """Send the steps so far, and what was seen in them."""
        told = self.figures.take()
        if told is None:
            return
        figures, step = self.figures, self.figures.step
        scored = any(one is not None for one in told.scores) and self.metric is not None
        self.record.say(
            StepsEnded,
            step,
            loss=told.losses,
            lr=told.rates,
            samples=figures.samples,
            training_seconds=figures.training_seconds,
            **({str(self.metric): told.scores} if scored else {}),
        )
        self._tell_gradients(step)
        found = self.eyes.end_activations()
        if found is not None:
            self.record.say(ActivationsMeasured, step, samples=self._probed(), **found)
        self._check(told, step)
        self.eyes.begin_activations(self._total, figures.training_seconds)
        if self.record.waiting > _MOST_WAITING:
            raise DltuiError("The disk takes nothing, and too much waits for it in memory")

    @property
    def _total(self) -> int:
        """Steps that the script is to take; 0 where that is not known."""
        return self.settings.total_steps or (self.settings.epochs or 0) * self.steps_per_epoch

    def _probed(self) -> int:
        return min(self.eyes.batch_size or PROBED_SAMPLES, PROBED_SAMPLES)

    def _tell_gradients(self, step: int) -> None:
        probe = self.eyes.probe
        if probe is None:
            return
        looks = probe.taken(step, self.figures.training_seconds)
        if looks.steps and looks.norms:
            complete = {name: tuple(values) for name, values in looks.updates.items()}
            self.record.say(
                GradientsMeasured,
                step,
                steps=tuple(looks.steps),
                norms={name: tuple(values) for name, values in looks.norms.items()},
                updates=complete,
                every=probe.every,
                cost=probe.cost,
            )

    def _check(self, told: Told, step: int) -> None:
        """Name the first step whose loss is no number; the script goes on."""
        found = first_bad(told.losses, step)
        is_back = told.losses[-1] is not None and math.isfinite(told.losses[-1])
        self.bad = None if is_back else self.bad or found
        if found is not None and not self._has_warned_of_bad:
            self._has_warned_of_bad = True
            self._warn(f"The loss is not finite since step {found[0]} (it is {found[1]}); the script goes on")

    def _warn(self, message: str) -> None:
        self.record.say(Warned, self.figures.step, message=readable(message))

    def _epochs_over(self) -> float:
        """Return the epochs that are over, with their fraction; until one was told, this one ends here."""
        if not self.steps_per_epoch:
            return 1.0 if self.figures.step else 0.0
        return max(float(self.epoch), self.figures.step / self.steps_per_epoch)

    # -- what is heard ------------------------------------------------------------------------------

    def _obey(self) -> None:
        """Carry out what has been asked for; while paused, wait here. Raises StopTraining on a stop."""
        while True:
            while (command := self.control.next()) is not None:
                self._answer(command)
            if self.course.stopping:
                raise StopTraining("a viewer has stopped this run")
            if not self.course.paused:
                break
            time.sleep(_PAUSE_SECONDS)
        self.figures.resume_clock()

    def _answer(self, command: Command) -> None:
        step = self.figures.step
        said = {"id": command.id, "command": command.model_dump()}
        before = lr_of(self.optimizer) if isinstance(command, Set) else None
        try:
            text = carry_out(self.course, self.optimizer, command, step, self.epoch)
        except DltuiError as error:
            self.record.say(CommandRefused, step, reason=error.message, **said)
        else:
            self.record.say(CommandApplied, step, text=text, before=before, **said)
