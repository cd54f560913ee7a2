"""Random valid configurations, derived from the declarations of the choices.

What the cross-checks would refuse is put right here, by rules of its own, so that hardly any draw is lost.
"""

import math
from typing import Any

from annotated_types import Ge, Gt, Le, Lt
from hypothesis import assume
from hypothesis import strategies as st

from dlcore.choices.choice import Choice, FieldSpec, fields_of
from dlcore.config import SECTIONS, RunConfig, Section
from dlcore.reading import read_table

_MOST = 1000
_SMALL = {"kernel": 3, "stride": 2, "pool": 2}
"""Larger ones shrink nearly every picture to nothing, which is refused."""
PER_BLOCK = ("kernel", "stride", "padding", "pool", "pooling")
CONVOLUTIONAL = ("cnn", "lenet5", "vgg", "resnet", "resnet18")
IMAGES = ("digits", "mnist", "fashion_mnist", "kmnist", "cifar10", "noise", "image_folder")
LARGE_IMAGES = ("mnist", "fashion_mnist", "kmnist", "cifar10", "image_folder")
REGRESSIONS = ("regression", "diabetes")
UNOPENED = ("csv", "image_folder", "custom")
"""Data whose task, shape and number nobody knows before they are opened."""
_SAMPLES = {
    "digits": 1797,
    "xor": 4,
    "regression": 500,
    "iris": 150,
    "wine": 178,
    "breast_cancer": 569,
    "diabetes": 442,
    "cifar10": 50_000,
    "noise": 500,
    **dict.fromkeys(("moons", "circles", "spiral", "blobs"), 1000),
    **dict.fromkeys(("mnist", "fashion_mnist", "kmnist"), 60_000),
}
_OWN_TEST = ("xor", "mnist", "fashion_mnist", "kmnist", "cifar10")


def limits(kind: type[Choice], name: str) -> dict[str, float]:
    """The limits of a number: `gt`, `ge`, `lt`, `le`."""
    found: dict[str, float] = {}
    for limit in kind.model_fields[name].metadata:
        match limit:
            case Gt(gt=value):
                found["gt"] = float(str(value))
            case Ge(ge=value):
                found["ge"] = float(str(value))
            case Lt(lt=value):
                found["lt"] = float(str(value))
            case Le(le=value):
                found["le"] = float(str(value))
            case _:
                pass
    return found


def _numbers(kind: type[Choice], spec: FieldSpec) -> st.SearchStrategy[float]:
    given = limits(kind, spec.name)
    return st.floats(
        min_value=given.get("gt", given.get("ge")),
        max_value=given.get("lt", given.get("le")),
        exclude_min="gt" in given,
        exclude_max="lt" in given,
        allow_nan=False,
        allow_infinity=False,
    )


def _counts(spec: FieldSpec) -> st.SearchStrategy[Any]:
    whole = st.integers(int(spec.lowest or 0), int(spec.highest or _MOST))
    return whole | st.sampled_from(spec.options) if spec.options else whole


_RATES = st.floats(min_value=0, exclude_min=True, allow_infinity=False)
_NAMES = st.text(max_size=20)
_PLAIN = (
    st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | _NAMES
    | st.dates()
    | st.times()
    | st.datetimes()
)
_ARGUMENTS = st.dictionaries(
    _NAMES,
    st.recursive(
        _PLAIN, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES, inner, max_size=3)
    ),
    max_size=3,
)
_PATHS = st.text(min_size=1, max_size=40) | st.sampled_from(
    ["0.5", "~/my data.csv", "~nobody/x", "a=b", "128,64"]
)
_TARGETS = st.builds(
    "{}:{}".format,
    _PATHS.map(lambda path: f"{path}.py") | st.sampled_from(["package.module", "module"]),
    st.sampled_from(["Network", "build_2", "ñ"]),
)


def _texts(kind: type[Choice], spec: FieldSpec) -> st.SearchStrategy[str]:
    if spec.name == "device":
        return st.sampled_from(["auto", "cpu", "cuda", "cuda:1", "mps"])
    if spec.name in ("file", "folder"):
        return _PATHS
    if kind.word() == "custom":
        return _TARGETS
    return st.text(max_size=200)


