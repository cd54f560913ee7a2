"""A run proven by its script, over the screen: how far the script is, and what came of the comparison."""

import time
from typing import Any, ClassVar

from textual import work
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from dlcore.clean import clean
from dlcore.rundir import RunDir
from tui.asking.child import answers
from tui.terminal.driver import line_of
from tui.terminal.pace import Pace

_LOOK_SECONDS = 0.1
_BAR_CELLS = 30
_ABOUT = "Its PyTorch script trains anew, and each loss must equal the recorded one bit for bit."


def verify_run(app: App[Any], run: RunDir, *, is_live: bool) -> None:
    """Prove a run by its script; say why not, while it is being trained."""
    if is_live:
        said = f"{run.id} is being trained: verify it once it has ended."
        app.notify(clean(said), severity="warning", markup=False)
    else:
        app.push_screen(VerifyDialog(run))


class VerifyDialog(ModalScreen[None]):
    """Runs the script of a run in another process, which ends when this is left."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "Back"),
        Binding("q,enter", "leave", "Back"),
    ]
    DEFAULT_CSS = """
    VerifyDialog VerticalScroll { height: auto; max-height: 14; margin-top: 1; scrollbar-size-vertical: 1; }
    VerifyDialog .verify--said { height: auto; }
    """

    def __init__(self, run: RunDir) -> None:
        super().__init__()
        self._run = run
        self._pace = Pace()
        self._is_stale = True
        self._present = "The script is written …"
        self.verdict: tuple[str, ...] = ()
        """What came of it, in sentences; empty as long as nothing has."""
        self.is_equal = False
        self.is_done = False

    def compose(self) -> ComposeResult:
        """Return the title, what is compared, how far that is, and the keys."""
        with Vertical(classes="dialog"):
            yield Static(Content("Verify").stylize("bold"), classes="dialog--title")
            yield Static(Content(clean(self._run.id)), classes="dialog--text")
            yield Static(Content(_ABOUT).stylize("$secondary"), classes="dialog--text")
            with VerticalScroll():
                yield Static(classes="verify--said")
            yield Static(classes="dialog--keys")

    def on_mount(self) -> None:
        """Begin, and show from time to time how far it is."""
        self._show()
        self.set_interval(_LOOK_SECONDS, self._look)
        self._verify()

    @work
    async def _verify(self) -> None:
        """Hear what the other process says; it ends with this worker, which ends with the screen."""
        request = {"run": str(self._run.path)}
        async for answer in answers("dlcore.proof.verifying", request, f"verify {self._run.id}", tied=True):
            self.hear(answer)

    def hear(self, answer: dict[str, Any]) -> None:
        """Take in what has happened."""
        if "steps" in answer:
            self._present = _far(answer["steps"], answer["wanted"])
        elif "failed" in answer:
            self.verdict = (str(answer["failed"]),)
        elif "said" in answer:
            self.is_equal, self.verdict = answer["equal"], tuple(answer["said"])
        self.is_done = "done" in answer
        self._is_stale = True
        if self.is_done:
            self._show()

    def _look(self) -> None:
        """Show what is new when a frame is due."""
        now = time.monotonic()
        sent, is_busy = line_of(self.app)
        if self._is_stale and self._pace.is_due(now, sent, is_busy=is_busy):
            self._pace.begin(now, sent)
            self._show()
            self._pace.end(time.monotonic() - now)

    def _show(self) -> None:
        self._is_stale = False
        keys = "esc goes back" if self.is_done else "esc ends it, and goes back"
        self._put(".dialog--keys", Content(keys).stylize("$secondary"))
        self._put(".verify--said", self._told() if self.verdict else Content(self._present))

    def _put(self, name: str, content: Content) -> None:
        line = self.query_one(name, Static)
        if line.content != content:
            line.update(content)

    def _told(self) -> Content:
        """Return what came of it: a mark, the first sentence, and the rest below."""
        first, *rest = self.verdict
        mark = ("✓ ", "bold $text-success") if self.is_equal else ("✗ ", "bold $text-error")
        return Content("\n").join(
            [Content.assemble(mark, (clean(first), "bold")), *map(Content, map(clean, rest))]
        )

    def action_leave(self) -> None:
        """Go back, once there is nothing more to come."""
        if self.is_done:
            self.dismiss(None)


def _far(steps: int, wanted: int) -> str:
    """Return how far the script is."""
    if not steps:
        return f"The script starts; it will take {wanted:,} steps …"
    done = _BAR_CELLS * steps // wanted
    more = "" if steps < wanted else ", evaluating …"
    return f"{'█' * done}{'·' * (_BAR_CELLS - done)}  {steps:,} of {wanted:,} steps{more}"
