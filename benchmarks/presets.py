"""Accuracy of the presets as shipped, on real data, over five seeds, next to what is wanted of each."""

import statistics
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain, islice
from pathlib import Path

from benchmarks import mnist
from benchmarks.report import table
from dlcore.config import RunConfig, to_table
from dlcore.datasets.examine import examine
from dlcore.errors import DltuiError
from dlcore.history import score
from dlcore.launch import launch
from dlcore.presets import preset
from dlcore.reading import checked
from dlcore.summary import read_history

SEEDS = range(5)
RIDGE_SLACK = 0.03


@dataclass(frozen=True)
class Wanted:
    """A preset, and the mean that its test figure is to reach over the seeds."""

    name: str
    least: float | None = None
    most: float | None = None


WANTED = (
    Wanted("digits", 0.97),
    Wanted("mnist-mlp", 0.98),
    Wanted("mnist-cnn", 0.99),
    Wanted("moons", 0.98),
    Wanted("circles", 0.98),
    Wanted("spiral", 0.98),
    Wanted("xor/hidden", 1.0),
    Wanted("xor/perceptron", most=0.75),
    Wanted("iris", 0.95),
    Wanted("wine", 0.95),
    Wanted("diabetes"),
)


def seeded(name: str, seed: int) -> RunConfig:
    """Return a preset's configuration with another seed."""
    return checked(to_table(preset(name)[1]) | {"seed": seed}, name)


def reached(home: Path, config: RunConfig) -> float:
    """Train a configuration in a trainer of its own; return its last figure on the test split."""
    run, trainer = launch(home, config, datetime.now(UTC))
    trainer.wait()
    history = read_history(run)
    if history.ended is None or history.ended.reason != "finished":
        raise DltuiError(f"The run of {config.name} did not finish", f"See {run.log}.")
    found = score(history.split("test")[-1], history.metric)
    assert found is not None
    return found


def ridge(config: RunConfig) -> float:
    """Return the test R² of scikit-learn's ridge regression on the very splits of a run."""
    import torch
    from sklearn.linear_model import RidgeCV

    from dlcore.training.data import Split, load
    from dlcore.training.sources import read

    source = read(config, Path(), lambda *_: None)
    data = load(config.resolved(examine(config)), source, torch.device("cpu"))
    assert isinstance(data.training, Split)
    assert isinstance(data.test, Split)
    inputs, targets = data.normalized(data.training.inputs), data.training.targets[:, 0]
    model = RidgeCV(alphas=(0.1, 1.0, 10.0, 100.0)).fit(inputs.numpy(), targets.numpy())
    return float(model.score(data.normalized(data.test.inputs).numpy(), data.test.targets[:, 0].numpy()))


def measure() -> str:
    """Return the table of this section."""
    with tempfile.TemporaryDirectory() as scratch:
        home = Path(scratch) / "home"
        mnist.put_into_home(home)
        configs = {wanted: [seeded(wanted.name, seed) for seed in SEEDS] for wanted in WANTED}
        with ThreadPoolExecutor(2) as pool:  # nothing is timed here
            figures = iter(list(pool.map(lambda config: reached(home, config), chain(*configs.values()))))
        rows = [_row(wanted, configs[wanted], list(islice(figures, len(SEEDS)))) for wanted in WANTED]
    header = ("preset", "mean", "standard deviation", "lowest", "highest", "wanted of the mean", "")
    return "\n\n".join((_intro(), table(header, rows)))


def _intro() -> str:
    return (
        f"`dltui train --preset NAME --set seed=S`, seeds {SEEDS[0]} to {SEEDS[-1]}: the share of the test "
        "split that is right, and for diabetes R², next to that of scikit-learn's `RidgeCV` on the same "
        "splits. Data that have no test split keep one sample in five for it, drawn with the seed."
    )


def _row(wanted: Wanted, configs: list[RunConfig], figures: list[float]) -> tuple[str, ...]:
    mean = statistics.mean(figures)
    if wanted.most is not None:
        met, goal = max(figures) <= wanted.most, f"none above {_percent(wanted.most)}"
    elif wanted.least is not None:
        met, goal = mean >= wanted.least, f"≥ {_percent(wanted.least)}"
    else:
        least = statistics.mean(ridge(config) for config in configs) - RIDGE_SLACK
        met, goal = mean >= least, f"≥ {least:.3f} (ridge − {RIDGE_SLACK})"
    show = _percent if wanted.least is not None or wanted.most is not None else _plain
    deviation = statistics.stdev(figures)
    spread = (show(mean), show(deviation), show(min(figures)), show(max(figures)))
    return (wanted.name, *spread, goal, "met" if met else "**not met**")


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _plain(figure: float) -> str:
    return f"{figure:.3f}"