def _values(kind: type[Choice], spec: FieldSpec) -> st.SearchStrategy[Any]:
    one_at_least = int(spec.name in ("filters", *PER_BLOCK) or (spec.name, kind.word()) == ("hidden", "mlp"))
    match spec.control:
        case "number":
            return _numbers(kind, spec)
        case "count":
            return _counts(spec)
        case "flag":
            return st.booleans()
        case "option":
            return st.sampled_from(spec.options)
        case "widths":
            side = st.integers(1, _SMALL.get(spec.name, _MOST))
            return st.lists(side, min_size=one_at_least, max_size=4)
        case "numbers":
            return st.lists(_RATES, max_size=4)
        case "words":
            return st.lists(st.sampled_from(spec.options), min_size=one_at_least, max_size=4)
        case "table":
            return st.dictionaries(_NAMES, _RATES, max_size=3) if spec.name == "lr_per_layer" else _ARGUMENTS
        case "text":
            return _texts(kind, spec)
        case "choice":
            return st.sampled_from(spec.family).flatmap(tables)


def tables(kind: type[Choice]) -> st.SearchStrategy[dict[str, Any]]:
    """Tables of one kind as a file has them, some of their keys left out."""
    fields = {spec.name: _values(kind, spec) for spec in fields_of(kind)}
    named = {} if not kind.word() else {"kind": st.just(kind.word())}
    named |= {name: fields.pop(name) for name in ("file", "folder") if name in fields}
    if kind.word() == "custom":
        named["target"] = fields.pop("target")
    return st.fixed_dictionaries(named, optional=fields)


@st.composite
def _sections(draw: st.DrawFn, section: Section) -> dict[str, Any]:
    return draw(tables(draw(st.sampled_from(section.family))))


@st.composite
def configurations(draw: st.DrawFn) -> RunConfig:
    """Any configuration that is accepted, of all kinds and with any of their fields set."""
    table: dict[str, Any] = {}
    for section in SECTIONS:
        part = draw(_sections(section))
        table |= {section.key: part} if section.key else part
    if table["model"]["kind"] in CONVOLUTIONAL and table["data"]["kind"] not in IMAGES:
        table["data"] = draw(_sections(_images(IMAGES)))
    if table["model"]["kind"] == "cnn" and draw(st.booleans()):  # else nearly none would have many blocks
        table["data"] = draw(_sections(_images(LARGE_IMAGES)))
    if table["model"]["kind"] == "mlp" and draw(st.booleans()):
        _one_activation_each(draw, table["model"])
    _fit_blocks(table["model"])
    _fit_size(table["model"], table["data"])
    _fit_task(table)
    _fit_output(table["model"], table["data"]["kind"], table["loss"]["kind"])
    _fit_schedule(table["schedule"], table["data"])
    _fit_splits(table["data"])
    _fit_batch_norm(table)
    config = read_table(table).config
    assume(config is not None)
    assert config is not None
    return config


def _images(words: tuple[str, ...]) -> Section:
    data = SECTIONS[0]
    return Section(
        data.key, data.title, tuple(kind for kind in data.family if kind.word() in words), data.default
    )


def _one_activation_each(draw: st.DrawFn, model: dict[str, Any]) -> None:
    several = st.lists(st.just(model.get("activation", "relu")) | st.sampled_from(["tanh", "relu"]))
    length = len(model.get("hidden", (128, 64)))
    model["activation"] = (draw(several) + ["sigmoid"] * length)[:length]


def _fit_blocks(model: dict[str, Any]) -> None:
    """As many values as blocks, or one for all."""
    if model["kind"] != "cnn":
        return
    blocks = len(model.get("filters", (16, 32)))
    for name in PER_BLOCK:
        given = model.get(name, ())
        if len(given) > 1:
            model[name] = (given * blocks)[:blocks]


