"""Rules on what happens from layer to layer: gradients that grow or shrink, units that are dead or saturated.

Each is silent while the network learns well: half of a relu layer may be silent, and a ratio of a hundredth
may be met, in networks that learn. What counts is the ratio together with what comes of it.
"""

from dlcore import figures
from dlcore.advice.advice import hidden_activations
from dlcore.choices.activations import Identity, Sigmoid, Step, Tanh
from dlcore.choices.initializers import Normal, Zeros
from dlcore.diagnose.remedies import (
    batch_norm,
    bends,
    clipping,
    leaky,
    lower_rate,
    no_penalty,
    normalized,
    offered,
    redrawn,
    relu_and_he,
    steadying,
    suited_init,
)
from dlcore.diagnose.rule import Symptom
from dlcore.diagnose.sight import Sight

_LEARNS = 0.35
"""A network that is so far above chance learns, whatever its layers look like."""
_LEARNS_SOME = 0.6
_EARLY = 0.15
"""Share of the run before which a third of that is enough."""
_SHRUNK = 0.05
_GONE = 1e-3
_QUIET = 1.6
"""Times chance that the loss of a network that only stands still ever is."""
_GROWN = 30.0
_LOUD = 10.0
"""Times chance that the loss of an untrained network is, when its signals grow from layer to layer."""
_ENOUGH = 0.85
_DEAD = 0.9
_HALF_DEAD = 0.5
_SATURATED = 0.75
_FAIR = 0.06
"""Share of the run before which no layer is judged."""


def vanishing_gradient(sight: Sight) -> Symptom | None:
    """The first layer's gradient is a small fraction of the last one's, and little is learned."""
    if sight.share < _FAIR or not sight.ratio < _SHRUNK or sight.learned > _LEARNS:
        return None
    if sight.ratio > _GONE and sight.learned > _LEARNS / 2:
        return None
    was_there = sight.first_ratio > 2 * _SHRUNK  # then something else has taken it away
    config = sight.config
    if was_there and (sight.peak > _QUIET * sight.chance_loss or sight.thrown > _SHRUNK):
        return None
    if was_there and no_penalty(config) is not None:
        return None
    layers = list(sight.norms)
    return Symptom(
        code="vanishing_gradient",
        severity="error",
        layer=layers[0],
        message=(
            f"The gradient of {layers[0]} is {figures.ratio(sight.ratio)} of that of {layers[-1]}: "
            "the first layers learn next to nothing"
        ),
        cause=_why_small(sight),
        evidence={
            "ratio": sight.ratio,
            "first_norm": sight.norms[layers[0]],
            "last_norm": sight.norms[layers[-1]],
        },
        remedies=offered(config, *steadying(config)),
    )


def _why_small(sight: Sight) -> str:
    config = sight.config
    activations = hidden_activations(config.model)
    sigmoids = sum(isinstance(one, Sigmoid) for one in activations)
    init = getattr(config.model, "init", None)
    if any(isinstance(one, Step) for one in activations):
        return "a step has slope 0 wherever it has one, so no gradient passes it"
    if sigmoids:
        return f"{sigmoids} sigmoids in a row, each with a slope of at most 1/4"
    if isinstance(init, Normal):
        return f"weights drawn with deviation {init.std:g} are too small: each layer shrinks the signal"
    if not activations:  # those of a network of the user's own are not known
        return "layers each of which shrinks the signal: flat activations, or weights that are too small"
    depth = len(activations)
    kind = activations[0].kind
    word = getattr(init, "kind", "its own")
    return f"{depth} {kind} layers with {word} initialization, each of which shrinks the signal"


def exploding_gradient(sight: Sight) -> Symptom | None:
    """Gradients grow on their way back to the first layer, so far that its steps are noise."""
    config = sight.config
    activations = hidden_activations(config.model)
    is_bounded = any(isinstance(one, Sigmoid | Tanh) for one in activations)
    start = sight.first_loss / sight.chance_loss
    grows = sight.ratio > _GROWN and sight.learned < _LEARNS
    is_deep = len(activations) > 1 and not is_bounded and config.data.normalize != "none"
    is_drawn_large = is_deep and start > _LOUD and sight.held_out < _ENOUGH
    if sight.share < _FAIR or not (grows or is_drawn_large):
        return None
    layers = list(sight.norms)
    init = getattr(config.model, "init", None)
    word = f"weights drawn with deviation {init.std:g}" if isinstance(init, Normal) else "weights"
    if grows:
        message = f"The gradient of {layers[0]} is {sight.ratio:,.0f} times that of {layers[-1]}"
    else:
        message = f"The untrained network's loss is {start:,.0f} times that of chance: signals grow in it"
    return Symptom(
        code="exploding_gradient",
        severity="error",
        layer=layers[0],
        message=message,
        cause=f"{word} that are too large: each layer makes signals grow, and gradients on their way back",
        evidence={
            "ratio": sight.ratio,
            "start": start,
            "first_norm": sight.norms[layers[0]],
            "last_norm": sight.norms[layers[-1]],
        },
        remedies=offered(
            config, suited_init(config), batch_norm(config), clipping(config), lower_rate(config)
        ),
    )


