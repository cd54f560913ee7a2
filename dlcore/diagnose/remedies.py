"""What would cure a run: named, concrete changes of its configuration, the likeliest first."""

from collections.abc import Iterator
from typing import Any

from dlcore.advice.advice import RECTIFIED, exchanged, hidden_activations, is_steadied
from dlcore.changes import is_sound
from dlcore.choices.activations import SELU, Activation, Identity, Sigmoid, Step, Tanh
from dlcore.choices.architectures import CustomModel, Mlp, Perceptron
from dlcore.choices.initializers import Normal, Zeros
from dlcore.choices.optimizers import Momentum, Nesterov, Sgd
from dlcore.choices.schedules import Constant
from dlcore.config import RunConfig, to_table
from dlcore.diagnose.finding import Remedy

_MOST = 4
_WIDE = 64
_NARROW = 2


def offered(config: RunConfig, *remedies: Remedy | None) -> tuple[Remedy, ...]:
    """Return those remedies that change something and would be taken, each once."""
    found: list[Remedy] = []
    table = to_table(config)
    for remedy in remedies:
        if remedy is None or any(remedy.set == one.set for one in found):
            continue
        if any(_at(table, key) != value for key, value in remedy.set.items()) and is_sound(
            config, remedy.set, config.data.facts
        ):
            found.append(remedy)
    return tuple(found[:_MOST])


def _at(table: dict[str, Any], key: str) -> Any:
    section, _, name = key.rpartition(".")
    return (table[section] if section else table).get(name)


# -- the network ------------------------------------------------------------------------------------------


def relu_and_he(config: RunConfig) -> Remedy | None:
    """relu, with weights that keep its signal's size."""
    if isinstance(config.model, Perceptron | CustomModel):
        return None
    if not hasattr(config.model, "activation"):
        return None
    return Remedy("relu with he initialization", {"model.activation": "relu", "model.init": "he"})


def suited_init(config: RunConfig) -> Remedy | None:
    """Weights of the size that the activation asks for."""
    if not hasattr(config.model, "init"):
        return None
    word = suited(config)
    return Remedy(f"{word} initialization", {"model.init": word})


def redrawn(config: RunConfig) -> Remedy | None:
    """The same where the weights are drawn far from the size that the layers' widths ask for."""
    init = getattr(config.model, "init", None)
    if isinstance(init, Zeros):
        return suited_init(config)
    hidden: tuple[int, ...] = getattr(config.model, "hidden", ())
    if not isinstance(init, Normal) or not hidden:
        return None
    low, high = ((2 / width) ** 0.5 for width in (max(hidden), min(hidden)))
    return suited_init(config) if not 0.4 * low < init.std < 1.6 * high else None


def suited(config: RunConfig) -> str:
    """Return the initialization that goes with a network's activations."""
    activations = hidden_activations(config.model)
    if any(isinstance(one, SELU) for one in activations):
        return "lecun"
    if any(isinstance(one, RECTIFIED) for one in activations):
        return "he"
    return "xavier" if activations else "default"


def batch_norm(config: RunConfig) -> Remedy | None:
    """A norm behind each layer."""
    if getattr(config.model, "norm", None) != "none" or config.data.batch_size == 1:
        return None
    return Remedy("batch norm", {"model.norm": "batch"})


def shortcuts(config: RunConfig) -> Remedy | None:
    """Each layer's input added to its output."""
    model = config.model
    if not isinstance(model, Mlp) or model.residual or len(set(model.hidden)) > 1 or len(model.hidden) < 2:
        return None
    return Remedy("residual connections", {"model.residual": True})


def bends(config: RunConfig) -> Remedy | None:
    """A non-linearity between the layers."""
    model = config.model
    if isinstance(model, Perceptron):
        return Remedy(
            "a hidden layer", {"model.kind": "mlp", "model.hidden": [32], "model.activation": "relu"}
        )
    kinds: type[Activation] = Identity
    if any(isinstance(one, Step) for one in hidden_activations(model)):
        kinds = Step
    value = exchanged(model, kinds, "relu")
    return Remedy("relu between the layers", {"model.activation": value, "model.init": suited_for("relu")})


