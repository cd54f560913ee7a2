"""What a convolution makes of one sample: its feature maps, and the sample beside them."""

from functools import partial
from typing import Any

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content

from dlcore import figures
from dlcore.clean import clean
from tui.widgets.panes.checkpoint_pane import CheckpointPane, flowed, head, picked
from tui.widgets.pictures import packed
from tui.widgets.pictures.drawing import Canvas
from tui.widgets.pictures.legend import signed_legend
from tui.widgets.pictures.picture import Picture
from tui.widgets.pictures.tiles import Tile, grid_of, lines_of, tiled

_AROUND = 2
_ENOUGH = 16
_SIDE_WIDTH = 18
_WIDE_SIDE = 34
_WIDE = 100
"""Columns from which on the sample is shown in all its pixels."""


class Features(CheckpointPane):
    """Maps behind the activation, all in one scale: a filter that finds nothing stays dark."""

    TITLE = "Features"
    MOVES = "← → layer  ↑ ↓ sample"
    QUESTION = "features"
    DEFAULT_CSS = """
    Features .features--sample { margin-right: 2; }
    Features .features--maps { width: 1fr; }
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._layer = self._sample = 0

    def compose(self) -> ComposeResult:
        """Return the sample and the maps."""
        with Horizontal():
            yield Picture(ascii_only=self.ascii_only).add_class("features--sample")
            yield Picture(ascii_only=self.ascii_only).add_class("features--maps")

    @property
    def picture(self) -> Picture:
        """The maps."""
        return self.query_one(".features--maps", Picture)

    @property
    def fields(self) -> dict[str, Any]:
        """Layer and sample."""
        return {"layer": self._layer, "sample": self._sample}

    def start_anew(self) -> None:
        """Begin with the first layer and the first sample."""
        self._layer = self._sample = 0

    def say(self, sentence: str) -> None:
        """Show a sentence and no sample."""
        super().say(sentence)
        self.query_one(".features--sample").display = False

    def show(self, answer: dict[str, Any]) -> None:
        """Draw an answer."""
        sample = self.query_one(".features--sample", Picture)
        sample.styles.width = _WIDE_SIDE if self.size.width >= _WIDE else _SIDE_WIDTH
        sample.display = True
        sample.show(partial(_sample, answer, sample_of(answer)))
        self.picture.show(partial(_maps, answer, maps_of(answer)))

    def move(self, columns: int, rows: int) -> bool:
        """Go to another layer or another sample."""
        if self.answer is None:
            return False
        before = self._layer, self._sample
        self._layer = picked(self._layer, columns, len(self.answer["layers"]))
        self._sample = (self._sample + rows) % self.answer["samples"]
        return (self._layer, self._sample) != before


def sample_of(answer: dict[str, Any]) -> Tile:
    """Return the sample as a picture."""
    image = answer["image"]
    return Tile(("",), colors=packed.colored(image["values"], image["width"], image["channels"]))


def maps_of(answer: dict[str, Any]) -> list[Tile]:
    """Return the maps as pictures."""
    return [
        Tile((str(number),), values=packed.signed(one, answer["width"]))
        for number, one in enumerate(answer["maps"])
    ]


def _sample(answer: dict[str, Any], tile: Tile, canvas: Canvas) -> Content:
    lines = [Content(f"sample {answer['sample']:,}").stylize("bold").truncate(canvas.width, ellipsis=True)]
    grid = grid_of(tile.size, 1, Canvas(canvas.width, max(2, canvas.height - 4)))
    if grid is not None:
        lines += lines_of(tile, grid.width, grid.height, canvas)
    is_right = answer["label"] == answer["predicted"]
    style = "$text-success" if is_right else "$text-warning"
    if answer["probability"] is None:
        said = f"said {clean(str(answer['predicted']))}"
        style = ""
    else:
        said = f"said {clean(str(answer['predicted']))}: {figures.share(answer['probability'])}"
    told = f"is {clean(str(answer['label']))}, {answer['split']}"
    lines.append(Content(told).stylize("$secondary").truncate(canvas.width, ellipsis=True))
    lines.append(Content(said).stylize(style).truncate(canvas.width, ellipsis=True))
    return Content("\n").join(lines)


def _maps(answer: dict[str, Any], tiles: list[Tile], canvas: Canvas) -> Content:
    room = Canvas(
        canvas.width, max(0, canvas.height - _AROUND), canvas.dark, canvas.ascii_only, canvas.colorless
    )
    grid = grid_of((answer["width"], answer["height"]), len(tiles), room, _ENOUGH)
    seen = min(len(tiles), grid.number) if grid else 0
    size = "×".join(map(str, answer["size"]))
    total = answer["total"]
    number = f"{total} maps of {size}" if seen >= total else f"{seen} of {total} maps of {size}"
    name = answer["layers"][answer["layer"]]
    top = head(name, answer["step"], [number], canvas)
    scale = signed_legend(f"{answer['most']:.3g}", canvas, is_signed=answer["signed"])
    note = Content("one scale for all").stylize("$secondary")
    return Content("\n").join([top, *tiled(tiles, room, grid), flowed([scale, note], canvas.width)])
