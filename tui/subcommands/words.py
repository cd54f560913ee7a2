"""Sentences and lines that the command line says of runs."""

from dlcore import figures
from dlcore.clean import clean
from dlcore.history import LIVE, RunHistory, State, score
from dlcore.rundir import RunDir
from dlcore.summary import read_history, state_of


def parting(run: RunDir) -> str:
    """Return the line that is left in the terminal when the app has closed."""
    history = read_history(run)
    state = state_of(run, history)
    best = history.best()
    metric = history.metric
    figure = f", best {best.split} {figures.named_score(score(best, metric), metric)}" if best else ""
    then = f"dltui attach {run.id}" if state in LIVE else f"dltui export {run.id} --format markdown"
    return clean(f"{run.id}: {state}{figure} · {run.path} · {then}")


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
