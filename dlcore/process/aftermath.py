"""What became of a run that ended badly, in a sentence: what happened, what is there, and how to go on."""

import signal

from dlcore import figures
from dlcore.checkpoints import saved
from dlcore.foreign import Foreign, foreign_of
from dlcore.history import RunHistory, State
from dlcore.process.log_tail import LogTail
from dlcore.rundir import RunDir

RESUMABLE: tuple[State, ...] = ("stopped", "failed", "crashed")
"""States from which a run is offered to be resumed."""

_FATAL = "Fatal Python error: "
_MOST_LETTERS = 100


def last_checkpoint(run: RunDir, step: int) -> int | None:
    """Return the step of the newest checkpoint of a run that has come to `step`; None where there is none."""
    return max((saved_at for saved_at in saved(run) if saved_at <= step), default=None)


def cause(run: RunDir, status: int | None = None) -> str:
    """Return how a trainer died: from its exit status where somebody has it, negative for a signal.

    Else from the last words of Python itself in its log, unless the run has said something since.
    """
    if status == -signal.SIGKILL:
        return "was killed by the system or by somebody (SIGKILL)"
    if status is not None and status < 0:
        return f"died of {_signal(-status)}"
    fatal = _fatal(run)
    return f"died of a fatal error ({fatal})" if fatal else "ended without a word"


def _fatal(run: RunDir) -> str:
    try:
        if run.log.stat().st_mtime_ns < run.events.stat().st_mtime_ns:
            return ""  # those words are of an earlier attempt
    except OSError:
        return ""
    tail = LogTail(run.log)
    tail.read()
    found = (line for line in reversed(tail.lines) if line.startswith(_FATAL))
    return next(found, "").removeprefix(_FATAL)[:_MOST_LETTERS]


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def place(run: RunDir, step: int) -> str:
    """Return where a run stands and what is kept, as in `at step 1,234, last checkpoint at step 1,000`."""
    kept = last_checkpoint(run, step)
    return f"at step {step:,}, {'no checkpoint' if kept is None else f'last checkpoint at step {kept:,}'}"


def aftermath(
    run: RunDir, history: RunHistory, state: State, status: int | None = None, *, in_app: bool = False
) -> str:
    """Return all there is to say of a crashed or failed run; '' of every other one.

    `status` is the trainer's exit status, where it is known; the app names its keys too.
    """
    if (source := foreign_of(run)) is not None:
        return _told(source, history, state)
    then = f"To go on: dltui resume {run.id}; its log: {run.log}"
    if in_app:
        then = f"R goes on from there, l shows the log: {figures.path(run.log)}"
    where = place(run, history.step)
    if state == "crashed":
        return f"The trainer {cause(run, status)} {where}. {then}"
    if state != "failed" or history.ended is None:
        return ""
    said = " ".join(part for part in (f"{history.ended.message}.", history.ended.hint) if part)
    return f"{said} It failed {where}. {then}"


def _told(source: Foreign, history: RunHistory, state: State) -> str:
    """Return what became of a run that no trainer of ours has trained."""
    what, then = ("script", "Run it again") if source.sort == "watched" else ("import", "Import it again")
    if state == "crashed":
        return f"Its {what} ended without a last word at step {history.step:,}. {then} for a new run."
    if state != "failed" or history.ended is None:
        return ""
    said = " ".join(part for part in (f"{history.ended.message}.", history.ended.hint) if part)
    return f"{said.rstrip('.')}. It failed at step {history.step:,}."
