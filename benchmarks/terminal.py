"""A program under a pseudo-terminal: what it sent, and when each piece of it arrived."""

import fcntl
import os
import pty
import shutil
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import pyte

from dlcore.errors import DltuiError

COLUMNS, ROWS = 120, 40
_ALTERNATE_SCREEN = b"\x1b[?1049h"
_POLL_SECONDS = 0.02
_EXIT_SECONDS = 10.0


def dltui_command() -> str:
    """Return the path of the installed `dltui`; raises DltuiError when there is none."""
    beside = Path(sys.executable).with_name("dltui")
    found = str(beside) if beside.is_file() else shutil.which("dltui")
    if found is None:
        raise DltuiError("The command dltui is not installed", "Install the project first: see README.")
    return found


def environment(home: Path, *, remote: bool = False) -> dict[str, str]:
    """Return an environment with its own DLTUI_HOME, as on a plain terminal at the machine itself.

    `remote` makes it that of a terminal at the other end of an SSH line. Python may keep its compiled files,
    as it does for everybody who installs the project.
    """
    dropped = ("SSH_", "COLORTERM", "TERM", "NO_COLOR", "COLUMNS", "LINES", "TEXTUAL", "PYTHONDONTWRITE")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
    over_ssh = {"SSH_CONNECTION": "192.0.2.1 50000 192.0.2.2 22"} if remote else {}
    return {**kept, "TERM": "xterm-256color", "LANG": "C.UTF-8", "DLTUI_HOME": str(home), **over_ssh}


class Terminal:
    """A started program and a thread that takes everything it sends; leaving the block ends the program.

    `chunks` holds (seconds since the start, bytes). Nothing is answered to what the program may ask.
    """

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        *,
        columns: int = COLUMNS,
        rows: int = ROWS,
    ) -> None:
        self.chunks: list[tuple[float, bytes]] = []
        self.columns, self.rows = columns, rows
        self._master, terminal = pty.openpty()
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.began = time.perf_counter()
        self.process = subprocess.Popen(
            command,
            stdin=terminal,
            stdout=terminal,
            stderr=terminal,
            env=environment,
            start_new_session=True,
            preexec_fn=_take_terminal,
        )
        os.close(terminal)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        with suppress(OSError):  # EIO: the last writer has closed the terminal
            while content := os.read(self._master, 65536):
                self.chunks.append((time.perf_counter() - self.began, content))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(_EXIT_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._reader.join(_EXIT_SECONDS)  # a child of the program's may still hold the terminal
        os.close(self._master)

    @property
    def running(self) -> bool:
        """Whether the program has not ended."""
        return self.process.poll() is None

    @property
    def now(self) -> float:
        """Seconds since the start."""
        return time.perf_counter() - self.began

    def type(self, keys: str) -> float:
        """Type keys, and return when, in seconds since the start."""
        seconds = self.now
        os.write(self._master, keys.encode())
        return seconds

    def bytes_between(self, first: float, last: float) -> int:
        """Return how many bytes came from `first` to `last`, both in seconds since the start."""
        return sum(len(content) for seconds, content in list(self.chunks) if first <= seconds <= last)

    def wait(self, wanted: Callable[[bytes], bool], seconds: float) -> bool:
        """Wait until all that has come is as `wanted`; False when it never is, or the program ends."""
        deadline = self.began + seconds
        while time.perf_counter() < deadline:
            ended = not self.running
            if wanted(b"".join(content for _, content in list(self.chunks))):
                return True
            if ended:
                return False
            time.sleep(_POLL_SECONDS)
        return False

    def painted(self, wanted: Sequence[Callable[[str], bool]]) -> list[float | None]:
        """Return, for each of `wanted`, after how many seconds the screen's text was first so.

        Only what comes after the switch to the alternate screen counts. This replays all that was sent,
        which takes a while: call it when nothing is being timed.
        """
        screen = pyte.Screen(self.columns, self.rows)
        stream = pyte.ByteStream(screen)
        found: list[float | None] = [None] * len(wanted)
        received = b""
        for seconds, content in list(self.chunks):
            before, received = received, received + content
            start = received.find(_ALTERNATE_SCREEN)
            if start < 0:
                continue
            stream.feed(content if _ALTERNATE_SCREEN in before else received[start:])
            text = "\n".join(screen.display)
            found = [
                seconds if time is None and is_so(text) else time
                for time, is_so in zip(found, wanted, strict=True)
            ]
        return found

    def screens(self) -> Iterator[tuple[float, pyte.Screen]]:
        """Yield what was on the screen after each piece that came, and when that was.

        It is the same screen each time, and changes. This takes a while, as `painted` does.
        """
        screen = pyte.Screen(self.columns, self.rows)
        stream = pyte.ByteStream(screen)
        for seconds, content in list(self.chunks):
            stream.feed(content)
            yield seconds, screen

    def last_words(self) -> str:
        """Return the last line of text on the screen, for a message about what went wrong."""
        screen = pyte.Screen(self.columns, self.rows)
        pyte.ByteStream(screen).feed(b"".join(content for _, content in list(self.chunks)))
        lines = [line.strip() for line in screen.display if line.strip()]
        return lines[-1] if lines else "nothing on the screen"


def _take_terminal() -> None:
    """Make the terminal on standard input the controlling one, so that its size and signals are ours."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
