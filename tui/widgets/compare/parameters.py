"""A key in which runs differ against what came of them: as a table, and as marks in a plane."""

from dataclasses import dataclass

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Static

from dlcore.comparison.results import RESULTS, Result, results
from tui.comparison import Comparison, Member
from tui.drawing.plotting import Curve, shown_mark
from tui.drawing.scatter import Dot, scatter_chart
from tui.widgets.compare.overlay_plot import OverlayPlot
from tui.widgets.compare.tables import Pair, pairs_of

_SIZE = "parameters of the network"
_FIRST_RESULT = RESULTS.index("best score")


@dataclass(frozen=True)
class _Value:
    member: Member
    value: object
    text: str
    result: Result


class Parameters(Horizontal):
    """The table at the left, the plane at the right; which key and which result, the person chooses."""

    DEFAULT_CSS = """
    Parameters { height: 1fr; }
    Parameters > Static { width: 2fr; height: 1fr; padding: 0 1; }
    Parameters > OverlayPlot { width: 3fr; height: 1fr; }
    """

    def __init__(self, *, ascii_only: bool = False) -> None:
        super().__init__()
        self._ascii_only = ascii_only
        self._key = 0
        self._result = _FIRST_RESULT
        self._shown: tuple[object, ...] = ()

    def compose(self) -> ComposeResult:
        """Return table and plane."""
        yield Static()
        yield OverlayPlot(ascii_only=self._ascii_only)

    def turn(self, keys: int, results_on: int) -> None:
        """Choose another key, or another result."""
        self._key += keys
        self._result = (self._result + results_on) % len(RESULTS)

    def show(self, comparison: Comparison, *, dark: bool) -> None:
        """Show the runs as they stand."""
        keys = [one.key for one in comparison.differences()] + [_SIZE]
        self._key %= len(keys)
        key = keys[self._key]
        known = _values(comparison, key, self._result)
        title = RESULTS[self._result]
        pairs = [
            Pair(
                shown_mark(Curve("", (), mark=one.member.look.mark), self._ascii_only),
                one.member.name,
                one.member.look.dark if dark else one.member.look.light,
                one.text,
                one.result.text,
                one.member is comparison.member,
            )
            for one in known
        ]
        size = self.query_one(Static).size
        self._show_table(pairs_of((key, title), pairs, max(20, size.width - 2), size.height))
        dots = [
            Dot(one.value, one.text, one.result.value, one.member.look)
            for one in known
            if one.result.value is not None and one.value is not None
        ]
        is_share = title.endswith("score") and {one.member.history.metric for one in known} == {"accuracy"}
        self.query_one(OverlayPlot).show(scatter_chart(f"{title} by {key}", dots, percent=is_share))

    def _show_table(self, table: Content) -> None:
        seen = table.plain, tuple(table.spans)
        if seen != self._shown:
            self._shown = seen
            self.query_one(Static).update(table)


def _values(comparison: Comparison, key: str, result: int) -> list[_Value]:
    """Return the runs that are drawn, by the value of a key."""
    found = next((one for one in comparison.differences() if one.key == key), None)
    values = []
    for index, member in enumerate(comparison.members):
        if member.hidden:
            continue
        prepared = member.history.prepared
        size = prepared.parameters if prepared is not None else None
        value = size if found is None else found.values[index]
        text = (f"{size:,}" if size is not None else "–") if found is None else found.texts[index]
        values.append(_Value(member, value, text, results(member.history)[result]))
    is_number = found is None or found.is_number
    return sorted(values, key=lambda one: _order(one.value) if is_number else (0, 0.0, one.text))


def _order(value: object) -> tuple[int, float, str]:
    """Return where a number stands; what is none, at the end."""
    return (0, float(value), "") if isinstance(value, int | float) else (1, 0.0, "")
