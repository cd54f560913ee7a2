"""Samples drawn with a seed: points in the plane, a curve with noise, and noise alone."""

import math
from typing import assert_never

import numpy
import torch

from dlcore.choices.drawn import Blobs, Circles, Moons, Noise, Regression, Spiral, Xor
from dlcore.training.seeds import derive, generator

Drawn = Xor | Moons | Circles | Spiral | Blobs | Regression | Noise
Arrays = tuple[torch.Tensor, torch.Tensor]


def samples(data: Drawn, seed: int) -> Arrays:
    """Return inputs (samples, *shape) and targets of a drawn data set, in no order of classes."""
    chance = generator(seed, "samples")
    match data:
        case Xor():
            corners = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
            which = torch.arange(data.samples) % 4
            inputs = corners[which]
            if data.noise:
                inputs = inputs + data.noise * torch.randn(inputs.shape, generator=chance)
            return inputs, torch.tensor([0, 1, 1, 0])[which]
        case Moons() | Circles() | Blobs():
            return _from_scikit_learn(data, derive(seed, "samples") % 2**32)
        case Spiral():
            return spiral(data, chance)
        case Regression():
            return _curve(data, chance)
        case Noise():
            shape = data.samples, data.channels, data.side, data.side
            inputs = torch.randint(0, 256, shape, generator=chance, dtype=torch.uint8)
            return inputs, torch.randint(0, data.classes, (data.samples,), generator=chance)
        case _:
            assert_never(data)


def _from_scikit_learn(data: Moons | Circles | Blobs, state: int) -> Arrays:
    from sklearn import datasets

    if isinstance(data, Moons):
        points, labels = datasets.make_moons(data.samples, noise=data.noise, random_state=state)
    elif isinstance(data, Circles):
        points, labels = datasets.make_circles(data.samples, noise=data.noise, factor=0.5, random_state=state)
    else:
        points, labels = datasets.make_blobs(
            data.samples, centers=data.classes, cluster_std=data.noise, random_state=state
        )[:2]
    return torch.from_numpy(points.astype(numpy.float32)), torch.from_numpy(labels.astype(numpy.int64))


def spiral(data: Spiral, chance: torch.Generator) -> Arrays:
    """Return points on arms whose radius grows from 0.1 to 1 while they turn, with noise on both axes."""
    labels = torch.arange(data.samples) % data.classes
    along = torch.rand(data.samples, generator=chance)
    angle = 2 * math.pi * (data.turns * along + labels / data.classes)
    radius = 0.1 + 0.9 * along
    points = torch.stack((radius * angle.cos(), radius * angle.sin()), dim=1)
    points += data.noise * torch.randn(points.shape, generator=chance)
    return points, labels


def _curve(data: Regression, chance: torch.Generator) -> Arrays:
    """Return inputs, uniform from −2 to 2, and a function of their sum in one drawn direction."""
    inputs = 4 * torch.rand(data.samples, data.features, generator=chance) - 2
    direction = torch.randn(data.features, generator=chance)
    along = inputs @ (direction / direction.norm()) if data.features > 1 else inputs[:, 0]
    match data.function:
        case "sine":
            values = torch.sin(2 * along)
        case "linear":
            values = along
        case "step":
            values = torch.where(along >= 0, 1.0, -1.0)
        case _:
            assert_never(data.function)
    values = values + data.noise * torch.randn(data.samples, generator=chance)
    return inputs, values.unsqueeze(1)
