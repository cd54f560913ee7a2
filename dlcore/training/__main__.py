"""`python -m dlcore.training RUN_DIR [--resume HEARD]`: claim the run, train it, and always end with a word.

This is one of the two outer doors: whatever falls through the loop becomes the run's last event.
"""

import gc
import os
import signal
import socket
import sys
import traceback
from collections.abc import Callable
from itertools import compress
from pathlib import Path
from typing import Literal

from dlcore import past, rundir
from dlcore.choices.architectures import CustomModel
from dlcore.choices.own import CustomData
from dlcore.config import output_units, plan
from dlcore.curves.thinned import counts
from dlcore.datasets.examine import settled
from dlcore.edits import applied
from dlcore.errors import DltuiError
from dlcore.events import AttemptEnded, AttemptStarted, DataFetched, Prepared
from dlcore.files.lock import Lock
from dlcore.foreign import refuse
from dlcore.reading import read_file
from dlcore.rundir import RunDir
from dlcore.stages import stages_of
from dlcore.summary import forget_summary, store_summary
from dlcore.training import log
from dlcore.training.faults import described
from dlcore.training.memory import shortage
from dlcore.training.record import Record, now, readable

Reason = Literal["finished", "stopped", "failed"]


class _Signals:
    """SIGTERM and SIGINT ask for a graceful stop; SIGHUP is what a closed terminal sends, and is ignored."""

    def __init__(self) -> None:
        self._asked = False
        self._take()

    @property
    def asked(self) -> bool:
        """Whether to stop; signals that the user's code has taken for itself are taken back."""
        if signal.getsignal(signal.SIGTERM) != self._ask or signal.getsignal(signal.SIGINT) != self._ask:
            self._take()
        return self._asked

    def _take(self) -> None:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._ask)

    def _ask(self, number: int, frame: object) -> None:
        self._asked = True


class _Stopped(Exception):
    """A stop was asked for while data were being fetched."""


def main(arguments: list[str], *, is_alone: bool = False) -> int:
    """Train the run at the path given; return the exit status: 0, or 1 when the run failed, or 2.

    `is_alone` says that the process does nothing else.
    """
    os.umask(0o077)
    signals = _Signals()
    try:
        claim = Claim(arguments, is_alone=is_alone)
        try:
            return 0 if attempt(claim, signals) != "failed" else 1
        finally:
            claim.lock.release()
    except DltuiError as error:
        print(f"dltui: {error}", file=sys.stderr)
    except OSError as error:  # before the first word could be written
        print(f"dltui: {error.filename}: {error.strerror}. Make it writable, and resume.", file=sys.stderr)
    return 2


class Claim:
    """A run that this process alone may train, and what to go on from."""

    def __init__(self, arguments: list[str], *, is_alone: bool = False) -> None:
        """Take the run at the path given; raises DltuiError where it is missing, busy or has nothing left.

        `is_alone` says that the process does nothing else.
        `--resume` goes on with a run that has been trained before; the number behind it is the bytes of its
        `control.jsonl` that were meant for earlier attempts.
        """
        match arguments:
            case [path]:
                self.heard = 0
            case [path, "--resume", heard] if heard.isascii() and heard.isdigit():
                self.heard = int(heard)
            case _:
                raise DltuiError("the path of a run is missing", "Start runs with dltui train.")
        self.is_alone = is_alone
        self.run = RunDir(Path(path).absolute())
        self.config = read_file(self.run.config)
        self.lock = Lock(self.run)
        try:
            self.past = past.read(self.run)
            self._check(is_resume=len(arguments) > 1)
            self.start = past.start_of(self.run, self.past)
            self._make_edits()
        except BaseException:
            self.lock.release()
            raise

    def _make_edits(self) -> None:
        """Begin with what was changed live up to the checkpoint; what came later is changed again then."""
        step, kept = (self.start.step, self.start.kept) if self.start is not None else (0, 0)
        is_made = [counts(edit, step, kept) for edit in self.past.edits]
        self.config = applied(self.config, compress(self.past.edits, is_made))
        self.later = [edit for edit, made in zip(self.past.edits, is_made, strict=True) if not made]
        """Changes that come again, in the order of their steps."""

    def _check(self, *, is_resume: bool) -> None:
        refuse(self.run, "be trained")
        if self.past.attempt and not is_resume:
            raise DltuiError(f"{self.run.id} has been trained already", f"Go on: dltui resume {self.run.id}.")
        if self.past.finished:
            raise DltuiError(
                f"{self.run.id} has finished: there is nothing left to train",
                "Start a new run with its config.toml and more epochs.",
            )


