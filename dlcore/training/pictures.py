"""Data as a person can look at it before a run: a few images, or points in the plane."""

from typing import Any

import torch
from torch.nn import functional

from dlcore.choices.dataset import Facts
from dlcore.training.sources import Source

_POINTS = 400
_IMAGES = 12
_SIDE = 32
"""Larger images are made smaller: a terminal has no more room."""


def picture(source: Source) -> dict[str, Any]:
    """Return points or images, as plain values.

    {"sort": "points", "points": [[x, y, class]], "axes": [x, y]}, for a regression with [[x, target, 0]]; or
    {"sort": "images", "images": [{"label": ..., "pixels": [[0–255 or [r, g, b]]]}]}.
    """
    inputs, targets = _some(source, _IMAGES if source.facts.is_image else _POINTS)
    if source.facts.is_image:
        return {"sort": "images", "images": _images(inputs, targets, source.facts, source.peak)}
    inputs = _filled(inputs)
    labels = targets if source.facts.task == "classification" else torch.zeros(len(targets))
    if source.facts.task == "regression":
        across, axis = _along(inputs)
        columns, axes = torch.stack((across, targets[:, 0]), 1), [axis, "target"]
    elif inputs.shape[1] == 2:
        columns, axes = inputs, ["x1", "x2"]
    else:
        columns, axes = _principal(inputs)
    rows = [[*point, int(label)] for point, label in zip(columns.tolist(), labels, strict=True)]
    return {"sort": "points", "points": rows, "axes": axes}


def _some(source: Source, wanted: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return a few training samples: the first of each class in turn for images, else evenly picked."""
    samples = source.training
    if not isinstance(samples, tuple):
        size = len(samples)  # type: ignore[arg-type]  # map-style: it has a length
        pairs = [samples[index] for index in _evenly(wanted, size)]
        inputs = torch.stack([torch.as_tensor(pair[0]) for pair in pairs])
        targets = torch.stack([torch.as_tensor(pair[1]) for pair in pairs])
        is_row = source.facts.task == "regression" and targets.dim() == 1
        return inputs, targets.unsqueeze(1) if is_row else targets
    inputs, targets = samples
    if source.facts.is_image and source.facts.task == "classification":
        firsts = [int((targets == label).nonzero()[0]) for label in targets[:2000].unique()]
        others = [index for index in range(min(len(targets), wanted)) if index not in firsts]
        picked = torch.tensor((firsts + others)[:wanted])
    else:
        picked = torch.tensor(_evenly(wanted, len(targets)))
    return inputs[picked], targets[picked]


def _evenly(wanted: int, size: int) -> list[int]:
    """Return indices from all over `size` samples, which may lie sorted by class."""
    wanted = min(wanted, size)
    return [index * size // wanted for index in range(wanted)]


def _filled(inputs: torch.Tensor) -> torch.Tensor:
    """Return rows with a column's mean where a figure is missing."""
    means = torch.nanmean(inputs.to(torch.float32), dim=0).nan_to_num()
    return torch.where(inputs.isnan(), means, inputs)


def as_pixels(inputs: torch.Tensor, peak: float, side: int) -> torch.Tensor:
    """Return images as uint8 (samples, height, width), or (…, 3) in colour; of at most `side` pixels.

    `inputs` are (samples, channels, height, width) as stored, `peak` the largest value they can have; 1 where
    that is not known: then the darkest and the lightest there is are black and white.
    """
    pixels = inputs.to(torch.float32)
    if peak == 1.0:
        pixels = (pixels - pixels.min()) / (pixels.max() - pixels.min()).clamp_min(1e-12)
    else:
        pixels = pixels / peak
    if max(pixels.shape[2:]) > side:
        scale = side / max(pixels.shape[2:])
        sides = [max(1, round(length * scale)) for length in pixels.shape[2:]]
        pixels = functional.interpolate(pixels, sides, mode="area")
    pixels = (pixels * 255).round().clamp(0, 255).to(torch.uint8)
    return pixels[:, 0] if pixels.shape[1] != 3 else pixels.permute(0, 2, 3, 1)


def _images(inputs: torch.Tensor, targets: torch.Tensor, facts: Facts, peak: float) -> list[dict[str, Any]]:
    named = facts.task == "classification"
    return [
        {"label": facts.name(int(target)) if named else f"{float(target[0]):.4g}", "pixels": image.tolist()}
        for image, target in zip(as_pixels(inputs, peak, _SIDE), targets, strict=True)
    ]


def _along(inputs: torch.Tensor) -> tuple[torch.Tensor, str]:
    """Return one number for each row: the only column, or the first principal component."""
    if inputs.shape[1] == 1:
        return inputs[:, 0], "x"
    columns, axes = _principal(inputs)
    return columns[:, 0], axes[0]


def _principal(inputs: torch.Tensor) -> tuple[torch.Tensor, list[str]]:
    """Return the first two principal components of standardized columns, and what share each explains."""
    values = inputs.to(torch.float64).nan_to_num()
    deviation = values.std(0, correction=0)
    values = (values - values.mean(0)) / torch.where(deviation > 0, deviation, 1.0)
    if values.shape[1] < 2:
        values = torch.cat((values, torch.zeros_like(values)), 1)
    _, sizes, directions = torch.linalg.svd(values, full_matrices=False)
    shares = sizes.square() / sizes.square().sum().clamp_min(1e-300)
    names = ["1st", "2nd"]
    axes = [
        f"{name} principal component ({100 * float(share):.0f} %)"
        for name, share in zip(names, shares, strict=False)
    ]
    return values @ directions[:2].T, axes
