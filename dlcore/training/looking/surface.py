"""A slice of the loss surface through the weights of a checkpoint, with the way of the optimizer on it.

It lies in the plane of `dlcore.training.looking.plane`, after Li et al. (2018). It is measured a part at a
time, so that other questions need not wait for all of it.
"""

import math
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.func import functional_call

from dlcore.checkpoints import saved
from dlcore.errors import DltuiError
from dlcore.rundir import RunDir
from dlcore.training import checkpoint
from dlcore.training.layers import layers_of, listening
from dlcore.training.looking.plane import plane_of
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
_MOST_CHECKPOINTS, _FEWEST_CHECKPOINTS = 24, 3
_MOST_FIGURES = 8_000_000
"""Of the checkpoints of large networks only so many are held together: 32 MB."""
_TURN_SECONDS = 0.35
"""So long one answer may take; the next one goes on where it ended."""
_KEPT = 6
_MARGIN = 0.3
_FLATTEST = 0.4
"""The shorter side of the plane is at least this share of the longer one."""


_weights: dict[tuple[str, int, int], torch.Tensor] = {}
"""Of the checkpoints that were read, by run, step and time of writing."""
_answers: dict[tuple[Any, ...], dict[str, Any]] = {}
"""What was measured last, by its checkpoints."""
_begun: dict[tuple[Any, ...], "Slice"] = {}
"""The one in the making."""


@torch.no_grad()
def surface(path: str, step: int | None = None, seconds: float = _TURN_SECONDS) -> dict[str, Any]:
    """Return the loss around the newest checkpoint up to a step, and the way of the checkpoints there.

    {"steps", "path": [[x, y]], "losses" of the checkpoints themselves, "x", "y" (limits of the grid), "grid":
    [[loss]] with rows from below and None for what is not finite, "lowest": [x, y, loss], "share": of the
    squared distances from the newest checkpoint that the plane holds, None where there is no way, "sorts":
    for each direction "path" or "random", "samples"}. Until all of it is measured it is {"complete": False,
    "done": share}, and each call goes on for so many seconds. Raises DltuiError where it would take too long.
    """
    run = opened(path, step)
    there = _checkpoints(RunDir(Path(path)), run)
    key = (path, *there)
    if key in _answers:
        return _answers[key]
    if key not in _begun:
        _begun.clear()
        _begun[key] = Slice(run, path, there)
    answer = _begun[key].measured(seconds)
    if "grid" in answer:
        _begun.clear()  # with the weights and the data that it holds
        _answers[key] = answer
        while len(_answers) > _KEPT:
            del _answers[next(iter(_answers))]
    return answer


def _checkpoints(folder: RunDir, run: Opened) -> tuple[tuple[int, int], ...]:
    """Return steps and times of writing of the checkpoints up to that of a run, thinned evenly."""
    there = [(one, file) for one, file in saved(folder).items() if one <= run.step]
    room = max(_FEWEST_CHECKPOINTS, _MOST_FIGURES // max(1, _parameters(run)))
    last, wanted = len(there) - 1, min(len(there), room, _MOST_CHECKPOINTS)
    kept = {round(index * last / max(wanted - 1, 1)) for index in range(wanted)}
    return tuple((there[index][0], there[index][1].stat().st_mtime_ns) for index in sorted(kept))


class Slice:
    """A slice in the making."""

    def __init__(self, run: Opened, path: str, there: tuple[tuple[int, int], ...]) -> None:
        sample, _ = samples_at(run.data, run.data.training, torch.tensor([0]))
        side, number = affordable(products(run.model, sample), _parameters(run))
        steps, self._way = _way(run, path, there)
        self._plane, sorts, share = plane_of(self._way, run)
        coordinates = self._plane.coordinates(self._way)
        self._x, self._y = _limits(coordinates, self._plane.reach, side)
        self._loss = loss_at(run, number)
        self._measured: list[float] = []
        self._answer: dict[str, Any] = {
            "step": run.step,
            "steps": steps,
            "path": coordinates.tolist(),
            "x": [float(self._x[0]), float(self._x[-1])],
            "y": [float(self._y[0]), float(self._y[-1])],
            "share": share,
            "sorts": sorts,
            "samples": min(number, len(run.data.training)),
        }

    def measured(self, seconds: float) -> dict[str, Any]:
        """Go on measuring for so long at most, and return the slice, or how much of it is done."""
        until = time.monotonic() + seconds
        side = len(self._x)
        wanted = side * side + len(self._way)
        while len(self._measured) < wanted:
            self._measured.append(self._loss(self._weights(len(self._measured))))
            if time.monotonic() > until and len(self._measured) < wanted:
                return {
                    "step": self._answer["step"], "complete": False, "done": len(self._measured) / wanted
                }  # fmt: skip
        if "grid" not in self._answer:
            losses = [_real(one) for one in self._measured]
            grid = [losses[start : start + side] for start in range(0, side * side, side)]
            self._answer |= {"grid": grid, "losses": losses[side * side :], "lowest": self._lowest(grid)}
        return self._answer

    def _weights(self, number: int) -> torch.Tensor:
        """Return the weights of a place on the grid, row by row; behind them those of the checkpoints."""
        row, column = divmod(number, len(self._x))
        if row < len(self._y):
            across, up = self._plane.axes
            place: torch.Tensor = float(self._x[column]) * across + float(self._y[row]) * up
            return place + self._plane.origin
        saved_: torch.Tensor = self._way[number - len(self._x) * len(self._y)]
        return saved_

    def _lowest(self, grid: list[list[float | None]]) -> list[float] | None:
        known = [
            (value, float(self._x[column]), float(self._y[row]))
            for row, line in enumerate(grid)
            for column, value in enumerate(line)
            if value is not None
        ]
        if not known:
            return None
        loss, x, y = min(known)
        return [x, y, loss]


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


def _way(run: Opened, path: str, there: tuple[tuple[int, int], ...]) -> tuple[list[int], torch.Tensor]:
    """Return the steps and the weights (checkpoints, parameters) of those that are not damaged."""
    found: dict[int, torch.Tensor] = {}
    for step, written in there:
        with suppress(DltuiError):
            found[step] = _weights_at(run, path, step, written)
    for key in _weights.keys() - {(path, *one) for one in there}:
        del _weights[key]
    return list(found), torch.stack(list(found.values()))


def _weights_at(run: Opened, path: str, step: int, written: int) -> torch.Tensor:
    """Return all parameters of a checkpoint as one vector."""
    key = path, step, written
    if key not in _weights:
        state = checkpoint.load(RunDir(Path(path)), step)
        fitted = fitting(state.get("model", {}), run.model.state_dict(), "the weights")
        _weights[key] = torch.cat([fitted[name].flatten() for name, _ in run.model.named_parameters()])
    return _weights[key]


def _parameters(run: Opened) -> int:
    return sum(parameter.numel() for parameter in run.model.parameters())


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
