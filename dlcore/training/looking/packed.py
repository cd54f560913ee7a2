"""Figures on their way to a viewer: a byte each, in base64, so that a picture is a short text."""

from base64 import b64encode

import torch
from torch.nn import functional


def signed(values: torch.Tensor, most: float) -> str:
    """Return −127 to 127 for values from −most to most, in rows; what is not a number becomes 0."""
    scale = 127 / most if most > 0 else 0.0
    bytes_ = (values.nan_to_num() * scale).round().clamp(-127, 127).to(torch.int8)
    return _text(bytes_)


def unsigned(values: torch.Tensor) -> str:
    """Return 0 to 255 for values from 0 to 1, in rows; what is not a number becomes 0."""
    return _text((values.nan_to_num() * 255).round().clamp(0, 255).to(torch.uint8))


def numbers(values: torch.Tensor) -> str:
    """Return whole numbers from 0 to 255 as they are."""
    return _text(values.clamp(0, 255).to(torch.uint8))


def shrunk(images: torch.Tensor, side: int) -> torch.Tensor:
    """Return images (number, channels, height, width) of at most `side` pixels: the means of areas."""
    longest = max(images.shape[2:])
    if longest <= side:
        return images
    sides = [max(1, round(size * side / longest)) for size in images.shape[2:]]
    return functional.interpolate(images, sides, mode="area")


def _text(bytes_: torch.Tensor) -> str:
    return b64encode(bytes_.contiguous().numpy().tobytes()).decode()
