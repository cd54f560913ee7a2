"""Textual's driver for terminals, made for lines that are slow, or gone.

Only cells that change are sent, and while the terminal has not taken what is under way, frames merge into the
next one: however slow a line is, what comes next on it is the newest picture. Textual's writer ends at the
first failed write; from then on its queue fills up, the event loop waits in front of it, and no signal is
heard any more: an app whose connection was lost would stay for ever.
"""

import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import IO, Any

from textual.app import App
from textual.drivers.linux_driver import LinuxDriver
from textual.events import Key
from textual.message import Message

from tui.terminal.cells import Cells

_SYNC_BEGINS, _SYNC_ENDS = "\x1b[?2026h", "\x1b[?2026l"
_TURN_SECONDS = 0.0005
"""So long the threads that read keys and write frames wait at most while a curve is being drawn."""


class LossyFile:
    """Takes everything, whether or not there still is a terminal to show it; a lost one is a hang-up."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file
        self._lost = False
        self._pending = 0
        self.taken = 0
        """Bytes that the terminal has taken."""
        self.on_taken: Callable[[], None] = lambda: None
        """Called, in the writer's thread, when the terminal has taken all that was written."""

    def write(self, text: str) -> None:
        """Write text, unless the terminal is gone."""
        self._pending += len(text.encode())
        self._attempt(text)

    def flush(self) -> None:
        """Send what was written, unless the terminal is gone."""
        self._attempt(None)
        self.taken += self._pending
        self._pending = 0
        self.on_taken()

    def fileno(self) -> int:
        """Return the descriptor of the terminal."""
        return self._file.fileno()

    def _attempt(self, text: str | None) -> None:
        if self._lost:
            return
        try:
            if text is None:
                self._file.flush()
            else:
                self._file.write(text)
        except OSError:
            self._lost = True
            # The kernel says so only to the processes of the terminal's own session.
            os.kill(os.getpid(), signal.SIGHUP)


class TerminalDriver(LinuxDriver):
    """Draws on the terminal for as long as there is one."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        assert sys.__stdout__ is not None
        # Textual would draw on standard error, which may well be a file: dltui 2> faults.txt
        self._line = LossyFile(sys.__stdout__)
        self._line.on_taken = self._go_on
        self._file: Any = self._line
        self._cells = Cells()
        self._is_synchronized = False
        self.sent = 0
        """Bytes sent so far."""
        self.typed_at = float("-inf")
        """When the last key came, by time.monotonic(); known before the app can take the key up."""

    @property
    def is_busy(self) -> bool:
        """Whether the terminal has not yet taken everything that was sent."""
        return self._line.taken < self.sent

    def process_message(self, message: Message) -> None:
        """Take note of a key, in the thread that reads them."""
        if isinstance(message, Key):
            self.typed_at = time.monotonic()
        super().process_message(message)

    def _sigtstp_application(self, *_: object) -> None:
        """Give the terminal back from the loop: the signal may come in the middle of a frame."""
        self._soon(super()._sigtstp_application)

    def _sigcont_application(self, *_: object) -> None:
        """Take the terminal again from the loop. One that is lost says so with this signal, too."""
        self._soon(super()._sigcont_application)

    def start_application_mode(self) -> None:
        """Begin to draw, and let the threads that read keys and write frames have their turn soon."""
        sys.setswitchinterval(_TURN_SECONDS)
        super().start_application_mode()  # type: ignore[no-untyped-call]

    def resume_application_mode(self) -> None:
        """Take the terminal again after it was given back, and draw all of it: it may show anything."""
        super().resume_application_mode()
        self._loop.call_later(_SETTLED_SECONDS, self._draw_again)

    def _draw_again(self) -> None:
        self.forget()
        self._app.refresh(layout=True)

    def forget(self) -> None:
        """Send everything again that is drawn from now on, for the terminal may show anything."""
        self._cells.forget()

    def write(self, data: str) -> None:
        """Send a frame as the cells that it changes, and anything else as it is."""
        if data in (_SYNC_BEGINS, _SYNC_ENDS):
            self._is_synchronized = True  # from now on every frame is put between the two
        elif self._cells.take(data):
            self._send_changes()
        else:
            self._send(self._cells.changes() + self._cells.plain())
            self._cells.forget()
            self._send(data)

    def _go_on(self) -> None:
        """Send what has been held back, if anything, from the loop's own thread."""
        self._soon(self._send_changes)

    def _soon(self, act: Callable[[], None]) -> None:
        with suppress(RuntimeError):  # the loop has ended, and with it the need for frames
            self._loop.call_soon_threadsafe(act)

    def _send_changes(self) -> None:
        """Send what the terminal lacks, unless it has not taken the last frame: then this is called again."""
        if not self.is_busy and (changes := self._cells.changes()):
            self._send(f"{_SYNC_BEGINS}{changes}{_SYNC_ENDS}" if self._is_synchronized else changes)

    def _send(self, data: str) -> None:
        if data:
            self.sent += len(data.encode())
            super().write(data)


def line_of(app: App[Any]) -> tuple[int, bool]:
    """Return how many bytes an app has sent to its terminal, and whether some are still on their way."""
    driver = app._driver
    return (driver.sent, driver.is_busy) if isinstance(driver, TerminalDriver) else (0, False)


def typed_at(app: App[Any]) -> float:
    """Return when the last key came from an app's terminal, by time.monotonic(); -inf if none ever did."""
    driver = app._driver
    return driver.typed_at if isinstance(driver, TerminalDriver) else float("-inf")


_SETTLED_SECONDS = 0.1
"""After a terminal was taken again, until Textual has said to it what it must."""
