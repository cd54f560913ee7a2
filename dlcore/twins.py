"""Runs that are alike but for one setting, or for their seed: made together, to be compared.

Twins have one seed, and so one order of batches and the same first weights where shapes and initialization
allow; what they do not have in common is said in sentences before they start.
"""

import os
import subprocess
import sys
import uuid
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from dlcore import launch
from dlcore.branch import config_at
from dlcore.changes import differences, with_typed
from dlcore.choices.choice import Choice, FieldSpec, by_name, fields_of
from dlcore.choices.dataset import Facts
from dlcore.choices.initializers import He, Orthogonal
from dlcore.choices.schedules import BatchGrowth
from dlcore.config import SECTIONS, RunConfig, Section, output_units
from dlcore.cores import available
from dlcore.errors import DltuiError, RunError
from dlcore.examine import examined
from dlcore.foreign import refuse
from dlcore.oneline import print_value
from dlcore.origin import Group, GroupKind
from dlcore.reading import is_text
from dlcore.rundir import RunDir

FEWEST, MOST = 2, 6
"""So many values a setting may have."""
MOST_SEEDS = 10
_MOST_RUNS = 30
_NEVER = frozenset({"name", "seed"})
"""Keys that no twins differ in: repeats differ in their seed."""
_USUAL: dict[str, tuple[str, ...]] = {
    "model.activation": ("relu", "tanh", "sigmoid"),
    "model.init": ("default", "xavier", "he"),
    "optimizer.kind": ("sgd", "momentum", "adam"),
    "schedule.kind": ("constant", "cosine", "one_cycle"),
    "data.limit": ("0", "100", "1000"),
}
"""What is worth a comparison; of other lists it is what stands first."""
_SUGGESTED = 3
_LABEL_LETTERS = 40
_NVIDIA = Path("/dev/nvidiactl")
"""There where a driver is; whether torch can use it, only torch knows."""
_ORDER = frozenset({"kind", "seed", "batch_size", "shuffle", "limit", "validation", "samples"})
"""Fields of data that the order of batches follows from."""


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
    return f"{key}={'|'.join(_USUAL.get(key, ('0.01', '0.03')))}"


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


def suggested(config: RunConfig, key: str) -> list[str]:
    """Return values that are worth a comparison, as typed, the present one among them; or none."""
    return [value for value in _candidates(config, key) if _is_taken(config, key, value)]


def _is_taken(config: RunConfig, key: str, value: str) -> bool:
    with suppress(DltuiError):
        return bool(with_typed(config.folded(), [f"{key}={value}"]))
    return False


def _candidates(config: RunConfig, key: str) -> list[str]:
    """Return values to choose from, whatever else is in the configuration."""
    section, spec = _field(config, key)
    if section is None or key in _NEVER:
        return []
    if spec is None:
        return _words(key, [kind.word() for kind in section.family], config.section(section.key).word())
    chosen: Any = config.section(section.key)
    for name in key.removeprefix(section.path("")).split("."):
        chosen = getattr(chosen, name)
    if spec.control == "choice":
        present = chosen[0] if isinstance(chosen, tuple) else chosen
        return _words(key, [kind.word() for kind in spec.family], present.word())
    if spec.control == "option":
        return _words(key, list(spec.options), str(chosen))
    if spec.control == "flag":
        return ["false", "true"]
    return list(_USUAL.get(key, ())) or [print_value(one) for one in _numbers(spec, chosen)]


def _field(config: RunConfig, key: str) -> tuple[Section | None, FieldSpec | None]:
    """Return section and field of a dotted key; no field for a kind, and nothing for a strange key."""
    top, _, rest = key.partition(".")
    section = next((one for one in SECTIONS if one.key == (top if rest else "")), None)
    if section is None or (section.has_kinds and rest == "kind"):
        return section, None
    kind: Any = type(config.section(section.key))
    spec: FieldSpec | None = None
    for name in (rest or top).split("."):
        spec = next((one for one in fields_of(kind) if one.name == name), None)
        if spec is None:
            return None, None
        inner = getattr(config.section(section.key), name, None)
        kind = type(inner) if spec.control == "choice" and not isinstance(inner, tuple) else kind
    return section, spec


def _words(key: str, known: list[str], present: str) -> list[str]:
    """Return a few words, the present one first."""
    usual = [word for word in _USUAL.get(key, tuple(known)) if word in known]
    return list(dict.fromkeys([present, *usual]))[:_SUGGESTED]


