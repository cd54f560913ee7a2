"""The runs that are compared, a line each: how each is drawn, what is special about it, what came of it."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import ClassVar, NamedTuple

from rich.cells import cell_len
from textual import events
from textual.message import Message

from dlcore import figures
from dlcore.clean import clean
from tui.comparison import Comparison
from tui.drawing.overlay import Overlay, value_at
from tui.drawing.plotting import Curve, shown_mark
from tui.drawing.run_marks import COLORS, Look
from tui.widgets.columns import Column
from tui.widgets.status_line import sign
from tui.widgets.virtual_table import Cell, VirtualTable

_NAME, _DIFFERS = 1, 2
"""Numbers of columns."""
LEGEND_SHARE = 0.4
"""So much of the screen's height it takes at most, its header included."""


@dataclass(frozen=True)
class Row:
    """What is said of one run, or of a group of seeds."""

    look: Look
    name: str
    special: str
    state: str
    loss: str
    score: str
    step: str
    hidden: bool
    members: Sequence[int] = (0,)
    """The number of the run; of a group, those of its runs."""
    is_inside: bool = False
    """Whether it is a run below the line of its group."""


def rows_of(seen: Overlay, loss_trained: bool, score_trained: bool, room: int) -> list[Row]:
    """Return a row for each run: its figures are those of the curves, at the cursor or at their end.

    Runs that differ in their seed alone have one row with the mean of those that are drawn. The runs of the
    group in which one is chosen stand below it, where `room` is so many rows that all groups stay in sight.
    """
    comparison = seen.comparison
    read = {
        index: _Read(
            value_at(seen.points(member, "loss", trained=loss_trained), seen.cursor),
            value_at(seen.points(member, "score", trained=score_trained), seen.cursor),
            seen.step(member),
        )
        for index, member in enumerate(comparison.members)
    }
    groups: dict[str, list[int]] = {}
    for index, member in enumerate(comparison.members):
        groups.setdefault(member.group, []).append(index)
    has_room = len(groups) + max(map(len, groups.values())) <= room
    rows = []
    for numbers in groups.values():
        is_group = len(numbers) > 1
        if is_group:
            rows.append(_group_row(comparison, numbers, read))
        if not is_group or (has_room and comparison.chosen in numbers):
            rows += [_run_row(comparison, number, read[number], is_inside=is_group) for number in numbers]
    return rows


class _Read(NamedTuple):
    """The figures of a run at the place that is looked at."""

    loss: float | None
    score: float | None
    step: int


def _run_row(comparison: Comparison, index: int, read: _Read, *, is_inside: bool) -> Row:
    member = comparison.members[index]
    state = " ".join((sign(member.feed.state)[0], member.feed.state))
    seed = f"seed {member.feed.config.seed}" if member.feed.config is not None else member.feed.problem
    return Row(
        member.look,
        f"  {member.name}" if is_inside else member.name,
        seed if is_inside else comparison.special(index),
        "… reading" if member.is_behind else state,
        figures.loss(read.loss) if read.loss is not None else "–",
        figures.score(read.score, member.history.metric),
        f"{read.step:,}",
        member.hidden,
        (index,),
        is_inside,
    )


def _group_row(comparison: Comparison, numbers: Sequence[int], read: Mapping[int, _Read]) -> Row:
    """Return the row of several seeds: means of those drawn that have figures, and the commonest state."""
    members = [comparison.members[number] for number in numbers]
    drawn = [number for number in numbers if not comparison.members[number].hidden]
    known = [number for number in drawn if read[number][:2] != (None, None)]
    loss = _mean(read[number].loss for number in known)
    score = _mean(read[number].score for number in known)
    [(state, most)] = Counter(member.feed.state for member in members).most_common(1)
    of = f"{len(known)} of {len(numbers)}" if len(known) < len(numbers) else f"{len(numbers)}"
    return Row(
        members[0].look,
        comparison.setting(numbers[0]) or "seeds",
        f"mean of {of} seeds",
        f"{sign(state)[0]} {f'{most}/{len(members)} ' if most < len(members) else ''}{state}",
        figures.loss(loss) if loss is not None else "–",
        figures.score(score, members[0].history.metric),
        f"{max((read[number].step for number in drawn), default=0):,}",
        not drawn,
        numbers,
    )


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return fmean(known) if known else None


