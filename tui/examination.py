"""What is known of the data that a form names: at once, from the user's files, or from their code."""

import asyncio
from dataclasses import dataclass
from typing import Any

from dlcore.choices.dataset import DataChoice, Facts
from dlcore.choices.own import CustomData
from dlcore.config import RunConfig, to_table
from dlcore.crosschecks import cross_check
from dlcore.errors import Problem
from dlcore.examine import examined
from tui.inspector import Inspector


@dataclass(frozen=True)
class Known:
    """What the data hold, what is wrong in their light, or a note on why they are not known."""

    facts: Facts | None = None
    problems: tuple[Problem, ...] = ()
    note: str = ""
    is_all: bool = True
    """Whether that is all there is to find out; else `Examination.look` finds more."""
    may_start: bool = True
    """Whether a run may start on it."""


class Examination:
    """Finds the facts of data, and keeps those that had to be looked for."""

    def __init__(self, inspector: Inspector) -> None:
        self._inspector = inspector
        self._found: tuple[DataChoice, Facts] | None = None

    def at_once(self, config: RunConfig) -> Known:
        """Return what is known without opening a file or asking anybody."""
        if config.data.facts is not None:
            return Known(config.data.facts)
        if self._found is not None and self._found[0] == config.data:
            return _judged(config, self._found[1])
        if isinstance(config.data, CustomData):
            return Known(note="asking your code what the data are …", is_all=False)
        return Known(note="looking at your files …", is_all=False, may_start=False)

    async def look(self, config: RunConfig) -> Known:
        """Open the files, or have the inspector run the code."""
        if isinstance(config.data, CustomData):
            answer = await self._inspector.ask("data", config=to_table(config))
            if "error" in answer:
                return Known(note=str(answer["error"]))
            facts: Facts | None = facts_of(answer)
            problems: list[Problem] = []
        else:
            facts, problems = await asyncio.to_thread(examined, config)
        if facts is None:
            return Known(problems=tuple(problems))
        self._found = config.data, facts
        return _judged(config, facts)


def facts_of(answer: dict[str, Any]) -> Facts:
    """Return the facts in the inspector's answer on data."""
    return Facts(
        answer["task"],
        tuple(answer["shape"]),
        answer["training"],
        answer["test"],
        classes=answer["classes"],
        names=tuple(answer["names"]),
        targets=answer.get("targets", 1),
    )


def facts_words(facts: Facts) -> list[str]:
    """Return the facts in words: task, samples, shape of one, classes."""
    shape = "×".join(map(str, facts.shape))
    each = shape if facts.is_image else "1 number" if shape == "1" else f"{shape} numbers"
    total = facts.training + facts.test
    sizes = [f"{total:,} samples", f"{facts.training:,} + {facts.test:,} test"]
    if facts.test_is_training:
        sizes = [f"{facts.training:,} samples, tested on themselves"]
    parts = [facts.task, *sizes, each]
    if facts.task == "classification":
        parts.append(f"{facts.classes:,} classes")
    elif facts.targets > 1:
        parts.append(f"{facts.targets:,} targets")
    return parts


def _judged(config: RunConfig, facts: Facts) -> Known:
    return Known(facts, tuple(cross_check(config.chosen(), facts)))
