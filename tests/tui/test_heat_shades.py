import math
from itertools import pairwise

import pytest
from textual.color import Color

from tui.widgets.panes.heat import extra, label
from tui.widgets.panes.shades import Scale, cell, color, mark_on


def test_neighbours_that_share_a_row_share_a_name() -> None:
    assert label("fc1", "fc1") == "fc1"
    assert label("fc1", "fc3") == "fc1–3"
    assert label("fc9", "fc12") == "fc9–12"
    assert label("fc10", "fc12") == "fc10–12"
    assert label("conv4", "fc1") == "conv4–fc1"
    assert [extra(names) for names in (("fc1",), ("fc10–12",), ("a" * 99, "b"), ())] == [0, 1, 10, 0]


def test_a_level_is_a_quarter_of_a_decade() -> None:
    scale = Scale(-7, 0)
    assert scale.levels == 28
    assert [scale.level(10**exponent) for exponent in (-6.99, -6.76, -6.74, -0.01)] == [0, 0, 1, 27]
    assert (scale.level(1e-30), scale.level(1e30)) == (0, 27)
    assert [scale.level(one) for one in (0.0, math.nan, math.inf, -1.0)] == [None] * 4


def test_colours_grow_brighter_evenly() -> None:
    lightness = [Color.parse(color(level, 28)).brightness for level in range(28)]
    assert all(low < high for low, high in pairwise(lightness))
    assert color(0, 28) == "#440154"
    assert color(27, 28) == "#fde725"
    assert color(0, 1) == "#440154"


def test_a_mark_stands_out_of_what_is_behind_it() -> None:
    assert mark_on(0, 28, "colour").startswith("#ffffff on ")
    assert mark_on(27, 28, "colour").startswith("#000000 on ")
    assert mark_on("zero", 28, "colour") == mark_on(3, 28, "blocks") == "mark"


def test_blocks_grow_through_the_rows_of_a_layer() -> None:
    def column(level: int) -> str:
        return "".join(cell(level, 16, "blocks", row=row, rows=2)[0] for row in (0, 1))

    assert [column(level) for level in (0, 6, 7, 8, 15)] == ["▁ ", "▇ ", "█ ", "█▁", "██"]


@pytest.mark.parametrize("kind", ["blocks", "ascii"])
def test_characters_grow_denser_and_are_never_blank(kind: str) -> None:
    letters = [cell(level, 28, kind)[0] for level in range(28)]  # type: ignore[arg-type]
    order = "▁▂▃▄▅▆▇█" if kind == "blocks" else ".:-=+*#%@"
    places = [order.index(letter) for letter in letters]
    assert places == sorted(places)
    assert (places[0], places[-1]) == (0, len(order) - 1)