def suited_for(activation: str) -> str:
    """Return the initialization that goes with one activation."""
    return {"relu": "he", "leaky_relu": "he", "selu": "lecun"}.get(activation, "xavier")


def leaky(config: RunConfig) -> Remedy | None:
    """A relu that never falls silent altogether."""
    if not any(isinstance(one, RECTIFIED) for one in hidden_activations(config.model)):
        return None
    steep = {"kind": "leaky_relu", "slope": 0.1}
    return Remedy("leaky relu", {"model.activation": steep, "model.init": "he"})


def tanh_and_xavier(config: RunConfig) -> Remedy | None:
    """tanh, whose slope at 0 is 1."""
    if not any(isinstance(one, Sigmoid | Tanh) for one in hidden_activations(config.model)):
        return None
    return Remedy("tanh with xavier initialization", {"model.activation": "tanh", "model.init": "xavier"})


def is_narrow(config: RunConfig) -> bool:
    """Whether a layer has so few units that hardly anything gets through it."""
    hidden: tuple[int, ...] = getattr(config.model, "hidden", ())
    return bool(hidden) and min(hidden) <= _NARROW


def wider(config: RunConfig) -> Remedy | None:
    """More units in each layer."""
    model = config.model
    if isinstance(model, Perceptron):
        return bends(config)
    if isinstance(model, Mlp):
        wide = max(_WIDE, *(4 * one for one in model.hidden)) if model.hidden else _WIDE
        layers = max(2, len(model.hidden))
        return Remedy(f"{layers} layers of {wide} units", {"model.hidden": [wide] * layers})
    filters = getattr(model, "filters", None)
    if filters:
        return Remedy("four times the filters", {"model.filters": [4 * one for one in filters]})
    return None


def no_dropout(config: RunConfig) -> Remedy | None:
    """No unit silenced."""
    return Remedy("no dropout", {"model.dropout": 0.0}) if getattr(config.model, "dropout", 0.0) else None


def some_dropout(config: RunConfig) -> Remedy | None:
    """A share of the units silenced at each step."""
    given: float | None = getattr(config.model, "dropout", None)
    if given is None or given >= 0.5 or not hidden_activations(config.model):
        return None
    return Remedy("dropout 0.5", {"model.dropout": 0.5})


# -- the rate ---------------------------------------------------------------------------------------------


def lower_rate(config: RunConfig, by: float = 10.0) -> Remedy:
    """A learning rate that its optimizer usually takes, or one so many times lower."""
    lr, (_, highest) = config.optimizer.lr, config.optimizer.usual
    default = float(type(config.optimizer).model_fields["lr"].default)
    wanted = default if lr > highest and default < lr / by else _rounded(lr / by)
    return Remedy(f"learning rate {wanted:g}", {"optimizer.lr": wanted})


def higher_rate(config: RunConfig, by: float = 10.0) -> Remedy:
    """A learning rate so many times higher, but within what its optimizer usually takes."""
    lr, (lowest, highest) = config.optimizer.lr, config.optimizer.usual
    wanted = _rounded(max(lr * 3, min(max(lr * by, lowest), highest)))
    return Remedy(f"learning rate {wanted:g}", {"optimizer.lr": wanted})


def constant_rate(config: RunConfig) -> Remedy | None:
    """No schedule that takes the rate away."""
    if isinstance(config.schedule, Constant):
        return None
    return Remedy("a constant learning rate", {"schedule.kind": "constant"})


def adam(config: RunConfig) -> Remedy | None:
    """Steps that do not depend on the gradient's size."""
    if not isinstance(config.optimizer, Sgd | Momentum | Nesterov):
        return None
    return Remedy("adam", {"optimizer.kind": "adam", "optimizer.lr": 0.001})


def less_momentum(config: RunConfig) -> Remedy | None:
    """Momentum as it is usual."""
    if getattr(config.optimizer, "momentum", 0.0) <= 0.9:
        return None
    return Remedy("momentum 0.9", {"optimizer.momentum": 0.9})


