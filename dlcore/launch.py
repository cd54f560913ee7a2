"""Start a trainer that outlives whoever started it, and tell a live one what to do."""

import contextlib
import errno
import os
import platform
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import dlcore
from dlcore import commands
from dlcore.commands import Command
from dlcore.config import RunConfig, to_toml
from dlcore.datasets.examine import examined
from dlcore.errors import ConfigError, RunError
from dlcore.files import disk, mounts
from dlcore.files.journal import Appender
from dlcore.files.lock import Lock, lock_holder
from dlcore.files.private import check_folder, check_run
from dlcore.foreign import refuse
from dlcore.process.session import survival
from dlcore.rundir import RunDir, after_newest, create
from dlcore.runs import facts_for_lists


def versions() -> dict[str, Any]:
    """Return what a run is made with; torch's version is read from its metadata, without importing it."""
    try:
        torch = version("torch")
    except PackageNotFoundError:
        torch = None
    return {"dltui": dlcore.__version__, "python": platform.python_version(), "torch": torch}


def launch(
    root: Path, config: RunConfig, now: datetime, parent: Mapping[str, Any] | None = None
) -> tuple[RunDir, subprocess.Popen[bytes]]:
    """Make a run below `root` and start its trainer; return both. The trainer needs neither of us.

    `parent` says whose remedy it is, if it is one. Raises as `make` does.
    """
    run = make(root, config, now, parent=parent)
    return run, start(root, run)


def make(
    root: Path,
    config: RunConfig,
    now: datetime,
    *,
    parent: Mapping[str, Any] | None = None,
    group: Mapping[str, Any] | None = None,
    name: str = "",
) -> RunDir:
    """Make a run below `root` that waits for its trainer.

    `group` says with which others it is made, and `name` what lists call it, where that is not the
    configuration's name. Raises ConfigError when the user's own files are not what the configuration needs,
    and RunError, with nothing left behind, where no run can be made or none can be locked.
    """
    opened, problems = examined(config)
    if problems:
        raise ConfigError(problems, "the configuration")
    config = config.resolved(opened)
    facts = {**facts_for_lists(config), "versions": versions(), "parent": parent}
    facts |= ({"group": group} if group else {}) | ({"name": name} if name else {})
    run = create(root, config.name, now, to_toml(config), facts, stamp=after_newest(root, now))
    try:
        Lock(run).release()
    except RunError:
        run.remove()
        raise
    return run


def cautions(root: Path) -> list[str]:
    """Return what is better known before a run starts: sentences without full stops, most often none."""
    return [sentence for sentence in (survival().warning, mounts.caution(root)) if sentence]


def resume(root: Path, run: RunDir) -> subprocess.Popen[bytes]:
    """Start a new attempt at a run, from its last checkpoint.

    Raises RunError when a trainer holds it, or when it is of a script of the user's own, or imported.

    Whether there is anything left to train the trainer finds out, and says as it ends.
    """
    refuse(run, "be resumed")
    holder = lock_holder(run)
    if holder is not None:
        raise RunError(f"{run.id} is being trained by process {holder}", f"Watch it: dltui attach {run.id}.")
    with contextlib.suppress(FileNotFoundError):
        return start(root, run, "--resume", str(run.control.stat().st_size))
    return start(root, run, "--resume", "0")


def start(root: Path, run: RunDir, *arguments: str) -> subprocess.Popen[bytes]:
    """Start the trainer of a run: a session of its own, no standard input, its words in `trainer.log`.

    Raises RunError where the run, or the home with its data and compiled code, is not ours alone.
    """
    return _started(root, run, "dlcore.training", str(run.path), *arguments)


def start_queue(root: Path, runs: Sequence[RunDir], at_once: int) -> subprocess.Popen[bytes]:
    """Start a process like a trainer that trains runs in turn, so many side by side.

    What it has to say comes into the log of the first run. Raises RunError as `start` does.
    """
    return _started(root, runs[0], "dlcore.family.queue", str(at_once), *(str(run.path) for run in runs))


def _started(root: Path, run: RunDir, module: str, *arguments: str) -> subprocess.Popen[bytes]:
    check_run(run.path)
    with contextlib.suppress(OSError):  # not made yet
        check_folder(root)
    log = _opened(run.log)
    try:
        return subprocess.Popen(
            # -P: a file named like a module in the current folder must not be taken for it.
            [*survival().prefix, sys.executable, "-P", "-m", module, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            env={**os.environ, "DLTUI_HOME": str(root)},
        )
    finally:
        os.close(log)


def say(run: RunDir, sentence: str) -> None:
    """Append a line to a run's log. Raises RunError or OSError where that cannot be."""
    log = _opened(run.log)
    try:
        disk.write(log, f"{sentence}\n".encode(errors="replace"))
    finally:
        os.close(log)


def _opened(log: Path) -> int:
    """Return a descriptor that appends to a log; raises RunError where something else has its name."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK
    try:
        return os.open(log, flags, 0o600)
    except OSError as error:
        reason = "it is a link" if error.errno == errno.ELOOP else error.strerror
        raise RunError(f"{log} cannot be written: {reason}", "Remove it; a trainer makes it anew.") from None


def is_waiting(run: RunDir) -> bool:
    """Whether a run waits in a queue: it is held, and no trainer was started, who would have a log."""
    return lock_holder(run) is not None and not (run.log.exists() or run.events.exists())


def tell(run: RunDir, command: Command) -> None:
    """Append a command to a live run; its answer comes as an event. Raises RunError when nobody listens."""
    if lock_holder(run) is None:
        raise RunError(
            f"{run.id} is not being trained, so nobody listens", f"See its state: dltui show {run.id}."
        )
    leave(run, command)


def leave(run: RunDir, command: Command) -> None:
    """Append a command for a trainer that is there, or that is only being born and will find it.

    Raises RunError where the run is not ours to steer.
    """
    check_run(run.path)
    appender = Appender(run.control)
    try:
        appender.append(commands.encode(command))
    finally:
        appender.close()