def attempt(claim: Claim, signals: _Signals) -> Reason:
    """Train the run once, from where it stands to its last event."""
    run, start, before = claim.run, claim.start, claim.past
    _write(run, forget_summary)  # of an earlier attempt: lists would show it while this one goes on
    record = Record(
        run, before.attempt + 1, before.seq + 1, resumed=before.resumed, is_stopping=lambda: signals.asked
    )
    step, kept = (start.step, start.kept) if start is not None else (0, 0)
    host = socket.gethostname()
    record.say(AttemptStarted, step, time=now(), pid=os.getpid(), host=host, kept=kept)
    reason: Reason = "failed"
    message = hint = ""
    try:
        reason, message = train(claim, record, signals)
    except _Stopped:
        reason, message = "stopped", "It was stopped before its first step"
    except DltuiError as error:
        message, hint = error.message, error.hint
    except BaseException as error:  # the outer door: nothing leaves without a last word
        log.say(traceback.format_exc())
        config = claim.config
        is_custom = isinstance(config.model, CustomModel) or isinstance(config.data, CustomData)
        message = described(error) if is_custom else f"{type(error).__name__}: {error}"
        hint = f"The whole story is in {run.log}."
        if (short := shortage(error)) is not None:
            message, hint = short.message, short.hint
    record.say(AttemptEnded, record.step, reason=reason, message=readable(message), hint=readable(hint))
    is_saved = record.close()
    _write(run, store_summary)
    return reason if is_saved else "failed"


def _write(run: RunDir, change: Callable[[RunDir], None]) -> None:
    """Change `run.json`, where the disk lets us; the events say it all anyway."""
    try:
        change(run)
    except OSError as error:
        log.say(f"{run.facts} cannot be written: {error.strerror}")


def train(claim: Claim, record: Record, signals: _Signals) -> tuple[Reason, str]:
    """Prepare data and network, say what they are, and run the loop; return how it ended."""
    run, config, start = claim.run, claim.config, claim.start
    # torch takes a second to import: the run has shown its first sign of life before that.
    import torch

    from dlcore.training import checkpoint
    from dlcore.training.chance import chance
    from dlcore.training.control import Control
    from dlcore.training.data import load
    from dlcore.training.device import pick_device
    from dlcore.training.layers import describe
    from dlcore.training.loop import Training
    from dlcore.training.models import build_model, check_outputs
    from dlcore.training.order import fingerprint
    from dlcore.training.sources import read
    from dlcore.training.state import plan_from, restore
    from dlcore.training.steering import expect
    from dlcore.training.step import TrainingStep
    from dlcore.training.threads import choose_threads, make_room

    torch.set_num_threads(1)
    # Below 1e-38 a processor takes a hundred times as long: the gradients of what has been learned are there.
    torch.set_flush_denormal(True)
    device = pick_device(config.training.device)
    control = Control(run, claim.past.answered, claim.heard)
    control.refuse_late(record)

    def fetched(file: str, got: int, total: int) -> None:
        record.say(DataFetched, 0, file=file, bytes=got, total=total)
        if signals.asked or control.stop(record):
            raise _Stopped

    source = read(config, rundir.home(), fetched)
    facts = source.facts
    config = settled(config, facts)
    data = load(config, source, device)
    del source  # its tensors are larger than what is left of them
    torch.manual_seed(config.seed)  # as a plain script would: there, the same seed gives the same weights
    model = build_model(config, facts).to(device)
    layers, outputs = describe(model, facts.shape)
    check_outputs(outputs, output_units(config.loss, facts))
    state = checkpoint.load(run, start.step) if start is not None else None
    steps = plan(config, facts) if state is None else plan_from(state, plan(config, facts))
    step = TrainingStep(config, model)
    threads = config.training.threads
    if threads == "auto":
        known = claim.past.threads or (start.threads if start is not None else None)
        threads = known or choose_threads(step, *data.first(data.training, steps.batch_size))
    torch.set_num_threads(threads)
    make_room(threads)
    record.say(
        Prepared,
        0,
        device=str(device),
        threads=threads,
        task=facts.task,
        input_shape=facts.shape,
        classes=facts.names,
        layers=layers,
        parameters=sum(parameter.numel() for parameter in model.parameters()),
        training_samples=steps.training,
        validation_samples=steps.validation,
        test_samples=steps.test,
        batch_size=steps.batch_size,
        steps_per_epoch=steps.steps_per_epoch,
        total_steps=steps.steps,
        epochs=config.training.epochs,
        stages=stages_of(steps),
        steps_per_second=config.training.steps_per_second,
        order=fingerprint(config, steps),
        **chance(data, config.loss),
    )
    if claim.is_alone:
        gc.freeze()  # to look through all of torch's objects would stop a training for 0.1 s
    training = Training(config, run, data, step, record, control, lambda: signals.asked)
    expect(training, claim.later)
    if start is not None and state is not None:
        restore(training, state, is_fresh=start.is_fresh)
    return training.run(), training.message


if __name__ == "__main__":
    log.guard(RunDir(Path(*sys.argv[1:2]).absolute()).log)
    log.leave(main(sys.argv[1:], is_alone=True))
