"""A program under a pseudo-terminal that can be typed at, looked at, resized and hung up."""

import fcntl
import os
import pty
import selectors
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import psutil
import pyte
from pyte.screens import Char
from wcwidth import wcwidth

DEADLINE_SECONDS = 60.0
"""Nothing takes so long, not even on a busy machine."""
_POLL_SECONDS = 0.01
_EXIT_SECONDS = 15.0
_STILL_POLLS = 40
"""Whoever has used no time for so long is waiting for something."""
_TAKE_TERMINAL = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execvp(sys.argv[1], sys.argv[1:])
"""
"""Makes the terminal on standard input the controlling one, whose hang-up and Ctrl-C are felt."""

Cell = tuple[object, ...]


def wait_until(condition: Callable[[], object], what: str, seconds: float = DEADLINE_SECONDS) -> None:
    """Wait until the condition holds; fail with `what` when it does not within `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited {seconds:.0f} s in vain: {what}"
        time.sleep(_POLL_SECONDS)


def is_alive(pid: int) -> bool:
    """Whether a process is at work; one that is dead and not yet waited for is not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _row(cells: Mapping[int, Char], columns: int) -> str:
    """Return what a row says; the right half of a wide character that is gone is blank, as on a terminal."""
    letters = [cells[column].data for column in range(columns)]
    said = (
        letter or ("" if before and wcwidth(before[0]) == 2 else " ")
        for before, letter in zip(["", *letters], letters, strict=False)
    )
    return "".join(said).rstrip()


def _seen(cell: Char) -> Cell:
    """Return all of a cell, but of a blank only its background: nobody sees its other colour."""
    plain = cell.data == " " and not (cell.reverse or cell.underscore or cell.strikethrough)
    return (cell.data, cell.bg) if plain else tuple(cell)


class Terminal:
    """A started program, its screen as pyte sees it, and all bytes that it has sent."""

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        folder: Path,
        columns: int = 120,
        rows: int = 40,
    ) -> None:
        self.sent = bytearray()
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self._over = False
        self._changed = threading.Condition()
        self._master, terminal = pty.openpty()
        self._set_size(columns, rows)
        try:
            self.process = subprocess.Popen(
                [sys.executable, "-I", "-S", "-c", _TAKE_TERMINAL, *command],
                stdin=terminal,
                stdout=terminal,
                stderr=terminal,
                env=environment,
                cwd=folder,
                start_new_session=True,
            )
        finally:
            os.close(terminal)
        self._wake_read, self._wake_write = os.pipe()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._master, selectors.EVENT_READ)
            selector.register(self._wake_read, selectors.EVENT_READ)
            while all(key.fd == self._master for key, _ in selector.select()):
                try:
                    content = os.read(self._master, 65536)
                except OSError:  # EIO: the last writer has closed the terminal
                    content = b""
                with self._changed:
                    self.sent += content
                    self._stream.feed(content)
                    self._over = not content
                    self._changed.notify_all()
                if not content:
                    return

    # -- what a person sees -------------------------------------------------------------------------

    @property
    def text(self) -> str:
        """What stands on the screen, without blanks at the ends of lines and at the end of all."""
        with self._changed:
            return self._text()

    def _text(self) -> str:
        rows = (self._screen.buffer[row] for row in range(self._screen.lines))
        return "\n".join(_row(cells, self._screen.columns) for cells in rows).rstrip()

    def cells(self) -> list[list[Cell]]:
        """Return what can be seen of every cell: character, colours and attributes."""
        with self._changed:
            columns, rows = self._screen.columns, self._screen.lines
            return [[_seen(self._screen.buffer[y][x]) for x in range(columns)] for y in range(rows)]

    def wait_for(self, wanted: str | Callable[[str], object], seconds: float = DEADLINE_SECONDS) -> str:
        """Wait until the screen shows a text, or its text is as wanted; return it, or fail with it."""

        def holds() -> bool:
            text = self._text()
            return bool(wanted in text if isinstance(wanted, str) else wanted(text))

        with self._changed:
            self._changed.wait_for(lambda: holds() or self._over, seconds)
            assert holds(), f"waited in vain for {wanted!r}; the screen:\n{self._text()}"
            return self._text()

    # -- what a person does -------------------------------------------------------------------------

    def send(self, keys: str) -> None:
        """Type."""
        os.write(self._master, keys.encode())

    def resize(self, columns: int, rows: int) -> None:
        """Change the size of the window; the kernel tells the program with SIGWINCH."""
        with self._changed:
            self._screen.resize(rows, columns)
            self._set_size(columns, rows)

    def _set_size(self, columns: int, rows: int) -> None:
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def wait_exit(self, seconds: float = DEADLINE_SECONDS) -> int:
        """Wait for the end of the program and of its words; return its status, negative for a signal."""
        try:
            status = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"the program has not ended; the screen:\n{self.text}") from None
        self._reader.join(_EXIT_SECONDS)
        return status

    def is_sane(self) -> bool:
        """Whether the terminal echoes and reads lines, as a shell wants it."""
        modes = termios.tcgetattr(self._master)[3]
        return bool(modes & termios.ECHO and modes & termios.ICANON)

    def freeze(self) -> None:
        """Take no more of what the program sends, as a network that stalls does."""
        os.write(self._wake_write, b"x")
        self._reader.join()

    def wait_until_stuck(self) -> None:
        """Wait until the program has filled the frozen terminal, and does nothing but wait for room."""
        process = psutil.Process(self.process.pid)
        used: list[float] = []

        def is_stuck() -> bool:
            [unread] = struct.unpack("i", fcntl.ioctl(self._master, termios.FIONREAD, bytes(4)))
            used.append(sum(process.cpu_times()[:2]))
            return unread > 0 and len(used) > _STILL_POLLS and used[-1] == used[-_STILL_POLLS]

        wait_until(is_stuck, "a program that waits for its terminal")

    def close(self) -> None:
        """Hang up, as a lost connection does, and see that the program ends; the second time does nothing."""
        if self._master < 0:
            return
        self.freeze()
        for descriptor in (self._master, self._wake_read, self._wake_write):
            os.close(descriptor)
        self._master = -1
        try:
            self.process.wait(_EXIT_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError("the program outlived its terminal") from None
