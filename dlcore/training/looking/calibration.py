"""Whether a network is right as often as it says, and histograms with round bins."""

import math
from typing import Any

import torch

BINS = 10
_MOST_BINS = 12
_TAILS = 0.01
"""Share of the values at either end that may stand in an open bin."""


def calibration(confidence: torch.Tensor, right: torch.Tensor) -> dict[str, Any]:
    """Return the reliability diagram of ten equal bins, and the expected calibration error.

    `confidence` (samples,) is the probability given to the predicted class, `right` (samples,) whether it is
    the true one. A bin holds those above its lower limit up to its upper one. The error is the mean over
    samples of |share that was right − mean confidence| of their bin (Naeini et al., 2015; Guo et al., 2017).
    """
    confidence, right = confidence.to(torch.float64), right.to(torch.float64)
    limits = torch.linspace(0, 1, BINS + 1, dtype=torch.float64)
    bins = torch.bucketize(confidence, limits[1:-1])
    counts = torch.bincount(bins, minlength=BINS)
    said = torch.bincount(bins, confidence, BINS)
    was = torch.bincount(bins, right, BINS)
    samples = max(len(confidence), 1)
    filled = counts.clamp_min(1)
    return {
        "counts": counts.tolist(),
        "confidence": (said / filled).tolist(),
        "right": (was / filled).tolist(),
        "error": float((was - said).abs().sum()) / samples,
        "mean_confidence": float(said.sum()) / samples,
        "mean_right": float(was.sum()) / samples,
    }


def histogram(values: torch.Tensor) -> dict[str, Any]:
    """Return the values (samples,) counted in up to a dozen bins whose width is 1, 2 or 5 times 10ⁿ.

    Zero is a limit of bins, if it is among them. {"start": lower limit of the first, "width": ...,
    "counts": [...], "below": whether the first bin holds all that lies lower too, "above": likewise the
    last}. Few far values do not press all others into one bin.
    """
    values = values.to(torch.float64)
    values = values[values.isfinite()]
    if not len(values):
        return {"start": 0.0, "width": 1.0, "counts": [], "below": False, "above": False}
    ends = torch.quantile(values, torch.tensor([_TAILS, 1 - _TAILS], dtype=torch.float64))
    low, high = float(ends[0]), float(ends[1])
    width = _round_width(low, high)
    first, last = math.floor(low / width), max(math.floor(low / width), math.ceil(high / width) - 1)
    numbers = (values / width).floor().clamp(first, last).to(torch.int64) - first
    return {
        "start": first * width,
        "width": width,
        "counts": torch.bincount(numbers, minlength=last - first + 1).tolist(),
        "below": float(values.min()) < first * width,
        "above": float(values.max()) > (last + 1) * width,
    }


def _round_width(low: float, high: float) -> float:
    """Return the smallest round width with which a dozen bins reach from one value to the other."""
    span = high - low
    if not span > 1e-12 * max(abs(low), abs(high)):  # all the same, up to rounding
        span = max(abs(low), abs(high)) or 1.0
    exponent = math.floor(math.log10(span / _MOST_BINS))
    while True:
        for mantissa in (1, 2, 5):
            width = mantissa * 10.0**exponent
            if math.ceil(high / width) - math.floor(low / width) <= _MOST_BINS:
                return width
        exponent += 1
