"""Exporting from the app: ask what and where to, have it written by another process, say what was written."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

from textual.app import App

from dlcore import rundir
from dlcore.clean import clean
from dlcore.errors import DltuiError
from dlcore.rundir import RunDir
from tui.asking.child import answers
from tui.remembered import keep, recall

_FILE = "exporting.json"
_USUAL = ("markdown", "html", "json", "csv")


async def export_run(app: App[Any], run: RunDir) -> None:
    """Write a run in the formats that the person chooses."""
    await export_runs(app, (run,))


async def export_runs(app: App[Any], runs: Sequence[RunDir]) -> None:
    """Write runs in the formats that the person chooses; several also beside each other."""
    from dlcore.export import file_name, joint_name  # not needed for the first frame
    from dlcore.export.kin import lineage
    from tui.screens.export_dialog import ExportDialog
    from tui.screens.export_progress import ExportProgress

    home = rundir.home()
    known = recall(home, _FILE)
    own = own_place(file_name(runs[0]) if len(runs) == 1 else joint_name(runs))
    folder = known.get("folder")
    what = runs[0].id if len(runs) == 1 else f"{len(runs)} runs, and all of them together"
    formats = known.get("formats")
    chosen = [name for name in formats if isinstance(name, str)] if isinstance(formats, list) else _USUAL
    place = Path(folder) if isinstance(folder, str) and folder else own
    kin = await asyncio.to_thread(lineage, runs[0]) if len(runs) == 1 else []
    order = await app.push_screen_wait(ExportDialog(what, chosen, place, max(0, len(kin) - 1)))
    if order is None:
        return
    if order.with_kin:
        runs = kin
    try:
        keep(
            home,
            _FILE,
            {"formats": order.formats, "folder": "" if order.folder == own else str(order.folder)},
        )
    except DltuiError as error:
        app.notify(clean(str(error)), severity="warning", markup=False)
    progress = ExportProgress(order.folder)
    app.push_screen(progress)
    async for answer in carried_out(runs, order.formats, order.folder, force=order.force):
        progress.hear(answer)
    if not progress.is_current:
        _say(app, progress.written, progress.faults)


def own_place(name: str) -> Path:
    """Return the folder for exports of a run, or of runs together, where the person has named none."""
    return rundir.home() / "exports" / name


def _say(app: App[Any], written: Sequence[str], faults: Sequence[str]) -> None:
    """Say what came of an export that nobody has watched to its end."""
    if written:
        app.notify(clean(f"Written: {', '.join(written)}"), title="Exported", markup=False)
    for fault in faults:
        app.notify(clean(fault), severity="error", markup=False)


def carried_out(
    runs: Sequence[RunDir], formats: Sequence[str], folder: Path, *, force: bool
) -> AsyncIterator[dict[str, Any]]:
    """Return what happens while another process exports; the last answer is always `done`."""
    request = {
        "runs": [str(run.path) for run in runs],
        "formats": formats,
        "folder": str(folder),
        "force": force,
    }
    return answers("dlcore.export", request, "export")
