"""Histories made of a few events, for what is drawn from a history alone."""

from collections.abc import Iterable, Mapping

from dlcore.events import (
    ActivationsMeasured,
    Evaluated,
    Event,
    GradientsMeasured,
    Layer,
    Prepared,
    StepsEnded,
)
from dlcore.history import RunHistory


def history(*events: Event) -> RunHistory:
    """A run that has said this."""
    run = RunHistory()
    for seq, event in enumerate(events):
        run.apply(event.model_copy(update={"seq": seq}))
    return run


def prepared(total: int = 1000, layers: Iterable[Layer] = ()) -> Prepared:
    """A run of so many steps."""
    return Prepared(
        device="cpu",
        threads=1,
        layers=tuple(layers),
        parameters=1,
        training_samples=640,
        validation_samples=100,
        test_samples=50,
        batch_size=64,
        steps_per_epoch=100,
        total_steps=total,
        epochs=10,
    )


def steps(number: int, until: int | None = None) -> StepsEnded:
    """So many steps, whose loss falls from 2 by a thousandth a step."""
    return StepsEnded(
        step=until or number,
        loss=tuple(2 - step / 1000 for step in range(1, number + 1)),
        accuracy=tuple(step / 10_000 for step in range(1, number + 1)),
        lr=(0.01,) * number,
        samples=64 * number,
        training_seconds=1.0,
    )


def looks(
    at: Iterable[int], norms: Mapping[str, Iterable[float | None]], updates: bool = False
) -> GradientsMeasured:
    """Gradients at some steps; the updates are a thousandth of them, if wanted."""
    figures = {layer: tuple(one) for layer, one in norms.items()}
    small = {
        layer: tuple(None if one is None else one / 1000 for one in kept) for layer, kept in figures.items()
    }
    return GradientsMeasured(
        steps=tuple(at), norms=figures, updates=small if updates else {}, every=10, cost=0.01
    )


def activations(step: int, **means: float) -> ActivationsMeasured:
    """A look at the activations: each layer's values lie within 1 around its mean."""
    return ActivationsMeasured(
        step=step,
        samples=64,
        mean=dict(means),
        deviation=dict.fromkeys(means, 0.5),
        low={layer: mean - 1 for layer, mean in means.items()},
        high={layer: mean + 1 for layer, mean in means.items()},
    )


def evaluated(step: int, loss: float) -> Evaluated:
    """An evaluation of the validation split."""
    return Evaluated(
        step=step, split="validation", epoch=step / 100, loss=loss, accuracy=0.5, samples=100, duration=0.1
    )
