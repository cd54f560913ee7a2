"""The last line of every screen: the keys that can be pressed now, and what they do."""

from textual import events
from textual.binding import ActiveBinding
from textual.content import Content
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input


class KeyLine(Widget):
    """One line of keys; a click on one presses it.

    Textual's footer builds a widget for every key anew whenever the focus moves, which an arrow key in a
    form has to wait for, and sends them all again over a slow line. This one draws only what is new.
    """

    DEFAULT_CSS = """
    KeyLine { dock: bottom; height: 1; padding: 0 1; background: $panel; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._keys: list[ActiveBinding] = []
        self._places: list[tuple[range, str]] = []

    def on_mount(self) -> None:
        """Look whenever a key may have come, gone, or been disabled."""
        self.screen.bindings_updated_signal.subscribe(self, self._look)
        self.call_after_refresh(self._look, self.screen)

    def _look(self, screen: Screen[object]) -> None:
        keys: dict[str, ActiveBinding] = {}
        typing = isinstance(screen.focused, Input)
        for active in screen.active_bindings.values():
            shown = self.app.get_key_display(active.binding)
            typed = typing and len(shown) == 1 and shown.isascii()  # it would only be a letter
            if active.binding.show and not typed:  # one key of several for the same is enough
                keys.setdefault(active.binding.action, active)
        if list(keys.values()) != self._keys:
            self._keys = list(keys.values())
            self.refresh()

    def render(self) -> Content:
        """Return the line."""
        line = Content("")
        self._places = []
        for _, binding, enabled, _ in self._keys:
            key, what = ("bold $accent", "") if enabled else ("$secondary", "$secondary")
            start = line.cell_length
            line = Content.assemble(
                line, (self.app.get_key_display(binding), key), (f" {binding.description} ", what)
            )
            if enabled:
                self._places.append((range(start, line.cell_length - 1), binding.key))
        return line.rstrip()

    def on_click(self, event: events.Click) -> None:
        """Press the key under the mouse."""
        if (offset := event.get_content_offset(self)) is not None:
            for place, key in self._places:
                if offset.x in place:
                    self.app.simulate_key(key)
