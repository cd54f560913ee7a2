"""How much goes over the line, in the header of whichever screen is seen: rarely, for it costs bytes too."""

import time
from typing import Any

from textual.app import App

from tui.terminal.driver import line_of
from tui.widgets.header import Header, rate_text

_EVERY_SECONDS = 3.0


class LineRate:
    """Keeps the rate in the header up to date until it is ended."""

    def __init__(self, app: App[Any]) -> None:
        self._app = app
        self._headers: set[Header] = set()
        self._since, self._sent = time.monotonic(), line_of(app)[0]
        self._timer = app.set_interval(_EVERY_SECONDS, self.tell)
        self._show(rate_text(0))

    def tell(self) -> None:
        """Show the rate since this was last called."""
        now, sent = time.monotonic(), line_of(self._app)[0]
        rate = (sent - self._sent) / max(now - self._since, 1e-3)
        self._since, self._sent = now, sent
        self._show(rate_text(rate))

    def end(self) -> None:
        """Take the rate away from every screen that has shown it."""
        self._timer.stop()
        for header in self._headers:
            header.rate = ""

    def _show(self, text: str) -> None:
        for header in self._app.screen_stack[0].query(Header):
            self._headers.add(header)
            header.rate = text
