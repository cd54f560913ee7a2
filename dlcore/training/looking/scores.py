"""What the outputs for classes mean under each loss: probabilities, or only margins."""

from typing import Literal, assert_never

import torch
from torch.nn import functional

from dlcore.choices.losses import (
    AutoLoss,
    BinaryCrossEntropy,
    CrossEntropy,
    Hinge,
    Huber,
    MeanAbsoluteError,
    MeanSquaredError,
)
from dlcore.config import RunConfig

Meaning = Literal["softmax", "sigmoid", "sigmoids", "squared", "margin"]
"""softmax: of all outputs; sigmoid: of the only one, for class 1; sigmoids: of each class by itself;
squared: the outputs behind softmax or sigmoid as they are, for the squared error is smallest at the true
probabilities (Brier, 1950); margin: no probabilities, only how far an output leads."""


def meaning(config: RunConfig, units: int) -> Meaning:
    """Return how outputs (batch, units) are to be read; probabilities only where the loss asks for them."""
    loss = config.loss
    match loss:
        case CrossEntropy():
            return "softmax"
        case BinaryCrossEntropy():
            return "sigmoid" if units == 1 else "sigmoids"
        case MeanSquaredError():
            squashed = getattr(config.model, "output", "") in ("softmax", "sigmoid")
            return "squared" if squashed and units > 1 else "margin"
        case Hinge() | MeanAbsoluteError() | Huber():
            return "margin"
        case AutoLoss():
            raise AssertionError("the loss of a resolved configuration is never auto")
        case _:
            assert_never(loss)


def scores(read_as: Meaning, outputs: torch.Tensor) -> torch.Tensor:
    """Return one figure a class, float64 (batch, classes): probabilities, or outputs where there are none.

    A single output of a margin is that of class 1, and its opposite that of class 0.
    """
    outputs = outputs.to(torch.float64)
    match read_as:
        case "softmax":
            return outputs.softmax(1)
        case "sigmoid":
            return torch.cat((torch.sigmoid(-outputs), torch.sigmoid(outputs)), 1)
        case "sigmoids":
            return outputs.sigmoid()
        case "squared":
            return outputs
        case "margin":
            return torch.cat((-outputs, outputs), 1) if outputs.shape[1] == 1 else outputs
        case _:
            assert_never(read_as)


def sureness(read_as: Meaning, outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Return how sure the network is of the true class, float64 (batch,): the lower, the worse the sample.

    That is the logarithm of the true class's probability, or its margin: the true class's output less the
    highest other one, y · output for a single one with y = ±1.
    """
    outputs = outputs.to(torch.float64)
    match read_as:
        case "softmax":  # by its logarithm, which still differs where the probability is 0
            return outputs.log_softmax(1).gather(1, targets[:, None])[:, 0]
        case "sigmoid":
            return functional.logsigmoid(outputs[:, 0] * (2 * targets - 1))
        case "sigmoids":
            return functional.logsigmoid(outputs.gather(1, targets[:, None])[:, 0])
        case "squared":
            return outputs.gather(1, targets[:, None])[:, 0].log()
        case "margin":
            return margins(outputs, targets)
        case _:
            assert_never(read_as)


def margins(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Return by how much the true class leads, (batch,); below 0 it does not."""
    if outputs.shape[1] == 1:
        return outputs[:, 0] * (2 * targets - 1)
    own = outputs.gather(1, targets[:, None])
    others = outputs.scatter(1, targets[:, None], -torch.inf)
    return own[:, 0] - others.max(1).values
