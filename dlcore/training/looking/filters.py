"""What the first layer looks for: its weights as images, or as a table of units and inputs."""

from contextlib import suppress
from pathlib import Path
from typing import Any

import torch
from torch import nn

from dlcore.checkpoints import saved
from dlcore.choices.dataset import Facts
from dlcore.errors import DltuiError
from dlcore.rundir import RunDir
from dlcore.training import checkpoint
from dlcore.training.layers import WeightedLayer, layers_of
from dlcore.training.looking.columns import column_names
from dlcore.training.looking.packed import shrunk, signed
from dlcore.training.opened import Opened, opened

_PAGE = 64
"""Units of one answer."""
_SIDE = 32
_INPUTS = 256
"""Columns of a table: more than a screen has."""


@torch.no_grad()
def filters(path: str, step: int | None = None, start: int = 0) -> dict[str, Any]:
    """Return the first layer's weights at a checkpoint, without the first `start` units.

    {"sort": "images", "layer", "total", "start", "width", "height", "channels", "units": [{"unit", "most",
    "values"}]}: values are signed bytes in rows, 127 being `most`, the largest |weight| of that unit; three
    channels stand beside each other in each pixel. Or {"sort": "table", …, "inputs", "names", "most",
    "rows": [values]} with one `most` for all.

    Units that see a whole image come in the order of their largest |weight| in the run's newest checkpoint:
    those that have learned most are the first, and stay where they are while one goes through time.
    """
    run = opened(path, step)
    layers = layers_of(run.model)
    if not layers:
        raise DltuiError("the network has no layer with a matrix of weights")
    name, layer = next(iter(layers.items()))
    total = len(layer.weight)
    start = max(0, min(start, total - 1))
    head = {"step": run.step, "layer": name, "total": total, "start": start}
    weights = layer.weight.detach().float()
    images = as_images(layer, weights, run.facts)
    if images is None:
        page = weights[start : start + _PAGE].flatten(1)
        return {**head, "names": _names(run, page), **_table(page, weights)}
    is_kernel = isinstance(layer, nn.Conv2d)
    order = torch.arange(total) if is_kernel else _strongest_first(path, name, weights)
    chosen = order[start : start + _PAGE]
    return {**head, "kernel": is_kernel, **_images(images[chosen], chosen.tolist())}


def as_images(layer: WeightedLayer, weights: torch.Tensor, facts: Facts) -> torch.Tensor | None:
    """Return weights as (units, 1 or 3, height, width), or None where they are no images.

    Of other numbers of channels it is the mean over them.
    """
    if isinstance(layer, nn.Conv2d):
        images = weights
    elif isinstance(layer, nn.Linear) and facts.is_image and layer.in_features == facts.features:
        images = weights.reshape(-1, *facts.shape)
    else:
        return None
    return images if images.shape[1] in (1, 3) else images.mean(1, keepdim=True)


def _strongest_first(path: str, layer: str, weights: torch.Tensor) -> torch.Tensor:
    """Return the order of the units by their weights (units, inputs) in the newest checkpoint."""
    run = RunDir(Path(path))
    with suppress(DltuiError):  # a damaged one: then by those at hand
        newest = checkpoint.load(run, max(saved(run))).get("model", {}).get(f"{layer}.weight")
        if isinstance(newest, torch.Tensor) and newest.shape == weights.shape:
            weights = newest
    return weights.flatten(1).abs().amax(1).argsort(descending=True, stable=True)


def _images(images: torch.Tensor, numbers: list[int]) -> dict[str, Any]:
    height, width = images.shape[2:]
    small = shrunk(images, _SIDE)
    units = []
    for number, image in zip(numbers, small, strict=True):
        most = float(image.abs().max())
        units.append({"unit": number, "most": most, "values": signed(image.permute(1, 2, 0), most)})
    return {
        "sort": "images",
        "size": [height, width],
        "height": small.shape[2],
        "width": small.shape[3],
        "channels": small.shape[1],
        "units": units,
    }


def _table(weights: torch.Tensor, whole: torch.Tensor) -> dict[str, Any]:
    most = float(whole.abs().max())
    return {
        "sort": "table",
        "inputs": weights.shape[1],
        "most": most,
        "rows": [signed(row, most) for row in weights[:, :_INPUTS]],
    }


def _names(run: Opened, weights: torch.Tensor) -> list[str]:
    """Return what the inputs of a layer are called, where it is the columns of a table that it weighs."""
    names = column_names(run.config.data, run.facts) if not run.facts.is_image else ()
    fits = len(names) == weights.flatten(1).shape[1]
    return list(names[:_INPUTS]) if fits else []
