"""The picture of a learning-rate range test: loss against rate on a log axis, the band marked on the axis."""

import math
from collections.abc import Iterable, Iterator, Sequence

from dlcore.lr_band import Band, traced
from tui.drawing.plot_frame import column_of
from tui.drawing.plot_line import Key, Line, Role, put
from tui.drawing.plotting import Chart, Curve, drawn_limits
from tui.widgets.plot import Plot

_LOOKS: tuple[tuple[Role, str], ...] = (("run-1", "●"), ("run-2", "×"), ("run-3", "◆"))
"""Colour and mark of each sweep."""
_SPACING = 9
"""Columns from mark to mark of a sweep; those of the others stand between."""
_HEADROOM = 0.3
"""Above where the sweeps began, in parts of how far they fell; beyond that a loss only grows."""


class RatePlot(Plot):
    """Shows sweeps, the band that they suggest, and the rate that is chosen."""

    def __init__(self, *, ascii_only: bool = False) -> None:
        super().__init__(ascii_only=ascii_only)
        self._band: Band | None = None
        self._chosen = 0.0

    def show_sweeps(
        self,
        rates: Sequence[float],
        sweeps: Sequence[Sequence[float]],
        band: Band | None,
        chosen: float,
    ) -> None:
        """Show the losses (of each sweep, one a rate, smoothed here), a band, and the chosen rate."""
        if (band, chosen) != (self._band, self._chosen):  # they stand on the axis, which no chart knows
            self._outdated = True
            self.refresh()
        self._band, self._chosen = band, chosen
        self.show(sweeps_chart(rates, sweeps, chosen))

    def _draw(self) -> list[Line]:
        """Draw as any plot, with the band and the chosen rate on the axis."""
        lines = super()._draw()
        if self._chart is None or len(lines) < 2:
            return lines
        base = list(lines[-2])
        for column, character, key in self._on_axis(self._chart):
            base = put(base, column, character, key)
        return [*lines[:-2], tuple(base), lines[-1]]

    def _on_axis(self, chart: Chart) -> list[tuple[int, str, Key]]:
        """Return what stands on the axis: column, character and style of each cell."""
        limits, width = drawn_limits(chart), self.size.width

        def column(rate: float) -> int | None:
            within = min(max(math.log10(rate), limits[0]), limits[1])
            return column_of(within, limits, width, ascii_only=self._ascii_only)

        cells: list[tuple[int, str, Key]] = []
        if self._band is not None:
            left, inside, right = "[=]" if self._ascii_only else "┝━┥"
            low, high = column(self._band.low), column(self._band.high)
            if low is not None and high is not None:
                cells += [(place, inside, "title") for place in range(low, high + 1)]
                cells += [(low, left, "title"), (high, right, "title")]
        if self._chosen > 0 and (place := column(self._chosen)) is not None:
            cells.append((place, "^" if self._ascii_only else "▲", "cursor"))
        return cells


def sweeps_chart(rates: Sequence[float], sweeps: Sequence[Sequence[float]], chosen: float) -> Chart:
    """Return the smoothed curves over the rates; a loss far above where it began leaves the picture."""
    traces = [traced(rates, losses) for losses in sweeps]
    first = max((trace[0][1] for trace in traces if trace), default=1.0)
    lowest = min((loss for trace in traces for _, loss in trace), default=0.0)
    top = first + _HEADROOM * max(first - lowest, 0.05 * first)
    curves = [
        Curve(
            f"sweep {number + 1}",
            tuple(_within(trace, top)),
            role,
            mark,
            _SPACING,
            number * _SPACING // len(_LOOKS),
        )
        for number, (trace, (role, mark)) in enumerate(zip(traces, _LOOKS, strict=False))
    ]
    return Chart(
        "loss",
        tuple(curves),
        (rates[0], rates[-1]) if rates else (1e-5, 10.0),
        (max(0.0, lowest - 0.1 * (top - lowest)), top),
        x_label="rate",
        values=False,
        cursor=chosen if chosen > 0 else None,
        log_x=True,
    )


def _within(points: Iterable[tuple[float, float]], top: float) -> Iterator[tuple[float, float | None]]:
    """Yield the points of a curve up to where it leaves the picture for good, and stop at its edge."""
    for rate, loss in points:
        yield rate, min(loss, top)
        if loss > top:
            return
