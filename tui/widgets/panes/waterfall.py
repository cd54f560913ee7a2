"""The waterfall: how large the gradient of each layer was at each time of the run."""

import math

from textual.app import ComposeResult

from dlcore import figures
from dlcore.curves.layerwise import typical
from dlcore.history import first_last_ratio
from tui.asking.inspector import Inspector
from tui.drawing.charts import step_limits
from tui.drawing.plotting import Chart, Curve
from tui.watching.looks import look_at
from tui.widgets.gradient_bars import decades
from tui.widgets.panes.heat import NUMBER, Heat, canvas_width, extra, label, room_alone, rows_of
from tui.widgets.panes.heat_map import HeatMap
from tui.widgets.panes.layered import Layered, absent
from tui.widgets.panes.pane import Moment
from tui.widgets.panes.shades import Scale
from tui.widgets.panes.timeline import Figures, Timeline, grouped
from tui.widgets.plot import Plot

_TITLE = "gradient norm"
_MOST_DECADES = 12
"""Of the scale: what is smaller still, looks like the smallest."""


class Waterfall(Layered):
    """Layers × steps, the logarithm of the gradient's norm as a colour; below, first layer over last layer.

    Where a network vanishes, its first rows are dark; where it explodes, all of them light up.
    """

    TITLE = "Waterfall"
    BESIDE = "Gradients"

    def __init__(self, inspector: Inspector, *, ascii_only: bool = False) -> None:
        super().__init__(inspector, ascii_only=ascii_only)
        self._timeline = Timeline()

    def compose(self) -> ComposeResult:
        """Return the picture, and the ratio below it."""
        yield HeatMap(ascii_only=self.ascii_only)
        yield Plot(ascii_only=self.ascii_only)

    def draw(self, moment: Moment) -> None:
        """Draw the picture and the ratio."""
        heat_map, plot = self.query_one(HeatMap), self.query_one(Plot)
        gradients = moment.history.gradients
        if not gradients.steps:
            self.share(self.size.height, heat_map, plot)
            heat_map.say(_TITLE, absent(moment, None))
            return
        layers, height = list(gradients.figures), self.size.height
        has_plot = self.share(rows_of(len(layers), height) if len(layers) > 1 else height, heat_map, plot) > 0
        groups = grouped(len(layers), len(layers) if has_plot else room_alone(height))
        labels = tuple(label(layers[group[0]], layers[group[-1]]) for group in groups)
        columns = self._timeline.columns(
            moment.history, gradients, canvas_width(labels, self.size.width), ascii_only=self.ascii_only
        )
        heat = _heat(moment, groups, labels, columns)
        heat_map.show(heat, with_axis=not has_plot)
        if has_plot:
            plot.styles.margin = (0, NUMBER, 0, extra(labels))
            plot.show(_ratio_chart(heat))


def _heat(
    moment: Moment, groups: list[range], labels: tuple[str, ...], columns: list[Figures | None]
) -> Heat:
    gradients = moment.history.gradients
    look = look_at(gradients, moment.step, follows=moment.follows)
    norms = look.figures if look is not None else {}
    when = f"step {look.step:,}" if look is not None else absent(moment, gradients.steps[0])
    ratio = f"first/last {figures.ratio(first_last_ratio(norms))}"
    here = [norms[layer] for layer in gradients.figures if layer in norms]
    return Heat(
        title=_TITLE,
        when=when,
        note=ratio if len(gradients.figures) > 1 else "",
        groups=tuple(groups),
        labels=labels,
        columns=tuple(columns),
        scale=_scale(columns),
        numbers=tuple(_number(here[group.start : group.stop]) for group in groups),
        limits=step_limits(moment.history),
        cursor=moment.past,
    )


def _scale(columns: list[Figures | None]) -> Scale:
    """Return the whole decades that hold all of the picture: they only ever grow while it does."""
    low, high = decades([figure for column in columns if column is not None for figure in column])
    return Scale(max(low, high - _MOST_DECADES), high)


def _ratio_chart(heat: Heat) -> Chart:
    low, high = heat.limits
    width = max(len(heat.columns) - 1, 1)
    points = tuple(
        (low + (high - low) * index / width, _ratio(column))
        for index, column in enumerate(heat.columns)
        if column is not None
    )
    return Chart(heat.note, (Curve("", points),), heat.limits, log_y=True, x_label="step", cursor=heat.cursor)


def _ratio(column: Figures) -> float | None:
    """Return the first layer's figure over the last's, as a logarithmic axis can show it."""
    first, last = column[0], column[-1]
    known = len(column) > 1 and math.isfinite(first) and math.isfinite(last) and last > 0
    return first / last if known and first > 0 else None


def _number(norms: list[float]) -> str:
    """Return what stands for the layers of a row."""
    if not norms:
        return ""
    norm = norms[0] if len(norms) == 1 else typical(norms)
    return figures.norm(norm) if math.isfinite(norm) else str(norm)
