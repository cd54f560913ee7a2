"""The findings of a run in full, over the screen: causes, numbers, and remedies that one key takes."""

import asyncio
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Static

from dlcore import rundir
from dlcore.clean import clean
from dlcore.diagnose import Finding, Remedy
from dlcore.diagnose.silenced import switch
from dlcore.diagnose.words import evidence, place, sentence, words
from dlcore.errors import DltuiError
from dlcore.family.lineage import Trial, remedied, remedy_of
from tui.messages import RunRequested
from tui.screens.dialogs import Answer, Pick
from tui.watching.judging import Judge
from tui.widgets.finding_line import SIGNS

Taken = tuple[Finding, Remedy]
_SECONDS = 1.0
_AROUND = 7
"""Rows that are not for findings."""
_KEYS = "enter takes it · s switches its rule off · esc back"


class Row(Horizontal, can_focus=True):
    """What can be chosen: a remedy, a finding that has none, or a rule that is switched off."""

    BINDINGS: ClassVar[list[BindingType]] = [  # here, or what scrolls around it would take them
        Binding("up,k", "screen.move(-1)", "Up", show=False),
        Binding("down,j", "screen.move(1)", "Down", show=False),
        Binding("pageup", "screen.scroll_page(-1)", "Page up", show=False),
        Binding("pagedown", "screen.scroll_page(1)", "Page down", show=False),
    ]
    DEFAULT_CSS = """
    Row { height: auto; }
    Row:focus { background: $primary 25%; }
    Row > .row--mark { width: 4; color: $accent; }
    Row > .row--text { width: 1fr; }
    """

    def __init__(self, text: Content, code: str, taken: Taken | None = None, number: int = 0) -> None:
        super().__init__()
        self._number = str(number) if 0 < number < 10 else ""
        self.code = code
        self.taken = taken
        self.text = text

    def compose(self) -> ComposeResult:
        """Return the mark and what it stands before."""
        yield Static(self._mark("  "), classes="row--mark")
        yield Static(Content.assemble(self.text), classes="row--text")

    def _mark(self, arrow: str) -> Content:
        return Content.assemble(arrow, (self._number, "bold"))

    def on_focus(self) -> None:
        """Show that it is chosen, also to those who see no colour."""
        self.query_one(".row--mark", Static).update(self._mark("› "))

    def on_blur(self) -> None:
        """Show that it no longer is."""
        self.query_one(".row--mark", Static).update(self._mark("  "))


