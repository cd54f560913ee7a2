"""The runs that are compared, a line each: how each is drawn, what is special about it, what came of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len
from textual import events
from textual.message import Message

from dlcore import figures
from dlcore.clean import clean
from tui.overlay import Overlay, value_at
from tui.plotting import Curve, shown_mark
from tui.run_marks import LOOKS, Look
from tui.widgets.columns import Column
from tui.widgets.status_line import sign
from tui.widgets.virtual_table import Cell, VirtualTable


@dataclass(frozen=True)
class Row:
    """What is said of one run."""

    look: Look
    name: str
    special: str
    state: str
    loss: str
    score: str
    step: str
    hidden: bool


def rows_of(seen: Overlay, loss_trained: bool, score_trained: bool) -> list[Row]:
    """Return a row for each run: its figures are those of the curves, at the cursor or at their end."""
    rows = []
    for index, member in enumerate(seen.comparison.members):
        loss = value_at(seen.points(member, "loss", trained=loss_trained), seen.cursor)
        score = value_at(seen.points(member, "score", trained=score_trained), seen.cursor)
        rows.append(
            Row(
                member.look,
                member.name,
                seen.comparison.special(index),
                "… reading"
                if member.is_behind
                else " ".join((sign(member.feed.state)[0], member.feed.state)),
                figures.loss(loss) if loss is not None else "–",
                figures.score(score, member.history.metric),
                f"{seen.step(member):,}",
                member.hidden,
            )
        )
    return rows


class RunLegend(VirtualTable, can_focus=False):
    """One line a run; the mark in front of it is that of its curves, and none where it is hidden."""

    SCOPED_CSS = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "legend--hidden",
        *(f"legend--{look.role}" for look in LOOKS),
    }
    DEFAULT_CSS = """
    RunLegend { height: auto; }
    RunLegend > .legend--hidden { color: $secondary; }
    """ + "".join(
        f"RunLegend > .legend--{look.role} {{ color: {look.dark}; text-style: bold; }}\n"
        f"App:light RunLegend > .legend--{look.role} {{ color: {look.light}; text-style: bold; }}\n"
        for look in LOOKS
    )
    columns: ClassVar[Sequence[Column]] = (
        Column("", 0, 1),
        Column("run", 1, 10, most=30),
        Column("differs", 4, 24, most=70),
        Column("loss", 2, 8, right=True),
        Column("score", 1, 9, right=True),
        Column("step", 5, 8, right=True),
        Column("state", 3, 10),
    )

    def __init__(self, *, ascii_only: bool = False) -> None:
        super().__init__()
        self._rows: Sequence[Row] = ()
        self._ascii_only = ascii_only

    def show_rows(self, rows: Sequence[Row], chosen: int) -> None:
        """Show the runs as they stand; only what is new is drawn."""
        is_other = len(rows) != len(self._rows)
        self._rows = rows
        self.widen(
            *(
                max((cell_len(cells[column].text) for cells in map(self._cells, rows)), default=0)
                for column in range(len(self.columns))
            )
        )
        if is_other:
            self.styles.height = len(rows) + 1
            self.show(len(rows), chosen)
        else:
            self.cursor = chosen
            self.renew()

    @dataclass
    class Picked(Message):
        """A run was clicked."""

        row: int

    def on_click(self, event: events.Click) -> None:
        """Choose the run under the mouse."""
        event.prevent_default()  # the cursor goes where the owner says
        offset = event.get_content_offset(self)
        if offset is not None and 0 < offset.y <= len(self._rows):
            self.post_message(self.Picked(offset.y - 1))

    def cells(self, row: int) -> tuple[Cell, ...]:
        """Return what stands in each column of a run."""
        return self._cells(self._rows[row])

    def _cells(self, row: Row) -> tuple[Cell, ...]:
        mark = shown_mark(Curve("", (), mark=row.look.mark), self._ascii_only)
        quiet = "legend--hidden" if row.hidden else ""
        texts = (clean(row.name), clean(row.special), row.loss, row.score, row.step)
        state = "hidden" if row.hidden else row.state
        return (
            Cell(" " if row.hidden else mark, quiet or f"legend--{row.look.role}"),
            *(Cell(text, quiet) for text in texts),
            Cell(state, quiet),
        )
