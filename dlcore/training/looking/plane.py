"""The plane in the space of the weights that holds as much of the optimizer's way as a plane can.

Its directions are the principal components of the checkpoints' weights relative to the newest one; one that
they do not give is a random one with filters as long as the network's own (both after Li, Xu, Taylor,
Studer and Goldstein: Visualizing the loss landscape of neural nets, NeurIPS 2018). They are orthonormal: a
coordinate is a distance between weights.
"""

from dataclasses import dataclass

import torch
from torch import nn

from dlcore.training.opened import Opened
from dlcore.training.seeds import generator


@dataclass(frozen=True)
class Plane:
    """Orthonormal directions (2, parameters) through an origin (parameters,), and how far to look."""

    origin: torch.Tensor
    axes: torch.Tensor
    reach: torch.Tensor
    """Half of what to see where the way does not say it: (2,) lengths of random directions, 0 for others."""

    def coordinates(self, weights: torch.Tensor) -> torch.Tensor:
        """Return the projections (number, 2) of weights (number, parameters)."""
        moved = (weights - self.origin).double()
        return moved @ self.axes.double().T


def plane_of(way: torch.Tensor, run: Opened) -> tuple[Plane, list[str], float | None]:
    """Return the plane of weights (checkpoints, parameters), the sort of each direction, and its share."""
    origin = way[-1]
    axes, share = components(way[:-1] - origin)
    sorts = ["path"] * len(axes) + ["random"] * (2 - len(axes))
    reach = torch.zeros(2, dtype=torch.float64)
    chance = generator(run.config.seed, "surface")
    for index in range(len(axes), 2):
        direction = random_direction(run.model, chance).double()
        reach[index] = direction.norm()
        for axis in axes:
            direction = direction - (direction @ axis) * axis
        axes.append(direction / direction.norm().clamp_min(1e-30))
    if sorts == ["path", "random"]:  # as far across as along
        reach[1] = 0.0
    return Plane(origin, torch.stack(axes).float(), reach), sorts, share


def components(moved: torch.Tensor) -> tuple[list[torch.Tensor], float | None]:
    """Return up to two principal directions of differences (number, parameters), and the share they hold.

    They are those of the largest singular values, not centred: of all planes through the origin theirs is the
    nearest to the differences, by the sum of squares. The first difference lies to the left.
    """
    moved = moved.double()
    total = float(moved.square().sum())
    if not total:
        return [], None
    squares, turns = torch.linalg.eigh(moved @ moved.T)  # small: a row and a column for each checkpoint
    axes: list[torch.Tensor] = []
    for index in range(len(squares) - 1, max(-1, len(squares) - 3), -1):
        if float(squares[index]) > 1e-9 * float(squares[-1]):
            direction = turns[:, index] @ moved
            for axis in axes:  # what rounding has left of the first
                direction = direction - (direction @ axis) * axis
            direction = direction / direction.norm()
            axes.append(-direction if float(moved[0] @ direction) > 0 else direction)
    held = sum(float((moved @ axis).square().sum()) for axis in axes)
    return axes, min(1.0, held / total)


def random_direction(network: nn.Module, chance: torch.Generator) -> torch.Tensor:
    """Return normal noise (parameters,) whose filters have the norms of the network's; none for biases."""
    parts = []
    for weights in network.parameters():
        if weights.dim() < 2:
            parts.append(torch.zeros(weights.numel()))
            continue
        noise = torch.randn(weights.shape, generator=chance).flatten(1)
        norms = weights.detach().flatten(1).norm(dim=1, keepdim=True)
        parts.append((noise * norms / noise.norm(dim=1, keepdim=True).clamp_min(1e-10)).flatten())
    return torch.cat(parts)
