"""A user's own data: a CSV file, a folder of images, or what their own code returns.

What is in them is not known until they are opened: `dlcore.datasets.examine` does it for files, the trainer
for code.
"""

from typing import Any, ClassVar, Literal

from dlcore.choices.bundled import SCALE_TARGET
from dlcore.choices.choice import count, flag, option, table, text
from dlcore.choices.dataset import DataChoice, Facts

TaskOrAuto = Literal["auto", "classification", "regression"]
_TASK = "auto guesses it from the target; or say classification or regression."


class Own(DataChoice):
    """Data that must be opened to be known."""

    @property
    def facts(self) -> Facts | None:
        """Not known before it is opened."""
        return None


class Csv(Own):
    """Your own CSV file: a line a sample, a column to predict.

    Columns that are not numbers become one column a value; one sample in five is kept for the test.
    """

    kind: Literal["csv"] = "csv"
    file: str = text("", max_length=4096, help="Path of the file; comma, semicolon, tab or | part the cells.")
    target: str = text("", help="Name of the column to predict; empty is the last one.")
    task: TaskOrAuto = option("auto", help=_TASK)
    header: bool = flag(True, help="The first line names the columns; else they are c1, c2 and so on.")
    missing: Literal["refuse", "impute"] = option(
        "refuse", help="Empty cells: refuse says where they are; impute takes the training split's mean."
    )
    ignore: str = text("", max_length=4096, help="Columns to leave out, parted by commas: id,name.")
    scale_target: bool = flag(True, help=SCALE_TARGET)


class ImageFolder(Own):
    """Your own images: a folder for each class, scaled to one size.

    With folders train and test inside, each with the classes, these are the splits; else one in five is kept.
    """

    kind: Literal["image_folder"] = "image_folder"
    is_image: ClassVar[bool] = True
    folder: str = text("", max_length=4096, help="Path of the folder that holds a folder for each class.")
    size: int = count(32, at_least=4, at_most=1024, help="Height and width in pixels that images become.")
    color: bool = flag(True, help="Three channels; else grey, one.")
    memory: int = count(
        1024, at_least=1, at_most=1_000_000, help="Most megabytes to hold in memory; more is read as it goes."
    )


class CustomData(Own):
    """Your own code: a function that returns inputs and targets, or torch datasets.

    It is imported by the trainer and the inspector alone.
    """

    kind: Literal["custom"] = "custom"
    target: str = text("", max_length=4096, help="What to call: package.module:name or file.py:name.")
    args: dict[str, Any] = table(help="Arguments to call it with: {path = 'x.npz'}.")
    task: TaskOrAuto = option("auto", help=_TASK)
    scale_target: bool = flag(True, help=SCALE_TARGET)
