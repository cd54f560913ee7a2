"""Random valid configurations, derived from the declarations of the choices."""

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
    most = _SMALL.get(spec.name, int(spec.highest or _MOST))
    whole = st.integers(int(spec.lowest or 0), most)
    return whole | st.sampled_from(spec.options) if spec.options else whole


def _texts(spec: FieldSpec) -> st.SearchStrategy[str]:
    if spec.name == "device":
        return st.sampled_from(["auto", "cpu", "cuda", "cuda:1", "mps"])
    return st.text(max_size=200)


def _values(kind: type[Choice], spec: FieldSpec) -> st.SearchStrategy[Any]:
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
            return st.lists(st.integers(1, _MOST), min_size=spec.name == "filters", max_size=4)
        case "text":
            return _texts(spec)
        case "choice":
            return st.sampled_from(spec.family).flatmap(tables)


def tables(kind: type[Choice]) -> st.SearchStrategy[dict[str, Any]]:
    """Tables of one kind as a file has them, some of their keys left out."""
    fields = {spec.name: _values(kind, spec) for spec in fields_of(kind)}
    named = {} if not kind.word() else {"kind": st.just(kind.word())}
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
    model = table["model"]
    if model["kind"] == "cnn":
        table["data"] = draw(st.sampled_from(["digits", "mnist"]).map(lambda name: {"kind": name}))
    if model.get("hidden") == [] and model["kind"] != "cnn":
        del model["hidden"]
    if model["kind"] == "mlp" and draw(st.booleans()):  # one activation for each hidden layer
        several = st.lists(st.just(model.get("activation", "relu")) | st.sampled_from(["tanh", "relu"]))
        length = len(model.get("hidden", (128, 64)))
        model["activation"] = (draw(several) + ["sigmoid"] * length)[:length]
    if table["loss"]["kind"] != "mse":
        model.pop("output", None)
    config = read_table(table).config
    assume(config is not None)
    assert config is not None
    return config
