"""Hyperparameters that change while a run goes on: which these are, and what a change makes of a run.

An `Edit` is a change that was made. Edits are a run's own record of how it was steered: they are drawn on its
curves, undone, made again by a resume and a branch, and stand in its exports.
"""

import json
from collections.abc import Container, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from pydantic import JsonValue

from dlcore.changes import changed_table
from dlcore.choices.choice import Choice, fields_of
from dlcore.choices.dataset import Facts
from dlcore.commands import Set
from dlcore.config import SECTIONS, RunConfig, to_table
from dlcore.crosschecks import cross_check
from dlcore.curves.thinned import counts
from dlcore.errors import DltuiError
from dlcore.events import CommandApplied
from dlcore.oneline import print_value
from dlcore.reading import read_table

_FIXED: dict[str, tuple[str, ...]] = {
    "optimizer": ("kind",),
    "training": ("device", "threads", "compile", "precision"),
}
"""What cannot change in the sections of which the rest can."""
_LIVE: dict[str, tuple[str, ...]] = {"data": ("batch_size",), "model": ("dropout",)}
"""What can change in sections of which the rest cannot."""
_WHOLE = ("schedule", "regularization")
"""Sections of which everything can change."""
_REASONS = {
    "data": "the data are split and prepared before the first step",
    "model": "the network would have to be built anew",
    "loss": "losses before and after it could not be compared",
    "optimizer": "another optimizer has no use for what this one remembers of each weight",
    "training": "it is settled before the first step",
    "": "it is settled before the first step",
}
_OTHERWISE = "branch from a checkpoint with it, or start a new run"
_SHOWN_LETTERS = 60
_PER_LAYER = "optimizer.lr_per_layer"


@dataclass(frozen=True)
class Edit:
    """A change of a hyperparameter that took effect at a step: `Set(key, value)` makes it again there."""

    step: int
    """Training steps finished before it."""
    key: str
    """Dotted, as in `optimizer.lr`; `schedule` alone stands for its kind with all fields, in a table."""
    value: JsonValue
    """As in the configuration file."""
    before: JsonValue
    """What it was until then, in the same form: `Set(key, before)` takes the change back."""
    text: str
    """What happened, in words."""
    id: str = ""
    """That of the command which asked for it."""
    takes_back: str = ""
    """The id of the edit that it takes back, if it does."""
    seq: int = 0
    """The number of the event that told of it."""

    @property
    def said(self) -> str:
        """What happened and when, in words; that of one which takes another back begins with it."""
        return f"{'undone: ' if self.takes_back else ''}{self.text} at step {self.step:,}"


def edit_of(event: CommandApplied) -> Edit | None:
    """Return the edit that an event tells of; None where it tells of another command."""
    command = event.command
    if command.get("kind") != "Set":
        return None
    return Edit(
        event.step,
        str(command.get("key")),
        command.get("value"),
        event.before,
        event.text,
        event.id,
        str(command.get("takes_back") or ""),
        event.seq,
    )


class Edits(list[Edit]):
    """The edits of a run in the order in which they apply: all while there are few.

    Of very many, old ones are dropped that later ones have made good for nothing.
    """

    def __init__(self, edits: Iterable[Edit] = (), *, most: int = 1 << 10) -> None:
        super().__init__(edits)
        self._most = most

    def add(self, edit: Edit) -> None:
        """Append the newest."""
        self.append(edit)
        if len(self) > self._most:
            half = self._most // 2
            latest = {old.key: old for old in self[:half]}
            self[:half] = [old for old in self[:half] if latest[old.key] is old]

    def cut(self, step: int, kept: int | None = None) -> None:
        """Forget what was changed behind a step, or told after the first `kept` events."""
        self[:] = [edit for edit in self if counts(edit, step, kept)]

    @property
    def settings(self) -> dict[str, JsonValue]:
        """What has been changed so far, by dotted key: a schedule field by field, its kind first."""
        found: dict[str, JsonValue] = {}
        for edit in self:
            fields: dict[str, JsonValue] = {edit.key: edit.value}
            if edit.key == "schedule" and isinstance(edit.value, dict):
                fields = {f"schedule.{name}": value for name, value in edit.value.items()}
                found = {key: value for key, value in found.items() if not key.startswith("schedule.")}
            for key, value in fields.items():
                found.pop(key, None)
                found[key] = value
        return found


def to_take_back(edits: Sequence[Edit], stuck: Container[str] = ()) -> Edit | None:
    """Return the edit that undo takes back next: the newest that has not been; None when there is none.

    Those whose ids are `stuck` cannot be taken back any more, as an epoch that has been trained.
    """
    standing: dict[str, Edit] = {}
    for edit in edits:
        if edit.takes_back:
            standing.pop(edit.takes_back, None)
        elif edit.id not in stuck:
            standing[edit.id] = edit
    return next(reversed(standing.values()), None)


def inverse(edit: Edit) -> Set:
    """Return the command that takes an edit back."""
    return Set(key=edit.key, value=edit.before, takes_back=edit.id)


def live_keys(config: RunConfig) -> tuple[str, ...]:
    """Return the dotted keys of a configuration that can change while its run goes on, in their order."""
    found = []
    for section in SECTIONS:
        names = [spec.name for spec in fields_of(type(config.section(section.key)))]
        names = ["kind", *names] if section.has_kinds else names
        found += [section.path(name) for name in names if _is_live(section.key, name)]
    return tuple(found)


def _is_live(section: str, name: str) -> bool:
    if section in _WHOLE:
        return True
    return name not in _FIXED[section] if section in _FIXED else name in _LIVE.get(section, ())


