"""A script in a process of its own, and the losses that it writes, as they come."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from dlcore.clean import clean
from dlcore.errors import DltuiError
from dlcore.files.plainfile import open_plain

_POLL_SECONDS = 0.1
_MOST_READ = 1 << 22
"""Bytes of losses that are read at once, and of what the script said as it failed."""
_NOWHERE = "http://127.0.0.1:9"
"""A proxy that is not there: all that a script needs lies on this machine, and nothing is to be fetched."""


class Output:
    """What the script writes: a loss a line, and behind them its last evaluations."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.losses: list[float] = []
        self.evaluations: dict[str, tuple[float, float]] = {}
        self._read = 0
        self._rest = b""

    def read(self) -> bool:
        """Take in what has come; return whether anything has."""
        try:
            with open_plain(self.path) as file:
                file.seek(self._read)
                content = file.read(_MOST_READ)
        except FileNotFoundError:  # not made yet
            return False
        self._read += len(content)
        *lines, self._rest = (self._rest + content).split(b"\n")
        try:
            for line in lines:
                self._take(line.decode().split())
        except ValueError:
            raise DltuiError(
                "The script wrote a line that is no loss", "Report it: it is our fault."
            ) from None
        return bool(content)

    def _take(self, words: list[str]) -> None:
        if len(words) == 1:
            self.losses.append(float(words[0]))
        else:
            split, loss, score = words
            self.evaluations[split] = float(loss), float(score)


def run_script(
    name: str, script: Path, options: list[str], found: Output, tell: Callable[[], object]
) -> None:
    """Run a script to its end in a process of its own; `tell` is called meanwhile.

    The process dies with whatever is raised. Raises DltuiError where the script of the run `name` fails.
    """
    errors = script.parent / "errors.txt"
    with errors.open("wb") as said:
        process = subprocess.Popen(
            # -P: a file named like a module in the current folder must not be taken for it.
            [sys.executable, "-P", str(script), "--losses", str(found.path), *options],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=said,
            env={**os.environ, "http_proxy": _NOWHERE, "https_proxy": _NOWHERE, "no_proxy": ""},
        )
    try:
        while process.poll() is None:
            with suppress(subprocess.TimeoutExpired):
                process.wait(_POLL_SECONDS)
            found.read()
            tell()
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
    while found.read():
        tell()
    if process.returncode:
        raise _failed(name, process.returncode, errors)


def _failed(name: str, status: int, errors: Path) -> DltuiError:
    with open_plain(errors) as file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - _MOST_READ))
        lines = file.read(_MOST_READ).decode(errors="replace").strip().splitlines()
    how = f"was ended by {signal.Signals(-status).name}" if status < 0 else f"ended with status {status}"
    last = f": {clean(lines[-1])[:500]}" if lines else ""
    return DltuiError(
        f"The script of {name} {how}{last}",
        f"Write it with dltui export {name} --format script, and run it yourself to see the whole story.",
    )
