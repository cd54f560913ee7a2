"""Rows and entries without a run on the disk, and filters: drawn at random, or made as a test wants them."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from dlcore.family.origin import Origin
from dlcore.finding_runs.language import All, Comparison, Either, Filter, Not, Word
from dlcore.flat_config import settings
from dlcore.labels import Label
from dlcore.run_figures import Figures
from dlcore.rundir import RunDir
from dlcore.runlist import Entry
from dlcore.runs import RunRow
from tests.conftest import MOMENT

NOW = MOMENT + timedelta(days=30)


def row(number: int = 0, **given: Any) -> RunRow:
    """A finished run of the classic network; `config` is its flat configuration."""
    made = MOMENT + timedelta(hours=number)
    config = {"optimizer": "adam", "optimizer.lr": 0.01, "model.hidden": "128,64", "data.shuffle": True}
    usual: dict[str, Any] = {
        "run": RunDir(Path("runs") / f"{made:%Y%m%dT%H%M%S}000Z-run-{number}"),
        "state": "finished",
        "own_name": f"run {number}",
        "network": "mlp 128,64 relu · adam",
        "split": "validation",
        "metric": "accuracy",
        "score": 0.97,
        "epochs": 10,
        "steps": 8440,
        "made": made,
        "settings": settings({**config, **given.pop("config", {})}),
    }
    return RunRow(**{**usual, **given})


def entry(number: int = 0, **given: Any) -> Entry:
    """The same as a list has it."""
    found = Entry("")
    found.row = row(number, **given)
    found.id = found.row.run.id
    return found


# -- at random ----------------------------------------------------------------------------------------

texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=1, max_size=12).filter(
    lambda text: bool(text.strip())
)
words = st.one_of(
    texts, st.sampled_from(["and", "or", "not", "mnist", "adam", "128,64", 'a "b"', "a\\", "run"])
)
numbers = st.one_of(
    st.floats(-1e6, 1e6).map(repr),
    st.integers(0, 10_000).map(str),
    st.sampled_from(["97%", "10k", ".5", "1e-3", "1.5M", "0.01", "8440"]),
)
shares = st.one_of(st.floats(0, 1).map(repr), st.sampled_from(["97%", ".97", "0", "100%"]))
times = st.sampled_from(["90s", "5m", "2h", "1h30m", "3d", "1w", "0s", "2.5min", "1:03:05"])
days = st.sampled_from(["2026", "2026-03", "2026-03-04", "2026-03-05T05:06", "2026-04"])
ORDER = ("=", "!=", "<", "<=", ">", ">=")
WORDY = ("=", "!=", "~")


def _comparisons(
    keys: tuple[str, ...], operators: tuple[str, ...], values: st.SearchStrategy[str]
) -> st.SearchStrategy[Filter]:
    return st.builds(Comparison, st.sampled_from(keys), st.sampled_from(operators), values)


comparisons = st.one_of(
    _comparisons(("acc", "test_acc"), ORDER, shares),
    _comparisons(("loss", "epochs", "steps", "params", "best"), ORDER, numbers),
    _comparisons(("optimizer.lr",), ORDER, numbers),
    _comparisons(("age",), ORDER, times),
    _comparisons(("duration",), ORDER, times),
    _comparisons(("created",), ORDER, days),
    _comparisons(("state", "name", "tag", "notes", "id", "parent", "network"), WORDY, words),
    _comparisons(("optimizer", "model.hidden", "model.args.x"), WORDY, words),
    _comparisons(("data.shuffle",), ("=", "!="), st.sampled_from(["true", "no", "ON"])),
)
filters: st.SearchStrategy[Filter] = st.recursive(
    st.one_of(comparisons, st.builds(Word, words)),
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: All(tuple(parts))),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: Either(tuple(parts))),
    ),
    max_leaves=6,
)

_amounts = st.one_of(st.none(), st.floats(0, 1), st.sampled_from([0.97, 0.5, 0.01]))
_configs = st.fixed_dictionaries(
    {},
    optional={
        "data": st.sampled_from(["mnist", "Or"]),
        "optimizer": st.sampled_from(["adam", "sgd"]),
        "optimizer.lr": st.sampled_from([0.01, 0.5, 0.001, 1]),
        "model.hidden": st.sampled_from(["128,64", "64", "none"]),
        "model.args.x": st.sampled_from([True, 3, "word", 0.5]),
        "data.shuffle": st.booleans(),
    },
)


@st.composite
def rows(draw: st.DrawFn) -> RunRow:
    """A run of which much may be unknown."""
    origin = draw(st.sampled_from([None, Origin("20260304T050607089Z-parent", 5)]))
    tags = draw(st.lists(st.sampled_from(["good", "mnist", "Run"]), max_size=2, unique=True))
    label = Label(
        draw(st.sampled_from(["", "adam's own", "mnist"])), tuple(tags), draw(st.sampled_from(["", "n"]))
    )
    made = row(
        draw(st.integers(0, 500)),
        state=draw(st.sampled_from(["finished", "running", "crashed"])),
        score=draw(_amounts),
        metric=draw(st.sampled_from(["accuracy", "r2"])),
        epochs=draw(st.integers(0, 20)),
        figures=Figures(
            loss=draw(_amounts),
            test_score=draw(_amounts),
            seconds=draw(st.sampled_from([None, 90.0, 3600.0, 20.0])),
            parameters=draw(st.sampled_from([None, 10_000, 109_386])),
        ),
        origin=origin,
        label=label,
    )
    known = draw(st.booleans())
    return replace(made, settings=settings(draw(_configs)), made=made.made if known else None)
