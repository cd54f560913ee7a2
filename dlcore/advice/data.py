"""Advice on the data: their scale, their order, their batches, and an honest test."""

from collections.abc import Iterator

from dlcore.advice.advice import Advice, Case
from dlcore.choices.schedules import BatchGrowth, Performance

_UNEVEN = {
    "wine": "the columns of wine differ a thousandfold (hue stays below 2, proline goes up to 1,680)",
    "breast_cancer": "the columns of breast_cancer differ a thousandfold (area to 4,254, smoothness below 1)",
    "csv": "columns of a file seldom have one size",
}
_SORTED = ("iris", "wine", "image_folder")
_SIGNS = {
    "digits": "a mirrored digit is no digit",
    "mnist": "a mirrored digit is no digit",
    "kmnist": "a mirrored character is no character",
}


def scales(case: Case) -> Iterator[Advice]:
    """Columns of very different size."""
    data = case.config.data
    if data.normalize == "none" and data.kind in _UNEVEN:
        message = f"{_UNEVEN[data.kind]}, and the largest take nearly all of the gradient"
        yield Advice("data.normalize", message, {"data.normalize": "auto"})


def flips(case: Case) -> Iterator[Advice]:
    """Mirrored writing."""
    config = case.config
    augment = config.regularization.augment
    if "flip" in augment and config.data.kind in _SIGNS:
        message = (
            f"{_SIGNS[config.data.kind]}: half of all samples would teach a sign that is not in the test"
        )
        kept = [name for name in augment if name != "flip"]
        yield Advice("regularization.augment", message, {"regularization.augment": kept})


def sorted_samples(case: Case) -> Iterator[Advice]:
    """Batches of a single class, one class after the other."""
    data, run = case.config.data, case.plan
    if data.shuffle or data.kind not in _SORTED or run is None or run.batch_size >= run.training:
        return
    message = (
        f"{data.kind} is sorted by class, so that a batch of {run.batch_size:,} out of {run.training:,} "
        "samples in that order holds one class or two"
    )
    yield Advice("data.shuffle", message, {"data.shuffle": True})


def honest_test(case: Case) -> Iterator[Advice]:
    """A test split that decides something is a test no longer."""
    config, run = case.config, case.plan
    if config.data.validation or config.data.kind == "xor" or run is None:
        return
    looks = "early_stopping picks its weights" if config.training.early_stopping else ""
    if isinstance(config.schedule, Performance):
        looks = f"{looks} and performance its rates" if looks else "performance picks its rates"
    if looks:
        message = (
            f"with validation = 0 {looks} by the {run.test:,} test samples, "
            "whose figure is no honest test any more"
        )
        yield Advice("data.validation", message, {"data.validation": 0.1})


def batch_size(case: Case) -> Iterator[Advice]:
    """A batch larger than the data; xor's four points are always."""
    config, run = case.config, case.plan
    size = config.data.batch_size
    if run is None or size == "full" or config.data.kind == "xor":
        return
    if size > run.training and not isinstance(config.schedule, BatchGrowth):
        message = f"there are {run.training:,} training samples, so a batch of {size:,} is simply all of them"
        yield Advice("data.batch_size", message, {"data.batch_size": "full"})
