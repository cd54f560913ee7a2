"""A slice of the loss surface, with the way of the optimizer on it.

The loss is computed in a plane through the weights of the newest checkpoint. The plane's directions are the
principal components of the checkpoints' weights relative to it, so that it holds as much of their way as a
plane can; a direction that they do not give is a random one with filters as long as the network's own (both
after Li, Xu, Taylor, Studer and Goldstein: Visualizing the loss landscape of neural nets, NeurIPS 2018).
Directions are orthonormal: a coordinate is a distance between weights.
"""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.func import functional_call

from dlcore.checkpoints import is_whole, saved
from dlcore.errors import DltuiError
from dlcore.rundir import RunDir
from dlcore.training import checkpoint
from dlcore.training.layers import layers_of, listening
from dlcore.training.looking.stored import samples_at
from dlcore.training.losses import build_loss
from dlcore.training.opened import Opened, opened
from dlcore.training.safe_load import fitting
from dlcore.training.seeds import generator

_PLANS = ((17, 512), (17, 256), (13, 256), (13, 128), (11, 128), (9, 128), (9, 64), (7, 64))
"""Points of a side, and samples: the first that is affordable is taken."""
_MOST_PRODUCTS = 1.7e10
"""Products of one picture: about 0.7 seconds of a core."""
_SLOWER = 3
"""A product of a convolution takes so many times as long as one of a matrix."""
_MOST_PARAMETERS = 2_000_000
_MOST_CHECKPOINTS = 24
_MARGIN = 0.3
_FLATTEST = 0.4
"""The shorter side of the plane is at least this share of the longer one."""


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


_weights: dict[tuple[str, int, int], torch.Tensor] = {}
"""Of the checkpoints that were read, by run, step and time of writing."""
_answers: dict[tuple[Any, ...], dict[str, Any]] = {}
"""The picture that was made last, by its checkpoints."""


@torch.no_grad()
def surface(path: str, step: int | None = None) -> dict[str, Any]:
    """Return the loss around the newest checkpoint up to a step, and the way of the checkpoints there.

    {"steps", "path": [[x, y]], "losses" of the checkpoints themselves, "x", "y" (limits of the grid), "grid":
    [[loss]] with rows from below and None for what is not finite, "lowest": [x, y, loss], "share": of the
    squared distances from the newest checkpoint that the plane holds, None where there is no way, "sorts":
    for each direction "path" or "random", "samples"}. Raises DltuiError where it would take too long.
    """
    run = opened(path, step)
    there = _checkpoints(RunDir(Path(path)), run.step)
    key = (path, *there)
    if key not in _answers:
        found = _surface(run, path, there)
        _answers.clear()
        _answers[key] = found
    return _answers[key]


def _checkpoints(run: RunDir, step: int) -> tuple[tuple[int, int], ...]:
    """Return steps and times of writing of the whole checkpoints up to a step, thinned evenly."""
    there = [(one, file) for one, file in saved(run).items() if one <= step and is_whole(file)]
    last, wanted = len(there) - 1, min(len(there), _MOST_CHECKPOINTS)
    kept = {round(index * last / max(wanted - 1, 1)) for index in range(wanted)}
    return tuple((there[index][0], there[index][1].stat().st_mtime_ns) for index in sorted(kept))


def _surface(run: Opened, path: str, there: tuple[tuple[int, int], ...]) -> dict[str, Any]:
    parameters = sum(parameter.numel() for parameter in run.model.parameters())
    sample, _ = samples_at(run.data, run.data.training, torch.tensor([0]))
    side, number = affordable(products(run.model, sample), parameters)
    way = torch.stack([_weights_at(run, path, *one) for one in there])
    plane, sorts, share = plane_of(way, run)
    coordinates = plane.coordinates(way)
    x, y = _limits(coordinates, plane.reach, side)
    loss = loss_at(run, number)
    grid = [
        [_real(loss(plane.origin + float(a) * plane.axes[0] + float(b) * plane.axes[1])) for a in x]
        for b in y
    ]
    known = [
        (value, float(x[column]), float(y[row]))
        for row, line in enumerate(grid)
        for column, value in enumerate(line)
        if value is not None
    ]
    lowest = min(known) if known else None
    return {
        "step": run.step,
        "steps": [one for one, _ in there],
        "path": coordinates.tolist(),
        "losses": [_real(loss(weights)) for weights in way],
        "x": [float(x[0]), float(x[-1])],
        "y": [float(y[0]), float(y[-1])],
        "grid": grid,
        "lowest": [lowest[1], lowest[2], lowest[0]] if lowest else None,
        "share": share,
        "sorts": sorts,
        "samples": min(number, len(run.data.training)),
    }


