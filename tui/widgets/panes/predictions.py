"""What the network predicts against what it should have: on the diagonal where it is right."""

from functools import partial
from typing import Any

from textual.content import Content

from dlcore import figures
from dlcore.clean import clean
from tui.widgets.panes.checkpoint_pane import CheckpointPane, flowed, head, picked
from tui.widgets.pictures.curve import against
from tui.widgets.pictures.drawing import Canvas
from tui.widgets.pictures.errors import error_bars

_AROUND = 2
_GAP = 3
_LEAST_ASIDE = 26


class Predictions(CheckpointPane):
    """A regression's predictions of one split, with the figures of what is seen."""

    TITLE = "Predictions"
    MOVES = "← → split  ↑ ↓ target"
    QUESTION = "predictions"

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._split = self._target = 0

    @property
    def fields(self) -> dict[str, Any]:
        """Split and target."""
        return {"split": self._split, "target": self._target}

    def start_anew(self) -> None:
        """Begin with the split that was watched during the run."""
        self._split = self._target = 0

    def show(self, answer: dict[str, Any]) -> None:
        """Draw an answer."""
        self.picture.show(partial(_drawn, answer))

    def move(self, columns: int, rows: int) -> bool:
        """Go to another split or another target."""
        if self.answer is None:
            return False
        before = self._split, self._target
        self._split = picked(self._split, columns, len(self.answer["splits"]))
        self._target = picked(self._target, rows, self.answer["targets"])
        return (self._split, self._target) != before


def _drawn(answer: dict[str, Any], canvas: Canvas) -> Content:
    points = [(x, y) for x, y in answer["points"]]
    split = answer["splits"][answer["split"]]
    total, taken = answer["total"], answer["samples"]
    number = f"{total:,} samples" if taken == total else f"{taken:,} of {total:,} samples"
    top = head(f"{clean(str(answer['name']))}, {split}", answer["step"], [number], canvas)
    room = Canvas(
        canvas.width, max(0, canvas.height - _AROUND), canvas.dark, canvas.ascii_only, canvas.colorless
    )
    lines = against(points, str(answer["name"]), room)
    width = max(line.cell_length for line in lines)
    left = canvas.width - width - _GAP
    if left >= _LEAST_ASIDE:
        aside = _aside(
            answer, points, Canvas(left, len(lines), canvas.dark, canvas.ascii_only, canvas.colorless)
        )
        lines = _beside(lines, aside, width + _GAP)
        below = Content("")
    else:
        below = flowed([Content(text) for text in _figures(answer)], canvas.width)
    return Content("\n").join([top, *lines, below.stylize_before("$secondary")])


def _figures(answer: dict[str, Any]) -> list[str]:
    return [
        f"R² {figures.score(answer['r2'], 'r2')}",
        f"mean |error| {figures.amount(answer['mae'])}",
        f"root mean square {figures.amount(answer['rmse'])}",
    ]


def _aside(answer: dict[str, Any], points: list[tuple[float, float]], canvas: Canvas) -> list[Content]:
    """Return the figures, and below them how the errors are spread."""
    lines = [Content(text) for text in _figures(answer)]
    note = ["the line is where a prediction", "equals its target"]
    lines += [Content(""), *(Content(text).stylize("$secondary") for text in note), Content("")]
    return lines + error_bars([said - wanted for wanted, said in points], canvas, len(lines))


def _beside(left: list[Content], right: list[Content], width: int) -> list[Content]:
    found = []
    for index, line in enumerate(left):
        padded = line.pad_right(width - line.cell_length)
        found.append(padded + right[index] if index < len(right) else line)
    return found
