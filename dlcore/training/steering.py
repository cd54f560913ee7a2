"""What a training does when it is told to: one command after the other, each answered by an event."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, assert_never

from pydantic import ValidationError

from dlcore import edits
from dlcore.commands import Checkpoint, Command, Continue, Pause, Set, Step, Stop, as_told
from dlcore.config import RunConfig
from dlcore.edits import Edit
from dlcore.errors import DltuiError
from dlcore.events import CommandApplied, CommandRefused
from dlcore.stages import stages_of
from dlcore.training.live import take_over

if TYPE_CHECKING:
    from dlcore.training.loop import Training

_WATCHING = ("steps_per_second", "probe_budget", "frames_mb", "checkpoint_mb", "checkpoint_seconds")
_BURST_SECONDS = 10.0
"""Changes that follow each other within this are one burst: before the first a checkpoint is saved."""


def expect(training: Training, again: Iterable[Edit]) -> None:
    """Let a training make the edits of an earlier attempt again, each at its step; they come in order."""
    training.edits.extend(again)
    training.edit_at = training.edits[0].step if training.edits else None


def edit_again(training: Training) -> None:
    """Change what an earlier attempt changed at this step or before; say so, since what it said is gone."""
    while training.edits and training.edits[0].step <= training.step:
        edit = training.edits.popleft()
        try:
            command = Set(id=edit.id, key=edit.key, value=edit.value, takes_back=edit.takes_back or None)
        except ValidationError:  # a line of somebody else's making
            continue
        _change(training, command, is_new=False)
    expect(training, ())


def carry_out(training: Training, command: Command) -> None:
    """Carry out one command, and say that it was applied or why not."""
    match command:
        case Pause():
            training.paused, training.pause_at = True, None
            text = "paused"
        case Continue():
            training.paused, training.pause_at = False, None
            text = "continued"
        case Step():
            start = (
                training.step if training.pause_at is None else training.pause_at
            )  # behind those still to come
            steps = command.count
            if command.unit == "epoch":
                over = int(training.plan.epoch_at(start) + 1e-9)
                steps = training.plan.steps_after(over + command.count) - start
            training.paused, training.pause_at = False, start + steps
            text = f"on to step {training.pause_at}"
        case Stop():
            training.stopping = True
            text = "stopping"
        case Set():
            _change(training, command, is_new=True)
            return
        case Checkpoint():
            text = "saved a checkpoint" if training.save() else "no checkpoint could be saved"
        case _:
            assert_never(command)
    training.record.say(CommandApplied, training.step, id=command.id, command=as_told(command), text=text)


def _change(training: Training, command: Set, *, is_new: bool) -> None:
    """Change a hyperparameter and say so, or refuse it with the reason; a new change can be regretted."""
    before = training.plan
    try:
        found = edits.change(training.config, command, training.data.facts)
        if is_new and _moves(training.config, found.config):
            _remember(training)
        later = take_over(training, found.config)
    except DltuiError as error:
        training.record.say(
            CommandRefused, training.step, id=command.id, command=as_told(command), reason=error.message
        )
        return
    training.record.say(
        CommandApplied,
        training.step,
        id=command.id,
        command=as_told(found.command),
        text=f"{found.text}{later}",
        before=found.before,
        stages=stages_of(training.plan) if training.plan != before else (),
    )


def _moves(before: RunConfig, after: RunConfig) -> bool:
    """Whether the weights will go another way; how often one looks or saves leads them nowhere else."""
    watched = before.training.model_copy(update={name: getattr(after.training, name) for name in _WATCHING})
    return replace(before, training=watched) != after


def _remember(training: Training) -> None:
    """Save a checkpoint to come back to before the first change of a burst."""
    if time.monotonic() > training.edited_at + _BURST_SECONDS and training.saver.step != training.step:
        training.save()
    training.edited_at = time.monotonic()
