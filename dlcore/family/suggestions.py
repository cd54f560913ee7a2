"""Values of a setting that are worth a comparison, from its declaration and its present value."""

from contextlib import suppress
from typing import Any

from dlcore.changes import with_typed
from dlcore.choices.choice import FieldSpec, fields_of
from dlcore.config import SECTIONS, RunConfig, Section
from dlcore.errors import DltuiError
from dlcore.oneline import print_value

USUAL: dict[str, tuple[str, ...]] = {
    "model.activation": ("relu", "tanh", "sigmoid"),
    "model.init": ("default", "xavier", "he"),
    "optimizer.kind": ("sgd", "momentum", "adam"),
    "schedule.kind": ("constant", "cosine", "one_cycle"),
    "data.limit": ("0", "100", "1000"),
}
"""What is worth a comparison; of other lists it is what stands first."""
_SUGGESTED = 3


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
    if section is None or key == "seed":  # repeats differ in that
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
    return list(USUAL.get(key, ())) or [print_value(one) for one in _numbers(spec, chosen)]


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
    usual = [word for word in USUAL.get(key, tuple(known)) if word in known]
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
