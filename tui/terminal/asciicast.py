"""A program in a terminal of its own, recorded as an asciinema file.

The format is asciicast v2 (docs.asciinema.org/manual/asciicast/v2): a line with a header, then a line for
each piece of output, [seconds, "o", text]. The program runs under a pseudo-terminal of the given size, so
what is recorded is, byte for byte, what a terminal gets.
"""

import codecs
import fcntl
import json
import os
import pty
import struct
import subprocess
import termios
import time
from collections.abc import Mapping, Sequence

from dlcore.clean import clean
from dlcore.errors import DltuiError

Piece = tuple[float, str]
"""Seconds since the first output, and what was sent to the terminal then."""

TERM = "xterm-256color"
_LEAVES = "\x1b[?2004l"
"""The first word of an app that gives its terminal back: what comes behind it is no picture any more."""
_REST_SECONDS = 2.0
"""So long the last picture stays before a player begins again."""
_MOST_BYTES = 200_000_000
_DROPPED = ("SSH_", "COLUMNS", "LINES", "TEXTUAL", "TERM")
"""Variables that would make the recording depend on the terminal it is asked for in."""


def environment(given: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a terminal with all colours and UTF-8, near by."""
    kept = {name: value for name, value in given.items() if not name.startswith(_DROPPED)}
    return {**kept, "TERM": TERM, "COLORTERM": "truecolor", "PYTHONIOENCODING": "utf-8"}


def recorded(command: Sequence[str], columns: int, rows: int) -> list[Piece]:
    """Run a program to its end in a terminal of that size; return its output up to where it leaves.

    Raises DltuiError with what the program said where it fails.
    """
    master, terminal = pty.openpty()
    try:
        try:
            fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
            process = subprocess.Popen(
                command,
                stdin=terminal,
                stdout=terminal,
                stderr=subprocess.PIPE,
                env=environment(os.environ),
                start_new_session=True,  # Ctrl-C is ours
            )
        finally:
            os.close(terminal)
        try:
            pieces = _until_left(master)
            _, said = process.communicate()
        except BaseException:
            process.kill()
            process.communicate()
            raise
    finally:
        os.close(master)
    if process.returncode:
        last = clean(said.decode(errors="replace").strip().rpartition("\n")[2])
        raise DltuiError(
            f"What was to be recorded ended with the status {process.returncode}: {last}",
            "See whether dltui replay works without --cast.",
        )
    return pieces


def _until_left(master: int) -> list[Piece]:
    """Return all that comes until the program gives the terminal back, and read on to its end."""
    began: float | None = None
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    pieces: list[Piece] = []
    held, size, has_left = "", 0, False
    while content := _read(master):
        if has_left:
            continue
        now = time.monotonic()
        began = now if began is None else began
        size += len(content)
        if size > _MOST_BYTES:
            raise DltuiError(
                f"The recording would be larger than {_MOST_BYTES // 1_000_000} MB",
                "Give a higher --speed, or a smaller --size.",
            )
        text, leaves, _ = (held + decoder.decode(content)).partition(_LEAVES)
        has_left = bool(leaves)
        held = "" if has_left else _beginning(text)
        text = text.removesuffix(held)
        if text:
            pieces.append((now - began, text))
    return pieces


def _read(master: int) -> bytes:
    try:
        return os.read(master, 1 << 16)
    except OSError:  # EIO: the last writer has closed the terminal
        return b""


def _beginning(text: str) -> str:
    """Return the end of a text that may be the beginning of the word that gives the terminal back."""
    for length in range(len(_LEAVES) - 1, 0, -1):
        if text.endswith(_LEAVES[:length]):
            return text[-length:]
    return ""


def duration(pieces: Sequence[Piece]) -> float:
    """Return the seconds that a player takes."""
    return round((pieces[-1][0] if pieces else 0.0) + _REST_SECONDS, 6)


def written(pieces: Sequence[Piece], columns: int, rows: int, title: str, timestamp: int) -> bytes:
    """Return the content of the file; `timestamp` is when it was recorded, in seconds since 1970."""
    seconds = duration(pieces)
    header = {
        "version": 2,
        "width": columns,
        "height": rows,
        "timestamp": timestamp,
        "duration": seconds,
        "title": title,
        "env": {"TERM": TERM},
    }
    lines: list[object] = [header]
    lines += [[round(when, 6), "o", text] for when, text in pieces]
    lines.append([seconds, "o", ""])
    return "".join(f"{json.dumps(line)}\n" for line in lines).encode()  # what cannot be printed is escaped
