"""Single samples as a person can look at them: a picture, or the columns of a row."""

from typing import Any

import torch

from dlcore.training.data import AnySplit, Split, StreamedSplit
from dlcore.training.known import source_of
from dlcore.training.looking.columns import column_names
from dlcore.training.opened import Opened
from dlcore.training.pictures import as_pixels
from dlcore.training.streaming import stream

_SIDE = 64
"""Larger images are made smaller: a terminal has no more room for one of them."""
_COLUMNS = 200
"""Of more columns those are told that are farthest from their means."""
_FIGURES = 2_000_000
"""Figures of the training split from which means and deviations are taken."""


def shown(run: Opened, places: torch.Tensor) -> list[dict[str, Any]]:
    """Return the samples at `places` of the watched split, each as {"pixels": ...} or {"row": ...}.

    Pixels are rows of 0–255, or of [red, green, blue]. A row is [[column, value, deviations], ...]: the value
    as stored, and by how many standard deviations it is off the training split's mean (null where the data
    are streamed or the column is constant). Of very many columns only the most unusual are told.
    """
    inputs = _stored(run.watched[1], places)
    if run.facts.is_image:
        source = source_of(run.config)
        peak = source.peak if source is not None else 1.0
        return [{"pixels": image.tolist()} for image in as_pixels(inputs, peak, _SIDE)]
    values = inputs.to(torch.float64).flatten(1)
    off = _deviations(run.data.training, values)
    names = column_names(run.config.data, run.facts)
    return [{"row": _row(names, *pair)} for pair in zip(values, off, strict=True)]


def _stored(split: AnySplit, places: torch.Tensor) -> torch.Tensor:
    """Return inputs (samples, *shape) as they are stored."""
    if isinstance(split, StreamedSplit):
        return torch.cat([inputs for inputs, _ in stream(split.samples, len(places), split.indices[places])])
    return split.inputs[places]


def _deviations(training: AnySplit, values: torch.Tensor) -> torch.Tensor:
    """Return how far values (samples, columns) are off the training split's means, in its deviations."""
    if not isinstance(training, Split):
        return torch.full_like(values, torch.nan)
    every = max(1, len(training) * values.shape[1] // _FIGURES)
    known = training.inputs[::every].to(torch.float64).flatten(1)
    deviation, mean = torch.std_mean(known, 0, correction=0)
    return (values - mean) / torch.where(deviation > 1e-6 * mean.abs(), deviation, torch.nan)


def _row(names: tuple[str, ...], values: torch.Tensor, off: torch.Tensor) -> list[list[Any]]:
    chosen = range(len(values))
    if len(values) > _COLUMNS:
        chosen = sorted(off.abs().nan_to_num().topk(_COLUMNS).indices.tolist())  # type: ignore[assignment]
    return [[names[column], _real(values[column]), _real(off[column])] for column in chosen]


def _real(value: torch.Tensor) -> float | None:
    return float(value) if value.isfinite() else None
