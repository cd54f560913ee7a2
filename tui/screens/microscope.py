"""The microscope: one batch of a run frozen, walked through page by page. The run itself is left alone."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any, ClassVar, Literal

from textual import work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.events import Resize, ScreenResume
from textual.widgets import Static

from dlcore.clean import clean
from dlcore.labels import called
from dlcore.rundir import RunDir
from tui.asking.inspector import Inspector
from tui.bindings import bindings
from tui.screens.lab_screen import LabScreen
from tui.widgets.header import Header
from tui.widgets.key_line import KeyLine
from tui.widgets.microscope.board import in_ascii, said
from tui.widgets.microscope.book import PAGES
from tui.widgets.status_line import packed

_FORGETFUL = 3
"""Backward passes when zero_grad is forgotten; more and fewer by key."""
_MOST_PASSES = 9
Chosen = Literal["batch", "sample", "layer", "unit", "weight"]
_NAMES = tuple(name for name, _ in PAGES)


@dataclass(frozen=True)
class Look:
    """What is asked of the inspector. None is whatever it takes by itself."""

    page: str = _NAMES[0]
    batch: int = 0
    layer: int = 0
    unit: int | None = None
    weight: int | None = None
    sample: int = 0
    training: bool = True
    passes: int = 1


class MicroscopeScreen(LabScreen):
    """Forward, loss, backward, step and check of one batch; escape goes back."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("microscope")
    AUTO_FOCUS = None
    PLACE = "microscope"

    def __init__(
        self,
        run: RunDir,
        step: int | None,
        inspector: Inspector,
        *,
        active: str = "train",
        ascii_only: bool = False,
        is_watched: Callable[[], bool] = lambda: True,
    ) -> None:
        """`step` is the one that is looked at: None takes the newest checkpoint. `active` is a tab's name."""
        super().__init__()
        self._run = run
        self._wanted = self._step = step
        self._inspector = inspector
        self._active = active
        self._ascii_only = ascii_only
        self._is_watched = is_watched
        """Whether the run is still the one that the app looks at."""
        self._look = Look()
        self._answer: dict[str, Any] = {}
        """What the page that is shown was made of."""
        self._problem = "opening the checkpoint …"
        self._shown: dict[str, tuple[object, ...]] = {}

    def compose(self) -> ComposeResult:
        """Return the parts, from top to bottom."""
        yield Header(self._active)
        yield Static(id="microscope-book")
        yield Static(id="microscope-choice")
        with VerticalScroll(id="microscope-page", classes="essential", can_focus=False):
            yield Static(id="microscope-text")
        yield KeyLine()

    def on_mount(self) -> None:
        """Begin on the first page."""
        self.query_one(Header).aside = called(self._run)
        self._show()
        self._ask()

    # -- asking -------------------------------------------------------------------------------------

    def _turn(self, look: Look) -> None:
        if look != self._look:
            self._look = look
            self._ask()

    @work(exclusive=True, group="ask")
    async def _ask(self) -> None:
        """Ask for what is wanted by now; what was wanted before is no longer waited for."""
        look = self._look
        fields = {"run": str(self._run.path), "step": self._step, **asdict(look)}
        answer = await self._inspector.ask("microscope", **fields)
        if look is not self._look:
            return
        self._problem = str(answer.get("error", ""))
        if not self._problem:
            taken = {name: answer[name] for name in ("batch", "layer", "unit", "weight", "sample", "passes")}
            self._look = replace(look, **taken)
            self._step = answer["step"]  # a run that goes on saves others: this one stays
            is_other = self._answer.get("page") != look.page
            self._answer = {**answer, "page": look.page}
            if is_other:
                self.query_one("#microscope-page", VerticalScroll).scroll_home(animate=False)
        self._show()

    # -- showing ------------------------------------------------------------------------------------

    def _show(self) -> None:
        """Put the answer on the screen."""
        self._put("#microscope-book", self._book())
        self._put("#microscope-choice", self._choice())
        self._put("#microscope-text", self._page())

    def _put(self, name: str, content: Content) -> None:
        seen = content.plain, tuple(content.spans)  # contents are equal where their texts are
        if self._shown.get(name) != seen:
            self._shown[name] = seen
            self.query_one(name, Static).update(content)

    def _book(self) -> Content:
        """Return where in the book one is."""
        parts: list[Content | str | tuple[str, str]] = []
        for name in _NAMES:
            style = "bold $background on $accent" if name == self._look.page else "$secondary"
            parts += [("›" if parts else "", "$secondary"), (f" {name} ", style)]
        at = _NAMES.index(self._look.page) + 1
        return Content.assemble(*parts, (f"   page {at} of {len(_NAMES)}", "$secondary"))

    def _choice(self) -> Content:
        """Return what is under the microscope, the most important first."""
        answer = self._answer
        if not answer:
            return Content("")
        looked_at = f" (looked at: {self._wanted:,})" if self._wanted not in (None, answer["step"]) else ""
        parts = [
            f"at step {answer['step']:,}{looked_at}",
            "training mode" if answer["training"] else "evaluation mode",
            f"batch {answer['batch'] + 1}/{answer['batches']:,}",
            f"sample {answer['sample']}/{answer['samples']}",
            f"{answer['layers'][answer['layer']]} unit {answer['unit']}/{answer['units']}",
        ]
        if answer["passes"] > 1:
            parts.insert(2, "zero_grad forgotten")
        shown = packed([Content(clean(part)) for part in parts], self.size.width - 2, 1)
        return Content("\n").join(shown).stylize("$secondary")

    def _page(self) -> Content:
        if self._problem:
            return Content(clean(self._problem))
        page = self.query_one("#microscope-page", VerticalScroll)
        width = max(40, page.size.width - 1)  # less a scroll bar
        lines = dict(PAGES)[self._answer["page"]](self._answer, width, page.size.height)
        if self._look.page == _NAMES[0] and len(lines) + len(self._answer["notes"]) < page.size.height:
            lines = [*lines, Content(""), *(said(f"  {note}") for note in self._answer["notes"])]
        return Content("\n").join(map(in_ascii, lines) if self._ascii_only else lines)

    def on_resize(self, event: Resize) -> None:
        """Write the page for the new size."""
        super().on_resize(event)
        self.call_after_refresh(self._show)

    def on_screen_resume(self, event: ScreenResume) -> None:
        """Write the page anew, as the window may be another; where the run is another one, go."""
        if self._is_watched():
            self.call_after_refresh(self._show)
        else:
            self.call_after_refresh(self.action_back)

    # -- keys ---------------------------------------------------------------------------------------

    def action_turn(self, pages: int) -> None:
        """Go on, or back, by so many pages."""
        at = max(0, min(_NAMES.index(self._look.page) + pages, len(_NAMES) - 1))
        self._turn(replace(self._look, page=_NAMES[at]))

    def action_choose(self, what: Chosen, by: int) -> None:
        """Choose the next, or the last, batch, sample, layer, unit or weight."""
        look = self._look
        match what:
            case "batch":
                self._turn(replace(look, batch=look.batch + by))
            case "sample":
                self._turn(replace(look, sample=look.sample + by))
            case "layer":
                self._turn(replace(look, layer=look.layer + by, unit=None, weight=None))
            case "unit":
                self._turn(replace(look, unit=(look.unit or 0) + by, weight=None))
            case "weight":
                self._turn(replace(look, weight=(look.weight or 0) + by))

    def action_mode(self) -> None:
        """Change between training and evaluation mode."""
        self._turn(replace(self._look, training=not self._look.training))

    def action_forget(self) -> None:
        """Forget zero_grad, or remember it."""
        self._turn(replace(self._look, passes=1 if self._look.passes > 1 else _FORGETFUL))

    def action_passes(self, by: int) -> None:
        """Do one backward pass more, or fewer, without zero_grad."""
        self._turn(replace(self._look, passes=max(1, min(self._look.passes + by, _MOST_PASSES))))

    def action_scroll(self, lines: int) -> None:
        """Scroll the page, where it is longer than the window."""
        page = self.query_one("#microscope-page", VerticalScroll)
        page.scroll_to(y=page.scroll_offset.y + lines, animate=False)

    def action_back(self) -> None:
        """Go back to the screen before."""
        self.dismiss()
