"""Combinations that make no sense, each refused with its reason.

Each check looks at the choices it needs and is skipped while one of them is itself wrong, or while what the
data hold is not known yet; so one bad field hides no other error.
"""

from collections.abc import Iterator

from dlcore.choices.architectures import Architecture, Cnn, CustomModel, LeNet5, Mlp, ResNet, ResNet18, Vgg
from dlcore.choices.choice import Choice
from dlcore.choices.dataset import DataChoice, Facts
from dlcore.choices.geometry import trace
from dlcore.choices.losses import (
    BinaryCrossEntropy,
    CrossEntropy,
    Hinge,
    Huber,
    MeanAbsoluteError,
)
from dlcore.choices.own import Csv, CustomData, ImageFolder
from dlcore.choices.regularization import Regularization
from dlcore.choices.schedules import BatchGrowth, Piecewise, batch_size_at
from dlcore.choices.training import Training
from dlcore.errors import Problem

_CONVOLUTIONAL = Cnn | LeNet5 | Vgg | ResNet | ResNet18


def cross_check(chosen: dict[str, Choice], facts: Facts | None = None) -> Iterator[Problem]:
    """Yield what is wrong between the sections in `chosen` (section key → choice).

    `facts` are those of data that must be opened to be known.
    """
    data, model, loss = chosen.get("data"), chosen.get("model"), chosen.get("loss")
    if isinstance(data, DataChoice):
        facts = facts or data.facts
        yield from _own_data(data)
    yield from _own_model(model)
    yield from _one_each(model)
    yield from _boundaries(chosen.get("schedule"))
    if isinstance(data, DataChoice):
        yield from _growing_batch(data, chosen.get("schedule"))
    if loss is not None:
        yield from _output_and_loss(model, loss, facts)
    if facts is None or not isinstance(data, DataChoice):
        return
    yield from _loss_and_task(loss, facts)
    yield from _regularization_and_data(chosen.get("regularization"), data, facts)
    yield from _network_and_data(model, data, facts)
    yield from _held_out(data, facts)
    yield from _batch_norm(model, data, chosen, facts)


def _own_data(data: DataChoice) -> Iterator[Problem]:
    match data:
        case Csv(file="", kind=kind):
            yield Problem("data.file", f"{kind} needs the path of a file", "Name your CSV file.")
        case ImageFolder(folder="", kind=kind):
            yield Problem("data.folder", f"{kind} needs the path of a folder", "Name your folder of images.")
        case CustomData(target=target):
            yield from _target("data.target", target)
        case _:
            pass


def _own_model(model: Choice | None) -> Iterator[Problem]:
    if isinstance(model, CustomModel):
        yield from _target("model.target", model.target)


def _target(key: str, target: str) -> Iterator[Problem]:
    module, colon, name = target.rpartition(":")
    if not (module and colon and name.isidentifier()):
        yield Problem(
            key,
            f"custom needs what to call (got {target!r})" if target else "custom needs what to call",
            "Write package.module:Name or path/file.py:Name.",
        )


def _output_and_loss(model: Choice | None, loss: Choice, facts: Facts | None) -> Iterator[Problem]:
    output = getattr(model, "output", "auto")
    regression = facts is not None and facts.task == "regression"
    crossed = isinstance(loss, CrossEntropy) or (loss.word() == "auto" and not regression)
    squashes = output in ("softmax", "sigmoid")
    cure = "Choose linear or auto, or the loss mse."
    if squashes and crossed and (facts is not None or isinstance(loss, CrossEntropy)):
        said = "squashes twice: cross_entropy has its own softmax"
        yield Problem("model.output", f"{output} before cross_entropy {said}", cure)
    elif squashes and isinstance(loss, BinaryCrossEntropy):
        said = "squashes twice: bce has its own sigmoid"
        yield Problem("model.output", f"{output} before bce {said}", cure)
    elif squashes and isinstance(loss, Hinge):
        said = "never leaves 0–1, and hinge asks for a lead of 1"
        yield Problem("model.output", f"{output} before hinge {said}", cure)
    elif output == "softmax" and regression:
        said = "makes outputs that sum to 1, and a regression predicts any number"
        yield Problem("model.output", f"softmax {said}", "Choose linear or auto.")


def _loss_and_task(loss: Choice | None, facts: Facts) -> Iterator[Problem]:
    if facts.task == "regression" and isinstance(loss, CrossEntropy | BinaryCrossEntropy | Hinge):
        yield Problem(
            "loss.kind",
            f"{loss.kind} is for classes, and these data are a regression",
            "Choose mse, mae or huber.",
        )
    if facts.task == "classification" and isinstance(loss, MeanAbsoluteError | Huber):
        yield Problem(
            "loss.kind",
            f"{loss.kind} is for numbers, and these data have {facts.classes} classes",
            "Choose cross_entropy, bce, hinge, or mse to see why not.",
        )


