"""What the probes take on every shipped preset: `python -m benchmarks.scripts.probe_costs SECONDS`.

Trains each run of each preset for so long, or to its end, and prints a line: name, share of the training time
that looking took, seconds of training, steps, steps from one look to the next.
"""

import gc
import sys
from datetime import UTC, datetime

import torch

from dlcore import rundir
from dlcore.config import RunConfig, to_toml
from dlcore.datasets.examine import settled
from dlcore.presets import PRESETS, preset
from dlcore.rundir import RunDir
from dlcore.summary import read_history
from dlcore.training.control import Control
from dlcore.training.data import load
from dlcore.training.loop import Training
from dlcore.training.models import build_model
from dlcore.training.record import Record
from dlcore.training.sources import read
from dlcore.training.step import TrainingStep


def trained(config: RunConfig, seconds: float) -> tuple[Training, RunDir]:
    """Train a run for so long, one thread, and return what is left of it."""
    home = rundir.home()
    source = read(config, home, lambda *_: None)
    config = settled(config, source.facts)
    data = load(config, source, torch.device("cpu"))
    torch.manual_seed(config.seed)
    step = TrainingStep(config, build_model(config, source.facts))
    run = rundir.create(home, config.name, datetime.now(UTC), to_toml(config), {})
    record = Record(run, attempt=1, seq=0)

    def is_over() -> bool:
        return training.chunk.training_seconds > seconds

    training = Training(config, run, data, step, record, Control(run, set()), is_over)
    training.run()
    record.close()
    return training, run


def main(seconds: float) -> None:
    """Print a line for each run."""
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)  # as the trainer does; and that:
    gc.freeze()
    for chosen in PRESETS:
        for name in chosen.names:
            training, run = trained(preset(name)[1], seconds)
            spent = training.chunk.training_seconds
            every = read_history(run).look_every
            print(
                f"run {name} {training.budget.cost(spent):.5f} {spent:.4f} {training.step} {every}",
                flush=True,
            )


if __name__ == "__main__":
    main(float(sys.argv[1]))
