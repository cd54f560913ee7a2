"""From a choice of optimizer to torch's own."""

from typing import Any, assert_never

from torch import nn, optim

from dlcore.choices.choice import nearest
from dlcore.choices.optimizers import (
    Adadelta,
    Adagrad,
    Adam,
    AdamW,
    Momentum,
    Nesterov,
    Optimizer,
    RMSprop,
    Sgd,
)
from dlcore.errors import DltuiError
from dlcore.training.layers import parameters_of, weights_of


def build_optimizer(optimizer: Optimizer, network: nn.Module) -> optim.Optimizer:
    """Return torch's optimizer over all parameters; fused, where it can be: one kernel updates all of them.

    A layer with a rate of its own has a parameter group of its own, whose `share` is its rate over lr.
    """
    lr, groups = optimizer.lr, _groups(optimizer, network)
    match optimizer:
        case Sgd():
            return optim.SGD(groups, lr=lr, fused=True)
        case Momentum():
            return optim.SGD(groups, lr=lr, momentum=optimizer.momentum, fused=True)
        case Nesterov():
            return optim.SGD(groups, lr=lr, momentum=optimizer.momentum, nesterov=True, fused=True)
        case Adagrad():
            return optim.Adagrad(groups, lr=lr, eps=optimizer.eps)
        case Adadelta():
            return optim.Adadelta(groups, lr=lr, rho=optimizer.rho, eps=optimizer.eps)
        case RMSprop():
            alpha, momentum = optimizer.alpha, optimizer.momentum
            return optim.RMSprop(groups, lr=lr, alpha=alpha, momentum=momentum, eps=optimizer.eps)
        case Adam():
            betas = (optimizer.beta1, optimizer.beta2)
            return optim.Adam(groups, lr=lr, betas=betas, eps=optimizer.eps, fused=True)
        case AdamW():
            betas, decay = (optimizer.beta1, optimizer.beta2), optimizer.weight_decay
            return optim.AdamW(groups, lr=lr, betas=betas, eps=optimizer.eps, weight_decay=decay, fused=True)
        case _:
            assert_never(optimizer)


def set_lr(optimizer: optim.Optimizer, lr: float) -> None:
    """Give every group its rate: a layer with one of its own keeps its share."""
    for group in optimizer.param_groups:
        group["lr"] = lr * group.get("share", 1.0)


def _groups(optimizer: Optimizer, network: nn.Module) -> list[dict[str, Any]]:
    """Return a group for each layer with a rate of its own, and one for the rest, in the network's order."""
    own: list[dict[str, Any]] = []
    taken: set[int] = set()
    for name, lr in optimizer.lr_per_layer.items():
        parameters = parameters_of(network, name)
        if not parameters:
            raise DltuiError(
                f"optimizer.lr_per_layer: the network has no layer {name!r}",
                nearest(name, list(weights_of(network))),
            )
        if any(id(parameter) in taken for parameter in parameters):
            raise DltuiError(
                f"optimizer.lr_per_layer: weights of {name!r} have a rate already, by another name",
                "Name each layer once.",
            )
        own.append({"params": parameters, "lr": lr, "share": lr / optimizer.lr})
        taken |= {id(parameter) for parameter in parameters}
    rest = [parameter for parameter in network.parameters() if id(parameter) not in taken]
    return [{"params": rest}, *own] if rest else own
