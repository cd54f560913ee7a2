"""What a user's data function returned, checked: arrays in memory, or samples to stream."""

from dataclasses import dataclass
from typing import Any

import torch

from dlcore.choices.dataset import Facts, Task, halves
from dlcore.clean import clean
from dlcore.errors import DataError
from dlcore.training.labels import (
    MOST_CLASSES,
    amounts,
    as_targets,
    check_finite,
    class_names,
    class_numbers,
    distinct,
    label_of,
    numbered,
    shown,
    sides,
    task_of,
)
from dlcore.training.samples import Samples, as_sample, check_channels, inner, pair, told_labels
from dlcore.training.streaming import as_input

LEAST_SAMPLES = 10
Arrays = tuple[torch.Tensor, torch.Tensor]
Split = Arrays | Samples


@dataclass(frozen=True)
class Own:
    """What a user's function returned, checked: arrays that are in memory, or samples to stream."""

    task: Task
    training: Split
    """(uint8 or float32 (n, *shape), int64 (n,) or float32 (n, targets)), or a data set of such samples."""
    test: Split | None
    """None where only one set was given."""
    classes: int
    """How many classes; 0 for a regression."""
    names: tuple[str, ...]
    """Their names, where they are not just their numbers."""
    shape: tuple[int, ...]
    targets: int = 1
    """Numbers to predict, in a regression."""

    @property
    def facts(self) -> Facts:
        """What is known of the data; without a test set one sample in five is to be held out."""
        training = _length(self.training)
        sizes = halves(training) if self.test is None else (training, _length(self.test))
        return Facts(self.task, self.shape, *sizes, self.classes, self.names, self.targets)


def of_arrays(training: Any, test: Any, asked: str) -> Own:
    """Return the data of two pairs of inputs and targets; `asked` is the task or auto."""
    splits = [training] if test is None else [training, test]
    inputs = [_inputs(split[0], what) for split, what in zip(splits, ("training", "test"), strict=False)]
    labels = [as_targets(split[1]) for split in splits]
    for values, found, what in zip(inputs, labels, ("training", "test"), strict=False):
        if len(values) != len(found):
            raise DataError(
                f"custom: {len(values):,} {what} inputs have {len(found):,} targets",
                "Give one target for each input.",
            )
    _check_enough(len(inputs[0]), None if test is None else len(inputs[1]))
    if inputs[0].shape[1:] != inputs[-1].shape[1:]:
        raise DataError(
            f"custom: training inputs are {sides(inputs[0].shape[1:])} each, "
            f"test inputs {sides(inputs[-1].shape[1:])}",
            "Both sets need one shape.",
        )
    task = task_of(labels[0], asked)
    names: tuple[str, ...] = ()
    classes, width = 0, 1
    if task == "classification":
        known = class_numbers([label_of(value) for value in distinct(labels[0])])
        targets = [numbered(found, known) for found in labels]
        classes, names = len(known), class_names(known)
    else:
        targets = [amounts(found) for found in labels]
        width = targets[0].shape[1]
        if targets[-1].shape[1] != width:
            raise DataError("custom: training and test have different numbers of targets", "Give as many.")
    arrays = list(zip(inputs, targets, strict=True))
    shape = tuple(inputs[0].shape[1:])
    return Own(task, arrays[0], None if test is None else arrays[1], classes, names, shape, width)


def _inputs(value: Any, what: str) -> torch.Tensor:
    inputs = as_input(value)
    if inputs.dim() not in (2, 3, 4) or 0 in inputs.shape[1:]:
        raise DataError(
            f"custom: the {what} inputs are {sides(inputs.shape)}",
            "Give (samples, features), or images as (samples, channels, height, width).",
        )
    if inputs.dim() == 3:
        inputs = inputs.unsqueeze(1)
    check_channels(inputs.shape[1:])
    if inputs.is_floating_point():
        check_finite(inputs, f"{what} inputs")
    return inputs


def _check_enough(training: int, test: int | None) -> None:
    if training < LEAST_SAMPLES:
        counted = "one training sample" if training == 1 else f"{training} training samples"
        raise DataError(f"custom: there are {counted}", f"At least {LEAST_SAMPLES} are needed.")
    if test == 0:
        raise DataError("custom: there are no test samples", "Return none at all, and one in five is kept.")


def of_datasets(training: Any, test: Any, asked: str) -> Own:
    """Return the data of two map-style data sets; labels are collected from the training set."""
    for dataset in (training, test) if test is not None else (training,):
        if not hasattr(dataset, "__len__"):
            raise DataError("custom: the data set does not know its length", "Give it __len__.")
    _check_enough(len(training), None if test is None else len(test))
    values, target = pair(training, 0)
    shape = tuple(as_sample(values).shape)
    if len(shape) not in (1, 3) or 0 in shape:
        raise DataError(
            f"custom: the input of a sample is {sides(shape)}",
            "Give (features,) or an image as (channels, height, width).",
        )
    check_channels(shape)
    task = task_of(as_targets(target[None] if isinstance(target, torch.Tensor) else [target]), asked)
    numbers: dict[Any, int] | None = None
    names: tuple[str, ...] = ()
    width = 1
    if task == "classification":
        numbers, names = _classes(training, test)
    else:
        width = as_input(target).numel()
    samples = Samples(training, shape, numbers, width)
    tested = None if test is None else Samples(test, shape, numbers, width)
    return Own(task, samples, tested, len(numbers or ()), names, shape, width)


def _classes(training: Any, test: Any) -> tuple[dict[Any, int], tuple[str, ...]]:
    """Return the class number of each label of two data sets, and the names of the classes."""
    labels = told_labels(training)
    if labels is None:
        labels = {label_of(pair(training, index)[1]) for index in range(len(training))}
    if len({isinstance(label, str) for label in labels}) > 1:
        raise DataError("custom: some targets are words and some are numbers", "Give one or the other.")
    numbers = class_numbers(sorted(labels))
    names = class_names(numbers)
    told = getattr(inner(training)[0], "classes", None)
    if isinstance(told, (list, tuple)) and len(told) <= MOST_CLASSES:
        known = range(len(told))
        if all(isinstance(label, int) and label in known for label in labels):  # names of class numbers
            numbers = {number: number for number in known}
            names = tuple(clean(str(name)) for name in told)
    strange = (told_labels(test) or set()) - numbers.keys() if test is not None else set()
    if strange:
        raise DataError(
            f"custom: the test targets have the class {shown(str(min(strange)))}, which training has not",
            "The training samples must show every class.",
        )
    return numbers, names


def _length(split: Split) -> int:
    return len(split) if isinstance(split, Samples) else len(split[1])