def larger_batch(config: RunConfig) -> Remedy | None:
    """Gradients that are the mean over more samples."""
    size = config.data.batch_size
    if size == "full" or size >= 32:
        return None
    return Remedy("batches of 32", {"data.batch_size": 32})


def clipping(config: RunConfig) -> Remedy | None:
    """Gradients no longer than 1."""
    if config.regularization.clip_norm:
        return None
    return Remedy("gradients clipped to norm 1", {"regularization.clip_norm": 1.0})


def no_clipping(config: RunConfig) -> Remedy | None:
    """Gradients as long as they are."""
    chosen = config.regularization
    if not 0 < chosen.clip_norm < 0.1 and not 0 < chosen.clip_value < 0.01:
        return None
    return Remedy("no clipping", {"regularization.clip_norm": 0.0, "regularization.clip_value": 0.0})


def more_epochs(config: RunConfig, times: int = 4) -> Remedy:
    """Longer training."""
    epochs = times * config.training.epochs
    return Remedy(f"{epochs} epochs", {"training.epochs": epochs})


def mean_reduction(config: RunConfig) -> Remedy | None:
    """The mean over a batch, whose gradient does not grow with it."""
    return Remedy("the mean loss", {"loss.reduction": "mean"}) if config.loss.reduction == "sum" else None


# -- data and regularization --------------------------------------------------------------------------------


def no_penalty(config: RunConfig) -> Remedy | None:
    """Weights that nothing pulls to zero."""
    changes: dict[str, Any] = {}
    if config.regularization.l1 or config.regularization.l2:
        changes = {"regularization.l1": 0.0, "regularization.l2": 0.0}
    if getattr(config.optimizer, "weight_decay", 0.0) > 0.05:
        changes["optimizer.weight_decay"] = 0.01
    return Remedy("no penalty on the weights", changes) if changes else None


def some_penalty(config: RunConfig) -> Remedy | None:
    """Weights that are pulled to zero a little."""
    if config.regularization.l2 or config.regularization.l1:
        return None
    return Remedy("l2 = 0.001", {"regularization.l2": 0.001})


def true_labels(config: RunConfig) -> Remedy | None:
    """Labels as they are."""
    if not config.regularization.label_noise:
        return None
    return Remedy("no label noise", {"regularization.label_noise": 0.0})


def stopping_early(config: RunConfig) -> Remedy | None:
    """The weights of the best evaluation, and an end when none better comes."""
    if config.training.early_stopping:
        return None
    return Remedy("early stopping", {"training.early_stopping": 3})


def all_samples(config: RunConfig) -> Remedy | None:
    """No limit on the training samples."""
    return Remedy("all training samples", {"data.limit": 0}) if config.data.limit else None


def normalized(config: RunConfig) -> Remedy | None:
    """Inputs around 0, of about size 1."""
    if config.data.normalize != "none":
        return None
    return Remedy("normalized inputs", {"data.normalize": "auto"})


def scaled(config: RunConfig) -> Remedy | None:
    """Targets of mean 0 and deviation 1."""
    if getattr(config.data, "scale_target", True):
        return None
    return Remedy("scaled targets", {"data.scale_target": True})


def fitting_loss(config: RunConfig) -> Remedy:
    """Loss and output as the task asks for."""
    changes: dict[str, Any] = {"loss.kind": "auto"}
    if hasattr(config.model, "output"):
        changes["model.output"] = "auto"
    return Remedy("the usual loss and output", changes)


def steadying(config: RunConfig) -> Iterator[Remedy | None]:
    """Yield what keeps gradients of a deep network in size."""
    yield redrawn(config)
    rectified = any(isinstance(one, RECTIFIED) for one in hidden_activations(config.model))
    if rectified:
        yield suited_init(config)
        yield normalized(config)
        yield batch_norm(config)
    else:
        yield relu_and_he(config)
        yield tanh_and_xavier(config)
        yield batch_norm(config)
    if not is_steadied(config.model):
        yield shortcuts(config)
    yield adam(config)


def _rounded(value: float) -> float:
    return float(f"{value:.3g}")