class RunLegend(VirtualTable, can_focus=False):
    """One line a run, or a group of seeds; in front the mark of its curves, and none where it is hidden.

    Where there are more lines than room, the chosen one stays in sight.
    """

    SCOPED_CSS = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "legend--hidden",
        *(f"legend--{look.role}" for look in COLORS),
    }
    DEFAULT_CSS = """
    RunLegend { height: auto; }
    RunLegend > .legend--hidden { color: $secondary; }
    """ + "".join(
        f"RunLegend > .legend--{look.role} {{ color: {look.dark}; text-style: bold; }}\n"
        f"App:light RunLegend > .legend--{look.role} {{ color: {look.light}; text-style: bold; }}\n"
        for look in COLORS
    )
    columns: ClassVar[Sequence[Column]] = (
        Column("", 0, 1),
        Column("run", 1, 10, most=30),
        Column("differs", 4, 24, most=70),
        Column("loss", 2, 8, right=True),
        Column("score", 1, 9, right=True),
        Column("step", 5, 8, right=True),
        Column("state", 3, 10, most=16),
    )

    def __init__(self, *, ascii_only: bool = False) -> None:
        super().__init__()
        self._rows: Sequence[Row] = ()
        self.styles.max_height = f"{100 * LEGEND_SHARE:.0f}vh"
        self._ascii_only = ascii_only

    def show_rows(self, rows: Sequence[Row], chosen: int) -> None:
        """Show the runs as they stand, that of the number `chosen` in sight; only what is new is drawn."""
        is_other = len(rows) != len(self._rows)
        self._rows = rows
        self.widen(
            *(
                max((cell_len(cells[column].text) for cells in map(self._cells, rows)), default=0)
                for column in range(len(self.columns))
            )
        )
        at = max((at for at, row in enumerate(rows) if chosen in row.members), default=0)
        # As much as the largest group needs when it is unfolded: so the curves below stay where they are.
        is_unfolded = any(row.is_inside for row in rows)
        inside = max((len(row.members) for row in rows), default=0) if is_unfolded else 0
        self.styles.height = 1 + sum(not row.is_inside for row in rows) + inside
        if is_other:
            self.show(len(rows), at)
        else:
            self.cursor = at
            self.renew()

    @property
    def is_cut(self) -> bool:
        """Whether there is no room for all that is special about some run, or a group: that is its name."""
        return any(
            cell_len(self._cells(row)[column].text) > self.room(column)
            for row in self._rows
            for column in (_DIFFERS, *([_NAME] if len(row.members) > 1 else []))
        )

    @dataclass
    class Picked(Message):
        """A run was clicked; of a group, its first."""

        member: int

    def on_click(self, event: events.Click) -> None:
        """Choose the run under the mouse."""
        event.prevent_default()  # the cursor goes where the owner says
        offset = event.get_content_offset(self)
        row = self.scroll_offset.y + offset.y - 1 if offset is not None and offset.y > 0 else -1
        if 0 <= row < len(self._rows):
            self.post_message(self.Picked(self._rows[row].members[0]))

    def cells(self, row: int) -> tuple[Cell, ...]:
        """Return what stands in each column of a run."""
        return self._cells(self._rows[row])

    def _cells(self, row: Row) -> tuple[Cell, ...]:
        mark = shown_mark(Curve("", (), mark=row.look.mark), self._ascii_only)
        quiet = "legend--hidden" if row.hidden else ""
        texts = (clean(row.name), clean(row.special), row.loss, row.score, row.step)
        state = "hidden" if row.hidden else row.state
        return (
            Cell(" " if row.hidden or row.is_inside else mark, quiet or f"legend--{row.look.role}"),
            *(Cell(text, quiet) for text in texts),
            Cell(state, quiet),
        )
