"""What a training step costs: `python -m benchmarks.scripts.step_costs ROUNDS SECONDS`, on the CPU.

Trains every configuration of `benchmarks.growth` for so long in each round, with the loop of a real run and
one thread, and prints a line for each turn: key, microseconds a step by the clock of the events, parameters.
"""

import sys
from datetime import UTC, datetime

import torch

from benchmarks.growth import Configuration, configurations
from dlcore import events, rundir
from dlcore.config import to_toml
from dlcore.datasets.examine import settled
from dlcore.files.journal import Tail
from dlcore.oneline import parse
from dlcore.rundir import RunDir
from dlcore.training.control import Control
from dlcore.training.data import Data, load
from dlcore.training.loop import Training
from dlcore.training.models import build_model
from dlcore.training.record import Record
from dlcore.training.sources import read
from dlcore.training.step import TrainingStep

_NEVER = 1 << 40


class Turn(Training):
    """A run that ends where it is told to: nothing is evaluated then, and nothing saved."""

    def conclude(self) -> None:
        """Leave it at that."""


def taken(chosen: Configuration, data: Data, seconds: float) -> tuple[float, int]:
    """Train so long, in chunks of which the first does not count; return µs a step, and parameters."""
    config = settled(parse(chosen.line), data.facts)
    torch.manual_seed(config.seed)
    step = TrainingStep(config, build_model(config, data.facts))
    run = rundir.create(rundir.home(), config.name, datetime.now(UTC), to_toml(config), {})
    record = Record(run, attempt=1, seq=0)

    def is_over() -> bool:
        return training.chunk.training_seconds > seconds

    training = Turn(config, run, data, step, record, Control(run, set()), is_over)
    if chosen.every_step:
        training.pause_at = _NEVER  # one that is taken for a person's sake is always looked at
    training.run()
    record.close()
    found = microseconds(run)
    run.remove()
    return found, sum(parameter.numel() for parameter in step.parameters)


def microseconds(run: RunDir) -> float:
    """Return the time of a step from the first chunk's event to the last one's."""
    decoded = [events.decode(content) for content in Tail(run.events).read()]
    told = [event for event in decoded if isinstance(event, events.StepsEnded)]
    return 1e6 * (told[-1].seconds - told[0].seconds) / (told[-1].step - told[0].step)


def main(rounds: int, seconds: float) -> None:
    """Take the turns, there and back again."""
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)  # as the trainer does
    chosen = configurations()
    config = parse(chosen[0].line)
    source = read(config, rundir.home(), lambda *_: None)
    data = load(settled(config, source.facts), source, torch.device("cpu"))  # all are of one shape
    del source
    for number in range(rounds):
        for one in chosen[:: -1 if number % 2 else 1]:
            found, parameters = taken(one, data, seconds)
            print(f"turn {one.key} {found:.3f} {parameters}", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]))