def _numbers(spec: FieldSpec, present: Any) -> list[Any]:
    """Return values below and above the present one, within the limits of the field."""
    if spec.control == "widths" and present:
        return [tuple(max(1, one // 2) for one in present), present, tuple(2 * one for one in present)]
    if not isinstance(present, int | float) or isinstance(present, bool):
        return []
    if spec.control == "count":
        found = [present // 2, present, 2 * present] if present > 1 else [present, present + 1, present + 3]
    elif spec.highest is not None and spec.highest <= 1:
        found = [present / 2, present, (1 + present) / 2] if present else [0.0, 0.2, 0.5]
    else:
        found = [present / 3, present, 3 * present] if present else [0.0, 1e-4, 1e-3]
    low = -float("inf") if spec.lowest is None else spec.lowest
    high = float("inf") if spec.highest is None else spec.highest
    rounded = [float(f"{one:.2g}") if isinstance(one, float) and one != present else one for one in found]
    return [one for one in dict.fromkeys(rounded) if low <= one <= high]


# -- what they have in common -----------------------------------------------------------------------


def differing(configs: Sequence[RunConfig]) -> tuple[str, ...]:
    """Return the dotted keys in which configurations differ, in the order of the form."""
    first = configs[0].folded()
    return tuple(dict.fromkeys(key for one in configs[1:] for key in differences(first, one.folded())))


def settings_of(configs: Sequence[RunConfig]) -> tuple[str, ...]:
    """Return the same with a kind for all the fields that it brings along; the name does not count."""
    keys = [key for key in differing(configs) if key != "name"]
    kinds = {key.rpartition(".")[0] for key in keys if key.endswith(".kind")}
    return tuple(key for key in keys if key.endswith(".kind") or key.rpartition(".")[0] not in kinds)


def labels(configs: Sequence[RunConfig]) -> list[str]:
    """Return what sets each run apart, as in `relu` or `lr 0.01`; the seed where nothing else does."""
    keys = [key for key in settings_of(configs) if key != "seed"]
    if not keys:
        return [f"seed {config.seed}" for config in configs]
    full = [", ".join(_label(config.folded(), key) for key in keys) for config in configs]
    short = [label[:_LABEL_LETTERS] for label in full]
    return short if len(set(short)) == len(set(full)) else full


def _label(config: RunConfig, key: str) -> str:
    section, _, name = key.rpartition(".")
    chosen = config.section(section)
    if name == "kind":
        return chosen.word()
    value = getattr(chosen, name, None)
    if value is None:
        return f"no {name}"
    typed = print_value(value)
    is_word = by_name(_family(chosen, name), typed.partition(" ")[0]) is not None
    return typed if is_word or is_text(key) else f"{name.replace('_', ' ')} {typed}"


def _family(chosen: Choice, name: str) -> tuple[type[Choice], ...]:
    return next((spec.family for spec in fields_of(type(chosen)) if spec.name == name), ())


def alike(configs: Sequence[RunConfig], facts: Facts | None) -> list[str]:
    """Return clauses on what the runs have in common, and what not, beside their setting.

    `facts` are those of their data, where these are known.
    """
    keys = differing(configs)
    seeds = list(dict.fromkeys(config.seed for config in configs))
    said = [f"seed {seeds[0]}" if len(seeds) == 1 else f"seeds {', '.join(map(str, seeds))}"]
    said.append(_first_weights(configs, keys, facts))
    each = " for each" if len(seeds) > 1 else ""
    said.append("batches differ" if _moves_order(configs, keys) else f"one order of batches{each}")
    with_kind = [
        key for key in keys if f"{key.rpartition('.')[0]}.kind" in keys and not key.endswith(".kind")
    ]
    if with_kind:
        said.append(f"each kind comes with its own {', '.join(key.rpartition('.')[2] for key in with_kind)}")
    return said


def _moves_order(configs: Sequence[RunConfig], keys: Sequence[str]) -> bool:
    """Whether runs that differ in some keys get other batches, beside those that follow from their seed."""
    grows = any(isinstance(config.schedule, BatchGrowth) for config in configs)
    fields = {key.removeprefix("data.") for key in keys if key.startswith("data.")}
    return bool(fields & _ORDER) or (grows and any(key.startswith("schedule.") for key in keys))


def _first_weights(configs: Sequence[RunConfig], keys: Sequence[str], facts: Facts | None) -> str:
    if any(key.startswith("model.init") for key in keys):
        return "first weights differ, by their initialization"
    if len({_shape(config, facts) for config in configs}) > 1:
        return "first weights differ, for the networks have other shapes"
    is_scaled = isinstance(getattr(configs[0].model, "init", None), He | Orthogonal)
    if is_scaled and "model.activation" in keys:
        return "first weights are the same draws, each scaled for its activation"
    return "the same first weights"


def _shape(config: RunConfig, facts: Facts | None) -> tuple[Any, ...]:
    """Return all that the shapes of the weights follow from."""
    free = {"activation", "dropout", "pooling", "residual", "output", "init"}
    fields = [spec.name for spec in fields_of(type(config.model)) if spec.name not in free]
    known = facts if facts is not None and config.data.facts is None else config.data.facts
    ends = (known.shape, output_units(config.resolved(known).loss, known)) if known is not None else ()
    return config.model.kind, *(print_value(getattr(config.model, name)) for name in fields), *ends


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
            name, moment = f"{config.name} · {label}", now + timedelta(milliseconds=index)
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
