"""What the latest run measured of its activations; read once, away from the screen's own thread."""

from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from dlcore import events
from dlcore.events import ActivationsMeasured, Prepared
from dlcore.files.journal import Tail
from dlcore.rundir import RunDir, all_runs
from dlcore.runs import name_of

_RUNS = 5
"""So many runs are opened at most, the newest first, to find one that has measured."""
_WANTED = (b"ActivationsMeasured", b"Prepared")


@dataclass(frozen=True)
class Measured:
    """Between which values a run's layers fed their activations, nine times in ten."""

    run: str
    low: float
    high: float


def latest_measured(root: Path) -> Measured | None:
    """Return the range of the newest run that has one, over all layers that an activation follows."""
    found = (_measured(run) for run in islice(all_runs(root), _RUNS))
    return next((one for one in found if one is not None), None)


def _measured(run: RunDir) -> Measured | None:
    latest: ActivationsMeasured | None = None
    activated: set[str] = set()
    try:
        for line in Tail(run.events).read():
            if not any(word in line for word in _WANTED):  # most lines need not be decoded for this
                continue
            event = events.decode(line)
            if isinstance(event, Prepared):
                activated = {layer.name for layer in event.layers if layer.activation}
            elif isinstance(event, ActivationsMeasured):
                latest = event
    except OSError:
        return None
    if latest is None:
        return None
    lows = [low for name, low in latest.low.items() if name in activated and low is not None]
    highs = [high for name, high in latest.high.items() if name in activated and high is not None]
    return Measured(name_of(run), min(lows), max(highs)) if lows and highs else None
