"""From rules to findings: when they are asked, how often they must agree, and whose word counts.

Rules are asked at fifty steps spread over the run, each about what was known by then. What one says must
hold at two of them in a row before it is told, and be gone at two before it is taken back. So a finding
neither comes from a single window nor flickers, and an old run is judged as a live one was.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from dlcore.config import RunConfig
from dlcore.diagnose.finding import Code, Finding
from dlcore.diagnose.rule import Symptom
from dlcore.diagnose.rules import EXPLAINS, NEEDS, RULES
from dlcore.diagnose.sight import Sight
from dlcore.history import RunHistory

_LOOKS = 50
_PATIENCE = 2


@dataclass
class _Streak:
    """How long a rule has been saying the same."""

    symptom: Symptom
    first: int
    """The step at which it was said first."""
    times: int = 1
    silent: int = 0
    """Looks in a row at which it was not said."""
    told: int | None = None


class Diagnosis:
    """Judges one run as it goes: each call looks only at what is new."""

    def __init__(self, config: RunConfig, silenced: frozenset[str] = frozenset()) -> None:
        self.config = config
        self.silenced = silenced
        self._forget()

    def _forget(self) -> None:
        self._looked = 0
        self._streaks: dict[Code, _Streak] = {}
        self._told: dict[Code, int] = {}
        """When each was told first: what is taken back and comes again has been told then."""

    def see(self, history: RunHistory, looks: int = _LOOKS + 1) -> tuple[Finding, ...]:
        """Return the findings as they stand, causes without their symptoms, the most severe first.

        It looks at no more than so many of the steps that are due: who draws meanwhile asks again.
        """
        if history.step < self._looked:  # a resume has taken steps back
            self._forget()
        for step in islice(self._due(history), looks):
            self._looked = step
            self._judge(Sight(self.config, history, step))
        return self._findings()

    def is_behind(self, history: RunHistory) -> bool:
        """Whether there are steps that are due and were not looked at."""
        return any(True for _ in self._due(history))

    def _due(self, history: RunHistory) -> Iterator[int]:
        """Yield the steps that are to be looked at and are known in full by now; the last one at the end."""
        if history.prepared is None or not history.step:
            return
        if "length" in history.prepared.unknown and history.ended is None:
            return  # who knows how much of the run is over
        total = max(history.prepared.total_steps, history.step, 1)
        for number in range(1, _LOOKS + 1):
            step = -(-total * number // _LOOKS)
            if self._looked < step < history.step:
                yield step
        if history.ended is not None and self._looked < history.step:
            yield history.step

    def _judge(self, sight: Sight) -> None:
        prepared = sight.history.prepared
        unknown = frozenset(prepared.unknown if prepared is not None else ())
        for code, rule in RULES.items():
            needs = NEEDS.get(code, frozenset())
            self._hear(code, None if needs & unknown else rule(sight), sight.step)

    def _hear(self, code: Code, symptom: Symptom | None, step: int) -> None:
        streak = self._streaks.get(code)
        if symptom is None:
            if streak is not None:
                streak.silent += 1
                if streak.silent >= _PATIENCE or streak.told is None:
                    del self._streaks[code]
            return
        if streak is None:
            streak = self._streaks[code] = _Streak(symptom, step)
        else:
            streak.symptom, streak.times, streak.silent = symptom, streak.times + 1, 0
        if streak.told is None and (streak.times >= _PATIENCE or symptom.is_sure):
            streak.told = self._told.setdefault(code, step)

    def _findings(self) -> tuple[Finding, ...]:
        told = {
            code: streak
            for code, streak in self._streaks.items()
            if streak.told is not None and code not in self.silenced
        }
        explained = {symptom for code in told for symptom in EXPLAINS.get(code, ())}
        order = list(RULES)
        found = [_finding(streak) for code, streak in told.items() if code not in explained]
        return tuple(sorted(found, key=lambda one: (one.severity != "error", order.index(one.code))))


def _finding(streak: _Streak) -> Finding:
    symptom = streak.symptom
    assert streak.told is not None
    return Finding(
        code=symptom.code,
        severity=symptom.severity,
        step=streak.first if symptom.since is None else min(symptom.since, streak.first),
        told=streak.told,
        layer=symptom.layer,
        message=symptom.message,
        cause=symptom.cause,
        evidence={name: value for name, value in symptom.evidence.items() if math.isfinite(value)},
        remedies=symptom.remedies,
    )


def diagnose(
    config: RunConfig, history: RunHistory, silenced: frozenset[str] = frozenset()
) -> tuple[Finding, ...]:
    """Return what is wrong with a run by now; nothing for a healthy one.

    `silenced` are codes whose rules are switched off.
    """
    return Diagnosis(config, silenced).see(history)
