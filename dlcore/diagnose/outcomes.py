"""Rules on what comes out: nothing learned, too little of it, or too much of the training samples alone."""

from dlcore.advice.advice import hidden_activations
from dlcore.choices.activations import Step
from dlcore.choices.architectures import Perceptron
from dlcore.choices.drawn import Noise
from dlcore.choices.initializers import Zeros
from dlcore.diagnose.rates import constant_if_faded
from dlcore.diagnose.remedies import (
    adam,
    all_samples,
    batch_norm,
    bends,
    higher_rate,
    is_narrow,
    no_dropout,
    no_penalty,
    offered,
    redrawn,
    relu_and_he,
    some_dropout,
    some_penalty,
    stopping_early,
    true_labels,
    wider,
)
from dlcore.diagnose.rule import Symptom
from dlcore.diagnose.sight import Sight, median

_AT_CHANCE = 0.1
_FAIR = 0.14
_LEAST_STEPS = 30
_POOR = 0.75
_LONG = 0.12
_WORSE = 1.25


def not_learning(sight: Sight) -> Symptom | None:
    """Chance level after a fair time."""
    config = sight.config
    is_still = not any(norm > 0 for norm in sight.norms.values()) and bool(sight.norms)
    fair = _FAIR / 2 if is_still or isinstance(getattr(config.model, "init", None), Zeros) else _FAIR
    if sight.share < fair or sight.step < _LEAST_STEPS or not sight.held_out < _AT_CHANCE:
        return None
    if sight.best_held_out > 3 * _AT_CHANCE or is_narrow(config):
        return None
    return Symptom(
        code="not_learning",
        severity="error",
        message=f"After {sight.step:,} steps the network is no better than a constant answer",
        cause=_why_nothing(sight),
        evidence={"learned": sight.learned, "loss": sight.loss, "chance": sight.chance_loss},
        remedies=offered(
            config,
            true_labels(config),
            redrawn(config),
            bends(config) if any(isinstance(one, Step) for one in hidden_activations(config.model)) else None,
            no_penalty(config),
            no_dropout(config),
            bends(config) if isinstance(config.model, Perceptron) else None,
            higher_rate(config),
            adam(config),
            relu_and_he(config),
            batch_norm(config),
        ),
    )


def _why_nothing(sight: Sight) -> str:
    config = sight.config
    if isinstance(config.data, Noise):
        return "the labels have nothing to do with the inputs: there is nothing to learn"
    if config.regularization.label_noise > 0.5:
        return f"{100 * config.regularization.label_noise:.0f} % of the labels are drawn by chance"
    if isinstance(getattr(config.model, "init", None), Zeros):
        return "weights that start at zero: all units of a layer get the same gradient and stay alike"
    if any(isinstance(one, Step) for one in hidden_activations(config.model)):
        return "a step has slope 0 wherever it has one, so no gradient passes it"
    if no_penalty(config) is not None:
        return "a penalty that pulls the weights to zero harder than the data pull them away"
    if isinstance(config.model, Perceptron):
        return "a perceptron draws only straight lines"
    return "no cause can be seen in the gradients: data and targets, or the size of steps"


def underfitting(sight: Sight) -> Symptom | None:
    """Training and evaluation are both poor, and training has settled."""
    config = sight.config
    least = sight.least() if isinstance(config.model, Perceptron) else sight.least(_POOR)
    if sight.share < 0.2 or not sight.learned < least:
        return None
    if not sight.fall(_LONG) < 0.15 or not sight.gain(_LONG) < 0.03:  # there is still progress
        return None
    return Symptom(
        code="underfitting",
        severity="warning",
        message=(
            f"Training has settled {100 * (1 - max(sight.learned, 0)):.0f} % short of perfect, "
            "on its own samples as on others"
        ),
        cause=_why_poor(sight),
        evidence={"learned": sight.learned, "trained": sight.trained_share},
        remedies=offered(
            config,
            true_labels(config),
            no_penalty(config),
            no_dropout(config),
            constant_if_faded(sight),
            wider(config),
            adam(config),
        ),
    )


def _why_poor(sight: Sight) -> str:
    config = sight.config
    if config.regularization.label_noise:
        return f"{100 * config.regularization.label_noise:.0f} % of the labels are drawn by chance"
    if no_penalty(config) is not None:
        return "a penalty that pulls the weights to zero"
    dropout = getattr(config.model, "dropout", 0.0)
    if dropout > 0.3:
        return f"dropout {dropout:g} leaves too little of the network to learn with"
    if isinstance(config.model, Perceptron):
        return "a perceptron draws only straight lines"
    prepared = sight.history.prepared
    size = f"{prepared.parameters:,} parameters are" if prepared is not None else "this network is"
    return f"{size} too few for these data"


def overfitting(sight: Sight) -> Symptom | None:
    """The loss on samples that were not trained on rises, while that of training falls."""
    known = [(one.step, one.loss) for one in sight.evaluations if one.step and one.loss is not None]
    if len(known) < 4 or sight.share < 0.1:
        return None
    losses = [loss for _, loss in known]
    recent = min(median(losses[-3:]), losses[-1])
    best = min(losses[:-2])
    at = known[losses.index(best)][0]
    trained = sight.loss
    then = sight.mean_loss(max(0, at - sight.window), at) if at > sight.window else sight.mean_loss(0, at)
    if not (recent > _WORSE * best and trained < 0.9 * then):
        return None
    if recent - best < 0.05 * sight.chance_loss:
        return None
    config, watched = sight.config, sight.history.watched
    return Symptom(
        code="overfitting",
        severity="warning",
        since=at,
        message=(
            f"The {watched} loss has risen from {best:.3g} to {recent:.3g} since step {at:,}, "
            "while that of training fell"
        ),
        cause=_why_learned_by_heart(sight),
        evidence={"best": best, "now": recent, "training": trained, "step": float(at)},
        remedies=offered(
            config,
            stopping_early(config),
            true_labels(config),
            all_samples(config),
            some_dropout(config),
            some_penalty(config),
        ),
    )


def _why_learned_by_heart(sight: Sight) -> str:
    config, prepared = sight.config, sight.history.prepared
    if config.regularization.label_noise:
        return "labels drawn by chance are learned by heart"
    if prepared is None or not (prepared.parameters and prepared.training_samples):
        return "the network is large for these data"
    return (
        f"{prepared.parameters:,} parameters for {prepared.training_samples:,} samples: "
        "the rest of what is learned is true of these alone"
    )
