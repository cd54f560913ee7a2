"""What is made small, as code: the loss of a batch, and what its gradients are those of."""

from typing import assert_never

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
from dlcore.export.script.part import Part, docstring, number

_FUNCTIONAL = "from torch.nn import functional"


def loss(chosen: Loss, units: int, name: str, *, is_regression: bool) -> Part:
    """Return a function `name` of outputs (batch, units) and targets: the mean loss of a batch."""
    match chosen:
        case CrossEntropy():
            smoothing = chosen.label_smoothing
            more = f", label_smoothing={number(smoothing)}" if smoothing else ""
            return _function(name, chosen, f"functional.cross_entropy(outputs, targets{more})")
        case Hinge() if units > 1:
            return _function(name, chosen, "functional.multi_margin_loss(outputs, targets)")
        case Hinge():
            signs = "signs = 2 * targets.to(torch.float32).unsqueeze(1) - 1  # −1 and 1"
            return _function(
                name, chosen, "(1 - signs * outputs).clamp_min(0).mean()", before=signs, torch=True
            )
        case BinaryCrossEntropy():
            torchs = "binary_cross_entropy_with_logits"
        case MeanSquaredError():
            torchs = "mse_loss"
        case MeanAbsoluteError():
            torchs = "l1_loss"
        case Huber():
            torchs = "huber_loss"
        case AutoLoss():
            raise AssertionError("the loss of a resolved configuration is never auto")
        case _:
            assert_never(chosen)
    more = f", delta={number(chosen.delta)}" if isinstance(chosen, Huber) else ""
    if is_regression:
        return _function(name, chosen, f"functional.{torchs}(outputs, targets{more})")
    wanted = _encoded(units)
    return _function(name, chosen, f"functional.{torchs}(outputs, wanted{more})", before=f"wanted = {wanted}")


def _encoded(units: int) -> str:
    """Return the code that makes class numbers 0 and 1 for a single output, else one-hot."""
    if units == 1:
        return "targets.to(torch.float32).unsqueeze(1)"
    return f"functional.one_hot(targets, {units}).to(torch.float32)"


def _function(name: str, chosen: Loss, result: str, *, before: str = "", torch: bool = False) -> Part:
    inside = f"    {before}\n" if before else ""
    code = (
        f"def {name}(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:\n"
        f"{docstring(chosen.summary())}\n"
        f"{inside}    return {result}"
    )
    return Part(code, () if torch else (_FUNCTIONAL,))


def descended(chosen: Loss) -> str:
    """Return the code of what the gradients are those of: the mean loss, or its sum over the batch."""
    if chosen.reduction == "mean":
        return "loss"
    terms = "len(outputs)" if isinstance(chosen, CrossEntropy | Hinge) else "outputs.numel()"
    return f"(loss * {terms})"
