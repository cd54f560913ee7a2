"""A home of its own for real runs: starts `dltui` in it, and ends every trainer that is left there."""

import os
import shutil
import signal
import subprocess
import sysconfig
import time
from contextlib import ExitStack, suppress
from pathlib import Path

from dlcore import events, rundir
from dlcore.events import Event
from dlcore.files.journal import Tail
from dlcore.files.lock import lock_holder
from dlcore.history import RunHistory, State
from dlcore.rundir import RunDir
from dlcore.summary import read_history, state_of
from tests.process.terminal import DEADLINE_SECONDS, Terminal, wait_until
from tui.feed import RunFeed

_DROPPED = ("SSH_", "COLORTERM", "NO_COLOR", "COLUMNS", "LINES", "LC_", "TEXTUAL", "DLTUI_", "PYTHON")
_NOWHERE = "http://127.0.0.1:9"


def dltui_command() -> str:
    """Return the path of the installed command."""
    found = shutil.which("dltui", path=sysconfig.get_path("scripts")) or shutil.which("dltui")
    assert found is not None, "dltui is not installed: pip install -e '.[dev]'"
    return found


def environment(home: Path) -> dict[str, str]:
    """Return the environment of a plain terminal; without a GPU, and with no way to the network."""
    kept = {name: value for name, value in os.environ.items() if not name.upper().startswith(_DROPPED)}
    kept = {name: value for name, value in kept.items() if not name.lower().endswith("_proxy")}
    proxies = dict.fromkeys(("http_proxy", "https_proxy", "all_proxy"), _NOWHERE)
    ours = {"TERM": "xterm-256color", "LANG": "C.UTF-8", "CUDA_VISIBLE_DEVICES": ""}
    return {**kept, **proxies, **ours, "DLTUI_HOME": str(home)}


class Laboratory:
    """Everything that happens below one DLTUI_HOME."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home = folder / "home"
        self.environment = environment(self.home)
        self._terminals: list[Terminal] = []
        self._processes: list[subprocess.Popen[str]] = []

    def dltui(self, *words: str, **changes: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end, without a terminal; `changes` are of the environment."""
        return self.finish(self.start(*words, **changes))

    def start(self, *words: str, **changes: str) -> subprocess.Popen[str]:
        """Start a command without a terminal."""
        return self.start_program([dltui_command(), *words], **changes)

    def start_program(self, command: list[str], **changes: str) -> subprocess.Popen[str]:
        """Start any program, without a terminal."""
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**self.environment, **changes},
            cwd=self.folder,
        )
        self._processes.append(process)
        return process

    def finish(self, process: subprocess.Popen[str]) -> subprocess.CompletedProcess[str]:
        """Wait for a started command; whatever comes of it, it never shows a traceback."""
        output, errors = process.communicate(timeout=DEADLINE_SECONDS)
        assert "Traceback" not in output + errors, output + errors
        return subprocess.CompletedProcess(process.args, process.returncode, output, errors)

    def open(self, *words: str, columns: int = 120, rows: int = 40, **changes: str) -> Terminal:
        """Start a command in a terminal."""
        return self.open_program([dltui_command(), *words], columns, rows, **changes)

    def open_program(
        self, command: list[str], columns: int = 120, rows: int = 40, **changes: str
    ) -> Terminal:
        """Start any program in a terminal."""
        terminal = Terminal(command, {**self.environment, **changes}, self.folder, columns, rows)
        self._terminals.append(terminal)
        return terminal

    def runs(self) -> list[RunDir]:
        """Return the runs, the newest first."""
        return list(rundir.all_runs(self.home))

    def run(self) -> RunDir:
        """Wait for the one run to be made, and return it."""
        wait_until(lambda: self.runs() and self.runs()[0].facts.exists(), "no run was made")
        [run] = self.runs()
        return run

    def close(self) -> None:
        """Hang up all terminals, and end all commands and trainers, whatever goes wrong on the way."""
        with ExitStack() as last_first:
            last_first.callback(self._end_trainers)
            for process in self._processes:
                last_first.callback(_end, process)
            for terminal in self._terminals:
                last_first.callback(terminal.close)
        assert not any(b"Traceback" in terminal.sent for terminal in self._terminals)

    def _end_trainers(self) -> None:
        for run in self.runs():
            end_trainer(run)


def _end(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        process.kill()
    process.communicate()


def end_trainer(run: RunDir) -> None:
    """Kill the trainer of a run, if there is one; one that is only being born is waited for."""
    while lock_holder(run) is None and state_of(run, read_history(run)) == "starting":
        time.sleep(0.01)
    if (pid := lock_holder(run)) is not None:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        wait_until(lambda: lock_holder(run) is None, f"{run.id} is held by a dead trainer")


class Watch:
    """Follows what a run says."""

    def __init__(self, run: RunDir) -> None:
        self._feed = RunFeed(run)

    @property
    def history(self) -> RunHistory:
        """All that the run has said by now."""
        self._feed.read(10.0)
        return self._feed.history

    @property
    def state(self) -> State:
        """The state as a viewer would show it, asked anew."""
        return self.history.state(lock_holder(self._feed.run) is not None)

    def until_step(self, step: int) -> int:
        """Wait until so many steps are taken; return how many there are."""
        wait_until(lambda: self.history.step >= step, f"step {step}")
        return self.history.step

    def until_state(self, *states: State) -> None:
        """Wait until the run is in one of these states."""
        wait_until(lambda: self.state in states, f"the state {' or '.join(states)}")


def read_events(run: RunDir) -> list[Event]:
    """Return all that the run has said."""
    found = [events.decode(line) for line in Tail(run.events).read()]
    return [event for event in found if event is not None]


def figures_of(run: RunDir) -> dict[str, dict[str, float | None]]:
    """Return loss and accuracy of each split, from what the run has said."""
    return read_history(run).final()
