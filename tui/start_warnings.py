"""What deserves attention before a trainer starts, the same in the app and on the command line."""

from pathlib import Path

from dlcore import launch
from dlcore.errors import DltuiError
from dlcore.process.busy import busy
from dlcore.reading import read_file
from dlcore.rundir import RunDir


def start_warnings(root: Path, device: str, besides: RunDir | None = None) -> list[str]:
    """Return a sentence without a full stop for each thing; `device` is what the configuration asks for.

    `besides` is the run itself, where it may be alive by now.
    """
    taken = busy(root, device, besides)
    return [*launch.cautions(root), *([taken] if taken else [])]


def device_of(run: RunDir) -> str:
    """Return the device that a run's configuration asks for."""
    try:
        return read_file(run.config).training.device
    except DltuiError:
        return "auto"  # the trainer will say what is wrong with the file
