"""Histories of runs that nobody trained: curves are functions of the share of the run that is over."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from dlcore.config import RunConfig
from dlcore.datasets.examine import examine, settled
from dlcore.diagnose import Finding, diagnose
from dlcore.events import (
    ActivationsMeasured,
    AttemptEnded,
    AttemptStarted,
    Evaluated,
    Event,
    GradientsMeasured,
    Layer,
    Prepared,
    StepsEnded,
)
from dlcore.history import RunHistory
from dlcore.oneline import parse

Course = Callable[[float], float]
"""A figure, from the share of the run that is over: 0 to 1."""
STEPS = 1000
_CHUNK = 20


def fixed(value: float) -> Course:
    return lambda share: value


@dataclass
class Made:
    """A run that learns well, but for what is changed in it."""

    line: str = "digits mlp 32,32 relu"
    steps: int = STEPS
    loss: Course = lambda share: 0.05 + 2.2 * math.exp(-12 * share)
    score: Course = lambda share: 0.99 - 0.89 * math.exp(-12 * share)
    held_out_loss: Course = lambda share: 0.1 + 2.2 * math.exp(-12 * share)
    held_out_score: Course = lambda share: 0.97 - 0.87 * math.exp(-12 * share)
    norms: Mapping[str, Course] = field(
        default_factory=lambda: {"fc1": fixed(0.5), "fc2": fixed(0.4), "fc3": fixed(0.3)}
    )
    updates: Mapping[str, Course] = field(
        default_factory=lambda: {"fc1": fixed(1e-3), "fc2": fixed(1e-3), "fc3": fixed(1e-3)}
    )
    dead: Mapping[str, Course] = field(default_factory=dict)
    saturated: Mapping[str, Course] = field(default_factory=dict)
    lr: Course = lambda share: 0.01
    chance: float = 0.1
    chance_loss: float | None = math.log(10)
    task: Literal["classification", "regression"] = "classification"
    ends: Literal["finished", "stopped", "failed"] = "finished"

    @property
    def config(self) -> RunConfig:
        found = parse(self.line)
        return settled(found, examine(found))

    def history(self, until: float = 1.0) -> RunHistory:
        """Return what is known of it when so large a share is over."""
        history = RunHistory()
        for number, event in enumerate(self._events(until)):
            history.apply(event.model_copy(update={"seq": number}))
        return history

    def findings(self, until: float = 1.0) -> tuple[Finding, ...]:
        return diagnose(self.config, self.history(until))

    def codes(self, until: float = 1.0) -> list[str]:
        return [one.code for one in self.findings(until)]

    def _events(self, until: float) -> list[Event]:
        found: list[Event] = [AttemptStarted(time="", pid=1, host="here"), self._prepared()]
        last = round(until * self.steps)
        found += [self._evaluated(0), self._looked(0)]
        for stop in range(_CHUNK, last + 1, _CHUNK):
            found += [self._told(stop), self._measured(stop), self._looked(stop)]
            if stop % (self.steps // 20) == 0:
                found.append(self._evaluated(stop))
        if until >= 1:
            found.append(AttemptEnded(step=last, reason=self.ends))
        return found

    def _prepared(self) -> Prepared:
        layers = tuple(
            Layer(name=name, text="", shape=(1,), activation="relu", parameters=1) for name in self.norms
        )
        return Prepared(
            device="cpu", threads=1, task=self.task, layers=layers, parameters=1000, training_samples=1000,
            validation_samples=100, test_samples=100, batch_size=10, steps_per_epoch=100,
            total_steps=self.steps, epochs=max(1, self.steps // 100), chance=self.chance,
            chance_loss=self.chance_loss,
        )  # fmt: skip

    def _told(self, stop: int) -> StepsEnded:
        shares = [step / self.steps for step in range(stop - _CHUNK + 1, stop + 1)]
        scores = tuple(map(self.score, shares))
        return StepsEnded(
            step=stop,
            loss=tuple(map(self.loss, shares)),
            accuracy=scores if self.task == "classification" else (),
            r2=scores if self.task == "regression" else (),
            lr=tuple(map(self.lr, shares)),
            samples=10 * stop,
            training_seconds=stop / 1000,
        )

    def _measured(self, stop: int) -> GradientsMeasured:
        steps = (stop - 10, stop)
        return GradientsMeasured(
            step=stop,
            steps=steps,
            norms=self._by_layer(self.norms, steps),
            updates=self._by_layer(self.updates, steps),
            every=10,
            cost=0.01,
        )

    def _by_layer(
        self, courses: Mapping[str, Course], steps: tuple[int, ...]
    ) -> dict[str, tuple[float | None, ...]]:
        return {name: tuple(course(step / self.steps) for step in steps) for name, course in courses.items()}

    def _looked(self, step: int) -> ActivationsMeasured:
        share = step / self.steps
        some: dict[str, float | None] = dict.fromkeys(self.norms, 0.0)
        return ActivationsMeasured(
            step=step, samples=64, mean=some, deviation=some, low=some, high=some,
            dead={name: course(share) for name, course in self.dead.items()},
            saturated={name: course(share) for name, course in self.saturated.items()},
        )  # fmt: skip

    def _evaluated(self, step: int) -> Evaluated:
        share = step / self.steps
        score: dict[str, Any] = {
            "accuracy" if self.task == "classification" else "r2": self.held_out_score(share)
        }
        return Evaluated(
            step=step, split="validation", epoch=step / 100, loss=self.held_out_loss(share), samples=100,
            duration=0.01, **score,
        )  # fmt: skip
