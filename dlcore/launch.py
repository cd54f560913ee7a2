"""Start a trainer that outlives whoever started it, and tell a live one what to do."""

import contextlib
import os
import platform
import subprocess
import sys
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import dlcore
from dlcore import commands
from dlcore.commands import Command
from dlcore.config import RunConfig, to_toml
from dlcore.errors import ConfigError, RunError
from dlcore.examine import examined
from dlcore.journal import Appender
from dlcore.lock import lock_holder
from dlcore.rundir import RunDir, create
from dlcore.runs import facts_for_lists


def versions() -> dict[str, Any]:
    """Return what a run is made with; torch's version is read from its metadata, without importing it."""
    try:
        torch = version("torch")
    except PackageNotFoundError:
        torch = None
    return {"dltui": dlcore.__version__, "python": platform.python_version(), "torch": torch}


def launch(root: Path, config: RunConfig, now: datetime) -> tuple[RunDir, subprocess.Popen[bytes]]:
    """Make a run below `root` and start its trainer; return both. The trainer needs neither of us.

    Raises ConfigError when the user's own files are not what the configuration needs.
    """
    opened, problems = examined(config)
    if problems:
        raise ConfigError(problems, "the configuration")
    config = config.resolved(opened)
    facts = {**facts_for_lists(config), "versions": versions(), "parent": None}
    run = create(root, config.name, now, to_toml(config), facts)
    return run, start(root, run)


def resume(root: Path, run: RunDir) -> subprocess.Popen[bytes]:
    """Start a new attempt at a run, from its last checkpoint; raises RunError when a trainer holds it.

    Whether there is anything left to train the trainer finds out, and says as it ends.
    """
    holder = lock_holder(run)
    if holder is not None:
        raise RunError(f"{run.id} is being trained by process {holder}", f"Watch it: dltui attach {run.id}.")
    with contextlib.suppress(FileNotFoundError):
        return start(root, run, "--resume", str(run.control.stat().st_size))
    return start(root, run, "--resume", "0")


def start(root: Path, run: RunDir, *arguments: str) -> subprocess.Popen[bytes]:
    """Start the trainer of a run: a session of its own, no standard input, its words in `trainer.log`."""
    log = os.open(run.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
    try:
        return subprocess.Popen(
            # -P: a file named like a module in the current folder must not be taken for it.
            [sys.executable, "-P", "-m", "dlcore.training", str(run.path), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            env={**os.environ, "DLTUI_HOME": str(root)},
        )
    finally:
        os.close(log)


def tell(run: RunDir, command: Command) -> None:
    """Append a command to a live run; its answer comes as an event. Raises RunError when nobody listens."""
    if lock_holder(run) is None:
        raise RunError(
            f"{run.id} is not being trained, so nobody listens", f"See its state: dltui show {run.id}."
        )
    leave(run, command)


def leave(run: RunDir, command: Command) -> None:
    """Append a command for a trainer that is there, or that is only being born and will find it."""
    appender = Appender(run.control)
    try:
        appender.append(commands.encode(command))
    finally:
        appender.close()
