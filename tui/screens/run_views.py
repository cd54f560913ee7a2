"""How the runs of a list are seen: filtered, sorted, grouped, as a tree, in which columns, some marked."""

from collections.abc import Sequence
from dataclasses import replace

from textual import work

from dlcore import rundir
from dlcore.finding_runs.keys import FIGURES
from dlcore.finding_runs.language import parse, while_typing, without_key
from dlcore.finding_runs.listing import Line, Listing, listing, ordered, varying
from dlcore.finding_runs.lookup import key_named, setting_name
from dlcore.finding_runs.matching import Matches, matcher
from dlcore.finding_runs.tokens import FilterFault
from dlcore.finding_runs.view import View, keep_view, read_view
from dlcore.rundir import RunDir
from dlcore.runlist import Entry
from dlcore.runs import RunRow
from tui.messages import RunOpened
from tui.screens.choosing_columns import ChooseColumns
from tui.screens.dialogs import Answer, Pick
from tui.screens.run_deeds import RunDeeds
from tui.widgets.filter_line import FilterLine
from tui.widgets.run_table import RunTable

_NO_GROUP = "none"
_GROUPS = ("state", "tag", "group", "parent", "remedy", "split", "network", "name")
"""Figures that are offered to group by, besides the configuration."""


class RunViews(RunDeeds):
    """A screen whose list of runs is seen as a person wants it."""

    def __init__(self) -> None:
        super().__init__()
        self._view = read_view(rundir.home())
        self._matches = _matches(self._view)
        self._filter = FilterLine(self._view.filter)
        self._table = RunTable()
        self._fault = ""
        """What is wrong with the filter as it is typed; what of it is whole holds meanwhile."""
        self._ordered: Sequence[Entry] = ()
        """All runs, in the order of the view."""
        self._listing = Listing()
        self._folded: set[str] = set()
        """The names of the groups that are folded away."""
        self._anchor = ""
        """The name of the line that was chosen last; the cursor is on it whenever it is listed."""
        self._placed = 0
        """The line that the cursor was put on, which says nothing of what somebody wants."""

    # -- the lines ----------------------------------------------------------------------------------

    def rearrange(self, *, keeps_order: bool = False) -> None:
        """Show the runs as the view wants them; the cursor stays on its run, else at its place.

        Their order is that of before where only the filter is another.
        """
        self.note_cursor()
        now = self.now()
        if not keeps_order:
            self._ordered = ordered(self._runs.entries, self._view, now)
        self._listing = listing(self._ordered, self._view, self._matches, now, self._folded)
        place = self._listing.place(self._anchor)
        cursor = self._run_from(self._table.cursor if self._anchor else 0) if place is None else place
        self._table.show_lines(self._listing.lines, cursor, self._marks, now)
        self._placed = self._table.cursor
        if place is None and self._anchor not in self._runs:
            self._settle()

    def _run_from(self, at: int) -> int:
        """Return the first line with a run from the line `at` on; `at` itself where there is none."""
        lines = self._listing.lines
        return next((place for place in range(at, len(lines)) if lines[place].entry is not None), at)

    def _settle(self) -> None:
        """Keep the line under the cursor in mind, where that which was chosen is not listed."""
        if self._listing.place(self._anchor) is None and (line := self._line()) is not None:
            self._anchor = line.name

    def _look(self, view: View) -> None:
        """See the runs in another way, and keep that in mind."""
        if view.filter == self._view.filter:  # else the chosen run may come back with the next letter
            self._settle()
        before, self._view = self._view, view
        if view.filter != before.filter:
            self._matches = _matches(view)
        self._table.look_as(view)
        self.rearrange(keeps_order=view == replace(before, filter=view.filter))
        if view.columns != before.columns:
            self._table.take_in(self._runs.entries, self.now())
        self.say()
        if not self._filter.is_typed_into:  # else it is kept when the filter is left
            keep_view(rundir.home(), view)

    def _line(self) -> Line | None:
        lines = self._listing.lines
        return lines[self._table.cursor] if self._table.cursor < len(lines) else None

    def _entry(self) -> Entry | None:
        line = self._line()
        return line.entry if line is not None else None

    def chosen(self) -> RunRow | None:
        """Return the run under the cursor, where there is one."""
        entry = self._entry()
        return self._runs.row(entry.id, self.now()) if entry is not None else None

    def listed(self) -> list[str]:
        """Return the ids of the runs that the list shows, from top to bottom; those folded away as well."""
        found: list[str] = []
        for line in self._listing.lines:
            if line.entry is not None:
                found.append(line.entry.id)
            elif line.heading is not None and line.heading.is_folded:
                found += [entry.id for entry in line.heading.entries]
        return found

    def note_cursor(self) -> None:
        """Keep in mind which run the cursor is on, where somebody has moved it there."""
        if self._table.cursor != self._placed and (line := self._line()) is not None:
            self._anchor, self._placed = line.name, -1

    # -- the filter ---------------------------------------------------------------------------------

    def action_filter(self) -> None:
        """Type a filter."""
        self._filter.open()

    def on_filter_line_typed(self, event: FilterLine.Typed) -> None:
        """Filter as somebody types; what is put there otherwise is taken by who puts it there."""
        if not self._filter.is_typed_into:
            return
        text, fault = while_typing(event.text)
        self._fault = _told(fault) if fault is not None else ""
        if text != self._view.filter:
            self._look(replace(self._view, filter=text))
        else:
            self.say()
        if not self._listing.shown and fault is None and (rest := without_key(event.text)) is not None:
            # No list is emptied by the name of a key that is about to be compared.
            self._fault = "no run is called so; a key is compared by =, !=, <, <=, >, >= or ~"
            self._look(replace(self._view, filter=rest))

    def on_filter_line_left(self, event: FilterLine.Left) -> None:
        """Go back to the list; a filter that was meant as it is, and makes no sense, stays to be mended."""
        typed = self._filter.text.strip()
        if event.is_submitted and while_typing(typed)[1] is not None:
            return
        text = typed if event.is_submitted or not typed else self._view.filter
        self.set_focus(self._table)
        self._hold(text)

    def _hold(self, text: str) -> None:
        """Filter by a text that nobody types any more."""
        self._fault = ""
        self._filter.hold(text)
        self._look(replace(self._view, filter=text))
        if text:
            self._settle()

    def action_back(self) -> None:
        """Leave the filter; and then the marks."""
        if self._filter.text:
            self._hold("")
        elif self._marks:
            self._marks.clear()
            self.rearrange()
            self.say()

    # -- order, groups, columns ---------------------------------------------------------------------

    def action_sort(self) -> None:
        """Sort by the next column, or by age again."""
        names = ["", *self._view.columns]
        at = names.index(self._view.sort) if self._view.sort in names else 0
        self._look(replace(self._view, sort=names[(at + 1) % len(names)], is_reversed=False, is_tree=False))

    def action_reverse(self) -> None:
        """Turn the order around."""
        self._look(replace(self._view, is_reversed=not self._view.is_reversed, is_tree=False))

    def action_tree(self) -> None:
        """Show runs below those that they come from, or not."""
        self._look(replace(self._view, is_tree=not self._view.is_tree))

    def action_show_hidden(self) -> None:
        """Show hidden runs as well, or not."""
        self._look(replace(self._view, shows_hidden=not self._view.shows_hidden))

    @work
    async def action_group(self) -> None:
        """Choose a key to group by."""
        names = dict.fromkeys((*varying(self._runs.entries), *_GROUPS))
        answers = [Answer(_NO_GROUP, "One list.")]
        keys = [key for name in names if (key := key_named(name)) is not None]
        answers += [Answer(key.name, key.about, about=key.about) for key in keys]
        word = await self.app.push_screen_wait(Pick("Group by", answers, self._view.group or _NO_GROUP))
        if word is not None:
            self._folded.clear()
            self._look(replace(self._view, group="" if word == _NO_GROUP else word, is_tree=False))

    @work
    async def action_columns(self) -> None:
        """Choose columns."""
        settings = [entry.row.settings for entry in self._runs.entries if entry.row is not None]
        alike = {id(one.index): one for one in settings}
        every = sorted(setting_name(key) for key in {key for one in alike.values() for key in one.index})
        others = [name for name in (*FIGURES, *varying(self._runs.entries), *every) if key_named(name)]
        columns = await self.app.push_screen_wait(ChooseColumns(self._view.columns, others))
        if columns is not None:
            self._look(replace(self._view, columns=columns))

    # -- folding and marking ------------------------------------------------------------------------

    def action_open(self) -> None:
        """Watch the chosen run; fold or unfold a group."""
        line = self._line()
        if line is not None and line.heading is not None:
            self._anchor = line.name
            self._folded.symmetric_difference_update([line.heading.name])
            self.rearrange()
        elif line is not None and line.entry is not None:
            self.post_message(RunOpened(RunDir(rundir.home() / "runs" / line.entry.id)))

    def action_mark(self) -> None:
        """Mark the run under the cursor, or no longer, and go on; on a heading, its whole group."""
        line = self._line()
        if line is None:
            return
        entries = (line.entry,) if line.entry is not None else line.heading.entries if line.heading else ()
        names = {entry.id for entry in entries}
        if names <= self._marks:
            self._marks -= names
        else:
            self._marks |= names
        for row in self._table.in_sight:
            self._table.refresh_row(row)
        self._table.action_move(1)
        self.say()


def _told(fault: FilterFault) -> str:
    """Return what is wrong with a filter, quietly where more letters may mend it."""
    if fault.is_unfinished:
        return f"not whole yet: {fault.said}"
    return f"not understood: {fault.said} (letter {fault.at + 1})"


def _matches(view: View) -> Matches | None:
    node = parse(view.filter)
    return matcher(node) if node is not None else None
