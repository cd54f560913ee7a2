"""What every data set has: how it is cut into batches and splits, and what is known of it beforehand."""

from dataclasses import dataclass
from math import prod
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from dlcore.choices.choice import Choice, count, flag, number, option

Task = Literal["classification", "regression"]
BatchSize = Annotated[int, Field(ge=1)] | Literal["full"]
DrawSeed = Annotated[int, Field(ge=0, le=2**63 - 1)] | Literal["run"]
Normalize = Literal["auto", "none", "half", "standard"]


@dataclass(frozen=True)
class Facts:
    """What is known of data before a sample of it is used."""

    task: Task
    shape: tuple[int, ...]
    """Shape of one sample: (channels, height, width) of an image, or (features,)."""
    training: int
    """Samples of the training split, before any is held out."""
    test: int
    classes: int = 0
    """How many classes; 0 for a regression."""
    names: tuple[str, ...] = ()
    """Names of the classes, where they have any beside their numbers."""
    targets: int = 1
    """Numbers to predict, in a regression."""
    test_is_training: bool = False
    """Whether the test split is the training split itself."""

    @property
    def is_image(self) -> bool:
        """Whether a sample has channels, height and width."""
        return len(self.shape) == 3

    @property
    def features(self) -> int:
        """Numbers in one sample."""
        return prod(self.shape)

    def name(self, label: int) -> str:
        """Return what a class is called."""
        return self.names[label] if label < len(self.names) else str(label)


class DataChoice(Choice):
    """The fields that all data sets share."""

    noun: ClassVar[str] = "data set"
    last: ClassVar[tuple[str, ...]] = (
        "seed",
        "batch_size",
        "validation",
        "normalize",
        "scale_target",
        "shuffle",
        "shuffle_pixels",
        "limit",
    )
    is_image: ClassVar[bool] = False

    batch_size: BatchSize = count(
        64, at_least=1, or_word=True, help='Samples in a step; "full" is plain gradient descent.'
    )
    validation: float = number(
        0.1, at_least=0, below=1, help="Share of the training split held out; 0: the test split is watched."
    )
    normalize: Normalize = option(
        "auto", help="half: (x − 0.5)/0.5; standard: fitted on the training split; auto: by data."
    )
    shuffle: bool = flag(True, help="A new order of the samples in every epoch.")
    limit: int = count(0, help="Use only the first N training samples; 0 is all.")

    @property
    def facts(self) -> Facts | None:
        """What is known without opening a file or running anybody's code; None when that takes more."""
        raise NotImplementedError


class ImageChoice(DataChoice):
    """Pictures of a fixed size."""

    is_image: ClassVar[bool] = True
    shuffle_pixels: bool = flag(
        False, help="One fixed random order of the pixels in all images: nothing is near anything."
    )


def halves(samples: int) -> tuple[int, int]:
    """Return the sizes of the training and test split of data that has no test split: 20 % are held out."""
    test = round(samples * 0.2)
    return samples - test, test
