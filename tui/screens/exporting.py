"""Exporting from the app: ask where to, write, and say what was written."""

from pathlib import Path
from typing import Any

from textual.app import App

from dlcore.clean import clean
from dlcore.errors import DltuiError
from dlcore.rundir import RunDir
from tui.screens.dialogs import Ask


async def export_run(app: App[Any], run: RunDir) -> None:
    """Write a run's summary in every format to a folder that the person names."""
    from dlcore.export import FORMATS, export  # not needed for the first frame

    names = ", ".join(form.name for form in FORMATS)
    folder = await app.push_screen_wait(Ask("Export to the folder", ".", f"{names} of {run.id}"))
    if folder is None:
        return
    try:
        written = export(run, [form.name for form in FORMATS], Path(folder).expanduser(), force=False)
    except DltuiError as error:
        app.notify(clean(str(error)), severity="error", markup=False)
    else:
        app.notify(clean(f"Written: {', '.join(map(str, written))}"), title="Exported", markup=False)
