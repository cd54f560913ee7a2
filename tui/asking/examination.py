"""What is known of what a form names: of data at once or from files, of code by having it run."""

import asyncio
from dataclasses import dataclass, fields, replace
from typing import Any

from dlcore.choices.architectures import CustomModel
from dlcore.choices.dataset import DataChoice, Facts
from dlcore.choices.own import CustomData
from dlcore.config import RunConfig, to_table
from dlcore.crosschecks import cross_check
from dlcore.datasets.examine import examined
from dlcore.errors import Problem
from tui.asking.inspector import Inspector

_ABSENT = ("the inspector did not start", "the inspector has ended")
"""What is said where nobody could be asked: that is no fault of the user's code."""
_AGAIN = "Mend your code; it is asked again at the next change in the form."


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
    """Finds the facts of data, keeps those it had to look for, and tries networks of the user's own."""

    def __init__(self, inspector: Inspector) -> None:
        self._inspector = inspector
        self._found: tuple[DataChoice, Facts] | None = None
        self._refused: tuple[tuple[object, ...], tuple[Problem, ...]] = (), ()

    def at_once(self, config: RunConfig) -> Known:
        """Return what is known without opening a file or asking anybody."""
        known = self._data_at_once(config)
        if not _has_to_be_tried(config, known):
            return known
        # What was wrong stays said until there is an answer again: the code may have been mended.
        problems = self._refused[1] if self._refused[0] == _tried(config) else ()
        return replace(known, problems=problems, is_all=False)

    async def look(self, config: RunConfig) -> Known:
        """Open the files, or have the inspector run the code."""
        known = self._data_at_once(config)
        if not known.is_all:
            known = await self._look_at_data(config)
        if not _has_to_be_tried(config, known):
            return known
        answer = await self._inspector.ask("network", config=to_table(config))
        said = str(answer.get("error", ""))
        if not said or said.startswith(_ABSENT):
            self._refused = (), ()
            return known
        problems = (Problem("model.target", said.rstrip("."), _AGAIN),)
        self._refused = _tried(config), problems
        return replace(known, problems=problems)

    def _data_at_once(self, config: RunConfig) -> Known:
        if config.data.facts is not None:
            return Known(config.data.facts)
        if self._found is not None and self._found[0] == config.data:
            return _judged(config, self._found[1])
        if isinstance(config.data, CustomData):
            return Known(note="asking your code what the data are …", is_all=False)
        return Known(note="looking at your files …", is_all=False, may_start=False)

    async def _look_at_data(self, config: RunConfig) -> Known:
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
    given: dict[str, Any] = {one.name: answer[one.name] for one in fields(Facts) if one.name in answer}
    return Facts(**given | {"shape": tuple(answer["shape"]), "names": tuple(answer["names"])})


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


def _has_to_be_tried(config: RunConfig, known: Known) -> bool:
    """Whether only running the user's own network shows if it works; without data it cannot be built."""
    return isinstance(config.model, CustomModel) and known.facts is not None and not known.problems


def _tried(config: RunConfig) -> tuple[object, ...]:
    """Return all that the answer depends on, but for the code itself."""
    return config.data, config.model, config.loss, config.optimizer
