"""What the layers hand to their activations: mean, spread, dead and saturated shares; one layer over time."""

import math

from textual.app import ComposeResult

from dlcore.events import ActivationsMeasured, Number
from dlcore.history import RunHistory
from tui.asking.inspector import Inspector
from tui.drawing.charts import step_limits
from tui.drawing.plot_frame import LARGEST
from tui.drawing.plotting import Chart, Curve
from tui.drawing.ticks import Limits, round_limits
from tui.watching.looks import newest
from tui.widgets.panes.layered import Choice, Layered, absent
from tui.widgets.panes.pane import Moment
from tui.widgets.panes.spread_table import Spread, SpreadTable, Table, rows_of
from tui.widgets.plot import Plot


class Activations(Layered):
    """Values before each activation, over some samples of the watched split, at the newest look so far."""

    TITLE = "Activations"
    MOVES = "↑ ↓ layer"

    def __init__(self, inspector: Inspector, *, ascii_only: bool = False) -> None:
        super().__init__(inspector, ascii_only=ascii_only)
        self._choice = Choice(0)
        self._limits: tuple[tuple[object, ...], Limits] = ((), (0.0, 1.0))

    def compose(self) -> ComposeResult:
        """Return the table, and two plots of the chosen layer."""
        yield SpreadTable(ascii_only=self.ascii_only)
        yield Plot(ascii_only=self.ascii_only, id="spread")
        yield Plot(ascii_only=self.ascii_only, id="idle")

    def move(self, columns: int, rows: int) -> bool:
        """Choose the layer that is drawn over time."""
        looks = self.moment.history.activations if self.moment is not None else []
        return bool(looks) and self._choice.move(rows, len(looks[-1].mean))

    def draw(self, moment: Moment) -> None:
        """Draw table and plots."""
        table, plots = self.query_one(SpreadTable), list(self.query(Plot))
        looks = moment.history.activations
        index = newest([look.step for look in looks], moment.step)
        if index is None or not looks[index].mean:
            self.share(self.size.height, table, *plots)
            table.show(absent(moment, looks[0].step if looks else None))
            return
        look = looks[index]
        chosen = self._choice.within(len(look.mean)) or 0
        spreads = _spreads(look, moment.history)
        table.show(Table(spreads, look.step, self._limits_of(moment.history), chosen))
        charts = [_spread_chart(moment, spreads[chosen]), *_idle_chart(moment, spreads[chosen])]
        number = self.share(rows_of(len(spreads)), table, *plots[: len(charts)])
        for plot in plots[len(charts) :]:
            plot.display = False
        for plot, chart in zip(plots[:number], charts, strict=False):
            plot.show(chart)

    def _limits_of(self, history: RunHistory) -> Limits:
        """Return the axis of the whole run so far, which stands still as the cursor moves."""
        looks = history.activations
        key = (history, len(looks), looks[-1].seq)
        if key != self._limits[0]:
            ends = [one for look in looks for side in (look.low, look.high) for one in side.values()]
            known = [one for one in ends if one is not None and abs(one) <= LARGEST]
            self._limits = key, round_limits(min(known, default=0.0), max(known, default=1.0))
        return self._limits[1]


def _spreads(look: ActivationsMeasured, history: RunHistory) -> tuple[Spread, ...]:
    layers = history.prepared.layers if history.prepared is not None else ()
    activations = {layer.name: layer.activation for layer in layers}
    return tuple(
        Spread(
            layer,
            activations.get(layer, ""),
            _number(look.mean.get(layer)),
            _number(look.low.get(layer)),
            _number(look.high.get(layer)),
            look.dead.get(layer),
            look.saturated.get(layer),
        )
        for layer in look.mean
    )


def _spread_chart(moment: Moment, spread: Spread) -> Chart:
    """Return mean, 5th and 95th percentile of a layer at all looks."""
    looks, layer = moment.history.activations, spread.layer
    mean = tuple((float(look.step), look.mean.get(layer)) for look in looks)
    low = tuple((float(look.step), look.low.get(layer)) for look in looks)
    high = tuple((float(look.step), look.high.get(layer)) for look in looks)
    curves = (
        Curve("95 %", high, "run-1", "▲"),
        Curve("mean", mean, "run-2", "●"),
        Curve("5 %", low, "run-4", "×"),
    )
    limits = step_limits(moment.history)
    return Chart(f"{layer} over time", curves, limits, x_label="step", values=False, cursor=moment.past)


def _idle_chart(moment: Moment, spread: Spread) -> list[Chart]:
    """Return the share of a layer that is dead or saturated at all looks, where there is one."""
    if spread.dead is None and spread.saturated is None:
        return []
    title = "dead units" if spread.dead is not None else "saturated values"
    points = []
    for look in moment.history.activations:
        shares = look.dead if spread.dead is not None else look.saturated
        points.append((float(look.step), shares.get(spread.layer)))
    curve = Curve(spread.layer, tuple(points), "run-2", "●")
    limits = step_limits(moment.history)
    share = (0.0, 1.0)
    return [Chart(title, (curve,), limits, share, percent=True, x_label="step", cursor=moment.past)]


def _number(figure: Number) -> float:
    return math.nan if figure is None else figure