def dead_relu(sight: Sight) -> Symptom | None:
    """Nearly all units of a relu layer give 0 for every sample, look after look."""
    if sight.first_ratio < _SHRUNK / 5:  # no gradient came through before any unit could die
        return None
    found = sight.steadily("dead")
    dead = {layer: share for layer, share in found.items() if share >= _DEAD}
    dropout = getattr(sight.config.model, "dropout", 0.0)
    if not dead and not dropout and sight.ratio > _SHRUNK and sight.gain(0.2) < 0.05:
        # Half of a layer is enough where nothing moves any more, and nothing else explains it.
        dead = {layer: share for layer, share in found.items() if share >= _HALF_DEAD}
    if not dead or len(sight.looks) < 3 or sight.share < _FAIR or sight.learned > _LEARNS_SOME:
        return None
    if sight.share < _EARLY and sight.learned > _LEARNS_SOME / 3:  # it is on its way
        return None
    layer = max(dead, key=lambda name: dead[name])
    config = sight.config
    lr, (_, highest) = config.optimizer.lr, config.optimizer.usual
    is_fast = lr > highest
    init = getattr(config.model, "init", None)
    if isinstance(init, Zeros):
        cause = "weights that start at zero: no unit is ever positive"
    elif is_fast:
        cause = f"steps of a learning rate of {lr:g} that throw units too low to come back"
    else:
        cause = "weights and biases under which no sample makes these units positive"
    cures = (leaky(config), lower_rate(config))
    return Symptom(
        code="dead_relu",
        severity="error",
        layer=layer,
        message=f"{100 * dead[layer]:.0f} % of the units of {layer} are 0 for every sample",
        cause=cause,
        evidence={f"dead {name}": share for name, share in dead.items()},
        remedies=offered(
            config,
            redrawn(config),
            normalized(config),
            *(reversed(cures) if is_fast else cures),
            batch_norm(config),
        ),
    )


def saturated_activation(sight: Sight) -> Symptom | None:
    """Nearly all of a layer sits where sigmoid or tanh is flat, and little is learned."""
    flat = {layer: share for layer, share in sight.steadily("saturated").items() if share >= _SATURATED}
    if not flat or len(sight.looks) < 2 or not sight.held_out < _ENOUGH - 0.05:
        return None
    layer = max(flat, key=lambda name: flat[name])
    config = sight.config
    init = getattr(config.model, "init", None)
    lr, (_, highest) = config.optimizer.lr, config.optimizer.usual
    drawn = init.std if isinstance(init, Normal) else 0.0
    started_there = drawn > 0.3
    if config.data.normalize == "none":
        cause = "inputs that are not normalized drive the first layer to its ends"
    elif started_there:
        cause = f"weights drawn with deviation {drawn:g} give sums far beyond where the function bends"
    else:
        cause = f"steps of a learning rate of {lr:g} have thrown the sums beyond where the function bends"
    is_fast = not started_there and config.data.normalize != "none" and lr > highest / 4
    cures = (suited_init(config), lower_rate(config))
    return Symptom(
        code="saturated_activation",
        severity="error",
        layer=layer,
        message=f"{100 * flat[layer]:.0f} % of what {layer} gives lies on the flat ends of its function",
        cause=cause,
        evidence={f"saturated {name}": share for name, share in flat.items()},
        remedies=offered(
            config,
            normalized(config),
            *(reversed(cures) if is_fast else cures),
            relu_and_he(config),
            batch_norm(config),
        ),
    )


def linear_collapse(sight: Sight) -> Symptom | None:
    """Linear layers in a row are one linear layer, and the data need more than a line."""
    config = sight.config
    activations = hidden_activations(config.model)
    if not activations or not all(isinstance(one, Identity) for one in activations):
        return None
    has_settled = sight.fall(0.1) < 0.05 or sight.gain(0.12) < 0.02
    if sight.share < 0.1 or not sight.learned < sight.least() or not has_settled:
        return None
    layers = len(activations) + 1
    return Symptom(
        code="linear_collapse",
        severity="error",
        message=(
            f"{layers} linear layers in a row are one: training stays "
            f"{100 * (1 - sight.learned):.0f} % short of perfect"
        ),
        cause="identity behind every hidden layer: their product is a single matrix",
        evidence={"layers": float(layers), "learned": sight.learned},
        remedies=offered(config, bends(config)),
    )
