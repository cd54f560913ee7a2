"""What deserves attention before a trainer starts, the same in the app and on the command line."""

from pathlib import Path

from dlcore.busy import busy
from dlcore.errors import DltuiError
from dlcore.reading import read_file
from dlcore.rundir import RunDir


def start_warnings(root: Path, device: str, besides: RunDir | None = None) -> list[str]:
    """Return a sentence for each thing; `device` is what the run's configuration asks for.

    `besides` is the run itself, where it may be alive by now.
    """
    return [said for said in (busy(root, device, besides),) if said]


def device_of(run: RunDir) -> str:
    """Return the device that a run's configuration asks for."""
    try:
        return read_file(run.config).training.device
    except DltuiError:
        return "auto"  # the trainer will say what is wrong with the file
