"""What the first layer looks for: its weights as images, or as a table."""

from functools import partial
from typing import Any

from textual.content import Content

from dlcore.clean import clean
from tui.widgets.panes.checkpoint_pane import CheckpointPane, flowed, head
from tui.widgets.pictures import packed
from tui.widgets.pictures.drawing import Canvas
from tui.widgets.pictures.legend import signed_legend
from tui.widgets.pictures.table import Weights as Table
from tui.widgets.pictures.table import heat_table, rows_that_fit
from tui.widgets.pictures.tiles import Tile, grid_of, tiled

_AROUND = 2
"""Lines of head and legend."""


class Weights(CheckpointPane):
    """Each unit's weights in a scale of its own, so that the shape of a weak one is seen as well.

    How strong it is stands below it: its largest weight. A table has one scale, as its columns are compared.
    """

    TITLE = "Weights"
    MOVES = "↑ ↓ units"
    QUESTION = "filters"

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._start = 0

    @property
    def fields(self) -> dict[str, Any]:
        """The first unit that is seen."""
        return {"start": self._start}

    def start_anew(self) -> None:
        """Begin with the first unit."""
        self._start = 0

    def show(self, answer: dict[str, Any]) -> None:
        """Draw an answer."""
        if answer["sort"] == "images":
            self.picture.show(partial(_images, answer, tiles_of(answer)))
        else:
            self.picture.show(partial(_table, answer, table_of(answer)))

    def move(self, columns: int, rows: int) -> bool:
        """Go to the next units, as many as are seen at once."""
        if self.answer is None or not rows:
            return False
        seen = self._seen(self.answer, self.picture.canvas)
        last = max(0, self.answer["total"] - 1) // seen * seen
        before = self._start
        self._start = max(0, min(self._start + rows * seen, last))
        return self._start != before

    def _seen(self, answer: dict[str, Any], canvas: Canvas) -> int:
        """Return how many units are seen at once, whichever is the first."""
        room = _room(canvas)
        if answer["sort"] == "table":
            return rows_that_fit(table_of(answer), room)
        grid = grid_of((answer["width"], answer["height"]), answer["total"], room)
        return max(1, grid.number if grid else 1)


def tiles_of(answer: dict[str, Any]) -> list[Tile]:
    """Return the images of an inspector's answer."""
    width = answer["width"]
    tiles = []
    for unit in answer["units"]:
        labels = f"{unit['unit']}: {unit['most']:.2g}", f"{unit['unit']}"
        if answer["channels"] == 1:
            tiles.append(Tile(labels, values=packed.signed(unit["values"], width)))
        else:
            pixels = packed.colored(unit["values"], width, answer["channels"], is_signed=True)
            tiles.append(Tile(labels, colors=pixels))
    return tiles


def table_of(answer: dict[str, Any]) -> Table:
    """Return the table of an inspector's answer."""
    width = min(answer["inputs"], 256)
    values = tuple(packed.signed(row, width)[0] for row in answer["rows"])
    return Table(values, answer["most"], answer["start"], tuple(clean(str(name)) for name in answer["names"]))


def _room(canvas: Canvas) -> Canvas:
    return Canvas(
        canvas.width, max(0, canvas.height - _AROUND), canvas.dark, canvas.ascii_only, canvas.colorless
    )


def _images(answer: dict[str, Any], tiles: list[Tile], canvas: Canvas) -> Content:
    room = _room(canvas)
    grid = grid_of((answer["width"], answer["height"]), answer["total"], room)
    seen = min(len(tiles), grid.number) if grid else 0
    size = "×".join(map(str, answer["size"]))
    parts = [_range(answer, seen, "filters" if answer["kernel"] else "units"), f"{size} weights each"]
    top = head(answer["layer"], answer["step"], parts, canvas)
    if answer["channels"] == 1:
        scale = signed_legend("max", canvas)
    else:
        scale = Content("grey is 0, a colour what it looks for").stylize("$secondary")
    order = "" if answer["kernel"] else ", strongest first"
    note = Content(f"below each: unit and largest |weight|, the end of its scale{order}").stylize(
        "$secondary"
    )
    return Content("\n").join([top, *tiled(tiles, room, grid), flowed([scale, note], canvas.width)])


def _table(answer: dict[str, Any], table: Table, canvas: Canvas) -> Content:
    room = _room(canvas)
    seen = min(len(table.values), rows_that_fit(table, room))
    what = f"units × {answer['inputs']} inputs"
    top = head(answer["layer"], answer["step"], [_range(answer, seen, what)], canvas)
    scale = signed_legend(f"{table.most:.3g}", canvas)
    note = Content("one scale for all").stylize("$secondary")
    return Content("\n").join([top, *heat_table(table, room), flowed([scale, note], canvas.width)])


def _range(answer: dict[str, Any], seen: int, what: str) -> str:
    first, total = answer["start"], answer["total"]
    if seen >= total:
        return f"{total:,} {what}"
    if answer["sort"] == "images" and not answer["kernel"]:  # they are in an order of their own
        places = f"{seen} of {total:,} {what}"
        return f"{places}, from place {first + 1}" if first else places
    return f"{first}–{first + max(seen, 1) - 1} of {total:,} {what}"
