"""What a network decides at each point of the plane, and what each hidden unit does there."""

from dataclasses import dataclass
from typing import Any

import torch

from dlcore.errors import DltuiError
from dlcore.training.layers import activation_of, layers_of, listening
from dlcore.training.looking.columns import column_names, target_name
from dlcore.training.looking.confidence import shares
from dlcore.training.looking.packed import numbers, signed, unsigned
from dlcore.training.looking.stored import evenly, samples_at, stored, unscaled
from dlcore.training.metrics import predicted
from dlcore.training.opened import Opened, opened
from dlcore.training.sources import Arrays

_POINTS = 400
_UNITS = 96
_TILE = 20
"""Pixels of the longer side of a unit's picture."""
_MARGIN, _SPARSE_MARGIN = 0.1, 0.3
"""Shares of the data's extent that are shown around them; more where there are few points."""
_SPARSE = 20
_MOST_PIXELS = 240
_SQUARE = 4.0
"""Pixels are square unless one axis would need so many times the other's scale."""


@dataclass(frozen=True)
class Grid:
    """Points in the plane, one in the middle of each pixel: rows from the top, columns from the left."""

    columns: int
    rows: int
    low: torch.Tensor
    high: torch.Tensor

    def points(self, columns: int, rows: int) -> torch.Tensor:
        """Return (rows · columns, 2) points of so many pixels over the same part of the plane."""
        first, second = (
            self.low[axis] + (self.high[axis] - self.low[axis]) * (torch.arange(side) + 0.5) / side
            for axis, side in enumerate((columns, rows))
        )
        return torch.stack((first.repeat(rows), second.flip(0).repeat_interleave(columns)), 1)


@torch.no_grad()
def boundary(
    path: str, step: int | None = None, columns: int = 64, rows: int = 48, layer: int = 0
) -> dict[str, Any]:
    """Return what there is to see of data with two inputs, or of a regression with one.

    With classes {"sort": "regions", "columns", "rows", "axes", "x", "y" (limits), "classes", "confidence"
    (bytes, rows from the top; 0 is a tie, 255 certainty), "points": [[x, y, class, right]], "accuracy" of
    these, "names", "units"}. At most `columns` × `rows` pixels, fewer where that keeps them square. With two
    inputs and a number to predict "sort" is "field", with "values" and their "limits"; with one input
    {"sort": "curve", "x", "curve": [y], "points": [[x, y]], "units"}. "units" holds a picture for each unit
    of a hidden layer, counted by `layer`, which wraps around; None where nothing is hidden.
    """
    run = opened(path, step)
    columns, rows = (max(2, min(side, _MOST_PIXELS)) for side in (columns, rows))
    match run.facts.task, run.facts.shape:
        case "classification", (2,):
            return _regions(run, columns, rows, layer)
        case "regression", (2,):
            return _field(run, columns, rows, layer)
        case "regression", (1,):
            return _curve(run, columns, layer)
        case _:
            raise _refused(run)


def _refused(run: Opened) -> DltuiError:
    inputs = run.facts.features
    if inputs == 1:
        return DltuiError(
            "Classes of one input part a line, and there is no plane to draw",
            "Take data with two inputs, or a regression with one.",
        )
    what = "its pixels" if run.facts.is_image else "its columns"
    return DltuiError(
        f"A boundary can be drawn where there are two inputs, or a curve where there is one; "
        f"{run.config.data.kind} has {inputs:,}: {what}",
        "Try moons, circles, spiral, xor or blobs.",
    )


def grid_around(points: torch.Tensor, columns: int, rows: int) -> Grid:
    """Return a grid that holds points (number, 2), with square pixels where that leaves something to see."""
    low, high = points.min(0).values, points.max(0).values
    span = (high - low).clamp_min(1e-6)
    margin = (_MARGIN if len(points) >= _SPARSE else _SPARSE_MARGIN) * span
    low, high, span = low - margin, low + span + margin, span + 2 * margin
    sides = span / torch.tensor([columns, rows])
    if float(sides.max()) > _SQUARE * float(sides.min()):
        return Grid(columns, rows, low, high)
    side = float(sides.max())
    wide, tall = (max(2, round(float(one) / side)) for one in span)
    return Grid(min(columns, wide), min(rows - rows % 2, tall + tall % 2), low, high)


def _regions(run: Opened, columns: int, rows: int, layer: int) -> dict[str, Any]:
    inputs, targets = _points(run)
    points = stored(run.data, inputs)
    grid = grid_around(points, columns, rows)
    outputs = _outputs(run, grid.points(grid.columns, grid.rows))
    chosen = predicted(outputs)
    sure = shares(outputs, run.config)
    classes = sure.shape[1]
    confidence = (sure.gather(1, chosen[:, None])[:, 0] - 1 / classes) / (1 - 1 / classes)
    right = predicted(run.model(inputs).float()) == targets
    return {
        **_head(run, grid, "regions"),
        "classes": numbers(chosen),
        "confidence": unsigned(confidence.clamp(0, 1)),
        "points": [
            [*point, label, hit]
            for point, label, hit in zip(points.tolist(), targets.tolist(), right.tolist(), strict=True)
        ],
        "accuracy": float(right.float().mean()),
        "names": [run.facts.name(label) for label in range(classes)],
        "units": _tiles(run, grid, layer),
    }


