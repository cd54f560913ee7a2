"""The trainer's log over the screen: its last lines as they come."""

from pathlib import Path
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.geometry import Size
from textual.screen import ModalScreen
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widgets import Static

from dlcore import figures
from dlcore.clean import clean
from dlcore.process.log_tail import LogTail

_POLL_SECONDS = 0.25


class LogView(ScrollView, can_focus=True):
    """The lines of a file, of which only those in sight are drawn; it stays at the end while it is there."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("pagedown", "page(1)", "Page down", show=False),
        Binding("home,ctrl+home", "first", "First", show=False),
        Binding("end,ctrl+end", "last", "Last", show=False),
    ]
    DEFAULT_CSS = """
    LogView { height: 1fr; scrollbar-size: 1 1; background: $panel; }
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._tail = LogTail(path)
        self._lines: list[str] = []

    def on_mount(self) -> None:
        """Begin at the end, and follow."""
        self._poll()
        self.set_interval(_POLL_SECONDS, self._poll)

    def _poll(self) -> None:
        if not self._tail.read():
            return
        follows = self.is_vertical_scroll_end
        self._lines = list(self._tail.lines)
        self.virtual_size = Size(max(map(cell_len, self._lines), default=0), len(self._lines))
        self.refresh()
        if follows:
            self.call_after_refresh(self.scroll_end, animate=False, x_axis=False)

    def action_move(self, lines: int) -> None:
        """Scroll by so many lines, at once: a slow line has no time for what is between."""
        self.scroll_to(y=self.scroll_offset.y + lines, animate=False)

    def action_page(self, pages: int) -> None:
        """Scroll by so many pages."""
        self.action_move(pages * max(self.size.height - 1, 1))

    def action_first(self) -> None:
        """Go to the first line that is kept."""
        self.scroll_home(animate=False, x_axis=False)

    def action_last(self) -> None:
        """Go to the end, and follow it."""
        self.scroll_end(animate=False, x_axis=False)

    def render_line(self, y: int) -> Strip:
        """Return line `y` of what can be seen."""
        left, top = self.scroll_offset
        width = self.scrollable_content_region.width
        row = top + y
        if row >= len(self._lines):
            text = "Nothing has been printed." if not self._lines and y == 0 else ""
        else:
            text = self._lines[row]
        style = self.rich_style
        return Strip([Segment(text, style)]).crop(left, left + width).adjust_cell_length(width, style)


class LogScreen(ModalScreen[None]):
    """A window on a trainer's log; escape closes it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,l", "dismiss(None)", "Back")]
    DEFAULT_CSS = """
    LogScreen > Vertical { width: 96%; height: 90%; padding: 1 2; background: $panel; }
    LogScreen .log--title { height: 1; text-wrap: nowrap; text-overflow: ellipsis; }
    LogScreen LogView { margin-top: 1; }
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def compose(self) -> ComposeResult:
        """Return title and lines."""
        title = Content.assemble(
            ("The trainer's log", "bold"),
            ("   esc goes back   ", "$secondary"),
            (clean(figures.path(self._path)), "$secondary"),
        )
        with Vertical():
            yield Static(title, classes="log--title")
            yield LogView(self._path)
