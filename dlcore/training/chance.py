"""What the best constant answer reaches: a network that has learned nothing is no better."""

from typing import Any

import torch

from dlcore.choices.losses import BinaryCrossEntropy, CrossEntropy, Loss, MeanSquaredError
from dlcore.training.data import Data, Split


def chance(data: Data, loss: Loss) -> dict[str, Any]:
    """Return its score and loss on the training split, as `Prepared` has them; None for what is not known.

    The targets of streamed samples would have to be read for it, all of them.
    """
    if not isinstance(data.training, Split):
        return {"chance": 0.0 if data.facts.task == "regression" else None, "chance_loss": None}
    targets = data.training.targets
    if data.facts.task == "regression":
        variance = targets.var(0, correction=0).mean()
        return {"chance": 0.0, "chance_loss": float(variance) if isinstance(loss, MeanSquaredError) else None}
    shares = torch.bincount(targets, minlength=data.facts.classes).to(torch.float64) / len(targets)
    return {"chance": float(shares.max()), "chance_loss": _loss(loss, shares)}


def _loss(loss: Loss, shares: torch.Tensor) -> float | None:
    """Return the loss of an answer that is the shares (classes,) of the classes themselves."""
    match loss:
        case CrossEntropy():
            return _entropy(shares)
        case BinaryCrossEntropy():  # for two classes, with one output, it comes to the same
            return _entropy(shares, 1 - shares) / len(shares)
        case MeanSquaredError():
            return float((shares * (1 - shares)).mean())
        case _:
            return None


def _entropy(*shares: torch.Tensor) -> float:
    """Return −Σ p · log p, in nats."""
    return -float(sum(torch.xlogy(one, one).sum() for one in shares))
