"""Time to start: from the spawn of `dltui` to its first painted frame and to a form that can be used.

A bare Textual app starts in the same rounds, the same way: what is above it is ours. Both start warm, in a
pseudo-terminal, dltui with an empty DLTUI_HOME each time.
"""

import re
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks import bare_app
from benchmarks.report import Spread, ratios, spread, table
from benchmarks.terminal import COLUMNS, ROWS, Terminal, dltui_command, environment
from dlcore.errors import DltuiError

ROUNDS = 11
FIRST = ("dltui",)
USABLE = ("data", "optimizer", "seed", "choose")
"""The form can be used when its first field, one in the middle, its last and the footer's keys are there."""
BARE = ("ready",)
TARGET_FIRST, TARGET_USABLE = 0.30, 0.55
_DEADLINE_SECONDS = 30.0

_ESCAPES = re.compile(
    rb"\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)|[P^_][^\x1b]*\x1b\\|[ -/]*[0-~])"
)


@dataclass(frozen=True)
class Started:
    """One start, in seconds since the spawn."""

    text: float
    """Something can be read on the alternate screen."""
    first: float
    """The first words wanted are there."""
    usable: float
    """The last words wanted are there."""
    torch: bool | None
    """Whether the app's own process has loaded torch; None where that cannot be asked."""


def started(command: Sequence[str], first: Sequence[str], usable: Sequence[str]) -> Started:
    """Start a program in a pseudo-terminal, wait until all of `usable` can be read, and end it."""
    with tempfile.TemporaryDirectory() as scratch:
        with Terminal(command, environment(Path(scratch) / "home")) as terminal:
            # Watching is cheap here and exact below: parsing a screen would take time away from the app.
            is_there = terminal.wait(lambda sent: _shows(usable)(_text(sent)), _DEADLINE_SECONDS)
            torch = _has_torch(terminal.process.pid)
        text, begun, ready = terminal.painted(
            (lambda text: bool(text.strip()), _shows(first), _shows(usable))
        )
    if not is_there or text is None or begun is None or ready is None:
        raise DltuiError(
            f"{Path(command[-1]).name} did not come to show {', '.join(usable)}: {terminal.last_words()}",
            "Start it by hand, and see whether these words are still on its first screen.",
        )
    return Started(text, begun, ready, torch)


def _text(sent: bytes) -> str:
    return _ESCAPES.sub(b" ", sent).decode(errors="replace")


def _shows(words: Sequence[str]) -> Callable[[str], bool]:
    """Return a test whether all of `words` are in a text, in capitals or not."""

    def shows(text: str) -> bool:
        return all(word in text.casefold() for word in words)

    return shows


def _has_torch(process: int) -> bool | None:
    """Whether a process has mapped a library of torch's; the inspector, a child, is none of its business."""
    try:
        return "libtorch" in Path(f"/proc/{process}/maps").read_text()
    except OSError:
        return None


def measure() -> str:
    """Return the tables of this section."""
    ours, bare = [dltui_command()], [sys.executable, bare_app.__file__]
    started(bare, BARE, BARE)
    started(ours, FIRST, USABLE)  # the first of each warms the disk's cache, and does not count
    apps: list[Started] = []
    bares: list[Started] = []
    for number in range(ROUNDS):
        if number % 2:
            apps.append(started(ours, FIRST, USABLE))
        bares.append(started(bare, BARE, BARE))
        if not number % 2:
            apps.append(started(ours, FIRST, USABLE))
    return "\n\n".join((_intro(), _times(apps, bares), _torch(apps)))


def _intro() -> str:
    return (
        f"Seconds from the spawn, in a pseudo-terminal of {COLUMNS}×{ROWS}, files in the disk's cache; "
        f"{ROUNDS} rounds, in turn with a Textual app of one line. A form is usable when all of these words "
        f"are on the screen: {', '.join(USABLE)}."
    )


def _times(apps: list[Started], bares: list[Started]) -> str:
    def row(name: str, values: list[float], target: float | None = None) -> tuple[str, ...]:
        times = spread(values)
        share = ratios(values, [one.first for one in bares])
        wanted = (
            "" if target is None else f"≤ {target:.2f}: {'met' if times.median <= target else '**not met**'}"
        )
        return name, *_three(times), f"{share.median:.2f}", wanted

    rows = [
        row("bare Textual app, its one line", [one.first for one in bares]),
        row("dltui, first text", [one.text for one in apps]),
        row("dltui, first frame", [one.first for one in apps], TARGET_FIRST),
        row("dltui, usable form", [one.usable for one in apps], TARGET_USABLE),
    ]
    return table(("", "median", "min", "max", "of the bare app", "wanted (median)"), rows)


def _three(times: Spread) -> tuple[str, str, str]:
    return f"{times.median:.3f}", f"{times.low:.3f}", f"{times.high:.3f}"


def _torch(apps: list[Started]) -> str:
    answers = {one.torch for one in apps}
    if None in answers:
        return "Whether the app's process loads torch cannot be asked here: there is no /proc."
    return f"torch in the app's process: {'**yes**' if True in answers else 'never'}."
