"""One row a run, for lists: read from its small files where it has ended, folded where it has not."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dlcore import figures
from dlcore.atomic import read_json
from dlcore.config import RunConfig
from dlcore.errors import DltuiError
from dlcore.history import LIVE, Metric, State
from dlcore.oneline import print_value
from dlcore.reading import read_file
from dlcore.rundir import RunDir
from dlcore.summary import created, read_history, state_of, summarize

_ENDED: tuple[State, ...] = ("finished", "stopped", "failed")


@dataclass(frozen=True)
class RunRow:
    """What a list says of a run."""

    run: RunDir
    state: State
    name: str
    network: str
    split: str
    """The split that `score` is the best of: validation or test."""
    metric: Metric
    """What `score` is: an accuracy or R²."""
    score: float | None
    epochs: int
    steps: int
    when: str
    """How long ago it was made, as in '3 min ago'."""

    @property
    def live(self) -> bool:
        """Whether a trainer is at work on it."""
        return self.state in LIVE

    @property
    def best(self) -> str:
        """The best score in words, as in `92.36 % validation` or `R² 0.483 test`."""
        if self.score is None:
            return "–"
        sign = "" if self.metric == "accuracy" else f"{figures.SCORES[self.metric]} "
        return f"{sign}{figures.score(self.score, self.metric)} {self.split}"


def run_row(run: RunDir, now: datetime) -> RunRow:
    """Return the row of a run; one that cannot be read has a row that says so."""
    facts = read_json(run.facts)
    made = created(facts)
    name, network = run.id, "–"
    try:
        config = read_file(run.config)
        name, network = config.name, _network(config)
    except DltuiError:
        network = "config.toml cannot be read"
    summary = _summary(run, facts, now)
    best: dict[str, Any] = summary.get("best") or {}
    metric: Metric = "r2" if "r2" in best else "accuracy"
    return RunRow(
        run=run,
        state=summary["state"],
        name=name,
        network=network,
        split=str(best.get("split", "")),
        metric=metric,
        score=best.get(metric),
        epochs=summary["epochs"],
        steps=summary["steps"],
        when=_ago((now - made).total_seconds()) if made else "–",
    )


def _summary(run: RunDir, facts: dict[str, Any], now: datetime) -> dict[str, Any]:
    """Return the stored summary of an ended run, else a fresh one from its events."""
    stored = facts.get("summary")
    if isinstance(stored, dict) and stored.get("state") in _ENDED:
        return {"epochs": 0, "steps": 0, **stored}
    history = read_history(run)
    return summarize(run, history, state_of(run, history, now))


def _network(config: RunConfig) -> str:
    """Return the network in a few words, as in `mlp 128,64 relu · adam`."""
    parts = [config.model.word()]
    for field in ("filters", "hidden", "activation"):
        value = getattr(config.model, field, ())
        if value:
            parts.append(print_value(value).rstrip(","))
    return f"{' '.join(parts)} · {config.optimizer.word()}"


def _ago(seconds: float) -> str:
    for unit, length in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{seconds / length:.0f} {unit} ago"
    return "just now"
