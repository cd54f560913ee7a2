"""The state of a run in one line: what it does, how far it is, how fast, how long still, at which rate."""

from textual.content import Content
from textual.widget import Widget

from dlcore import figures
from dlcore.clean import clean
from dlcore.history import RunHistory, State

_SIGNS: dict[State, tuple[str, str]] = {
    "starting": ("◌", "$secondary"),
    "running": ("▶", "$text-success"),
    "paused": ("Ⅱ", "$text-warning"),
    "stopping": ("◼", "$text-warning"),
    "finished": ("✓", "$text-success"),
    "stopped": ("◼", "$text-warning"),
    "failed": ("✗", "$text-error"),
    "crashed": ("✗", "$text-error"),
}


def sign(state: State) -> tuple[str, str]:
    """Return the mark of a state and its style; the mark differs too, for those who see no colour."""
    return _SIGNS[state]


class StatusLine(Widget):
    """One line; parts that do not fit are left out from the right."""

    DEFAULT_CSS = """
    StatusLine { height: 1; padding: 0 1; }
    """

    def __init__(self, classes: str | None = None) -> None:
        super().__init__(classes=classes)
        self._line = Content("")

    def show(self, history: RunHistory, state: State, extra: str = "", reading: str = "") -> None:
        """Show a run as it stands, and whether it is still being read."""
        line = self._fitted(history, state, extra, reading)
        if line != self._line:
            self._line = line
            self.refresh()

    def render(self) -> Content:
        """Return the line."""
        return self._line

    def _fitted(self, history: RunHistory, state: State, extra: str, reading: str) -> Content:
        mark, style = sign(state)
        line = Content.assemble((f"{mark} {state}", f"bold {style}"))
        for part in [reading, *parts(history, state), extra]:
            longer = Content.assemble(line, "   ", part)
            if part and longer.cell_length <= self.size.width:
                line = longer
        return line


def parts(history: RunHistory, state: State) -> list[str]:
    """Return the parts of the line, the most important first."""
    prepared = history.prepared
    if prepared is None:
        fetched = history.fetched
        if fetched is None:
            return ["preparing data and network …"] if state == "starting" else []
        return [clean(figures.download(fetched.file, fetched.bytes, fetched.total))]
    if history.compiling:
        return ["making the whole step one graph: the first time takes a minute …"]
    epoch = f"epoch {min(history.epoch(), prepared.epochs):.1f}/{prepared.epochs}"
    step = f"step {history.step:,}/{prepared.total_steps:,}"
    speed = f"{figures.rate(history.recent_samples_per_second())} samples/s" if history.step else ""
    rate = f"lr {history.lr.last():.3g}" if history.step else ""
    if state in ("running", "paused"):
        return [epoch, step, rate, f"{figures.duration(history.seconds_left())} left", speed]
    return [epoch, step, rate, f"took {figures.duration(history.seconds)}", speed]
