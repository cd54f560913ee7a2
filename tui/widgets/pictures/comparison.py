"""What the loss compares with what, in words: outputs, targets, and the formula between them."""

import textwrap
from collections.abc import Iterator
from typing import assert_never

from textual.content import Content

from dlcore.choices.dataset import Facts
from dlcore.choices.losses import (
    AutoLoss,
    BinaryCrossEntropy,
    CrossEntropy,
    Hinge,
    Huber,
    Loss,
    MeanAbsoluteError,
    MeanSquaredError,
)
from dlcore.config import RunConfig, output_units
from tui.widgets.pictures.drawing import Canvas

_INDENT = 9
_WIDEST = 70
_OWN = {"cross_entropy": "its own softmax", "bce": "its own sigmoid", "hinge": "as they come"}
"""What a loss does to the outputs itself."""


def endings(config: RunConfig, facts: Facts | None) -> tuple[str, ...]:
    """Return what stands behind the last layer and the loss it feeds, in more words and in fewer."""
    facts = facts or config.data.facts
    if facts is None:
        return ()
    resolved = config.resolved(facts)
    units = output_units(resolved.loss, facts)
    outputs = "1 output" if units == 1 else f"{units:,} outputs"
    output = getattr(resolved.model, "output", "linear")
    squash = "" if output == "linear" else f" → {output}"
    loss = resolved.loss.kind
    short = f"{outputs}{squash} → {loss}"
    return (f"{short} ({_OWN[loss]})", short) if loss in _OWN else (short,)


def comparison(config: RunConfig, facts: Facts | None, canvas: Canvas) -> Content:
    """Return the loss as a short table in words."""
    facts = facts or config.data.facts
    if facts is None:
        return Content("What it compares will be known when the data are.").stylize("$secondary")
    resolved = config.resolved(facts)
    loss = resolved.loss
    units = output_units(loss, facts)
    lines = [Content(loss.kind).stylize("bold $primary"), Content("")]
    told = [
        ("outputs", _outputs(resolved, units)),
        ("targets", _targets(resolved, facts, units)),
        ("formula", _formula(loss, units)),
        ("batch", "their mean" if loss.reduction == "mean" else "their sum: the step grows with the batch"),
    ]
    for name, sentence in told:
        lines += _entry(name, sentence, min(canvas.width, _WIDEST))
    return Content("\n").join(lines[: max(canvas.height, 1)])


def _entry(name: str, sentence: str, width: int) -> Iterator[Content]:
    head = name.ljust(_INDENT)
    for part in textwrap.wrap(sentence, max(12, width - _INDENT)):
        yield Content.assemble((head, "$secondary"), part)
        head = " " * _INDENT


def _outputs(config: RunConfig, units: int) -> str:
    loss, output = config.loss, getattr(config.model, "output", "linear")
    number = "1 number" if units == 1 else f"{units:,} numbers"
    behind = "" if output == "linear" else f" behind {output}"
    match loss:
        case CrossEntropy():
            return f"{number}, one a class; the loss has its own softmax"
        case BinaryCrossEntropy():
            return f"{number}{'' if units == 1 else ', one a class'}; the loss has its own sigmoid"
        case Hinge():
            return f"{number}{behind}{'' if units == 1 else ', one a class'}; any size"
        case _:
            return f"{number}{behind}"


def _targets(config: RunConfig, facts: Facts, units: int) -> str:
    loss = config.loss
    if facts.task == "regression":
        scaled = ", scaled to mean 0 and deviation 1" if getattr(config.data, "scale_target", False) else ""
        return f"the {'number' if units == 1 else 'numbers'} to predict{scaled}"
    last = facts.classes - 1
    match loss:
        case CrossEntropy(label_smoothing=smoothing) if smoothing:
            left = f"{1 - smoothing + smoothing / facts.classes:.3g}"
            return f"{left} for the true class, {smoothing / facts.classes:.2g} for each other one"
        case CrossEntropy():
            return f"the number of the true class, 0 to {last}"
        case Hinge():
            return "−1 or 1" if units == 1 else f"the number of the true class, 0 to {last}"
        case _:
            coded = f"one-hot: 1 for the true class, 0 for the {last:,} others"
            return "0 or 1" if units == 1 else coded


def _formula(loss: Loss, units: int) -> str:
    match loss:
        case CrossEntropy():
            return "−ln of the share that softmax gives the true class"
        case BinaryCrossEntropy():
            each = "" if units == 1 else ", for each class by itself"
            return f"−ln p where the target is 1, −ln(1 − p) where it is 0, with p = sigmoid(output){each}"
        case Hinge():
            if units == 1:
                return "max(0, 1 − target · output)"
            return "max(0, 1 − true output + other output), summed over the others, by the number of classes"
        case MeanSquaredError():
            return "(output − target)²"
        case MeanAbsoluteError():
            return "|output − target|"
        case Huber(delta=delta):
            return f"(output − target)²/2 up to a difference of {delta:g}, straight beyond it"
        case AutoLoss():
            raise AssertionError("the loss of a resolved configuration is never auto")
        case _:
            assert_never(loss)