class FindingsScreen(ModalScreen[Taken | None]):
    """All findings, written anew when one comes or goes; hands back the remedy that is taken."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,d", "dismiss(None)", "Back"),
        Binding("enter", "take", "Take"),
        Binding("s", "switch", "Switch off or on"),
        *(Binding(str(number), f"take({number})", "Take", show=False) for number in range(1, 10)),
    ]
    DEFAULT_CSS = """
    FindingsScreen > Vertical { width: 98%; max-width: 110; height: auto; padding: 1 2; background: $panel; }
    FindingsScreen .findings--title { height: 1; text-wrap: nowrap; text-overflow: ellipsis; }
    FindingsScreen VerticalScroll { height: auto; scrollbar-size-vertical: 1; }
    FindingsScreen .findings--one { height: auto; margin-top: 1; }
    FindingsScreen .findings--keys { height: 1; margin-top: 1; color: $secondary; }
    """

    def __init__(self, judge: Judge, taken: Sequence[Trial] = (), *, read_only: bool = False) -> None:
        """`taken` are the remedies that were taken of the run before."""
        super().__init__()
        self._judge = judge
        self._taken = taken
        self._read_only = read_only
        self._codes: list[str] = []
        """What is shown."""
        self._writing = asyncio.Lock()

    def compose(self) -> ComposeResult:
        """Return the findings, then the rules that are switched off."""
        step = self._judge.feed.history.step
        number = 0
        self._codes = [finding.code for finding in self._judge.findings]
        with Vertical():
            yield Static(self._title(step), classes="findings--title")
            with VerticalScroll(can_focus=False):
                for finding in self._judge.findings:
                    rows = list(self._rows(finding, number))
                    number += len(finding.remedies)
                    yield Vertical(Static(_told(finding)), *rows, classes="findings--one")
                if off := sorted(self._judge.without):
                    title = Static(Content("Switched off, for all runs").stylize("bold"))
                    yield Vertical(title, *map(_off, off), classes="findings--one")
            yield Static(_KEYS, classes="findings--keys")

    def _title(self, step: int) -> Content:
        found = len(self._judge.findings)
        nothing = "Nothing is found wrong so far" if self._judge.feed.live else "Nothing is found wrong"
        said = f"{found} findings" if found > 1 else "One finding" if found else nothing
        when = f"  at step {step:,}" if step else "  before the first step"
        return Content.assemble((said, "bold"), (when, "$secondary"))

    def _rows(self, finding: Finding, before: int) -> Iterator[Row]:
        """Yield the remedies of a finding, counted on from the number `before`."""
        for number, remedy in enumerate(finding.remedies, before + 1):
            tried = next((one for one in self._taken if _is_of(one, finding, remedy)), None)
            text = Content.assemble(
                (clean(remedy.name), "bold"),
                (clean(f"  {' '.join(remedy.settings)}"), "$secondary"),
                _outcome(tried),
            )
            yield Row(text, finding.code, (finding, remedy), number)
        if not finding.remedies:
            yield Row(Content("no remedy is known").stylize("$secondary"), finding.code)

    def on_mount(self) -> None:
        """Begin at the first remedy, and listen to the judge."""
        self._go(0)
        self.set_interval(_SECONDS, self._listen)

    async def _listen(self) -> None:
        if [finding.code for finding in self._judge.look()] != self._codes:
            await self._write_anew()

    async def _write_anew(self) -> None:
        async with self._writing:
            await self.recompose()
        self.on_resize()
        self._go(0)

    def on_resize(self) -> None:
        """Leave room for title and keys."""
        for scroll in self.query(VerticalScroll):
            scroll.styles.max_height = max(self.size.height - _AROUND, 1)

    def action_move(self, rows: int) -> None:
        """Go to the next row, or the one before; at the ends, show all there is."""
        found = list(self.query(Row))
        here = next((number for number, row in enumerate(found) if row.has_focus), 0)
        if 0 <= here + rows < len(found):
            self._go(here + rows)
        else:
            self.action_scroll_page(rows)

    def _go(self, number: int) -> None:
        rows = list(self.query(Row))
        if rows:
            row = rows[min(number, len(rows) - 1)]
            row.focus(scroll_visible=False)
            if row.parent is not None and isinstance(row.parent, Widget):
                row.parent.scroll_visible(animate=False)  # what is found is read before what would help
            self.call_after_refresh(row.scroll_visible, animate=False)

    def action_scroll_page(self, pages: int) -> None:
        """Scroll by a page."""
        scroll = self.query_one(VerticalScroll)
        scroll.scroll_to(y=scroll.scroll_offset.y + pages * max(scroll.size.height - 1, 1), animate=False)

    def action_take(self, number: int = 0) -> None:
        """Take the remedy under the cursor, or that of a number."""
        remedies = [row.taken for row in self.query(Row) if row.taken is not None]
        row = self._chosen()
        taken = row.taken if row is not None else None
        if number:
            taken = remedies[number - 1] if number <= len(remedies) else None
        if taken is not None and self._read_only:
            self.notify("This is only for watching.", severity="warning", markup=False)
        elif taken is not None:
            self.dismiss(taken)
        elif row is not None and row.code in self._judge.without:
            self.run_worker(self._switch(row.code))

    def action_switch(self) -> None:
        """Switch the rule under the cursor off, or on again."""
        if (row := self._chosen()) is not None:
            self.run_worker(self._switch(row.code))

    async def _switch(self, code: str) -> None:
        try:
            codes = switch(rundir.home(), code, off=code not in self._judge.without)
        except DltuiError as error:
            self.notify(clean(str(error)), severity="error", markup=False)
            return
        self._judge.silence(codes)
        await self._write_anew()

    def _chosen(self) -> Row | None:
        return self.focused if isinstance(self.focused, Row) else None


def _told(finding: Finding) -> Content:
    sign, style = SIGNS[finding.severity]
    parts: list[Content | str | tuple[str, str]] = [
        (f"{sign} {words(finding.code)}", f"bold {style}"),
        (clean(f"  {place(finding)}"), "$secondary"),
        "\n",
        clean(sentence(finding.message)),
    ]
    parts += ["\n", ("Likely cause: ", "$secondary"), clean(f"{finding.cause}.")]
    if finding.evidence:
        parts += ["\n", ("Evidence: ", "$secondary"), clean(f"{evidence(finding)}.")]
    return Content.assemble(*parts)


def _off(code: str) -> Row:
    text = Content.assemble((clean(words(code)), "bold"), ("  s switches it on", "$secondary"))
    return Row(text, code)


def _is_of(trial: Trial, finding: Finding, remedy: Remedy) -> bool:
    return (trial.origin.code, trial.origin.remedy) == (finding.code, remedy.name)


def _outcome(tried: Trial | None) -> str:
    if tried is None:
        return ""
    word = "tried: " if tried.is_decided else ""
    return f"\n{clean(word + tried.outcome('this run'))}"


async def consult(
    app: App[Any], judge: Judge, taken: Sequence[Trial], *, read_only: bool
) -> RunRequested | None:
    """Show the findings of a run; return what starts the remedy that a person takes, if one is taken."""
    feed = judge.feed
    chosen = await app.push_screen_wait(FindingsScreen(judge, taken, read_only=read_only))
    if chosen is None:
        return None
    finding, remedy = chosen
    stops = None
    if feed.live:
        answers = [
            Answer("go on", "Both runs train."),
            Answer("stop", "This run ends after its present step; its weights are saved."),
        ]
        text = f"{remedy.name} is tried in a new run beside it."
        word = await app.push_screen_wait(Pick("Is this run to go on?", answers, "go on", text))
        if word is None:
            return None
        stops = feed.run if word == "stop" else None
    try:
        config = await asyncio.to_thread(remedied, feed.run, feed.history.step, remedy)
    except (DltuiError, OSError) as error:
        app.notify(clean(str(error)), severity="error", timeout=10, markup=False)
        return None
    return RunRequested(config, remedy_of(feed.run, finding, remedy), stops)
