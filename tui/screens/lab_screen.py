"""What all main screens share: below 60×16 they shrink to what is essential, and say what would help."""

from collections.abc import Sequence
from itertools import chain

from textual.events import Resize, ScreenResume
from textual.reactive import Reactive
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Static

from dlcore import rundir
from dlcore.clean import clean
from dlcore.config import RunConfig
from dlcore.errors import DltuiError
from dlcore.oneline import print_line
from tui import files
from tui.terminal.compositor import FrugalCompositor

LEAST_COLUMNS = 60
LEAST_ROWS = 16
_HINT = "too-small"


class LabScreen(Screen[None]):
    """A main screen. Its children of the class `essential` stay when there is no room for the rest."""

    focused: Reactive[Widget | None] = Reactive(None, repaint=False)
    """As in Textual, which paints the whole screen when the focus moves; two widgets have changed."""
    _styled_for = ""
    _focused_at_large: tuple[Widget, ...] = ()
    """What had the focus when the window became too small to show it, and all around it."""

    def __init__(self) -> None:
        super().__init__()
        self._compositor = FrugalCompositor()

    def on_compose(self) -> None:
        """Know the terminal's size before anything is built; Textual would style it all again."""
        width, height = self.app.size
        reached = _reached(width, self.HORIZONTAL_BREAKPOINTS), _reached(height, self.VERTICAL_BREAKPOINTS)
        self.add_class(*chain(*reached), update=False)

    def on_screen_resume(self, event: ScreenResume) -> None:
        """Keep the styles unless the theme is another; Textual would make them anew on every return."""
        event.refresh_styles = self.app.theme != self._styled_for
        self._styled_for = self.app.theme
        if self.has_class("-tiny"):
            self.call_after_refresh(self._hide_focus)

    def on_resize(self, event: Resize) -> None:
        """Shrink to what is essential, or unfold again."""
        is_tiny = event.size.width < LEAST_COLUMNS or event.size.height < LEAST_ROWS
        if is_tiny == self.has_class("-tiny"):
            return
        self.set_class(is_tiny, "-tiny")
        if is_tiny:
            self._shrink()
        else:
            self.call_after_refresh(self._focus_again)

    def _shrink(self) -> None:
        """Say what would help."""
        if not self.query(f"#{_HINT}"):
            self.mount(Static("make the window larger", id=_HINT))
        if self.focused is not None:
            self._focused_at_large = tuple(
                one for one in self.focused.ancestors_with_self if isinstance(one, Widget)
            )
        self._hide_focus()

    def _hide_focus(self) -> None:
        """Let no field that nobody sees take the keys."""
        if self.has_class("-tiny"):
            self.set_focus(None)

    def _focus_again(self) -> None:
        """Give the focus back: a field that was being typed into has gone, but not its row."""
        candidates = (*self._focused_at_large, *self.focus_chain)
        if self.focused is None:
            self.set_focus(next((one for one in candidates if one.is_attached and one.focusable), None))

    def paint(self, widget: Widget) -> None:
        """Paint what has changed of a widget at once, before Textual's round of messages would."""
        if self.is_current and not self.app._batch_count:  # in a batch it would be painted on nothing
            self._compositor.update_widgets({widget})
            self._compositor_refresh()

    def copy_line(self, config: RunConfig) -> None:
        """Put the one-line form on the clipboard, and into a file for terminals that have none."""
        line = print_line(config)
        self.app.copy_to_clipboard(line)
        try:
            written = files.save_line(line, rundir.home())
        except DltuiError as error:
            self.notify(clean(str(error)), severity="error", markup=False)
        else:
            self.notify(clean(f"Copied, and written: {written}"), markup=False)


def _reached(size: int, limits: Sequence[tuple[int, str]] | None) -> list[str]:
    """Return the class of the highest limit that a size has reached, as Textual will give it."""
    return [name for limit, name in sorted(limits or ()) if limit <= size][-1:]