def _field(run: Opened, columns: int, rows: int, layer: int) -> dict[str, Any]:
    inputs, targets = _points(run)
    points, wanted = stored(run.data, inputs), unscaled(run.data, targets)[:, 0]
    grid = grid_around(points, columns, rows)
    values = unscaled(run.data, _outputs(run, grid.points(grid.columns, grid.rows)))[:, 0]
    low = min(float(values.min()), float(wanted.min()))
    high = max(float(values.max()), float(wanted.max()))
    scale = high - low if high > low else 1.0
    shares_ = ((wanted - low) / scale).tolist()
    return {
        **_head(run, grid, "field"),
        "values": unsigned((values - low) / scale),
        "limits": [low, high],
        "points": [[*point, share] for point, share in zip(points.tolist(), shares_, strict=True)],
        "units": _tiles(run, grid, layer),
    }


def _curve(run: Opened, columns: int, layer: int) -> dict[str, Any]:
    inputs, targets = _points(run)
    across, wanted = stored(run.data, inputs)[:, 0], unscaled(run.data, targets)[:, 0]
    low, high = float(across.min()), float(across.max())
    margin = _MARGIN * max(high - low, 1e-6)
    x = torch.linspace(low - margin, high + margin, columns)[:, None]
    heard = _heard(run, layer)
    with heard.listening(run):
        curve = unscaled(run.data, _outputs(run, x))[:, 0]
    return {
        "step": run.step,
        "sort": "curve",
        "axes": [*column_names(run.config.data, run.facts), target_name(run.config.data, run.facts, 0)],
        "x": [low - margin, high + margin],
        "curve": curve.tolist(),
        "points": torch.stack((across, wanted), 1).tolist(),
        "units": heard.told(columns, 1),
    }


def _points(run: Opened) -> Arrays:
    """Return training samples from all over the split."""
    training = run.data.training
    return samples_at(run.data, training, evenly(len(training), _POINTS))


def _head(run: Opened, grid: Grid, sort: str) -> dict[str, Any]:
    return {
        "step": run.step,
        "sort": sort,
        "columns": grid.columns,
        "rows": grid.rows,
        "axes": list(column_names(run.config.data, run.facts)),
        "x": [float(grid.low[0]), float(grid.high[0])],
        "y": [float(grid.low[1]), float(grid.high[1])],
    }


def _outputs(run: Opened, points: torch.Tensor) -> torch.Tensor:
    """Return the network's outputs for points in their own unit."""
    outputs: torch.Tensor = run.model(run.data.normalized(points))
    return outputs.float()


class _Heard:
    """What the units of one hidden layer gave."""

    def __init__(self, layers: list[str], index: int) -> None:
        self._layers = layers
        self._index = index
        self._values: torch.Tensor | None = None

    def listening(self, run: Opened) -> Any:
        """Return a context in which the layer's outputs are kept, those behind its activation."""
        if not self._layers:
            return listening({}, self._hear)
        name = self._layers[self._index]
        place = activation_of(run.model, name) or name
        return listening({place: dict(run.model.named_modules())[place]}, self._hear)

    def _hear(self, name: str, module: Any, output: torch.Tensor) -> None:
        self._values = output.detach().clone().flatten(1).float()

    def told(self, width: int, height: int) -> dict[str, Any] | None:
        """Return a picture of each unit, each in its own scale; None where there is none."""
        if self._values is None:
            return None
        units = self._values.T
        most = units.abs().amax(1).nan_to_num().tolist()
        return {
            "layers": self._layers,
            "layer": self._index,
            "total": len(units),
            "width": width,
            "height": height,
            "tiles": [
                {"unit": number, "most": largest, "values": signed(unit, largest)}
                for number, (unit, largest) in enumerate(zip(units[:_UNITS], most, strict=False))
            ],
        }


def _heard(run: Opened, layer: int) -> _Heard:
    hidden = list(layers_of(run.model))[:-1]
    return _Heard(hidden, layer % len(hidden) if hidden else 0)


def _tiles(run: Opened, grid: Grid, layer: int) -> dict[str, Any] | None:
    """Return the response of each unit of a hidden layer over the plane, in fewer pixels."""
    heard = _heard(run, layer)
    scale = _TILE / max(grid.columns, grid.rows)
    width, height = (max(2, round(side * scale)) for side in (grid.columns, grid.rows))
    height += height % 2
    with heard.listening(run):
        _outputs(run, grid.points(width, height))
    return heard.told(width, height)
