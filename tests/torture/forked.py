"""Processes that cost milliseconds: a server that has imported what they need forks them, one at a time.

The server has a single thread, so forking is safe whatever the process of the tests does. A child says
things in lines on its standard output; the server says when it was born and how it ended.
"""

import gc
import importlib
import json
import os
import select
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from tests.process.terminal import DEADLINE_SECONDS

_ROOT = Path(__file__).parents[2]


class ForkServer:
    """The side of the tests. `call` forks a child; `wait` or `kill` ends its time."""

    def __init__(self, modules: tuple[str, ...], environment: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__, *modules],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=_ROOT,
            env=dict(environment),
        )
        self._read = b""
        self._lines: list[str] = []
        self.pid = 0
        """The child's; 0 while there is none."""
        self.status: int | None = None
        """The exit status of the last child, or the negative number of the signal that ended it."""

    def call(self, function: str, *arguments: Any) -> int:
        """Fork a child that calls `module:function` with JSON values; return its process number."""
        assert self._process.stdin is not None
        assert not self.pid, "the child before is still at work"
        self.status, self._lines = None, []
        self._process.stdin.write(json.dumps([function, *arguments]).encode() + b"\n")
        self._process.stdin.flush()
        self._until(lambda: bool(self.pid), DEADLINE_SECONDS)
        return self.pid

    def listen(self, seconds: float) -> list[str]:
        """Return all that the child has said so far, after so many seconds or when it has ended."""
        self._until(lambda: self.status is not None, seconds, must=False)
        return list(self._lines)

    def hear(self, lines: int = 1, seconds: float = DEADLINE_SECONDS) -> list[str]:
        """Wait until the child has said so many lines; return all that it has said."""
        self._until(lambda: len(self._lines) >= lines, seconds)
        return list(self._lines)

    def wait(self, seconds: float = DEADLINE_SECONDS) -> list[str]:
        """Wait for the child's end; return all that it said."""
        self._until(lambda: self.status is not None, seconds)
        return list(self._lines)

    def kill(self) -> list[str]:
        """Kill the child at once; return all that it said."""
        with suppress(ProcessLookupError):  # it may have ended unheard
            if self.pid:
                os.kill(self.pid, signal.SIGKILL)
        return self.wait()

    def close(self) -> None:
        """End child and server."""
        with suppress(ProcessLookupError):  # it may have ended unheard
            if self.pid:
                os.kill(self.pid, signal.SIGKILL)
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            with suppress(BrokenPipeError):
                pipe.close()

    def _until(self, condition: Any, seconds: float, *, must: bool = True) -> None:
        assert self._process.stdout is not None
        descriptor = self._process.stdout.fileno()
        deadline = time.monotonic() + seconds
        while not condition():
            left = deadline - time.monotonic()
            ready, _, _ = select.select([descriptor], [], [], max(0.0, left))
            if ready:
                self._take(os.read(descriptor, 1 << 16))
            elif left <= 0:
                assert not must, f"waited {seconds:.0f} s in vain for a child, which said {self._lines[-5:]}"
                return

    def _take(self, piece: bytes) -> None:
        assert piece, "the server of children has died"
        *lines, self._read = (self._read + piece).split(b"\n")
        for line in lines:
            match line.decode().split():
                case ["born", pid]:
                    self.pid = int(pid)
                case ["ended", status]:
                    self.pid, self.status = 0, int(status)
                case _:
                    self._lines.append(line.decode())


@contextmanager
def fork_server(*modules: str, environment: Mapping[str, str]) -> Iterator[ForkServer]:
    """A server that has imported these modules, and is gone at the end with its children."""
    server = ForkServer(modules, environment)
    try:
        yield server
    finally:
        server.close()


def say(word: object) -> None:
    """Say a line to the tests; called in a child."""
    os.write(1, f"{word}\n".encode())


def _serve(modules: list[str]) -> None:
    for module in modules:
        importlib.import_module(module)
    gc.freeze()  # what is imported stays shared: a collection in a child would write to all of its pages
    while request := sys.stdin.buffer.readline():
        function, *arguments = json.loads(request)
        pid = os.fork()
        if not pid:
            say(f"born {os.getpid()}")
            os._exit(_called(function, arguments))
        _, status = os.waitpid(pid, 0)
        say(f"ended {os.waitstatus_to_exitcode(status)}")


def _called(function: str, arguments: list[Any]) -> int:
    module, _, name = function.partition(":")
    try:
        return int(getattr(importlib.import_module(module), name)(*arguments) or 0)
    except BaseException:
        traceback.print_exc()
        return 70


if __name__ == "__main__":
    _serve(sys.argv[1:])
