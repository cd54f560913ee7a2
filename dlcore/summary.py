"""What came of a run, in one table: `run.json` keeps it, `--json` and the exports say more."""

from datetime import UTC, datetime
from typing import Any

from dlcore import events
from dlcore.errors import RunError
from dlcore.files.atomic import read_json, write_json
from dlcore.files.journal import Tail
from dlcore.files.lock import lock_holder
from dlcore.history import RunHistory, State, score
from dlcore.rundir import RunDir


def read_history(run: RunDir, *, whole: bool = False) -> RunHistory:
    """Return what the run has said so far; `whole` keeps all of a long run one by one.

    Raises RunError where its events cannot be read.
    """
    history = RunHistory(whole=whole)
    try:
        for line in Tail(run.events).read():
            event = events.decode(line)
            if event is not None:
                history.apply(event)
    except OSError as error:
        raise RunError(f"{run.events} cannot be read: {error.strerror}", "See what lies there.") from None
    return history


def created(facts: dict[str, Any]) -> datetime | None:
    """Return when the run was made, from its `run.json`."""
    try:
        made = datetime.fromisoformat(str(facts.get("created")))
    except ValueError:
        return None
    return made if made.tzinfo is not None else made.replace(tzinfo=UTC)


def state_of(run: RunDir, history: RunHistory, now: datetime | None = None) -> State:
    """Return the state of a run on disk, asking its lock."""
    made = created(read_json(run.facts))
    age = ((now or datetime.now(UTC)) - made).total_seconds() if made else 1e9
    return history.state(lock_holder(run) is not None, age)


def summarize(run: RunDir, history: RunHistory, state: State) -> dict[str, Any]:
    """Return a table of the figures as they stand, whatever the state.

    What is judged of them is not in it: `dlcore.judged` adds that, as it is seen by whoever asks.
    """
    best = history.best()
    ended = history.ended
    return {
        "run": run.id,
        "state": state,
        "epochs": history.epochs[-1].epoch if history.epochs else 0,
        "steps": history.step,
        "seconds": round(history.seconds, 3),
        "samples_per_second": round(history.samples_per_second(), 1),
        **history.final(),
        "best": {"split": best.split, history.metric: score(best, history.metric), "step": best.step}
        if best
        else None,
        "message": ". ".join(part for part in (ended.message, ended.hint) if part) if ended else "",
    }


def store_summary(run: RunDir) -> None:
    """Put the summary of an ended run into its `run.json`; only its trainer calls this."""
    history = read_history(run)
    facts = read_json(run.facts)
    if history.prepared is not None:
        known = history.prepared
        facts |= {"device": known.device, "threads": known.threads, "parameters": known.parameters}
    if history.prepared is not None and isinstance(facts.get("group"), dict):
        facts["group"]["order"] = history.prepared.order
    if history.compiled is not None:
        facts["compiled"] = history.compiled.used
    if history.ended is not None:
        facts["summary"] = summarize(run, history, history.ended.reason)
    write_json(run.facts, facts)


def forget_summary(run: RunDir) -> None:
    """Take the summary of an earlier attempt out of `run.json`: the run goes on. For its trainer alone."""
    facts = read_json(run.facts)
    if "summary" in facts:
        del facts["summary"]
        write_json(run.facts, facts)
