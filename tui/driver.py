"""Textual's driver for terminals, made to notice when the terminal is gone.

Textual's writer ends at the first failed write; from then on its queue fills up, the event loop waits in
front of it, and no signal is heard any more: an app whose connection was lost would stay for ever.
"""

import os
import signal
from typing import IO, Any

from textual.drivers.linux_driver import LinuxDriver


class LossyFile:
    """Takes everything, whether or not there still is a terminal to show it; a lost one is a hang-up."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file
        self._lost = False

    def write(self, text: str) -> None:
        """Write text, unless the terminal is gone."""
        self._attempt(text)

    def flush(self) -> None:
        """Send what was written, unless the terminal is gone."""
        self._attempt(None)

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
        self._file: Any = LossyFile(self._file)
