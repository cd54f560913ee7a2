"""Runs that are compared: each is read on as long as it goes, has a look of its own, and may be hidden."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from dlcore.comparison.differences import Difference, differences, said
from dlcore.comparison.verdict import verdict
from dlcore.family.alike import labels
from dlcore.history import RunHistory
from dlcore.rundir import RunDir
from dlcore.runs import name_of, read_facts
from tui.drawing.run_marks import LOOKS, MOST_RUNS, Look, RunMarks
from tui.feed import RunFeed

_MOST_LETTERS = 200
_READ_SECONDS = 0.03
"""So long may all runs together be read at once."""


@dataclass
class Member:
    """One run of a comparison."""

    feed: RunFeed
    name: str
    group: str
    """The id of the group of seeds that it belongs to, or its own."""
    look: Look
    number: int
    """Of its look, counted from 0."""
    hidden: bool = False
    is_behind: bool = False
    """Whether there was more to read than there was time for."""

    @property
    def history(self) -> RunHistory:
        """What it has said so far."""
        return self.feed.history


@dataclass
class Comparison:
    """Two runs or more, those of a group of seeds behind each other; one of the runs is chosen."""

    members: list[Member]
    chosen: int = 0
    left_out: int = 0
    """How many more were asked for than can be told apart."""
    _differences: tuple[Difference, ...] = ()
    _compared: list[dict[str, Any]] = field(default_factory=list)
    """What had been changed live when the configurations were compared last."""
    _labels: tuple[str, ...] = ()
    _verdict: str = ""
    _judged: list[tuple[object, ...]] = field(default_factory=list)
    """What the runs had come to by the verdict."""

    @property
    def member(self) -> Member:
        """The run that is chosen."""
        return self.members[self.chosen]

    @property
    def shown(self) -> list[Member]:
        """The runs that are drawn."""
        return [member for member in self.members if not member.hidden]

    def groups(self) -> list[list[Member]]:
        """Return what is drawn, the runs of a group of seeds together; that of the chosen run comes last."""
        found: dict[str, list[Member]] = {}
        for member in self.shown:
            found.setdefault(member.group, []).append(member)
        ordered = sorted(found, key=lambda name: name == self.member.group)
        return [found[name] for name in ordered]

    @property
    def has_groups(self) -> bool:
        """Whether several of the runs differ in their seed alone, and so have one look."""
        return len({member.group for member in self.members}) < len(self.members)

    def read(self) -> bool:
        """Take in what is new of each run; return whether anything changed."""
        seconds = _READ_SECONDS / len(self.members)
        changed = False
        for member in self.members:
            began = time.monotonic()
            changed |= member.feed.read(seconds)
            was_behind, member.is_behind = member.is_behind, time.monotonic() - began >= seconds
            changed |= member.is_behind != was_behind
        return changed

    @property
    def is_behind(self) -> bool:
        """Whether there is more to read of some run."""
        return any(member.is_behind or member.feed.reading for member in self.members)

    @property
    def reading(self) -> str:
        """How far long files have been read, in words; empty when there is nothing behind."""
        found = [member.feed.reading for member in self.members if member.feed.reading]
        return found[0] if found else ""

    def differences(self) -> tuple[Difference, ...]:
        """Return the keys in which the runs differ, as they stand by now."""
        edits = [member.history.settings for member in self.members]
        if edits != self._compared:
            self._compared = edits
            self._differences = differences([member.feed.config for member in self.members], edits)
            self._labels = self._settings()
        return self._differences

    def _settings(self) -> tuple[str, ...]:
        """Return what is special about each run beside its seed."""
        configs = [member.feed.config for member in self.members]
        known = [config for config in configs if config is not None]
        edited = any(member.history.settings for member in self.members)
        if len(known) == len(configs) and not edited and any(one.key != "seed" for one in self._differences):
            return tuple(labels(known))
        found = [one for one in self._differences if one.key != "seed"]
        problems = [member.feed.problem for member in self.members]
        return tuple(
            said(found, index) if config is not None else problems[index]
            for index, config in enumerate(configs)
        )

    def verdict(self) -> str:
        """Return in a sentence what the runs that are drawn say of what they differ in; '' for nothing."""
        runs = [(one.feed.config, one.history) for one in self.shown]
        latest: list[tuple[object, ...]] = [
            (history, history.latest(history.watched), history.ended) for _, history in runs
        ]
        if latest != self._judged:  # it goes through much of each history
            self._judged = latest
            self._verdict = verdict([(config, history) for config, history in runs if config is not None])
        return self._verdict

    def setting(self, index: int) -> str:
        """Return in a few words what is special about the group of seeds of one of the runs."""
        self.differences()
        return self._labels[index]

    def special(self, index: int) -> str:
        """Return in a few words what is special about one of the runs."""
        member = self.members[index]
        return said(self.differences(), index) if member.feed.config is not None else member.feed.problem


def compared(runs: Sequence[RunDir], marks: RunMarks) -> Comparison:
    """Return a comparison of the first runs, as many as can be told apart; `marks` says how."""
    wanted = list(dict.fromkeys(runs))
    groups = {run: _group(run) for run in wanted[:MOST_RUNS]}
    numbers = marks.assign(list(groups.values()))
    first = list(numbers)
    members = []
    for run in sorted(groups, key=lambda run: first.index(groups[run])):  # a group's runs behind each other
        feed = RunFeed(run)
        number = numbers[groups[run]]
        members.append(Member(feed, name_of(run), groups[run], LOOKS[number], number))
    return Comparison(members, left_out=len(wanted) - len(members))


def _group(run: RunDir) -> str:
    """Return the id of the group of seeds that a run says it belongs to; else its own id."""
    facts, _ = read_facts(run)
    group = facts.get("group")
    if not isinstance(group, dict) or group.get("kind") != "seeds" or not isinstance(group.get("id"), str):
        return str(run.path)
    return f"seeds {group['id'][:_MOST_LETTERS]}"
