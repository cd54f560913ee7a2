"""A slice of the loss surface around the weights at the cursor, and the way that led there."""

from functools import partial
from typing import Any

from textual.content import Content

from dlcore import figures
from tui.widgets.panes.checkpoint_pane import CheckpointPane, flowed, head
from tui.widgets.pictures.drawing import Canvas
from tui.widgets.pictures.legend import height_legend
from tui.widgets.pictures.regions import colored_mark
from tui.widgets.pictures.relief import LETTERS, WAY, Relief, drawn, relief_of
from tui.widgets.pictures.shades import foreground

_BELOW = 2
_NAMES = {"path": "component of the way", "random": "direction drawn at random"}
_ORDER = ("1st", "2nd")
_FEW = 4
"""Checkpoints below which it is said how to have more."""


class Surface(CheckpointPane):
    """The loss in the plane that holds most of the optimizer's way, after Li et al. (2018)."""

    TITLE = "Surface"
    QUESTION = "surface"

    @property
    def fields(self) -> dict[str, Any]:
        """Nothing is to be chosen."""
        return {}

    def show(self, answer: dict[str, Any]) -> None:
        """Draw an answer."""
        self.picture.show(partial(_surface, answer, relief_of(answer)))


def _surface(answer: dict[str, Any], relief: Relief, canvas: Canvas) -> Content:
    room = Canvas(
        canvas.width, max(0, canvas.height - 1 - _BELOW), canvas.dark, canvas.ascii_only, canvas.colorless
    )
    top = head("loss surface", answer["step"], _parts(answer), canvas)
    body = drawn(relief, room, axes_of(answer))
    below = [flowed(_legend(answer, relief, canvas), canvas.width), flowed(_notes(answer), canvas.width)]
    return Content("\n").join([top, *body, *(line.stylize_before("$secondary") for line in below)])


def axes_of(answer: dict[str, Any]) -> tuple[str, str]:
    """Return what the directions are, for x in words and for y in the six cells there are."""
    first, second = answer["sorts"]
    name = _NAMES[first]
    across = f"{_ORDER[0]} {name}" if first == "path" else name
    return f"{across}: distance between weights", _ORDER[1] if second == "path" else "random"


def _parts(answer: dict[str, Any]) -> list[str]:
    """Return what of the way the plane holds."""
    number = len(answer["steps"])
    if answer["share"] is None:
        return ["two random directions: there is no way yet"]
    held = figures.share(answer["share"]) if answer["share"] < 0.9999 else "all"
    return [f"the plane holds {held} of the way", f"{number} checkpoints"]


def _legend(answer: dict[str, Any], relief: Relief, canvas: Canvas) -> list[Content]:
    low, high = relief.limits
    scale = height_legend(f"loss {low:.3g}", f"{high:.3g}", LETTERS, canvas)
    plain = canvas.ascii_only or canvas.colorless
    kinds = ("S", "E", "L", "o") if plain else ("○", "●", "✚", "━")
    paint = foreground(canvas.dark)
    start, end, lowest = (colored_mark(kind, paint) if not plain else kind for kind in kinds[:3])
    losses = ["not finite" if value is None else f"{value:.3g}" for value in answer["losses"]]
    parts = [scale]
    if len(losses) > 1:
        parts.append(Content.assemble(start, f" start {losses[0]}"))
    parts.append(Content.assemble(end, f" here {losses[-1]}"))
    if relief.lowest is not None:
        parts.append(Content.assemble(lowest, " lowest"))
    if len(losses) > 1:
        parts.append(Content.assemble(kinds[3] if plain else colored_mark(kinds[3], WAY), " the way"))
    return parts


def _notes(answer: dict[str, Any]) -> list[Content]:
    side = len(answer["grid"])
    parts = [Content(f"{side}×{side} losses, {answer['samples']} samples, log scale")]
    if "random" in answer["sorts"]:
        random = answer["sorts"].count("random")
        text = "y: random" if random == 1 else "random directions"
        parts.append(Content(f"{text} (Li et al. 2018)"))
    else:
        parts.append(Content("principal components (Li et al. 2018)"))
    if len(answer["steps"]) < _FEW:
        parts.append(Content("training.checkpoint_seconds=1 keeps more of a short run"))
    return parts
