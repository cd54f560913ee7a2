"""By which share of itself each layer's weights move in a step, and where that usually lies."""

from textual.app import ComposeResult

from dlcore.curves.layerwise import LayerFigures
from tui.asking.inspector import Inspector
from tui.drawing.charts import layer_curves, step_limits
from tui.drawing.plotting import Chart, Curve
from tui.watching.looks import look_at
from tui.widgets.panes.band_bars import BAND, BandBars, Ratios, rows_of, scale
from tui.widgets.panes.layered import Choice, Layered, absent
from tui.widgets.panes.pane import Moment
from tui.widgets.plot import Plot


class Updates(Layered):
    """Norm of the update over the norm of the weights, by layer: bars at the cursor, curves over the run.

    Far below the band a layer hardly learns, far above it a step overwrites what the layer has learned.
    """

    TITLE = "Updates"
    BESIDE = "Gradients"
    MOVES = "↑ ↓ layer"

    def __init__(self, inspector: Inspector, *, ascii_only: bool = False) -> None:
        super().__init__(inspector, ascii_only=ascii_only)
        self._choice = Choice()

    def compose(self) -> ComposeResult:
        """Return the bars and the curves."""
        yield BandBars(ascii_only=self.ascii_only)
        yield Plot(ascii_only=self.ascii_only)

    def move(self, columns: int, rows: int) -> bool:
        """Choose a layer, whose curve is drawn alone; above the first one, some of all are."""
        moment = self.moment
        return moment is not None and self._choice.move(rows, len(moment.history.updates.figures))

    def draw(self, moment: Moment) -> None:
        """Draw bars and curves."""
        bars, plot = self.query_one(BandBars), self.query_one(Plot)
        updates = moment.history.updates
        look = look_at(updates, moment.step, follows=moment.follows)
        if look is None or not look.figures:
            self.share(self.size.height, bars, plot)
            first = next(iter(updates.steps), None)
            bars.show(absent(moment, first) if look is None else "This run has not measured it.")
            return
        chosen = self._choice.within(len(look.figures))
        decades = scale([*look.figures.values(), *look.recent])
        bars.show(Ratios(tuple(look.figures.items()), look.step, decades, chosen))
        if self.share(rows_of(len(look.figures)), bars, plot):
            plot.show(_chart(moment, updates, chosen, max(20, self.size.width)))


def _chart(moment: Moment, updates: LayerFigures, chosen: int | None, columns: int) -> Chart:
    """Return the ratios over the run, of one layer or of some of all, with the edges of the band."""
    limits = step_limits(moment.history)
    band = [Curve("", tuple((x, edge) for x in limits), "reference") for edge in BAND]
    curves = layer_curves(updates, columns, None if chosen is None else list(updates.figures)[chosen])
    return Chart(
        "over time",
        (*band, *curves),
        limits,
        log_y=True,
        x_label="step",
        values=False,
        cursor=moment.past,
    )
