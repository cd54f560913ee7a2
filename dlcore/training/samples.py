"""A user's torch data set, its samples checked one by one as they are read."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy
import torch
from torch.utils.data import Dataset, Subset

from dlcore.errors import DataError, DltuiError
from dlcore.training.faults import described
from dlcore.training.labels import FILL, is_pair, kind_of, label_of, shown, sides
from dlcore.training.memory import shortage
from dlcore.training.streaming import as_input


class Samples(Dataset[tuple[torch.Tensor, Any]]):
    """A user's data set with its samples checked and its labels made class numbers.

    A sample is (uint8 or float32 of `shape`, class number or float32 (targets,)).
    """

    def __init__(
        self, dataset: Any, shape: tuple[int, ...], numbers: Mapping[Any, int] | None, width: int
    ) -> None:
        self.dataset = dataset
        self.shape = shape
        self.numbers = numbers
        """Class number of each label; None for a regression."""
        self.width = width
        """Numbers to predict, in a regression."""

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, Any]:
        values, target = pair(self.dataset, index)
        values = as_sample(values)
        if tuple(values.shape) != self.shape:
            raise DataError(
                f"The input of sample {index} is {sides(values.shape)}, the first is {sides(self.shape)}",
                "All samples of a data set have one shape: resize them, or cut them.",
            )
        if values.is_floating_point() and not values.isfinite().all():
            raise DataError(f"The input of sample {index} has a value that is not finite", FILL)
        if self.numbers is not None:
            number = self.numbers.get(label_of(target))
            if number is None:
                raise DataError(
                    f"Sample {index} has the class {shown(str(label_of(target)))}, which is not among the "
                    f"{len(self.numbers)} known",
                    "The training samples must show every class.",
                )
            return values, number
        numbers = as_input(target).to(torch.float32).reshape(-1)
        if len(numbers) != self.width or not numbers.isfinite().all():
            raise DataError(f"The target of sample {index} is not {self.width} finite numbers", FILL)
        return values, numbers


def pair(dataset: Any, index: int) -> tuple[Any, Any]:
    """Return input and target of a sample; raises DataError for whatever the data set raises."""
    try:
        sample = dataset[index]
    except DltuiError:
        raise
    except BaseException as error:  # a user's data set may raise anything
        said, short = described(error), shortage(error)
    else:
        if not is_pair(sample):
            raise DataError(
                f"custom: sample {index} is {kind_of(sample)}", "Return (input, target) for each sample."
            )
        return sample[0], sample[1]
    if short is not None:
        raise DataError(short.message, short.hint)
    raise DataError(f"custom: reading sample {index} failed with {said}", "Mend the data set there.")


def as_sample(values: Any) -> torch.Tensor:
    """Return an input as a tensor (features,) or (channels, height, width)."""
    from_pillow = type(values).__module__.startswith("PIL.")
    tensor = as_input(values)
    if tensor.dim() == 2:
        return tensor.unsqueeze(0)
    return tensor.permute(2, 0, 1) if from_pillow and tensor.dim() == 3 else tensor


def check_channels(shape: Sequence[int]) -> None:
    """Raise DataError for an image shape that looks like (height, width, channels)."""
    if len(shape) == 3 and shape[2] in (1, 3, 4) and shape[0] > 4 and shape[1] > 4:
        raise DataError(
            f"custom: images of {sides(shape)} seem to have their channels last",
            "Put them first: images.transpose(0, 3, 1, 2) for all, transpose(2, 0, 1) for one.",
        )


def inner(dataset: Any) -> tuple[Any, list[int] | None]:
    """Return the data set that a subset was taken from, and its places there; None is all of them."""
    places: list[int] | None = None
    while isinstance(dataset, Subset):
        own = list(dataset.indices)
        places = own if places is None else [own[place] for place in places]
        dataset = dataset.dataset
    return dataset, places


def told_labels(dataset: Any) -> set[Any] | None:
    """Return the labels that a data set tells in `targets`, as torchvision's do; None where they differ."""
    whole, places = inner(dataset)
    told = getattr(whole, "targets", None)
    if not isinstance(told, (list, tuple, torch.Tensor, numpy.ndarray)) or len(told) != len(whole):
        return None
    if getattr(whole, "target_transform", None) is not None:
        return None
    labels = told.tolist() if isinstance(told, (torch.Tensor, numpy.ndarray)) else list(told)
    labels = labels if places is None else [labels[place] for place in places]
    for index in {0, len(labels) // 2, len(labels) - 1}:
        if label_of(pair(dataset, index)[1]) != labels[index]:
            return None
    return {label_of(label) for label in labels}
