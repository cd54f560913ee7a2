"""What all main screens share: below 60×16 they shrink to their one essential line."""

from collections.abc import Sequence
from itertools import chain

from textual.events import Resize, ScreenResume
from textual.reactive import Reactive
from textual.screen import Screen
from textual.widget import Widget

from dlcore import rundir
from dlcore.clean import clean
from dlcore.config import RunConfig
from dlcore.errors import DltuiError
from dlcore.oneline import print_line
from tui import files

LEAST_COLUMNS = 60
LEAST_ROWS = 16


class LabScreen(Screen[None]):
    """A main screen. Its children of the class `essential` stay when there is no room for the rest."""

    focused: Reactive[Widget | None] = Reactive(None, repaint=False)
    """As in Textual, which paints the whole screen when the focus moves; two widgets have changed."""
    _styled_for = ""

    def on_compose(self) -> None:
        """Know the terminal's size before anything is built; Textual would style it all again."""
        width, height = self.app.size
        reached = _reached(width, self.HORIZONTAL_BREAKPOINTS), _reached(height, self.VERTICAL_BREAKPOINTS)
        self.add_class(*chain(*reached), update=False)

    def on_screen_resume(self, event: ScreenResume) -> None:
        """Keep the styles unless the theme is another; Textual would make them anew on every return."""
        event.refresh_styles = self.app.theme != self._styled_for
        self._styled_for = self.app.theme

    def on_resize(self, event: Resize) -> None:
        """Shrink to one line, or unfold again."""
        self.set_class(event.size.width < LEAST_COLUMNS or event.size.height < LEAST_ROWS, "-tiny")

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
