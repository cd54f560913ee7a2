"""Answers of an inspector about a network at a checkpoint, made by hand."""

import math
from array import array
from base64 import b64encode
from collections.abc import Iterable
from typing import Any


def signed(values: Iterable[float]) -> str:
    return b64encode(array("b", (round(127 * value) for value in values)).tobytes()).decode()


def plain(values: Iterable[float]) -> str:
    return b64encode(array("B", (round(value) for value in values)).tobytes()).decode()


def _ring(width: int, height: int, phase: float = 0.0) -> list[float]:
    """Waves around a middle, from −1 to 1."""
    return [
        math.cos(phase + 9 * math.hypot(x / width - 0.5, y / height - 0.5))
        for y in range(height)
        for x in range(width)
    ]


def images(
    step: int = 40, total: int = 32, start: int = 0, side: int = 28, channels: int = 1
) -> dict[str, Any]:
    units = [
        {
            "unit": unit,
            "most": 0.1 * (unit + 1),
            "values": signed(v for one in _ring(side, side, unit) for v in [one] * channels),
        }
        for unit in range(start, min(total, start + 64))
    ]
    return {
        "step": step, "layer": "fc1", "total": total, "start": start, "sort": "images", "kernel": False,
        "size": [side, side], "width": side, "height": side, "channels": channels, "units": units,
    }  # fmt: skip


def table(step: int = 40, units: int = 5, inputs: int = 4) -> dict[str, Any]:
    rows = [signed(math.sin(3 * unit + column) for column in range(inputs)) for unit in range(units)]
    return {
        "step": step, "layer": "fc1", "total": units, "start": 0, "sort": "table", "inputs": inputs,
        "most": 2.5, "names": [f"[/x{number}]" for number in range(inputs)], "rows": rows,
    }  # fmt: skip


def features(
    step: int = 40, layer: int = 0, sample: int = 0, maps: int = 16, side: int = 28
) -> dict[str, Any]:
    return {
        "step": step, "layers": ["conv1", "conv2"], "layer": layer, "split": "validation", "samples": 50,
        "sample": sample, "label": "7", "predicted": "1", "probability": 0.625,
        "image": {
            "channels": 1, "width": 28, "height": 28, "values": plain(127 * (1 + v) for v in _ring(28, 28)),
        },
        "total": maps, "size": [side, side], "width": side, "height": side, "most": 3.2, "signed": False,
        "maps": [signed(max(0.0, v) for v in _ring(side, side, number)) for number in range(maps)],
    }  # fmt: skip


def units(width: int = 20, height: int = 12, number: int = 16, layer: int = 0) -> dict[str, Any]:
    tiles = [
        {"unit": unit, "most": 1.0, "values": signed(_ring(width, height, unit))} for unit in range(number)
    ]
    return {
        "layers": ["fc1", "fc2"], "layer": layer, "total": number, "width": width, "height": height,
        "tiles": tiles,
    }  # fmt: skip


def regions(step: int = 40, columns: int = 36, rows: int = 24, layer: int = 0) -> dict[str, Any]:
    """The left half is class 0, the right half class 1, and less sure in the middle; one point is wrong."""
    sure = [abs(2 * (column + 0.5) / columns - 1) for column in range(columns)]
    return {
        "step": step, "sort": "regions", "columns": columns, "rows": rows, "axes": ["x1", "x2"],
        "x": [-1.0, 1.0], "y": [-2.0, 2.0], "names": ["left", "right"], "accuracy": 0.75,
        "classes": plain(int(column >= columns / 2) for _ in range(rows) for column in range(columns)),
        "confidence": plain(255 * one for _ in range(rows) for one in sure),
        "points": [[-0.9, 1.9, 0, True], [0.9, -1.9, 1, True], [0.5, 0.1, 0, False], [-0.5, 1.0, 0, True]],
        "units": units(layer=layer),
    }  # fmt: skip


def bent(answer: dict[str, Any]) -> dict[str, Any]:
    """The same plane with a boundary that bends, and many points on either side of it."""
    columns, rows = answer["columns"], answer["rows"]
    (left, right), (low, high) = answer["x"], answer["y"]

    def score(x: float, y: float) -> float:
        return 2 * math.sin(3 * x) - y

    places = [
        score(left + (right - left) * (column + 0.5) / columns, high - (high - low) * (row + 0.5) / rows)
        for row in range(rows)
        for column in range(columns)
    ]
    spots = [(0.9 * math.sin(7.3 * index), 1.8 * math.sin(4.1 * index + 1)) for index in range(150)]
    return {
        **answer,
        "classes": plain(int(one > 0) for one in places),
        "confidence": plain(255 * min(1.0, abs(one)) for one in places),
        "points": [[x, y, int(score(x, y) > 0.3 * math.sin(31 * x)), True] for x, y in spots[:-4]]
        + [[x, y, int(score(x, y) <= 0), False] for x, y in spots[-4:]],
    }


def curve(step: int = 40) -> dict[str, Any]:
    x = [4 * index / 199 - 2 for index in range(200)]
    return {
        "step": step, "sort": "curve", "x": [-2.0, 2.0], "axes": ["x1", "target"],
        "curve": [math.sin(2 * one) for one in x],
        "points": [[one, math.sin(2 * one) + 0.2 * math.cos(40 * one)] for one in x[::2]],
        "units": units(200, 1, 6),
    }  # fmt: skip


def predictions(step: int = 40, split: int = 0, target: int = 0) -> dict[str, Any]:
    points = [[100 + 2.0 * index, 120 + 1.6 * index + 20 * math.sin(7 * index)] for index in range(100)]
    return {
        "step": step, "splits": ["validation", "test", "training"], "split": split, "targets": 1,
        "target": target, "name": "target", "samples": 100, "total": 100, "points": points,
        "r2": 0.91, "mae": 14.25, "rmse": 18.5,
    }  # fmt: skip


def surface(step: int = 40, side: int = 17) -> dict[str, Any]:
    """A valley that bends, and a way into it."""
    places = [4 * index / (side - 1) - 2 for index in range(side)]
    grid: list[list[float | None]] = [
        [0.05 + (1 - x) ** 2 + 5 * (y - x * x / 2) ** 2 for x in places] for y in places
    ]
    grid[-1][0] = None
    low, y, x = min((v, y, x) for y, row in enumerate(grid) for x, v in enumerate(row) if v is not None)
    return {
        "step": step, "steps": [0, 10, 20, 40], "sorts": ["path", "path"], "share": 0.973, "samples": 512,
        "x": [-2.0, 2.0], "y": [-2.0, 2.0], "grid": grid, "lowest": [places[x], places[y], low],
        "path": [[-1.7, 1.4], [-1.0, 0.9], [-0.3, -0.2], [0.0, 0.0]], "losses": [8.9, 5.1, 1.9, 1.05],
    }  # fmt: skip


def answer(question: str, fields: dict[str, Any]) -> dict[str, Any]:
    """What is said of a run at a step, whichever run it is."""
    step = fields["step"]
    match question:
        case "filters":
            return images(step, start=fields["start"])
        case "features":
            return features(step, fields["layer"], fields["sample"])
        case "boundary":
            columns, rows = fields["columns"], fields["rows"]
            return bent(regions(step, min(columns, rows * 3 // 2), rows, fields["layer"]))
        case "predictions":
            return predictions(step, fields["split"], fields["target"])
        case _:
            return surface(step)