# -- the plane --------------------------------------------------------------------------------------


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


def _limits(way: torch.Tensor, reach: torch.Tensor, side: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return `side` places on each axis that hold the way with a margin; one of them is the origin."""
    low = torch.minimum(way.min(0).values, -reach)
    high = torch.maximum(way.max(0).values, reach)
    span = high - low
    span = torch.maximum(span, _FLATTEST * span.max()).clamp_min(1e-6) * (1 + 2 * _MARGIN)
    middle = (low + high) / 2
    gap = span / (side - 1)
    before = ((span / 2 - middle) / gap).round()  # whole gaps left of the origin, which is one of the places
    places = (torch.arange(side, dtype=torch.float64)[:, None] - before) * gap
    return places[:, 0], places[:, 1]


# -- the loss ---------------------------------------------------------------------------------------


def loss_at(run: Opened, samples: int) -> Any:
    """Return a function from weights (parameters,) to the mean loss of the same training samples each time.

    It is the loss alone, without weight decay; the network is in evaluation mode, and what a norm has
    gathered is that of the checkpoint.
    """
    chance = generator(run.config.seed, "surface samples")
    order = torch.randperm(len(run.data.training), generator=chance)[:samples]
    inputs, targets = samples_at(run.data, run.data.training, order)
    criterion = build_loss(run.config.loss)

    def loss(weights: torch.Tensor) -> float:
        outputs: torch.Tensor = functional_call(run.model, _named(run.model, weights), (inputs,))
        return float(criterion(outputs.float(), targets))

    return loss


def _named(network: nn.Module, weights: torch.Tensor) -> dict[str, torch.Tensor]:
    """Return a vector of all parameters cut into the parameters of a network."""
    named = list(network.named_parameters())
    parts = weights.split([parameter.numel() for _, parameter in named])
    return {name: part.view(one.shape) for (name, one), part in zip(named, parts, strict=True)}


def _weights_at(run: Opened, path: str, step: int, written: int) -> torch.Tensor:
    """Return all parameters of a checkpoint as one vector."""
    key = path, step, written
    if key not in _weights:
        if any(known[0] != path for known in _weights):
            _weights.clear()
        state = checkpoint.load(RunDir(Path(path)), step)
        fitted = fitting(state.get("model", {}), run.model.state_dict(), "the weights")
        _weights[key] = torch.cat([fitted[name].flatten() for name, _ in run.model.named_parameters()])
    return _weights[key]


def products(network: nn.Module, inputs: torch.Tensor) -> float:
    """Return what one sample takes, in products of a matrix: each weight at each place of the output."""
    found = 0.0

    def hear(name: str, module: nn.Module, output: torch.Tensor) -> None:
        nonlocal found
        weight = module.weight
        assert isinstance(weight, torch.Tensor)
        places = output.numel() / (len(output) * weight.shape[0])
        found += weight.numel() * places * (1 if isinstance(module, nn.Linear) else _SLOWER)

    with listening(dict(layers_of(network)), hear):
        network(inputs)
    return max(found, float(sum(parameter.numel() for parameter in network.parameters())))


def affordable(products_: float, parameters: int) -> tuple[int, int]:
    """Return points of a side and samples for a network; raises DltuiError for one that is too large."""
    if parameters <= _MOST_PARAMETERS:
        for side, samples in _PLANS:
            if side**2 * samples * products_ <= _MOST_PRODUCTS:
                return side, samples
    raise DltuiError(
        f"A slice of the loss surface would take too long: the network has {parameters:,} parameters and "
        f"one sample takes {products_ / 1e6:,.0f} million products",
        "A smaller network shows one.",
    )


def _real(value: float) -> float | None:
    return value if math.isfinite(value) else None
