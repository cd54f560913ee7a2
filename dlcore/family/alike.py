"""What configurations have in common, and what sets them apart: for runs that are made to be compared."""

from collections.abc import Sequence
from typing import Any

from dlcore.changes import differences
from dlcore.choices.choice import Choice, by_name, fields_of
from dlcore.choices.dataset import Facts
from dlcore.choices.initializers import He, Orthogonal
from dlcore.choices.schedules import BatchGrowth
from dlcore.config import RunConfig, output_units
from dlcore.oneline import print_value
from dlcore.reading import is_text

_LABEL_LETTERS = 40
_ORDER = frozenset({"kind", "seed", "batch_size", "shuffle", "limit", "validation", "samples"})
"""Fields of data that the order of batches follows from."""


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
    typed = print_value(value).removesuffix(",")  # of a list of one
    is_word = by_name(_family(chosen, name), typed.partition(" ")[0]) is not None
    return typed if is_word or is_text(key) else f"{name.replace('_', ' ')} {typed}"


def _family(chosen: Choice, name: str) -> tuple[type[Choice], ...]:
    return next((spec.family for spec in fields_of(type(chosen)) if spec.name == name), ())


def in_common(configs: Sequence[RunConfig], facts: Facts | None) -> list[str]:
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
