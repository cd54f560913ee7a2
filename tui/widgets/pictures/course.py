"""The learning rate over the whole run, or the batch size where that is what changes."""

from dlcore.choices.dataset import Facts
from dlcore.choices.schedules import BatchGrowth, Performance, Piecewise, lr_at
from dlcore.config import Plan, RunConfig, plan
from tui.drawing.plotting import Chart, Curve

_POINTS = 200


def course(config: RunConfig, facts: Facts | None) -> tuple[Chart | None, str]:
    """Return the chart and what must be said of it; no chart while the length of the run is unknown."""
    facts = facts or config.data.facts
    if facts is None:
        return None, "How long the run is, will be known when its data are."
    planned = plan(config, facts)
    if not planned.steps:
        return None, "The run has no steps."
    rate = config.optimizer.lr
    match config.schedule:
        case BatchGrowth(warmup_steps=warmup):
            rises = f" after {warmup:,} steps of warm-up" if warmup else ""
            return _batches(planned, config.training.epochs), f"The learning rate stays at {rate:g}{rises}."
        case Performance(factor=factor):
            note = (
                f"Where it falls depends on the validation loss: times {factor:g}, whenever that has stopped "
                "falling."
            )
            return _rates(config, planned), note
        case _:
            return _rates(config, planned), ""


def _rates(config: RunConfig, planned: Plan) -> Chart:
    schedule, steps = config.schedule, planned.steps
    points = tuple(
        (step, lr_at(schedule, config.optimizer.lr, step, steps)) for step in _looked_at(config, steps)
    )
    start, end = points[0][1], points[-1][1]
    peak = max(rate for _, rate in points)
    stations = [start, *([peak] if peak > max(start, end) else []), end]
    ends = f"{start:.3g}" if start == end == peak else " to ".join(f"{rate:.3g}" for rate in stations)
    curve = Curve("", points, "run-1")
    return Chart(f"learning rate {ends}", (curve,), (0.0, float(max(steps - 1, 1))), x_label="step")


def _looked_at(config: RunConfig, steps: int) -> list[int]:
    """Return steps from all over the run, and those at which the rate has a corner."""
    number = min(_POINTS, steps)
    found = {index * (steps - 1) // max(number - 1, 1) for index in range(number)}
    schedule = config.schedule
    corners = [schedule.warmup_steps]
    if isinstance(schedule, Piecewise):
        corners += [schedule.warmup_steps + boundary for boundary in schedule.boundaries]
    for corner in corners:
        found |= {step for step in (corner - 1, corner) if 0 <= step < steps}
    return sorted(found)


def _batches(planned: Plan, epochs: int) -> Chart:
    points: list[tuple[float, float | None]] = []
    epoch = 0
    for stage in planned.stages:
        points += [(epoch, stage.batch_size), (epoch + stage.epochs, stage.batch_size)]
        epoch += stage.epochs
    first, last = planned.stages[0].batch_size, planned.stages[-1].batch_size
    curve = Curve("", tuple(points), "run-1")
    title, limits = f"batch size {first:,} to {last:,}", (0.0, float(last))
    return Chart(title, (curve,), (0.0, float(epochs)), limits, x_label="epoch")
