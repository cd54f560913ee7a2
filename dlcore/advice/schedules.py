"""Advice on what is to happen later in a run, and would not."""

from collections.abc import Iterator

from dlcore.advice.advice import Advice, Case
from dlcore.choices.schedules import BatchGrowth, Performance, Piecewise


def growth(case: Case) -> Iterator[Advice]:
    """A growing batch that cannot grow."""
    schedule, run = case.config.schedule, case.plan
    if not isinstance(schedule, BatchGrowth) or run is None:
        return
    epochs, size = case.config.training.epochs, run.batch_size
    if size >= run.training:
        message = f"the first batch holds all {run.training:,} training samples, so it cannot grow"
        yield Advice("data.batch_size", message, {"data.batch_size": max(1, run.training // 8)})
    elif schedule.most <= size:
        message = f"most = {schedule.most:,} is no more than the first batch of {size:,}, so it never grows"
        most = max(4096, size * schedule.factor**2)
        yield Advice("schedule.most", message, {"schedule.most": most})
    elif schedule.every >= epochs:
        message = f"the batch would grow after {schedule.every:,} epochs, and the run has {epochs:,}"
        changes = {"schedule.every": max(1, epochs // 3)} if epochs > 1 else {}
        yield Advice("schedule.every", message, changes)


def late_patience(case: Case) -> Iterator[Advice]:
    """More patience than there are evaluations."""
    schedule, training, run = case.config.schedule, case.config.training, case.plan
    if not isinstance(schedule, Performance) or run is None:
        return
    every = training.evaluate_every
    evaluations = training.epochs if every == "epoch" else run.steps // every
    if schedule.patience >= evaluations:
        number = "one evaluation" if evaluations == 1 else f"{evaluations:,} evaluations"
        message = (
            f"the run has {number}, too few for a patience of {schedule.patience:,}: the rate never falls"
        )
        changes = {"schedule.patience": max(1, evaluations // 3)} if evaluations > 1 else {}
        yield Advice("schedule.patience", message, changes)


def long_warmup(case: Case) -> Iterator[Advice]:
    """A warm-up that is still going on when the run ends."""
    warmup, run = case.config.schedule.warmup_steps, case.plan
    if run is not None and warmup and warmup >= run.steps:
        message = f"the rate would rise over {warmup:,} steps, and the run has {run.steps:,}"
        yield Advice("schedule.warmup_steps", message, {"schedule.warmup_steps": run.steps // 10})


def late_boundaries(case: Case) -> Iterator[Advice]:
    """Steps to change the rate at, behind the last one."""
    schedule, run = case.config.schedule, case.plan
    if not isinstance(schedule, Piecewise) or run is None:
        return
    left = run.steps - schedule.warmup_steps  # a schedule's own steps count from the warm-up's end
    late = [boundary for boundary in schedule.boundaries if boundary >= left]
    if late and left > 0:
        steps = " and ".join(f"{boundary:,}" for boundary in late[:2])
        more = f" and {len(late) - 2} more" if len(late) > 2 else ""
        message = f"the run is over after {left:,} steps, so the rate never changes at {steps}{more}"
        parts = len(schedule.boundaries) + 1
        fitting = [left * part // parts for part in range(1, parts)]
        yield Advice("schedule.boundaries", message, {"schedule.boundaries": fitting})


def late_stopping(case: Case) -> Iterator[Advice]:
    """Early stopping that waits longer than the run lasts."""
    training = case.config.training
    if training.early_stopping >= training.epochs:
        epochs = "one epoch" if training.epochs == 1 else f"{training.epochs:,} epochs"
        waits = f"early_stopping waits {training.early_stopping:,} epochs"
        message = f"{waits} for a better loss, and the run has {epochs}"
        shorter = max(1, training.epochs // 3) if training.epochs > 1 else 0
        yield Advice("training.early_stopping", message, {"training.early_stopping": shorter})