def _one_each(model: Choice | None) -> Iterator[Problem]:
    if isinstance(model, Mlp) and isinstance(model.activation, tuple):
        given, wanted = len(model.activation), len(model.hidden)
        if given != wanted:
            yield Problem(
                "model.activation",
                f"{given} activations for {wanted} hidden layers",
                "Give one for all, or one for each hidden layer.",
            )
    for name in ("kernel", "stride", "padding", "pool", "pooling") if isinstance(model, Cnn) else ():
        given, wanted = len(getattr(model, name)), len(model.filters)  # type: ignore[union-attr]  # a Cnn
        if given not in (1, wanted):
            yield Problem(
                f"model.{name}",
                f"{given} values for {wanted} blocks",
                "Give one for all, or one for each block.",
            )


def _boundaries(schedule: Choice | None) -> Iterator[Problem]:
    if not isinstance(schedule, Piecewise):
        return
    steps, factors = schedule.boundaries, schedule.factors
    if len(steps) != len(factors):
        message = f"{len(factors)} factors for {len(steps)} boundaries"
        yield Problem("schedule.factors", message, "Give one factor for each boundary.")
    if list(steps) != sorted(set(steps)):
        message = f"must rise from one to the next (got {', '.join(map(str, steps))})"
        yield Problem("schedule.boundaries", message, "Write them in order, as in 1000,2000.")


def _growing_batch(data: DataChoice, schedule: Choice | None) -> Iterator[Problem]:
    if isinstance(schedule, BatchGrowth) and data.batch_size == "full":
        message = "batch_growth cannot grow a full batch"
        yield Problem("data.batch_size", message, "Choose a number, or another schedule.")


def _regularization_and_data(chosen: Choice | None, data: DataChoice, facts: Facts) -> Iterator[Problem]:
    if not isinstance(chosen, Regularization):
        return
    if chosen.augment and not facts.is_image:
        message = f"{', '.join(chosen.augment)}: only for images, and {data.word()} has rows of numbers"
        yield Problem("regularization.augment", message, "Leave it empty.")
    if chosen.label_noise and facts.task == "regression":
        yield Problem("regularization.label_noise", "a regression has no labels to draw", "Set it to 0.")


def _network_and_data(model: Choice | None, data: DataChoice, facts: Facts) -> Iterator[Problem]:
    if not isinstance(model, _CONVOLUTIONAL):
        return
    if not facts.is_image:
        yield Problem(
            "model.kind",
            f"{model.kind} needs images, and {data.word()} has rows of {facts.shape[0]} numbers",
            "Choose mlp or perceptron, or the data set digits or mnist.",
        )
        return
    before = facts.shape[1], facts.shape[2]
    for found in trace(model.windows(), *before):
        if min(found.height, found.width) < 1:
            field = "filters" if isinstance(model, Cnn) else "blocks" if isinstance(model, Vgg) else "kind"
            yield Problem(
                f"model.{field}",
                f"{found.name} shrinks a {before[0]}×{before[1]} map to nothing",
                _roomier(model),
            )
        before = found.height, found.width


def _roomier(model: Architecture) -> str:
    if isinstance(model, Cnn):
        return "Use fewer blocks, a smaller kernel, stride or pool, or padding = same."
    if isinstance(model, Vgg):
        return "Use fewer blocks."
    return "Choose cnn, or data with larger images."


def _held_out(data: DataChoice, facts: Facts) -> Iterator[Problem]:
    samples = min(facts.training, data.limit or facts.training)
    held = round(samples * data.validation)
    if data.validation and not 0 < held < samples:
        yield Problem(
            "data.validation",
            f"{data.validation:g} of {samples} samples leaves {held} for validation "
            f"and {samples - held} to train on",
            "Change validation or limit so that both have some.",
        )


def _batch_norm(
    model: Choice | None, data: DataChoice, chosen: dict[str, Choice], facts: Facts
) -> Iterator[Problem]:
    """A batch of one sample has no deviation to divide by."""
    if not isinstance(model, ResNet18) and getattr(model, "norm", "none") != "batch":
        return
    samples = min(facts.training, data.limit or facts.training)
    training = samples - round(samples * data.validation)
    if training < 1:
        return
    first = training if data.batch_size == "full" else min(data.batch_size, training)
    lonely = _lonely(first, training, chosen)
    if lonely == 0:
        return
    said = f"of {training} samples by {lonely} leaves a last one of one sample"
    cure = next((size for size in range(first + 1, training + 1) if not _lonely(size, training, chosen)), 0)
    other = "network" if isinstance(model, ResNet18) else "norm"
    yield Problem(
        "data.batch_size",
        f"a batch {'is one sample' if lonely == 1 else said}, and batch norm needs two",
        f"Choose {cure}, or another {other}." if cure else f"Take more samples, or another {other}.",
    )


def _lonely(first: int, training: int, chosen: dict[str, Choice]) -> int:
    """Return the batch size at which a batch has one sample alone, of those that the run has; 0 for none."""
    schedule, limits = chosen.get("schedule"), chosen.get("training")
    sizes = {first}
    if isinstance(schedule, BatchGrowth):
        epochs = limits.epochs if isinstance(limits, Training) else 1
        starts = range(1, epochs + 1, schedule.every)[:64]  # 2^64 samples are beyond any data
        sizes |= {batch_size_at(schedule, first, epoch, training) for epoch in starts}
    return next((size for size in sorted(sizes) if size == 1 or training % size == 1), 0)
