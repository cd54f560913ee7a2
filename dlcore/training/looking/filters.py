"""What the first layer looks for: its weights as images, or as a table of units and inputs."""

from typing import Any

import torch
from torch import nn

from dlcore.choices.dataset import Facts
from dlcore.errors import DltuiError
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
    """Return the first layer's weights at a checkpoint, from the unit `start` on.

    {"sort": "images", "layer", "total", "start", "width", "height", "channels", "units": [{"unit", "most",
    "values"}]}: values are signed bytes in rows, 127 being `most`, the largest |weight| of that unit; three
    channels stand beside each other in each pixel. Or {"sort": "table", …, "inputs", "names", "most",
    "rows": [values]} with one `most` for all.
    """
    run = opened(path, step)
    layers = layers_of(run.model)
    if not layers:
        raise DltuiError("the network has no layer with a matrix of weights")
    name, layer = next(iter(layers.items()))
    total = len(layer.weight)
    start = max(0, min(start, total - 1))
    head = {"step": run.step, "layer": name, "total": total, "start": start}
    weights = layer.weight[start : start + _PAGE].detach().float()
    images = as_images(layer, weights, run.facts)
    if images is None:
        return {**head, "names": _names(run, weights), **_table(weights.flatten(1), layer.weight)}
    return {**head, "kernel": isinstance(layer, nn.Conv2d), **_images(images, start)}


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


def _images(images: torch.Tensor, start: int) -> dict[str, Any]:
    height, width = images.shape[2:]
    small = shrunk(images, _SIDE)
    units = []
    for number, (image, whole) in enumerate(zip(small, images, strict=True), start):
        shown = float(image.abs().max())
        most = float(whole.abs().max())
        units.append({"unit": number, "most": most, "values": signed(image.permute(1, 2, 0), shown)})
    return {
        "sort": "images",
        "size": [height, width],
        "height": small.shape[2],
        "width": small.shape[3],
        "channels": small.shape[1],
        "units": units,
    }


def _table(weights: torch.Tensor, whole: torch.Tensor) -> dict[str, Any]:
    most = float(whole.detach().abs().max())
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
