"""`python -m dlcore.family.queue NUMBER RUN …`: train runs in turn, so many side by side, unattended.

It holds the lock of each run that waits, as a trainer would: so lists show that it is taken, nobody else
trains it, and commands are left for its trainer. It sleeps until one of its trainers ends. Should it be
killed itself, the trainers go on, and the kernel gives back the locks: what waited counts as crashed, and can
be resumed like any other run.
"""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from dlcore import launch, rundir
from dlcore.errors import DltuiError
from dlcore.files.lock import Lock
from dlcore.rundir import RunDir


def main(arguments: list[str]) -> int:
    """Train the runs whose paths are given; return the exit status, 2 for wrong arguments."""
    if len(arguments) < 2 or not arguments[0].isascii() or not arguments[0].isdigit():
        print("dltui: python -m dlcore.family.queue NUMBER RUN …", file=sys.stderr)
        return 2
    os.umask(0o077)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # what a closed terminal sends
    Queue([RunDir(Path(path).absolute()) for path in arguments[1:]], int(arguments[0])).keep()
    return 0


class Queue:
    """Runs that wait for their trainers, first come, first served."""

    def __init__(self, runs: list[RunDir], at_once: int) -> None:
        """Take the runs; one that cannot be taken says why in its log, and is left to whoever has it."""
        self._at_once = max(1, at_once)
        self._waiting: list[tuple[RunDir, Lock]] = []
        self._trainers: dict[int, subprocess.Popen[bytes]] = {}
        for run in runs:
            try:
                self._waiting.append((run, Lock(run)))
            except DltuiError as error:
                _say(run, error)

    def keep(self) -> None:
        """Start trainers as there is room for them, until the last has ended."""
        while self._waiting or self._trainers:
            while self._waiting and len(self._trainers) < self._at_once:
                self._start(*self._waiting.pop(0))
            if self._trainers:
                ended, _ = os.wait()
                self._trainers.pop(ended).poll()  # so that it knows of its end, too

    def _start(self, run: RunDir, lock: Lock) -> None:
        lock.release()
        try:
            trainer = launch.start(rundir.home(), run)
        except DltuiError as error:
            _say(run, error)
        except OSError as error:
            _say(
                run, DltuiError(f"The trainer cannot be started: {error.strerror}", f"dltui resume {run.id}.")
            )
        else:
            self._trainers[trainer.pid] = trainer


def _say(run: RunDir, error: DltuiError) -> None:
    with suppress(OSError, DltuiError):
        launch.say(run, f"dltui: {error}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
