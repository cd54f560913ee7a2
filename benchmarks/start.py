"""Time to start: from the spawn of `dltui` to its first frame, a form that can be used, and the inspector.

A bare Textual app starts in the same rounds, the same way: what is above it is ours. Both start warm, in a
pseudo-terminal, dltui with an empty DLTUI_HOME each time. The inspector is ready when the layers of the
network are on the screen; the focus goes there as soon as the form can be used.
"""

import re
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks import bare_app
from benchmarks.report import Page, Spread, Target, ratios, spread, table
from benchmarks.rounds import Rounds, in_turn
from benchmarks.terminal import COLUMNS, ROWS, Terminal, dltui_command, environment
from dlcore.errors import DltuiError

ROUNDS = 11
FIRST = ("dltui",)
USABLE = ("data", "optimizer", "seed", "choose")
"""The form can be used when its first field, one in the middle, its last and the footer's keys are there."""
TO_MODEL = "\x1b[B" * 7
"""Seven times down: from the kind of the data to that of the model."""
LAYERS = ("fc1", "fc3")
BARE = ("ready",)
TARGET_FIRST, TARGET_USABLE, TARGET_INSPECTOR = 0.30, 0.55, 3.0
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
    answered: float | None
    """So are those that the inspector has to find, where it was asked."""
    torch: bool | None
    """Whether the app's own process has loaded torch; None where that cannot be asked."""


def started(
    command: Sequence[str],
    first: Sequence[str],
    usable: Sequence[str],
    keys: str = "",
    answer: Sequence[str] = (),
) -> Started:
    """Start a program in a pseudo-terminal, wait until all of `usable` can be read, and end it.

    With `keys` they are typed then, and `answer` is waited for too.
    """
    with tempfile.TemporaryDirectory() as scratch:
        with Terminal(command, environment(Path(scratch) / "home")) as terminal:
            # Watching is cheap here and exact below: parsing a screen would take time away from the app.
            is_there = terminal.wait(lambda sent: _shows(usable)(_text(sent)), _DEADLINE_SECONDS)
            if is_there and keys:
                terminal.type(keys)
                is_there = terminal.wait(lambda sent: _shows(answer)(_text(sent)), _DEADLINE_SECONDS)
            torch = _has_torch(terminal.process.pid)
        wanted = lambda text: bool(text.strip()), _shows(first), _shows(usable), _shows(answer)
        text, begun, ready, answered = terminal.painted(wanted)
    if not is_there or text is None or begun is None or ready is None:
        raise DltuiError(
            f"{Path(command[-1]).name} did not come to show {', '.join((*usable, *answer))}: "
            f"{terminal.last_words()}",
            "Start it by hand, and see whether these words are still on its first screen.",
        )
    return Started(text, begun, ready, answered if keys else None, torch)


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


def measure() -> Page:
    """Return the table of this section."""
    bare = partial(started, [sys.executable, bare_app.__file__], BARE, BARE)
    programs = {"bare": bare, "dltui": partial(started, [dltui_command()], FIRST, USABLE, TO_MODEL, LAYERS)}
    for start in programs.values():
        start()  # the first of each warms the disk's cache, and does not count
    rounds = in_turn(programs, ROUNDS, patience=ROUNDS)
    apps, bares = rounds.by_program["dltui"], rounds.by_program["bare"]
    body = "\n\n".join((_intro(rounds), _times(apps, bares), _torch(apps)))
    return Page(body, _targets(apps))


def _intro(rounds: Rounds[Started]) -> str:
    return (
        f"Seconds from the spawn, in a pseudo-terminal of {COLUMNS}×{ROWS}, files in the disk's cache; "
        f"{ROUNDS} rounds, in turn with a Textual app of one line: {rounds.text()} A form is usable when all "
        f"of these words are on the screen: {', '.join(USABLE)}."
    )


def _targets(apps: list[Started]) -> tuple[Target, ...]:
    def target(what: str, values: list[float], most: float) -> Target:
        times = spread(values)
        measured = f"{times.median:.2f} s [{times.low:.2f}..{times.high:.2f}]"
        return Target(what, measured, f"≤ {most:.2f} s", times.median <= most)

    return (
        target("first frame", [one.first for one in apps], TARGET_FIRST),
        target("form that can be used", [one.usable for one in apps], TARGET_USABLE),
        target("inspector's first answer on the screen", _answered(apps), TARGET_INSPECTOR),
    )


def _answered(apps: list[Started]) -> list[float]:
    return [one.answered for one in apps if one.answered is not None]


def _times(apps: list[Started], bares: list[Started]) -> str:
    def row(name: str, values: list[float]) -> tuple[str, ...]:
        share = ratios(values, [one.first for one in bares])
        return name, *_three(spread(values)), f"{share.median:.2f}"

    rows = [
        row("bare Textual app, its one line", [one.first for one in bares]),
        row("dltui, first text", [one.text for one in apps]),
        row("dltui, first frame", [one.first for one in apps]),
        row("dltui, usable form", [one.usable for one in apps]),
        row("dltui, layers of the network", _answered(apps)),
    ]
    return table(("", "median", "min", "max", "of the bare app"), rows)


def _three(times: Spread) -> tuple[str, str, str]:
    return f"{times.median:.3f}", f"{times.low:.3f}", f"{times.high:.3f}"


def _torch(apps: list[Started]) -> str:
    answers = {one.torch for one in apps}
    if None in answers:
        return "Whether the app's process loads torch cannot be asked here: there is no /proc."
    return f"torch in the app's process: {'**yes**' if True in answers else 'never'}."
