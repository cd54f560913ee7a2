"""A user's targets as class numbers or amounts, and the words for what is wrong with their data."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy
import torch

from dlcore.choices.dataset import Task
from dlcore.clean import clean
from dlcore.errors import DataError
from dlcore.training.streaming import as_input

MOST_CLASSES = 1000
FILL = "Remove the sample, or fill in the value."
ARGMAX = "Give one class number a sample: argmax of a row of zeros and a one."
_BLOCK = 4096


def as_targets(value: Any) -> "numpy.ndarray[Any, Any]":
    """Return targets as an array (samples,) or (samples, targets) of numbers or words."""
    if isinstance(value, torch.Tensor):
        value = value.detach().cpu()
        value = value.float() if value.dtype == torch.bfloat16 else value
    try:
        array = numpy.asarray(value)
    except ValueError:
        raise DataError("custom: the targets are rows of different lengths", ARGMAX) from None
    if array.dtype.kind == "O" and array.ndim == 1 and all(isinstance(item, str) for item in array):
        array = array.astype(str)
    if array.dtype.kind not in "biufU" or array.ndim not in (1, 2):
        raise DataError(
            f"custom: the targets are {sides(array.shape)} of type {array.dtype}",
            "Give one number or word a sample, or a row of numbers in a regression.",
        )
    return array[:, 0] if array.ndim == 2 and array.shape[1] == 1 else array


def task_of(targets: "numpy.ndarray[Any, Any]", asked: str) -> Task:
    """Return what was asked for, or what targets of that type are for."""
    if asked == "classification" or (asked == "auto" and targets.dtype.kind != "f"):
        return "classification"
    if targets.dtype.kind == "U":
        raise DataError("custom: words cannot be the targets of a regression", "Set data.task to auto.")
    return "regression"


def distinct(targets: "numpy.ndarray[Any, Any]") -> "numpy.ndarray[Any, Any]":
    """Return the different labels of a classification, sorted."""
    if targets.ndim == 2:
        raise DataError(f"custom: the targets of a classification are {sides(targets.shape)}", ARGMAX)
    if targets.dtype.kind == "f" and not numpy.isfinite(targets).all():
        row = int(numpy.flatnonzero(~numpy.isfinite(targets))[0])
        raise DataError(f"custom: the target of row {row} is not finite", FILL)
    return numpy.unique(targets)


def label_of(value: Any) -> Any:
    """Return a label as Python's own number or word; 1.0 and True are equal to 1 as labels."""
    if isinstance(value, torch.Tensor):
        value = value.detach().cpu().numpy()
    if isinstance(value, (numpy.ndarray, numpy.generic)):
        if value.size != 1:
            raise DataError(f"custom: a target is {sides(value.shape)}", ARGMAX)
        value = value.reshape(-1)[0].item()
    if not isinstance(value, (bool, int, float, str)) or value != value:  # nan equals nothing
        raise DataError(f"custom: a target is {kind_of(value)}", ARGMAX)
    return value


def class_numbers(labels: Sequence[Any]) -> dict[Any, int]:
    """Return the class number of each label; they come sorted and once."""
    if len(labels) > MOST_CLASSES:
        raise DataError(
            f"custom: the targets are {len(labels):,} classes, at most {MOST_CLASSES:,} are learned",
            "Set data.task = regression if they are amounts.",
        )
    if len(labels) < 2:
        only = f": {shown(str(labels[0]))}" if labels else ""
        raise DataError(f"custom: the targets have one class only{only}", "Give samples of two at least.")
    return {label: number for number, label in enumerate(labels)}


def class_names(known: Mapping[Any, int]) -> tuple[str, ...]:
    """Return the names of labels that are not their own class numbers."""
    if all(label == number and not isinstance(label, bool) for label, number in known.items()):
        return ()
    return tuple(
        clean(repr(label).removesuffix(".0") if isinstance(label, float) else str(label)) for label in known
    )


def numbered(targets: "numpy.ndarray[Any, Any]", known: Mapping[Any, int]) -> torch.Tensor:
    """Return the class numbers (samples,) of labels; raises DataError for one that is not known."""
    labels = distinct(targets)
    for label in labels:
        if label_of(label) not in known:
            raise DataError(
                f"custom: the test targets have the class {shown(str(label))}, which training has not",
                "The training samples must show every class.",
            )
    numbers = numpy.array([known[label_of(label)] for label in labels], dtype=numpy.int64)
    return torch.from_numpy(numbers[numpy.searchsorted(labels, targets)])


def amounts(targets: "numpy.ndarray[Any, Any]") -> torch.Tensor:
    """Return the targets of a regression as float32 (samples, targets); raises where one is not finite."""
    if targets.dtype.kind == "U":
        raise DataError("custom: words cannot be the targets of a regression", "Set data.task to auto.")
    numbers = as_input(targets).to(torch.float32).reshape(len(targets), -1)
    check_finite(numbers, "targets")
    return numbers


def check_finite(values: torch.Tensor, what: str) -> None:
    """Raise DataError naming the first row that is not finite."""
    for start in range(0, len(values), _BLOCK):
        finite = values[start : start + _BLOCK].isfinite().flatten(1).all(1)
        if not finite.all():
            row = start + int((~finite).nonzero()[0])
            raise DataError(
                f"custom: row {row} of the {what} has nan, an infinity, or a number beyond 32 bits", FILL
            )


def is_pair(value: Any) -> bool:
    """Whether something can be an input with its target, or a training set with a test set."""
    return isinstance(value, (tuple, list)) and len(value) == 2


def kind_of(value: Any) -> str:
    """Return what something is, for a sentence."""
    if isinstance(value, (tuple, list)):
        return f"{with_article(type(value).__name__)} of {len(value)}"
    return "nothing" if value is None else f"a value of type {clean(type(value).__name__)}"


def with_article(word: str) -> str:
    """Return a word from outside behind a or an."""
    return f"an {clean(word)}" if word[:1].lower() in set("aeiou") else f"a {clean(word)}"


def sides(shape: Sequence[int]) -> str:
    """Return a shape as 3×32×32."""
    return "×".join(map(str, shape)) or "a single number"


def shown(text: str) -> str:
    """Return a text from outside, fit to be shown and not too long."""
    text = clean(text)
    return text if len(text) <= 200 else f"{text[:200]}…"
