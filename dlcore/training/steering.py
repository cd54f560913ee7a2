"""What a training does when it is told to: one command after the other, each answered by an event."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, assert_never

from dlcore.commands import Checkpoint, Command, Continue, Pause, Set, Step, Stop
from dlcore.edits import changed
from dlcore.errors import DltuiError
from dlcore.events import CommandApplied, CommandRefused

if TYPE_CHECKING:
    from dlcore.training.loop import Training

_BURST_SECONDS = 10.0
"""Changes that follow each other within this are one burst: before the first a checkpoint is saved."""


def edit_again(training: Training) -> None:
    """Change what was changed at this step, or before it, by an earlier attempt."""
    while training.edits and training.edits[0][0] <= training.step:
        _, command = training.edits.popleft()
        training.config, _ = changed(training.config, command)


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
            done = change(training, command)
            if done is None:
                return
            text = done
        case Checkpoint():
            text = "saved a checkpoint" if training.save() else "no checkpoint could be saved"
        case _:
            assert_never(command)
    training.record.say(CommandApplied, training.step, id=command.id, command=command.model_dump(), text=text)


def change(training: Training, command: Set) -> str | None:
    """Change a hyperparameter; return what changed, or None after refusing it with the reason."""
    try:
        config, text = changed(training.config, command)
    except DltuiError as error:
        training.record.say(
            CommandRefused, training.step, id=command.id, command=command.model_dump(), reason=error.message
        )
        return None
    if time.monotonic() > training.edited_at + _BURST_SECONDS and training.saver.step != training.step:
        training.save()
    training.edited_at, training.config = time.monotonic(), config
    return text
