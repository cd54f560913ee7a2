"""Sentences and lines that the command line says of runs."""

from collections.abc import Iterator
from datetime import UTC, datetime

from dlcore import figures
from dlcore.clean import clean
from dlcore.diagnose import Finding
from dlcore.diagnose.words import place as place_of
from dlcore.diagnose.words import words
from dlcore.family.lineage import Relations
from dlcore.foreign import foreign_of
from dlcore.history import LIVE, RunHistory, State
from dlcore.process.aftermath import place
from dlcore.rundir import RunDir
from dlcore.runs import run_row


def parting(run: RunDir, known: State | None = None) -> str:
    """Return the line that is left in the terminal in the end; `known` is the state, where that is known."""
    row = run_row(run, datetime.now(UTC))
    state = known or row.state
    best = "" if row.score is None else f", best {row.split} {figures.named_score(row.score, row.metric)}"
    where, then = "", f"dltui export {run.id} --format markdown"
    if state in LIVE:
        then = f"dltui attach {run.id}"
    elif state in ("failed", "crashed") and foreign_of(run) is None:
        where, then = f" {place(run, row.steps)}", f"dltui resume {run.id}"
    return clean(f"{run.id}: {state}{where}{best} · {run.path} · {then}")


def progress(history: RunHistory, state: State) -> str:
    """Return the state of a live run in one line."""
    prepared = history.prepared
    if prepared is None:
        fetched = history.fetched
        if fetched is None:
            return f"{state}: preparing data and network"
        return clean(figures.download(fetched.file, fetched.bytes, fetched.total))
    return (
        f"{state}  epoch {min(history.epoch(), prepared.epochs):.1f}/{prepared.epochs}"
        f"  step {history.step:,}/{prepared.total_steps:,}  loss {figures.loss(history.loss.last())}"
        f"  {figures.rate(history.recent_samples_per_second())} samples/s"
        f"  {figures.duration(history.seconds_left())} left"
    )


def found(finding: Finding) -> str:
    """Return a finding in one line, as in `found: plateau since step 40: The loss has not moved`."""
    return clean(f"found: {words(finding.code)} {place_of(finding)}: {finding.message}")


def remedies(relations: Relations) -> Iterator[str]:
    """Yield what a run comes from, and what came of the remedies that were taken of it."""
    if (own := relations.own) is not None:
        yield f"A remedy of {own.origin.run}, for {words(own.origin.code)}."
        yield f"{own.told()}."
    elif (origin := relations.origin) is not None:
        changes = f": {', '.join(origin.changes)}" if origin.changes else ""
        yield f"A branch of {origin.run} at step {origin.step:,}{changes}."
    elif (group := relations.group) is not None:
        order = f"; batches {group.order}" if group.order else ""
        word = "twin" if group.kind == "twins" else "repeat"
        yield f"A {word}: its group differs in {', '.join(group.differs)}{order}."
    for trial in relations.taken:
        yield f"{trial.told('this run')}: {trial.run}"
