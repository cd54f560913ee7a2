"""Runs that are alike but for one setting, or for their seed: made together, to be compared.

Twins have one seed, and so one order of batches and the same first weights where shapes and initialization
allow; what they do not have in common is said in sentences before they start.
"""

import os
import subprocess
import sys
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from dlcore import launch
from dlcore.changes import with_typed
from dlcore.choices.dataset import Facts
from dlcore.config import RunConfig
from dlcore.datasets.examine import examined
from dlcore.errors import DltuiError, RunError
from dlcore.family.alike import differing, labels, settings_of
from dlcore.family.branch import config_at
from dlcore.family.origin import Group, GroupKind
from dlcore.family.suggestions import USUAL
from dlcore.foreign import refuse
from dlcore.process.cores import available
from dlcore.rundir import RunDir

FEWEST, MOST = 2, 6
"""So many values a setting may have."""
MOST_SEEDS = 10
_MOST_RUNS = 30
_NEVER = frozenset({"name", "seed"})
"""Keys that no twins differ in: repeats differ in their seed."""
_NVIDIA = Path("/dev/nvidiactl")
"""There where a driver is; whether torch can use it, only torch knows."""


def base_of(run: RunDir) -> RunConfig:
    """Return a run's configuration with all that was changed live in it, for others like it.

    Raises DltuiError where it cannot be read, or where nobody can train the run.
    """
    refuse(run, "have twins")
    return config_at(run, sys.maxsize).folded()


# -- one setting, several values --------------------------------------------------------------------


def varied(config: RunConfig, key: str, values: Sequence[str]) -> list[RunConfig]:
    """Return a configuration for each value of a setting, all else alike; values are as typed.

    Raises DltuiError for a key or value that is wrong, and for too few, too many or equal ones.
    """
    if key in _NEVER:
        cure = (
            "Repeat with more seeds instead: --seeds 3, or n in Train." if key == "seed" else "Take another."
        )
        raise DltuiError(f"Twins cannot differ in {key}", cure)
    if not FEWEST <= len(values) <= MOST:
        raise DltuiError(
            f"{key} has {len(values)} values here", f"Give {FEWEST} to {MOST} of them, as in {_example(key)}."
        )
    found = [with_typed(config.folded(), [f"{key}={value}"]) for value in values]
    for index, one in enumerate(found):
        if one in found[:index]:
            raise DltuiError(f"{key} has the value {values[index]} twice", "Give each value once.")
    return found


def _example(key: str) -> str:
    return f"{key}={'|'.join(USUAL.get(key, ('0.01', '0.03')))}"


def parted(text: str) -> list[str]:
    """Return the values in a typed list: parted by |, or by commas where there is no |, as in `relu,tanh`."""
    return [value.strip() for value in text.split("|" if "|" in text else ",") if value.strip()]


def repeated(configs: Sequence[RunConfig], seeds: int) -> list[RunConfig]:
    """Return each configuration with so many seeds: its own, and those that follow.

    Raises DltuiError for too few or too many.
    """
    if not FEWEST <= seeds <= MOST_SEEDS or len(configs) * seeds > _MOST_RUNS:
        raise DltuiError(
            f"{len(configs) * seeds} runs with {seeds} seeds each cannot be made together",
            f"Take {FEWEST} to {MOST_SEEDS} seeds, and {_MOST_RUNS} runs at most.",
        )
    return [_seeded(config, config.seed + more) for more in range(seeds) for config in configs]


def _seeded(config: RunConfig, seed: int) -> RunConfig:
    return replace(config, general=config.general.model_copy(update={"seed": seed % 2**63}))


# -- making and training them -----------------------------------------------------------------------


@dataclass(frozen=True)
class Made:
    """Runs that were made together, in the order in which they are trained."""

    groups: tuple[Group, ...]
    """That of each run: twins have one, and so have the repeats of one configuration."""
    runs: tuple[RunDir, ...]
    configs: tuple[RunConfig, ...]
    at_once: int
    """So many are trained side by side."""


def at_once(
    configs: Sequence[RunConfig], environment: "os._Environ[str] | dict[str, str]" = os.environ
) -> int:
    """Return how many runs have room side by side: one a core on the CPU, one after the other on a GPU."""
    if any(_may_use_gpu(config.training.device, environment) for config in configs):
        return 1
    threads = max(one if isinstance(one := config.training.threads, int) else 1 for config in configs)
    return max(1, min(len(configs), available() // threads))


def _may_use_gpu(device: str, environment: "os._Environ[str] | dict[str, str]") -> bool:
    if device != "auto":
        return device != "cpu"
    is_hidden = environment.get("CUDA_VISIBLE_DEVICES") in ("", "-1")
    return sys.platform == "darwin" or (not is_hidden and _NVIDIA.exists())


def make(
    root: Path, configs: Sequence[RunConfig], now: datetime, kind: GroupKind, of: Sequence[str] = ()
) -> Made:
    """Make the runs below `root`; nobody trains them yet. `of` has the ids of the runs they were made from.

    Each computes with one thread, unless its configuration says otherwise: so they have a core each, and
    their sums come in one order. Raises DltuiError, with nothing left behind, where one cannot be made.
    """
    side_by_side = at_once(configs)
    groups = _groups(configs, kind, of)
    runs: list[RunDir] = []
    try:
        for index, (config, label) in enumerate(zip(configs, _names(configs), strict=True)):
            name, moment = f"{label} · {config.name}", now + timedelta(milliseconds=index)
            table = groups[index].table()
            runs.append(launch.make(root, _with_threads(config), moment, group=table, name=name))
    except BaseException:
        for run in runs:
            run.remove()
        raise
    return Made(tuple(groups), tuple(runs), tuple(configs), side_by_side)


def _groups(configs: Sequence[RunConfig], kind: GroupKind, of: Sequence[str]) -> list[Group]:
    """Return the group of each run."""
    keys = ("seed",) if kind == "seeds" else differing(configs)
    is_apart = kind == "seeds" and any(key != "seed" for key in settings_of(configs))
    names = labels(configs) if is_apart else [""] * len(configs)
    ids = {name: uuid.uuid4().hex[:12] for name in names}
    parents = of or [""] * len(configs)
    return [Group(ids[name], kind, keys, of=one) for name, one in zip(names, parents, strict=True)]


def _names(configs: Sequence[RunConfig]) -> list[str]:
    """Return what sets each run apart, its seed included where they have several."""
    found = labels(configs)
    if len({config.seed for config in configs}) == 1 or len(set(found)) == len(found):
        return found
    return [f"{label}, seed {config.seed}" for label, config in zip(found, configs, strict=True)]


def _with_threads(config: RunConfig) -> RunConfig:
    if config.training.threads != "auto":
        return config
    return replace(config, training=config.training.model_copy(update={"threads": 1}))


def start(root: Path, made: Made) -> "subprocess.Popen[bytes]":
    """Start the keeper of a queue that trains the runs; return it. It needs neither of us.

    Raises RunError where that cannot be.
    """
    try:
        return launch.start_queue(root, made.runs, made.at_once)
    except OSError as error:
        raise RunError(f"The runs cannot be started: {error.strerror}", "They wait: dltui resume.") from None


def facts_of(config: RunConfig) -> Facts | None:
    """Return what the data hold, where that is known without running code."""
    return examined(config)[0]
