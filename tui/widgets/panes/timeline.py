"""The figures of all layers, column by column of a time axis: what a picture of layers is made of."""

from bisect import bisect_left
from itertools import pairwise

from dlcore.curves.layerwise import LayerFigures, typical
from dlcore.history import RunHistory
from tui.drawing.charts import step_limits
from tui.drawing.plot_frame import GUTTER, column_of

Figures = tuple[float, ...]
"""One figure for each layer, from input to output."""


class Timeline:
    """Columns of one picture. Those that are past are kept: a frame computes only what is new."""

    def __init__(self) -> None:
        self._kept: dict[int, tuple[tuple[int, ...], Figures]] = {}
        """By column: which looks it stands for, and their typical figures."""
        self._of: tuple[object, ...] = ()

    def columns(
        self, history: RunHistory, looks: LayerFigures, width: int, *, ascii_only: bool = False
    ) -> list[Figures | None]:
        """Return the figures in each of `width` columns from step 0 to the known end.

        A column without a look goes on with the one before. Before the first look and behind the present
        step there is None.
        """
        limits = step_limits(history)
        if column_of(0, limits, GUTTER + width) is None:
            return [None] * max(width, 0)

        def place(step: int) -> int:
            column = column_of(min(step, limits[1]), limits, GUTTER + width, ascii_only=ascii_only)
            return (column or GUTTER) - GUTTER

        self._forget_others(looks, history.attempt, width, limits, len(looks.figures))
        edges = [bisect_left(looks.steps, column, key=place) for column in range(width + 1)]
        end = place(max(history.step, looks.last_step))
        found: list[Figures | None] = []
        latest: Figures | None = None
        for column, (first, stop) in enumerate(pairwise(edges)):
            if first < stop:
                latest = self._figures(column, looks, first, stop)
            found.append(latest if column <= end else None)
        return found

    def _forget_others(self, *of: object) -> None:
        """Start anew with another run, attempt or size."""
        if len(of) != len(self._of) or of[0] is not self._of[0] or of[1:] != self._of[1:]:
            self._of = of
            self._kept.clear()

    def _figures(self, column: int, looks: LayerFigures, first: int, stop: int) -> Figures:
        key = (first, stop, looks.steps[first], looks.steps[stop - 1])
        kept = self._kept.get(column)
        if kept is None or kept[0] != key:
            figures = tuple(typical(one[first:stop]) for one in looks.figures.values())
            kept = self._kept[column] = key, figures
        return kept[1]


def grouped(count: int, rows: int) -> list[range]:
    """Return which layers stand in each row: one in each, or neighbours together when there are too many."""
    rows = max(1, min(rows, count))
    edges = [round(row * count / rows) for row in range(rows + 1)]
    return [range(first, stop) for first, stop in pairwise(edges)]
