"""The plane as a network sees it: the class it chooses at each place, how sure it is, and the points."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from textual.color import Color
from textual.content import Content
from textual.style import Style

from dlcore.clean import clean
from tui.drawing.ticks import Limits
from tui.widgets.pictures.axes import framed
from tui.widgets.pictures.drawing import Canvas
from tui.widgets.pictures.packed import Pixel, numbers
from tui.widgets.pictures.pixels import half_blocks, letters
from tui.widgets.pictures.scatter import ASCII_MARKS, MARKS
from tui.widgets.pictures.shades import foreground, grey_letter, height, mixed, neutral, parsed

_FILLS = ".:-',~=;_^"
"""What stands for a class where there is no colour."""
_UNSURE = 0.5
"""Below this confidence the letter of no class is shown."""
_SHADES = 6
_STRONGEST = 0.62
"""The share of a class's own colour where the network is certain."""
_PLAIN_POINTS = 120
_SPARSE = 30
_MANY = 5
_WRONG = "!"
_PALETTE, _AGAIN = 5, 0.55
"""Colours of the palette, and by how much a class differs from that five before it."""


@dataclass(frozen=True)
class Point:
    """A sample: its place, its class (or its share of the scale of what is predicted), and the verdict."""

    x: float
    y: float
    value: float
    is_right: bool = True


@dataclass(frozen=True)
class Regions:
    """Rows of pixels from the top, each with a class and a confidence of 0 to 255; or with heights alone."""

    x: Limits
    y: Limits
    axes: tuple[str, str]
    classes: tuple[tuple[int, ...], ...]
    confidence: tuple[tuple[int, ...], ...]
    points: tuple[Point, ...]
    names: tuple[str, ...]

    @property
    def columns(self) -> int:
        """Pixels of a row."""
        return len(self.confidence[0])

    def place(self, point: Point) -> tuple[int, int]:
        """Return row and column of the pixel that a point is in."""
        across = (point.x - self.x[0]) / (self.x[1] - self.x[0])
        up = (point.y - self.y[0]) / (self.y[1] - self.y[0])
        rows = len(self.confidence)
        return (
            min(rows - 1, max(0, int((1 - up) * rows))),
            min(self.columns - 1, max(0, int(across * self.columns))),
        )


def regions_of(answer: dict[str, Any]) -> Regions:
    """Return the plane of an inspector's answer; a field of heights has no classes."""
    width = answer["columns"]
    is_field = answer["sort"] == "field"
    return Regions(
        x=(answer["x"][0], answer["x"][1]),
        y=(answer["y"][0], answer["y"][1]),
        axes=(clean(str(answer["axes"][0])), clean(str(answer["axes"][1]))),
        classes=() if is_field else numbers(answer["classes"], width),
        confidence=numbers(answer["values" if is_field else "confidence"], width),
        points=tuple(Point(*point) for point in answer["points"]),
        names=() if is_field else tuple(clean(str(name)) for name in answer["names"]),
    )


def drawn(regions: Regions, canvas: Canvas) -> list[Content]:
    """Return the plane inside axes; where several points fall into a cell, a wrong one is seen."""
    plain = canvas.ascii_only or canvas.colorless
    body = _lettered(regions, canvas) if plain else _painted(regions, canvas)
    return framed(body, regions.columns, regions.x, regions.y, regions.axes, canvas)


def class_color(label: int, canvas: Canvas) -> Pixel:
    """Return the colour of a class: the palette's, and paler or darker ones when that begins again."""
    again = label // _PALETTE % 2
    return mixed(parsed(canvas.color(label)), foreground(canvas.dark), _AGAIN * again)


def class_legend(regions: Regions, canvas: Canvas) -> list[Content]:
    """Return a part for each class: its colour or letters, and its name."""
    marks = ASCII_MARKS if canvas.ascii_only else MARKS
    parts = []
    for label, name in enumerate(regions.names):
        color = class_color(label, canvas)
        if canvas.ascii_only or canvas.colorless:
            key = f"{_FILLS[label % len(_FILLS)]}{marks[label % len(marks)]}"
        else:
            key = "██" if len(regions.names) < _MANY else "█"
        parts.append(Content.assemble(colored_mark(key, color), f" {name}"))
    return parts


def wrong_mark(canvas: Canvas) -> str:
    """Return what marks a point that the network gets wrong."""
    return _WRONG if canvas.ascii_only or canvas.colorless else "×"


def _painted(regions: Regions, canvas: Canvas) -> list[Content]:
    rows = [list(row) for row in _ground(regions, canvas)]
    stands_out = foreground(canvas.dark)
    marks: dict[tuple[int, int], tuple[str, Pixel]] = {}
    for point in regions.points:
        row, column = regions.place(point)
        if not point.is_right:
            marks[row // 2, column] = "×", stands_out
        elif len(regions.points) < _SPARSE:  # where there is room for it, a dot that cannot be overlooked
            marks[row // 2, column] = "●", _dot(regions, point, canvas)
        else:
            rows[row][column] = _dot(regions, point, canvas)
    return half_blocks(rows, marks)


def _dot(regions: Regions, point: Point, canvas: Canvas) -> Pixel:
    stands_out = foreground(canvas.dark)
    if not regions.classes:
        return height(point.value)
    return mixed(class_color(int(point.value), canvas), stands_out, 0.45)


def _ground(regions: Regions, canvas: Canvas) -> Sequence[Sequence[Pixel]]:
    if not regions.classes:
        return [[height(round(one / 16) / 16) for one in row] for row in regions.confidence]
    ground = neutral(canvas.dark)
    shades = [
        [
            mixed(ground, class_color(label, canvas), _STRONGEST * level / _SHADES)
            for level in range(_SHADES + 1)
        ]
        for label in range(max(1, len(regions.names)))
    ]
    return [
        [shades[label][round(sure / 255 * _SHADES)] for label, sure in zip(*pair, strict=True)]
        for pair in zip(regions.classes, regions.confidence, strict=True)
    ]


def _lettered(regions: Regions, canvas: Canvas) -> list[Content]:
    every = max(1, len(regions.points) // _PLAIN_POINTS)
    kinds = ASCII_MARKS if canvas.ascii_only else MARKS
    marks: dict[tuple[int, int], tuple[str, Pixel]] = {}
    for number, point in enumerate(regions.points):
        row, column = regions.place(point)
        if not point.is_right:
            marks[row // 2, column] = _WRONG, foreground(canvas.dark)
        elif number % every == 0 and regions.classes:
            label = int(point.value)
            marks.setdefault((row // 2, column), (kinds[label % len(kinds)], class_color(label, canvas)))
    rows = [
        [_letter(regions, line, column, canvas) for column in range(regions.columns)]
        for line in range(len(regions.confidence) // 2)
    ]
    return letters(rows, marks, colored=not canvas.colorless)


def _letter(regions: Regions, line: int, column: int, canvas: Canvas) -> str:
    sure = (regions.confidence[2 * line][column] + regions.confidence[2 * line + 1][column]) / 510
    if not regions.classes:
        return grey_letter(sure, canvas.dark)
    label = regions.classes[2 * line][column]
    return _FILLS[label % len(_FILLS)] if sure >= _UNSURE else " "


def colored_mark(mark: str, color: Pixel) -> tuple[str, Style]:
    """Return a mark in its colour, for a legend."""
    return mark, Style(foreground=Color(*color))