@dataclass(frozen=True)
class Change:
    """What a command makes of a configuration."""

    config: RunConfig
    """The whole of it afterwards."""
    command: Set
    """The command in the form in which it is kept: a kind with all its fields, a table as a whole."""
    before: JsonValue
    """What stood in its key until then."""
    text: str
    """What changed, in words."""


def change(config: RunConfig, command: Set, facts: Facts | None = None) -> Change:
    """Return what a command makes of a configuration, checked as a file is checked.

    `facts` are those of data that must be opened to be known. Raises DltuiError when the key cannot change
    while the run goes on, or the value is wrong.
    """
    key, value = _whole(config, command)
    table = changed_table(config, {}) if key == "schedule" else changed_table(config, {key: value})
    if key == "schedule":
        table["schedule"] = value
    reading = read_table(table)
    problems = list(reading.problems)
    if reading.config is not None and facts is not None:
        problems += cross_check(reading.config.chosen(), facts)
    if problems or reading.config is None:
        problem = problems[0]
        where = "" if problem.key in (key, command.key) else f"{problem.key} "
        raise DltuiError(f"{_asked(command)}: {where}{problem.message}", problem.hint)
    found = reading.config
    before, after = _value(config, key), _value(found, key)
    kept = after if key in ("schedule", _PER_LAYER) else value
    text = f"{key} {_shown(config, key)} → {_shown(found, key)}"
    return Change(found, command.model_copy(update={"key": key, "value": kept}), before, text)


def changed(config: RunConfig, command: Set) -> tuple[RunConfig, str]:
    """Return the configuration after a change while the run goes on, and what changed in words.

    Raises DltuiError as `change` does.
    """
    found = change(config, command)
    return found.config, found.text


def applied(config: RunConfig, edits: Iterable[Edit]) -> RunConfig:
    """Return a configuration with edits made in it, in their order."""
    made = Edits(edits)
    if (found := _settled(config, made.settings)) is not None:
        return found
    for edit in made:
        with suppress(DltuiError, ValueError):  # a change that another version took
            config, _ = changed(config, Set(key=edit.key, value=edit.value))
    return config


def _settled(config: RunConfig, settings: Mapping[str, JsonValue]) -> RunConfig | None:
    """Return a configuration with the last value of each key, by one reading; None where that is unsound."""
    table = to_table(config)
    if "schedule.kind" in settings:
        table["schedule"] = {}
    live = set(live_keys(config))
    for key, value in settings.items():
        section, _, name = key.partition(".")
        if key not in live and section != "schedule":
            return None
        table[section][name] = value
    return read_table(table).config


def _whole(config: RunConfig, command: Set) -> tuple[str, JsonValue]:
    """Return key and value of a command with what belongs together as a whole; refuses what is not live."""
    key, value = command.key, command.value
    if key in ("schedule", "schedule.kind"):
        given = value if isinstance(value, dict) else {"kind": value}
        kind = given.get("kind", config.schedule.kind)
        table: dict[str, Any] = changed_table(config, {"schedule.kind": kind})["schedule"]
        return "schedule", {**table, **given}
    if key.startswith(f"{_PER_LAYER}."):
        return _PER_LAYER, {**config.optimizer.lr_per_layer, key.removeprefix(f"{_PER_LAYER}."): value}
    live = live_keys(config)
    if key not in live:
        raise DltuiError(f"{_asked(command)}: {_refusal(config, key, live)}")
    return key, value


def _refusal(config: RunConfig, key: str, live: tuple[str, ...]) -> str:
    """Return why a key cannot change, and what to do instead."""
    known = {one.key: one for one in SECTIONS}
    if key and key in known:
        if known[key].has_kinds:
            return f"cannot change while the run goes on ({_REASONS[key]}); {_OTHERWISE}"
        return f"cannot change as a whole; name one of its keys, as in {_example(key, live)}"
    section, _, name = key.rpartition(".")
    top = section.partition(".")[0]
    if top in known:
        names = {spec.name for kind in known[top].family for spec in fields_of(kind)}
        first = key.removeprefix(f"{top}.").partition(".")[0] if top else name
        chosen = config.section(top)
        if first in {spec.name for spec in fields_of(type(chosen))} or (first == "kind" and top):
            return f"cannot change while the run goes on ({_REASONS[top]}); {_OTHERWISE}"
        if first in names:
            return f"{chosen.word() or top} has no such key"
    close = get_close_matches(key.lower(), live, n=1, cutoff=0.5)
    return (
        f"there is no such key; {f'did you mean {close[0]}?' if close else f'write, for example, {live[0]}'}"
    )


def _example(section: str, live: tuple[str, ...]) -> str:
    return next((key for key in live if key.startswith(f"{section}.")), live[0])


def _asked(command: Set) -> str:
    """Return what was asked for, cut to a length that a line has room for."""
    value = command.value
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    short = text if len(text) <= _SHOWN_LETTERS else f"{text[: _SHOWN_LETTERS - 1]}…"
    return f"{command.key[:_SHOWN_LETTERS]} = {short}"


def _value(config: RunConfig, key: str) -> JsonValue:
    """Return what stands in a key, as the file has it."""
    section, _, name = key.partition(".")
    found: JsonValue = to_table(config)[section] if not name else to_table(config)[section][name]
    return found


def _shown(config: RunConfig, key: str) -> str:
    """Return what stands in a key as a person would type it; of a kind, what is not default too."""
    section, _, name = key.partition(".")
    chosen = config.section(section)
    return print_value(getattr(chosen, name)) if name else _kind_shown(chosen)


def _kind_shown(chosen: Choice) -> str:
    fields = [spec for spec in fields_of(type(chosen)) if getattr(chosen, spec.name) != spec.default]
    return " ".join(
        [chosen.word(), *(f"{one.name}={print_value(getattr(chosen, one.name))}" for one in fields)]
    )
