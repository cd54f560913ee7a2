"""What the network decides at each place of the plane, and what each hidden unit does there."""

from collections.abc import Callable
from functools import partial
from typing import Any

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content

from dlcore.clean import clean
from tui.widgets.panes.checkpoint_pane import CheckpointPane, flowed, head, picked
from tui.widgets.pictures import packed
from tui.widgets.pictures.axes import FRAME_ROWS, GUTTER
from tui.widgets.pictures.curve import fitted
from tui.widgets.pictures.drawing import Canvas
from tui.widgets.pictures.legend import height_legend, signed_legend
from tui.widgets.pictures.picture import Picture
from tui.widgets.pictures.regions import (
    Regions,
    class_legend,
    drawn,
    regions_of,
    wrong_mark,
)
from tui.widgets.pictures.tiles import Grid, Tile, grid_of, strips, tiled

_AROUND = 2
_ENOUGH = 9
_LEAST_PLANE = 30
"""Columns below which the units give way to the plane."""
_STRIP = 2
"""Pixels of a unit's strip where there is one input."""


class Boundary(CheckpointPane):
    """The plane at the left with the training points on it, the units of a hidden layer at the right."""

    TITLE = "Boundary"
    MOVES = "← → layer  ↑ ↓ units"
    QUESTION = "boundary"
    DEFAULT_CSS = """
    Boundary .boundary--units { width: 1fr; margin-left: 2; }
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._layer = self._start = 0

    def compose(self) -> ComposeResult:
        """Return the plane and the units."""
        with Horizontal():
            yield Picture(ascii_only=self.ascii_only).add_class("boundary--plane")
            yield Picture(ascii_only=self.ascii_only).add_class("boundary--units")

    @property
    def _units(self) -> Picture:
        return self.query_one(".boundary--units", Picture)

    @property
    def fields(self) -> dict[str, Any]:
        """The pixels there are for the plane, and the layer."""
        columns = max(2, self._plane_width - GUTTER)
        rows = max(2, 2 * (self.size.height - _AROUND - FRAME_ROWS))
        return {"columns": columns, "rows": rows, "layer": self._layer}

    @property
    def _plane_width(self) -> int:
        """Cells of the plane: all of them where units beside it would have too little room."""
        width = self.size.width
        return width if width < 2 * _LEAST_PLANE else width * 3 // 5

    def start_anew(self) -> None:
        """Begin with the first layer, and its first unit."""
        self._layer = self._start = 0

    def say(self, sentence: str) -> None:
        """Show a sentence and no units."""
        super().say(sentence)
        self.picture.styles.width = "1fr"
        self._units.display = False

    def show(self, answer: dict[str, Any]) -> None:
        """Draw an answer."""
        units = answer["units"]
        self._units.display = units is not None and self.size.width >= 2 * _LEAST_PLANE
        self.picture.styles.width = self._plane_width
        if answer["sort"] == "curve":
            self.picture.show(partial(_curve, answer))
        else:
            self.picture.show(partial(_plane, answer, regions_of(answer)))
        if units is not None:
            self._units.show(partial(_responses, answer, responses_of(units), lambda: self._start))

    def move(self, columns: int, rows: int) -> bool:
        """Go to another hidden layer, or to the next units of this one."""
        units = self.answer["units"] if self.answer is not None else None
        if units is None:
            return False
        before = self._layer, self._start
        self._layer = picked(self._layer, columns, len(units["layers"]))
        if self._layer != before[0]:
            self._start = 0
        elif rows:
            seen = _seen(units, _room(self._units.canvas))
            last = (len(units["tiles"]) - 1) // seen * seen
            self._start = max(0, min(self._start + rows * seen, last))
            self._units.refresh()
        return (self._layer, self._start) != before


def responses_of(units: dict[str, Any]) -> list[Tile]:
    """Return the picture of each unit; where there is one input a strip as high as it can be seen."""
    tall = _STRIP if units["height"] == 1 else 1
    return [
        Tile((f"{tile['unit']}",), values=packed.signed(tile["values"], units["width"]) * tall)
        for tile in units["tiles"]
    ]


def _room(canvas: Canvas) -> Canvas:
    return Canvas(
        canvas.width, max(0, canvas.height - _AROUND), canvas.dark, canvas.ascii_only, canvas.colorless
    )


def _plane(answer: dict[str, Any], regions: Regions, canvas: Canvas) -> Content:
    top = head(
        "decision" if regions.classes else "prediction",
        answer["step"],
        [f"{len(regions.points)} training points"],
        canvas,
    )
    if regions.classes:
        pale = "blank: less sure" if canvas.ascii_only or canvas.colorless else "paler: less sure"
        number = sum(not point.is_right for point in regions.points)
        wrong = Content.assemble((f"{wrong_mark(canvas)} ", "bold"), f"{number} wrong")
        below = flowed([wrong, *class_legend(regions, canvas), Content(pale)], canvas.width, "  ")
    else:
        low, high = (f"{limit:.3g}" for limit in answer["limits"])
        scale = height_legend(low, high, " .:-=+*#%@", canvas)
        below = flowed([scale, Content("points are targets: met ones vanish")], canvas.width)
    body = [line.truncate(canvas.width) for line in drawn(regions, canvas)]  # one made for more room
    return Content("\n").join([top, *body, below.stylize_before("$secondary")])


def _curve(answer: dict[str, Any], canvas: Canvas) -> Content:
    points = [(x, y) for x, y in answer["points"]]
    top = head("fitted curve", answer["step"], [f"{len(points)} training points"], canvas)
    axes = clean(str(answer["axes"][0])), clean(str(answer["axes"][1]))
    lines = fitted(answer["curve"], (answer["x"][0], answer["x"][1]), points, axes, _room(canvas))
    plain = canvas.ascii_only or canvas.colorless
    keys = ("o", "#") if plain else ("▪", "━")
    legend = Content.assemble(
        (keys[0], "" if plain else canvas.color(0)), " points   ",
        (keys[1], "" if plain else canvas.color(1)), " the network",
    )  # fmt: skip
    return Content("\n").join([top, *lines, legend.stylize_before("$secondary")])


def _seen(units: dict[str, Any], room: Canvas) -> int:
    grid = _grid(units, room)
    return max(1, grid.number if grid is not None else 1)


def _grid(units: dict[str, Any], room: Canvas) -> Grid | None:
    if units["height"] == 1:
        return Grid(room.width, _STRIP, 1, max(0, room.height))
    return grid_of((units["width"], units["height"]), len(units["tiles"]), room, _ENOUGH)


def _responses(
    answer: dict[str, Any], tiles: list[Tile], start: Callable[[], int], canvas: Canvas
) -> Content:
    units, first = answer["units"], start()
    room = _room(canvas)
    grid = _grid(units, room)
    shown = tiles[first : first + _seen(units, room)]
    name = clean(str(units["layers"][units["layer"]]))
    total = units["total"]
    span = f"{total} units"
    if len(shown) < total:
        span = f"units {first}–{first + max(len(shown), 1) - 1} of {total}"
    top = Content.assemble((name, "bold"), (f"  {span}", "$secondary")).truncate(canvas.width, ellipsis=True)
    body = strips(shown, room) if units["height"] == 1 else tiled(shown, room, grid)
    scale = flowed([signed_legend("max", canvas), Content("each its own")], canvas.width)
    return Content("\n").join([top, *body, scale.stylize_before("$secondary")])
