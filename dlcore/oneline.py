"""A configuration in one line of shell words.

`mnist mlp 128,64 relu he ce momentum lr=.01 m=.9 b=64 e=10 seed=0`

A bare word is a kind (names are unique over all lists but custom, which is data=custom or model=custom);
digits, with commas or alone, are the widths of the hidden layers; anything else is `key=value` with a dotted
key or a short form.
`parse(print_line(config)) == config` for every configuration.
"""

import json
import re
import shlex
from datetime import date, time
from typing import Any

from dlcore.choices.activations import ACTIVATIONS
from dlcore.choices.choice import Choice, fields_of, nearest
from dlcore.choices.initializers import INITIALIZERS
from dlcore.config import SECTIONS, RunConfig, to_value
from dlcore.errors import ConfigError, DltuiError, Problem
from dlcore.reading import put, read_table

SHORT_KINDS = {
    "ce": "cross_entropy",
    "lrelu": "leaky_relu",
    "swish": "silu",
    "exp": "exponential",
    "fashion": "fashion_mnist",
    "cancer": "breast_cancer",
    "cifar": "cifar10",
}
SHORT_KEYS = {
    "lr": "optimizer.lr",
    "m": "optimizer.momentum",
    "beta1": "optimizer.beta1",
    "beta2": "optimizer.beta2",
    "decay": "optimizer.weight_decay",
    "gamma": "schedule.gamma",
    "s": "schedule.steps",
    "warmup": "schedule.warmup_steps",
    "b": "data.batch_size",
    "val": "data.validation",
    "n": "data.limit",
    "samples": "data.samples",
    "noise": "data.noise",
    "classes": "data.classes",
    "norm": "model.norm",
    "res": "model.residual",
    "smooth": "loss.label_smoothing",
    "red": "loss.reduction",
    "filters": "model.filters",
    "kernel": "model.kernel",
    "stride": "model.stride",
    "pool": "model.pool",
    "out": "model.output",
    "drop": "model.dropout",
    "l1": "regularization.l1",
    "l2": "regularization.l2",
    "clip": "regularization.clip_norm",
    "aug": "regularization.augment",
    "e": "training.epochs",
    "stop": "training.early_stopping",
    "device": "training.device",
    "seed": "seed",
    "name": "name",
}
_LONG_TO_SHORT = {long: short for short, long in SHORT_KEYS.items()}
_KINDS = {
    **{kind.word(): section.key for section in SECTIONS if section.has_kinds for kind in section.family},
    **{kind.word(): "model.activation" for kind in ACTIVATIONS},
    **{kind.word(): "model.init" for kind in INITIALIZERS},
}
_AMBIGUOUS = "custom"
"""The one name that two lists have."""
_WIDTHS = re.compile(r"\d+(,\d*)*")
_ALWAYS = frozenset({"optimizer.lr", "optimizer.momentum", "data.batch_size", "training.epochs", "seed"})


def parse(line: str) -> RunConfig:
    """Return the configuration that a line stands for; raises ConfigError with all that is wrong."""
    try:
        words = shlex.split(line)
    except ValueError as error:
        raise DltuiError(f"the line cannot be read: {error}", "Close the quotation marks.") from None
    table: dict[str, Any] = {}
    problems: list[Problem] = []
    # Kinds first: a setting such as slope=.2 needs to know whose it is, wherever it stands.
    said: dict[str, str] = {}
    for word in (word for word in words if "=" not in word):
        key = _put_word(table, word, problems)
        if key in said:
            problems.append(Problem(word, f"is a second {key}: {said[key]} stands before it", "Take one."))
        elif key:
            said[key] = word
    for word in (word for word in words if "=" in word):
        key, _, text = word.partition("=")
        put(table, SHORT_KEYS.get(key, key), text)
    reading = read_table(table)
    if reading.config is None or problems:
        raise ConfigError([*problems, *reading.problems], "the line")
    return reading.config


def _put_word(table: dict[str, Any], word: str, problems: list[Problem]) -> str:
    """Take a bare word in; return the key it was for, '' when it is for none."""
    if _WIDTHS.fullmatch(word):
        put(table, "model.hidden", word)
        return "model.hidden"
    if word == _AMBIGUOUS:
        problems.append(Problem(word, "can be data or a model", "Write data=custom or model=custom."))
        return ""
    names = [SHORT_KINDS.get(name, name) for name in word.split(",") if name]
    keys = {_KINDS.get(name) for name in names}
    if len(keys) != 1 or None in keys:
        unknown = next((name for name in names if name not in _KINDS), word)
        problems.append(Problem(word, "is no kind of anything", nearest(unknown, [*_KINDS, *SHORT_KINDS])))
        return ""
    key = str(keys.pop())
    if "," in word:
        put(table, key, f"[{', '.join(repr(name) for name in names)}]")
    else:
        put(table, key, names[0])
    return key


def print_line(config: RunConfig) -> str:
    """Return a short line that stands for `config`: its kinds, the usual figures, what is not default."""
    words = [
        f"{key}={chosen.word()}" if chosen.word() == _AMBIGUOUS else chosen.word()
        for key, chosen in (("data", config.data), ("model", config.model))
    ]
    settings: list[str] = []
    for section in SECTIONS:
        chosen = config.section(section.key)
        if section.key in ("loss", "optimizer", "schedule") and chosen.word() not in ("auto", "constant"):
            words.append(chosen.word())
        for spec in fields_of(type(chosen)):
            value = getattr(chosen, spec.name)
            key = section.path(spec.name)
            if key == "model.hidden" and value:
                words.append(print_value(value))
            elif key == "model.init" and value == spec.default:
                continue
            elif spec.control == "choice" and _is_bare(value):
                words.append(_names(value))
            elif value != spec.default or key in _ALWAYS:
                short = value if spec.control == "text" else re.sub(r"^0\.", ".", print_value(value))
                settings.append(shlex.quote(f"{_LONG_TO_SHORT.get(key, key)}={short}"))
    return " ".join([*words, *settings])


def _is_bare(value: Any) -> bool:
    """Whether a choice inside a choice is fully said by its names."""
    members: tuple[Choice, ...] = value if isinstance(value, tuple) else (value,)
    return bool(members) and all(member == type(member).model_validate({}) for member in members)


def _names(value: Choice | tuple[Choice, ...]) -> str:
    if isinstance(value, Choice):
        return value.word()
    return ",".join(one.word() for one in value) + ("," if len(value) == 1 else "")


def print_value(value: Any) -> str:
    """Return a value of the configuration as a person would type it."""
    if isinstance(value, Choice) or (isinstance(value, tuple) and value and isinstance(value[0], Choice)):
        return _names(value) if _is_bare(value) else _inline(to_value(value))
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        short = f"{value:g}"
        return short if float(short) == value else repr(value)
    if isinstance(value, tuple):
        alone = len(value) == 1 and not isinstance(value[0], str)  # 128, is plainer a list than 128
        return ",".join(map(print_value, value)) + ("," if alone else "") if value else "[]"
    return _inline(value) if isinstance(value, dict) else str(value)


def _inline(value: Any) -> str:
    """Return a TOML value on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_key(key)} = {_inline(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_inline, value)) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return repr(value)
    return str(value) if isinstance(value, date | time) else _quoted(str(value))


def _quoted(text: str) -> str:
    """Return a TOML string: JSON's, but that TOML wants the delete character escaped too."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else _quoted(key)
