"""The last line of every screen: the keys that can be pressed now, and what they do."""

from textual import events
from textual.content import Content
from textual.screen import Screen
from textual.widget import Widget


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
        self._line = Content("")
        self._places: list[tuple[range, str]] = []

    def on_mount(self) -> None:
        """Look whenever a key may have come, gone, or been disabled."""
        self.screen.bindings_updated_signal.subscribe(self, self._look)
        self.call_after_refresh(self._look, self.screen)

    def _look(self, screen: Screen[object]) -> None:
        actions: set[str] = set()
        line = Content("")
        self._places = []
        for _, binding, enabled, _ in screen.active_bindings.values():
            if not binding.show or binding.action in actions:  # one key of several for the same is enough
                continue
            actions.add(binding.action)
            key, gap = self.app.get_key_display(binding), " " if actions != {binding.action} else ""
            start = line.cell_length + len(gap)
            style = ("bold $accent", "") if enabled else ("$secondary", "$secondary")
            line = Content.assemble(line, gap, (key, style[0]), (f" {binding.description}", style[1]))
            if enabled:
                self._places.append((range(start, line.cell_length), binding.key))
        if line != self._line:
            self._line = line
            self.refresh()

    def render(self) -> Content:
        """Return the line."""
        return self._line

    def on_click(self, event: events.Click) -> None:
        """Press the key under the mouse."""
        if (offset := event.get_content_offset(self)) is not None:
            for place, key in self._places:
                if offset.x in place:
                    self.app.simulate_key(key)
