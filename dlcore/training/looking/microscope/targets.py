"""What the outputs of a sample should be, as the losses have it."""

import torch

from dlcore.training.looking.microscope.frozen import Frozen
from dlcore.training.losses import encoded


def shares_wanted(frozen: Frozen, sample: int) -> torch.Tensor:
    """Return the target shares (classes,) of a cross-entropy, in double."""
    classes = frozen.outputs.shape[1]
    smoothing = getattr(frozen.step.config.loss, "label_smoothing", 0.0)
    wanted = torch.full((classes,), smoothing / classes, dtype=torch.float64)
    wanted[int(frozen.targets[sample])] += 1 - smoothing
    return wanted


def figures_wanted(frozen: Frozen) -> torch.Tensor:
    """Return the target figures (batch, units), in double; classes are 0 and 1, or one-hot."""
    return encoded(frozen.targets, frozen.outputs).double()
