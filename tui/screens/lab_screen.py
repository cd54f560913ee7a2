"""What all main screens share: below 60×16 they shrink to their one essential line."""

from textual.events import Resize
from textual.screen import Screen

LEAST_COLUMNS = 60
LEAST_ROWS = 16


class LabScreen(Screen[None]):
    """A main screen. Its children of the class `essential` stay when there is no room for the rest."""

    def on_resize(self, event: Resize) -> None:
        """Shrink to one line, or unfold again."""
        self.set_class(event.size.width < LEAST_COLUMNS or event.size.height < LEAST_ROWS, "-tiny")
