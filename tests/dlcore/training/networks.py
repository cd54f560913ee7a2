"""Networks as a line says them, and their gradients against finite differences."""

import torch
from torch import nn
from torch.nn import functional

from dlcore.choices.dataset import Facts
from dlcore.config import RunConfig
from dlcore.oneline import parse
from dlcore.training.models import build_model

KINDS = {
    "perceptron": "digits perceptron",
    "mlp": "digits mlp 9,7 tanh,silu",
    "mlp without bias": "digits mlp 9,7 model.bias=false",
    "mlp, batch norm": "digits mlp 9,7 norm=batch",
    "mlp, layer norm": "digits mlp 9,7 norm=layer",
    "residual mlp": "digits mlp 8,8,5,5 res=true norm=layer gelu",
    "cnn": "digits cnn filters=3,4 model.hidden=[] tanh",
    "cnn, a list for each field": "noise data.side=12 cnn filters=3,4,2 kernel=3,2,1 stride=1,2,1 pool=2,1,2 "
    "model.padding=none,same,none model.pooling=average,max,max 6, tanh",
    "cnn, average pooling and batch norm": "digits cnn filters=3,4 model.pooling=average norm=batch 6,",
    "cnn of grey and colour": "noise data.side=8 data.channels=3 cnn filters=3, 5,4",
    "lenet5": "noise data.side=14 lenet5",
    "vgg": "noise data.side=9 vgg model.width=3 model.blocks=2 6,",
    "vgg without norm": "digits vgg model.width=3 model.blocks=2 norm=none model.hidden=[]",
    "resnet": "digits resnet model.width=3 model.blocks=2",
    "resnet without norm": "digits resnet model.width=3 norm=none",
    "resnet18": "digits resnet18",
}
"""A small network of every kind that is ours, or torchvision's."""


def known(config: RunConfig) -> Facts:
    """What the data hold, which no test here has to open."""
    assert config.data.facts is not None
    return config.data.facts


def build(line: str, seed: int = 0) -> nn.Module:
    """The network of a line, as a run of that seed has it."""
    config = parse(line).resolved()
    torch.manual_seed(seed)
    return build_model(config, known(config))


def batch_for(line: str, samples: int = 6) -> tuple[torch.Tensor, torch.Tensor]:
    """Inputs of the shape of the data, drawn from a normal, in double; and a class for each."""
    facts = known(parse(line))
    chance = torch.Generator().manual_seed(5)
    inputs = torch.randn(samples, *facts.shape, generator=chance, dtype=torch.float64)
    return inputs, torch.randint(0, facts.classes, (samples,), generator=chance)


def assert_gradients(
    network: nn.Module, inputs: torch.Tensor, targets: torch.Tensor, most: int = 1000
) -> None:
    """Compare dL/dv, for random directions v in each parameter and in all, to what L does along v."""
    network = network.double().train()
    chance = torch.Generator().manual_seed(11)
    parameters = list(network.parameters())
    gradients = torch.autograd.grad(functional.cross_entropy(network(inputs), targets), parameters)
    directions = [torch.randn(each.shape, generator=chance, dtype=torch.float64) for each in parameters]
    picked = [[index] for index in range(0, len(parameters), max(1, len(parameters) // most))]
    assert any(bool(gradient.any()) for gradient in gradients)
    for moved in (*picked, range(len(parameters))):
        length = sum(float(directions[index].square().sum()) for index in moved) ** 0.5
        wanted = sum(float((gradients[index] * directions[index]).sum()) for index in moved) / length
        losses = []
        for distance in (1e-6, -1e-6):
            with torch.no_grad():
                for index in moved:
                    parameters[index].add_(directions[index], alpha=distance / length)
                losses.append(float(functional.cross_entropy(network(inputs), targets)))
                for index in moved:
                    parameters[index].sub_(directions[index], alpha=distance / length)
        found = (losses[0] - losses[1]) / 2e-6
        assert abs(found - wanted) <= 1e-5 * abs(wanted) + 2e-8, f"{list(moved)}: {found} for {wanted}"
