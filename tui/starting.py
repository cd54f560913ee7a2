"""Starting trainers from the app: warnings are said beside it, and faults instead of it."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from textual.app import App

from dlcore import commands, launch, rundir
from dlcore.clean import clean
from dlcore.config import RunConfig
from dlcore.errors import DltuiError
from dlcore.family import branch as branches
from dlcore.family import twins
from dlcore.family.origin import GroupKind, Origin
from dlcore.family.twins import Made
from dlcore.rundir import RunDir
from tui import start_warnings
from tui.watching.ending import Trainer

Started = tuple[RunDir, Trainer]


def train(app: App[Any], config: RunConfig, origin: Origin | None = None) -> Started | None:
    """Make a run and start its trainer; None where that failed. `origin` says whose remedy it is."""
    home = rundir.home()
    try:
        _warn(app, start_warnings.start_warnings(home, config.training.device))
        return launch.launch(home, config, datetime.now(UTC), origin.table() if origin is not None else None)
    except (DltuiError, OSError) as error:
        _refuse(app, error)
        return None


async def branch(
    app: App[Any], home: Path, parent: RunDir, step: int, config: RunConfig, now: datetime
) -> Started | None:
    """Make a branch and start its trainer beside the parent's; None where that failed."""
    try:
        warnings = await asyncio.to_thread(start_warnings.start_warnings, home, config.training.device)
        started = await asyncio.to_thread(branches.start, home, parent, step, config, now)
    except (DltuiError, OSError) as error:
        _refuse(app, error)
        return None
    _warn(app, warnings)
    return started


async def group(
    app: App[Any], home: Path, configs: Sequence[RunConfig], kind: GroupKind, of: Sequence[str], now: datetime
) -> tuple[Made, Trainer] | None:
    """Make twins or repeats and have them trained in turn; None where that failed.

    The process is the one that keeps their queue.
    """
    try:
        warnings = await asyncio.to_thread(start_warnings.start_warnings, home, configs[0].training.device)
        made = await asyncio.to_thread(twins.make, home, configs, now, kind, of)
        keeper = twins.start(home, made)
    except (DltuiError, OSError) as error:
        _refuse(app, error)
        return None
    _warn(app, warnings)
    return made, keeper


def stop(run: RunDir) -> None:
    """Ask a run to stop, if somebody is still training it."""
    with suppress(DltuiError, OSError):
        launch.tell(run, commands.Stop())


def resume(app: App[Any], run: RunDir) -> Started | None:
    """Start a new attempt at a run from its last checkpoint; None where that failed."""
    home = rundir.home()
    try:
        trainer = launch.resume(home, run)
        _warn(app, start_warnings.start_warnings(home, start_warnings.device_of(run), run))
    except (DltuiError, OSError) as error:
        _refuse(app, error)
        return None
    return run, trainer


def _warn(app: App[Any], warnings: list[str]) -> None:
    for said in warnings:
        app.notify(clean(f"{said}."), severity="warning", timeout=10, markup=False)


def _refuse(app: App[Any], error: Exception) -> None:
    app.notify(clean(str(error)), severity="error", timeout=10, markup=False)
