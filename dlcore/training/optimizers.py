"""From a choice of optimizer to torch's own."""

from collections.abc import Iterable
from typing import assert_never

import torch
from torch import optim

from dlcore.choices.optimizers import Adam, Momentum, Optimizer, Sgd


def build_optimizer(optimizer: Optimizer, parameters: Iterable[torch.nn.Parameter]) -> optim.Optimizer:
    """Return torch's optimizer over `parameters`; fused: one kernel updates all of them."""
    match optimizer:
        case Sgd():
            return optim.SGD(parameters, lr=optimizer.lr, fused=True)
        case Momentum():
            return optim.SGD(parameters, lr=optimizer.lr, momentum=optimizer.momentum, fused=True)
        case Adam():
            betas = (optimizer.beta1, optimizer.beta2)
            return optim.Adam(parameters, lr=optimizer.lr, betas=betas, eps=optimizer.eps, fused=True)
        case _:
            assert_never(optimizer)
