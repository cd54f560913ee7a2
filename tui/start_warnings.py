"""What deserves attention before a trainer starts, the same in the app and on the command line."""

from pathlib import Path

from dlcore.busy import busy


def start_warnings(root: Path, device: str) -> list[str]:
    """Return a sentence for each thing; `device` is what the run's configuration asks for."""
    return [said for said in (busy(root, device),) if said]
