"""`python -m dlcore.training RUN_DIR`: claim the run, train it, and always end with a word.

This is one of the two outer doors: whatever falls through the loop becomes the run's last event.
"""

import os
import signal
import socket
import sys
import traceback
from pathlib import Path
from typing import Literal

from dlcore import rundir
from dlcore.choices.architectures import CustomModel
from dlcore.choices.own import CustomData
from dlcore.config import RunConfig, output_units, plan
from dlcore.errors import DltuiError
from dlcore.events import AttemptEnded, AttemptStarted, DataFetched, Prepared
from dlcore.examine import settled
from dlcore.lock import Lock
from dlcore.reading import read_file
from dlcore.rundir import RunDir
from dlcore.summary import read_history, store_summary
from dlcore.training.faults import described
from dlcore.training.record import Record, now, readable

Reason = Literal["finished", "stopped", "failed"]


class _Signals:
    """SIGTERM and SIGINT ask for a graceful stop; SIGHUP is what a closed terminal sends, and is ignored."""

    def __init__(self) -> None:
        self.asked = False
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._ask)

    def _ask(self, number: int, frame: object) -> None:
        self.asked = True


class _Stopped(Exception):
    """A stop was asked for while data were being fetched."""


def main(arguments: list[str]) -> int:
    """Train the run at the path given; return the exit status: 0, or 1 when the run failed, or 2."""
    os.umask(0o077)
    signals = _Signals()
    try:
        run, config, lock = claim(arguments)
    except DltuiError as error:
        print(f"dltui: {error}", file=sys.stderr)
        return 2
    try:
        return 0 if attempt(run, config, signals) != "failed" else 1
    finally:
        lock.release()


def claim(arguments: list[str]) -> tuple[RunDir, RunConfig, Lock]:
    """Take the run at the path given; raises DltuiError where it is missing, busy or trained already."""
    if len(arguments) != 1:
        raise DltuiError("the path of a run is missing", "Start runs with dltui train.")
    run = RunDir(Path(arguments[0]).absolute())
    config = read_file(run.config)
    lock = Lock(run)
    if read_history(run).attempt:
        lock.release()
        raise DltuiError(f"{run.id} has been trained already", "Start a new run with its config.toml.")
    return run, config, lock


def attempt(run: RunDir, config: RunConfig, signals: _Signals) -> Reason:
    """Train the run once, from its start to its last event."""
    record = Record(run, attempt=1, seq=0)
    record.say(AttemptStarted, 0, time=now(), pid=os.getpid(), host=socket.gethostname())
    reason: Reason = "failed"
    message = hint = ""
    try:
        reason, message = train(run, config, record, signals)
    except _Stopped:
        reason, message = "stopped", "It was stopped before its first step"
    except DltuiError as error:
        message, hint = error.message, error.hint
    except (Exception, SystemExit) as error:  # the outer door: nothing leaves without a last word
        traceback.print_exc()
        is_custom = isinstance(config.model, CustomModel) or isinstance(config.data, CustomData)
        message = described(error) if is_custom else f"{type(error).__name__}: {error}"
        hint = f"The whole story is in {run.log}."
    record.say(AttemptEnded, record.step, reason=reason, message=readable(message), hint=readable(hint))
    record.close()
    store_summary(run)
    return reason


def train(run: RunDir, config: RunConfig, record: Record, signals: _Signals) -> tuple[Reason, str]:
    """Prepare data and network, say what they are, and run the loop; return how it ended."""
    # torch takes a second to import: the run has shown its first sign of life before that.
    import torch

    from dlcore.training.control import Control
    from dlcore.training.data import load
    from dlcore.training.device import pick_device
    from dlcore.training.layers import describe
    from dlcore.training.loop import Training
    from dlcore.training.models import build_model, check_outputs
    from dlcore.training.sources import read
    from dlcore.training.step import TrainingStep
    from dlcore.training.threads import choose_threads, make_room

    torch.set_num_threads(1)
    # Below 1e-38 a processor takes a hundred times as long: the gradients of what has been learned are there.
    torch.set_flush_denormal(True)
    device = pick_device(config.training.device)
    control = Control(run, answered=set())

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
    steps = plan(config, facts)
    step = TrainingStep(config, model)
    threads = config.training.threads
    if threads == "auto":
        threads = choose_threads(step, *data.first(data.training, steps.batch_size))
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
    )
    training = Training(config, run, data, step, record, control, lambda: signals.asked)
    return training.run(), training.message


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