def _fit_size(model: dict[str, Any], data: dict[str, Any]) -> None:
    """Pictures large enough for what shrinks them."""
    if model["kind"] == "lenet5" and data["kind"] == "digits":
        data["kind"] = "mnist"
    if data["kind"] == "noise" and model["kind"] in CONVOLUTIONAL:
        data["side"] = max(data.get("side", 8), 32)
    if model["kind"] == "vgg":  # each block halves 8, 28 or 32 pixels
        model["blocks"] = min(model.get("blocks", 3), 3 if data["kind"] == "digits" else 4)
    if model["kind"] == "cnn" and data["kind"] != "image_folder":
        side = {"digits": 8, "cifar10": 32, "noise": data.get("side", 8)}.get(data["kind"], 28)
        stride = model.get("stride", [1]) * (4 if len(model.get("stride", [1])) == 1 else 1)
        pool = model.get("pool", [2]) * (4 if len(model.get("pool", [2])) == 1 else 1)
        blocks = len(model.get("filters", (16, 32)))
        # Each block may lose a border of two pixels, too.
        if 2 * math.prod(stride[:blocks]) * math.prod(pool[:blocks]) * 2 > side:
            model |= {"stride": [1], "pool": [1]}
        if side == 8 and "none" in model.get("padding", ()) and blocks > 2:
            model["padding"] = ["same"]


def _fit_task(table: dict[str, Any]) -> None:
    data, loss, regularization = table["data"]["kind"], table["loss"], table["regularization"]
    if data in UNOPENED:
        return
    wrong = ("cross_entropy", "bce", "hinge") if data in REGRESSIONS else ("mae", "huber")
    if loss["kind"] in wrong:
        table["loss"] = {"kind": "mse"}
    if data in REGRESSIONS:
        regularization.pop("label_noise", None)
    if data not in IMAGES:
        regularization.pop("augment", None)


def _fit_output(model: dict[str, Any], data: str, loss: str) -> None:
    squashed = model.get("output") in ("sigmoid", "softmax")
    crossed = loss == "auto" and data not in (*REGRESSIONS, *UNOPENED)
    if squashed and (crossed or loss in ("cross_entropy", "bce", "hinge")):
        del model["output"]
    if model.get("output") == "softmax" and data in REGRESSIONS:
        model["output"] = "sigmoid"


def _fit_schedule(schedule: dict[str, Any], data: dict[str, Any]) -> None:
    if schedule["kind"] == "piecewise":
        boundaries = sorted(set(schedule.get("boundaries", (1000, 2000))))
        factors = schedule.get("factors", (0.1, 0.01))
        length = min(len(boundaries), len(factors))
        schedule |= {"boundaries": boundaries[:length], "factors": list(factors[:length])}
    if schedule["kind"] == "batch_growth" and data.get("batch_size") == "full":
        data["batch_size"] = 1


def _samples(data: dict[str, Any]) -> int:
    """Samples of the training split with what is held out; 0 where nobody knows."""
    kind = data["kind"]
    if kind in UNOPENED:
        return 0
    samples: int = data.get("samples", _SAMPLES[kind])
    samples -= 0 if kind in _OWN_TEST else round(samples * 0.2)
    return min(samples, data.get("limit") or samples)


def _fit_splits(data: dict[str, Any]) -> None:
    """Some for validation and some to train on, or nothing for validation."""
    samples = _samples(data)
    share = data.get("validation", 0 if data["kind"] == "xor" else 0.1)
    if samples and not 0 < round(samples * share) < samples:
        data["validation"] = 0


def _fit_batch_norm(table: dict[str, Any]) -> None:
    """No batch of one sample where a batch is normalized."""
    model, data = table["model"], table["data"]
    usual = {"vgg": "batch", "resnet": "batch", "resnet18": "batch"}
    if model.get("norm", usual.get(model["kind"])) != "batch" or not _samples(data):
        return
    share = data.get("validation", 0 if data["kind"] == "xor" else 0.1)
    training = _samples(data) - round(_samples(data) * share)
    size = data.get("batch_size", 64)
    if training == 1 or table["schedule"]["kind"] == "batch_growth":
        model.pop("norm", None) if model["kind"] == "mlp" else None
        table["data"] = (
            {"kind": data["kind"], "side": 32} if data["kind"] == "noise" else {"kind": data["kind"]}
        )
        table["schedule"] = {"kind": "constant"}
    elif size != "full" and (size == 1 or training % min(size, training) == 1):
        data["batch_size"] = "full"
