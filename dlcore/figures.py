"""How figures are written, the same everywhere: losses, shares, counts, durations, rates; and paths."""

import math
import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # figures are written where no history is read
    from dlcore.history import Metric

SPARKS = "▁▂▃▄▅▆▇█"
SCORES: "dict[Metric, str]" = {"accuracy": "accuracy", "r2": "R²"}
"""What the figure beside the loss is called."""


def loss(value: float | None) -> str:
    """Return a loss in four digits."""
    if value is None or not math.isfinite(value):
        return "not finite"
    return f"{value:.4f}" if 1e-3 <= abs(value) < 1e3 else f"{value:.3g}"


def share(value: float | None) -> str:
    """Return an accuracy in percent."""
    return "–" if value is None or not math.isfinite(value) else f"{100 * value:.2f} %"


def score(value: float | None, metric: "Metric") -> str:
    """Return the figure beside the loss: an accuracy in percent, R² in three decimals."""
    if metric == "accuracy":
        return share(value)
    if value is None or not math.isfinite(value):
        return "–"
    return f"{value:.3f}" if abs(value) < 1000 else f"{value:.3g}"


def named_score(value: float | None, metric: "Metric") -> str:
    """Return the same with its name, as in `accuracy 92.36 %` or `R² 0.483`."""
    return f"{SCORES[metric]} {score(value, metric)}"


def amount(value: float | None) -> str:
    """Return an error in the unit of the targets: four digits, or all before the decimal point."""
    if value is None or not math.isfinite(value):
        return "–"
    return f"{value:,.0f}" if 1e3 <= abs(value) < 1e9 else f"{value:#.4g}"


def norm(value: float | None) -> str:
    """Return a gradient norm: two digits and a power of ten."""
    return "not finite" if value is None or not math.isfinite(value) else f"{value:.1e}"


def ratio(value: float | None) -> str:
    """Return a ratio so that 1 and 10⁻⁶ both read well."""
    if value is None:
        return "–"
    if not 0.01 <= value < 1000:
        return f"{value:.1e}"
    return f"{value:.0f}" if value >= 10 else f"{value:.1f}" if value >= 1 else f"{value:.2g}"


def duration(seconds: float | None) -> str:
    """Return a time as 42 s, 3:05 or 1:03:05."""
    if seconds is None or not math.isfinite(seconds):
        return "–"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    hours, rest = divmod(whole, 3600)
    minutes, seconds = divmod(rest, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"


def rate(samples_per_second: float) -> str:
    """Return a speed in samples per second, in thousands where it is large."""
    if samples_per_second >= 10_000:
        return f"{samples_per_second / 1000:.0f}k"
    return f"{samples_per_second:,.0f}"


def size(number: float) -> str:
    """Return a number of bytes."""
    for unit in ("B", "kB", "MB", "GB"):
        if number < 1000 or unit == "GB":
            break
        number /= 1000
    return f"{number:.0f} {unit}" if unit == "B" else f"{number:.1f} {unit}"


def path(place: Path) -> str:
    """Return a path as people write it: with ~ for what is their own."""
    own = Path(os.path.expanduser("~"))
    return f"~/{place.relative_to(own)}" if place.is_relative_to(own) else str(place)


def sparkline(values: list[float], width: int) -> str:
    """Return the values as a row of bars, `width` cells at most; nan is a blank."""
    if not values:
        return ""
    picked = [
        values[index * len(values) // min(width, len(values))] for index in range(min(width, len(values)))
    ]
    finite = [value for value in picked if math.isfinite(value)]
    low, high = min(finite, default=0.0), max(finite, default=1.0)
    top = len(SPARKS) - 1
    return "".join(
        SPARKS[round((value - low) / (high - low) * top) if high > low else 0]
        if math.isfinite(value)
        else " "
        for value in picked
    )


def download(file: str, got: int, total: int, cells: int = 16) -> str:
    """Return how far a download is, with a bar where the size is known; sizes are in bytes."""
    return f"downloading {file}  {downloaded(got, total, cells)}"


def downloaded(got: int, total: int, cells: int = 16) -> str:
    """Return how much of a download is there, in bytes, with a bar where its size is known."""
    if not total:
        return size(got)
    full = round(min(got / total, 1.0) * cells)
    return f"{'█' * full}{'░' * (cells - full)}  {size(got)} of {size(total)}"


def compilation(used: bool, reason: str) -> str:
    """Return in words what came of making the step one graph."""
    return "the whole step is one graph" if used else f"not compiled: {reason}"
