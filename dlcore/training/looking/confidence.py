"""How sure a network is of each class, whatever loss it learned with."""

import torch

from dlcore.config import RunConfig
from dlcore.training.looking.scores import meaning, scores


def shares(outputs: torch.Tensor, config: RunConfig) -> torch.Tensor:
    """Return what share of its trust a network gives each class, float64 (samples, classes): rows sum to 1.

    They are its probabilities where its loss asks for such; of several sigmoids, or of outputs that were
    trained towards 0 and 1, their shares of the sum. Margins know no probabilities: softmax stands for them.
    """
    read_as = meaning(config, outputs.shape[1])
    found = scores(read_as, outputs.float())
    match read_as:
        case "softmax" | "sigmoid":
            return found
        case "sigmoids" | "squared":
            positive = found.clamp(0, 1) + 1e-12
            return positive / positive.sum(1, keepdim=True)
        case "margin":
            return found.softmax(1)
