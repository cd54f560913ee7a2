"""The norm of each layer's gradient: bars at the cursor, curves over the run."""

from textual.app import ComposeResult

from tui.drawing.charts import View, gradient_chart
from tui.watching.looks import look_at
from tui.widgets.gradient_bars import AROUND, GradientBars
from tui.widgets.panes.layered import Layered, absent
from tui.widgets.panes.pane import Moment
from tui.widgets.plot import Plot


class Gradients(Layered):
    """How much of the error reaches each layer. The norm is that of dL/dW, on a logarithmic scale."""

    TITLE = "Gradients"
    BESIDE = "Waterfall"
    DEFAULT_CSS = """
    Gradients GradientBars { padding: 0; }
    """

    def compose(self) -> ComposeResult:
        """Return the bars and the curves."""
        bars = GradientBars()
        bars.ascii_only = self.ascii_only
        yield bars
        yield Plot(ascii_only=self.ascii_only)

    def draw(self, moment: Moment) -> None:
        """Draw bars and curves."""
        bars, plot = self.query_one(GradientBars), self.query_one(Plot)
        history = moment.history
        look = look_at(history.gradients, moment.step, follows=moment.follows)
        if look is None:
            self.share(self.size.height, bars, plot)
            bars.say(absent(moment, next(iter(history.gradients.steps), None)))
            return
        bars.show(look.figures, look.step, look.recent)
        if self.share(len(look.figures) + AROUND, bars, plot):
            view = View(columns=max(20, self.size.width), cursor=moment.past)
            plot.show(gradient_chart(history, view))
