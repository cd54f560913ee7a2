"""What became of a run that ended badly, in a sentence: what happened, what is there, and how to go on."""

import signal

from dlcore.checkpoints import saved
from dlcore.history import RunHistory, State
from dlcore.rundir import RunDir

RESUMABLE: tuple[State, ...] = ("stopped", "failed", "crashed")
"""States from which a run is offered to be resumed."""


def last_checkpoint(run: RunDir, step: int) -> int | None:
    """Return the step of the newest checkpoint of a run that has come to `step`; None where there is none."""
    return max((saved_at for saved_at in saved(run) if saved_at <= step), default=None)


def cause(status: int | None) -> str:
    """Return how a trainer died: from its exit status where somebody has it, negative for a signal."""
    if status == -signal.SIGKILL:
        return "was killed by the system or by somebody (SIGKILL)"
    if status is not None and status < 0:
        return f"died of {_signal(-status)}"
    return "ended without a word"


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def place(run: RunDir, step: int) -> str:
    """Return where a run stands and what is kept, as in `at step 1,234, checkpoint of step 1,000`."""
    kept = last_checkpoint(run, step)
    return f"at step {step:,}, {'no checkpoint' if kept is None else f'checkpoint of step {kept:,}'}"


def aftermath(
    run: RunDir, history: RunHistory, state: State, status: int | None = None, *, in_app: bool = False
) -> str:
    """Return all there is to say of a crashed or failed run; '' of every other one.

    `status` is the trainer's exit status, where it is known; the app names its keys too.
    """
    then = f"dltui resume {run.id}; its log: {run.log}"
    if in_app:
        then = f"R resumes it (dltui resume {run.id}), l shows its log: {run.log}"
    where = place(run, history.step)
    if state == "crashed":
        return f"The trainer {cause(status)} {where}: {then}"
    if state != "failed" or history.ended is None:
        return ""
    said = " ".join(part for part in (f"{history.ended.message}.", history.ended.hint) if part)
    return f"{said} It failed {where}: {then}"
