"""The history of a long run: what the app shows of it and when, and how costs grow with its length.

The real app is attached to a finished run of ten million steps; everything is read from what it painted. The
tables below are of the fold and of a frame alone, in this process, by processor time.
"""

import pickle
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import pyte

from benchmarks.long_run import make
from benchmarks.report import Page, Target, spread, table
from benchmarks.terminal import COLUMNS, ROWS, Terminal, dltui_command, environment
from dlcore.curves.preview import preview
from dlcore.errors import DltuiError
from dlcore.history import RunHistory
from dlcore.rundir import RunDir
from dlcore.summary import read_history
from tui.drawing.charts import View, gradient_chart, loss_chart, score_chart
from tui.drawing.plotting import Chart, draw

Result = TypeVar("Result")

STEPS = 10_000_000
LENGTHS = (1_000, 10_000, 100_000, 1_000_000, STEPS)
ROUNDS = 7
COARSE_SECONDS, COMPLETE_SECONDS, MEGABYTES = 1.5, 12.0, 300
FRAMES = 20
_PLOT = (75, 15)
"""Cells of the plot of the loss at 120×40."""
_DEADLINE_SECONDS = 60.0
_LOOK_SECONDS = 0.05
_DOTS = 100
"""A plot with curves has so many characters of Braille at least."""


@dataclass(frozen=True)
class Opened:
    """The app on a long run, in seconds since its spawn and in megabytes."""

    coarse: float
    complete: float
    now: float
    peak: float


def opened(home: Path, run: RunDir) -> Opened:
    """Attach the app to a run, and wait until all of the run is on the screen."""
    with Terminal([dltui_command(), "attach", run.id], environment(home)) as terminal:
        moments = _watched(terminal)
        if len(moments) < 2:
            raise DltuiError(
                f"The app did not come to show {run.id}: {terminal.last_words()}",
                "Attach it by hand, and see whether its second line still says how far it has read.",
            )
        coarse, complete = moments
        return Opened(coarse, complete, *_megabytes(terminal.process.pid))


def _watched(terminal: Terminal) -> list[float]:
    """Return when there was a plot of a part of the run, and when of all of it, as far as that came."""
    stream = pyte.ByteStream(screen := pyte.Screen(COLUMNS, ROWS))
    moments: list[float] = []
    taken = 0
    deadline = time.perf_counter() + _DEADLINE_SECONDS
    while len(moments) < 2 and terminal.running and time.perf_counter() < deadline:
        time.sleep(_LOOK_SECONDS)
        for seconds, content in terminal.chunks[taken:]:
            taken += 1
            stream.feed(content)
            if len(moments) < 2 and _shows_plots(screen.display, is_complete=bool(moments)):
                moments.append(seconds)
    return moments


def _shows_plots(lines: list[str], *, is_complete: bool) -> bool:
    """Whether there are curves, and a line of state that says that they are of a part, or of all."""
    dots = sum("\u2801" <= sign <= "\u28ff" for line in lines for sign in line)
    state = next((line for line in lines if "finished " in line and " step " in line), "")
    return dots >= _DOTS and bool(state) and is_complete != ("reading " in state)


def _megabytes(process: int) -> tuple[float, float]:
    """Return how much memory a process has now, and how much it had at most; nan where nobody says."""
    found = {"VmRSS": float("nan"), "VmHWM": float("nan")}
    with suppress(OSError):
        for line in Path(f"/proc/{process}/status").read_text().splitlines():
            name, _, value = line.partition(":")
            if name in found:
                found[name] = int(value.split()[0]) * 1024 / 1e6
    return found["VmRSS"], found["VmHWM"]


@dataclass(frozen=True)
class Folded:
    """One length of run: what it costs to read it, to keep it and to draw it."""

    steps: int
    megabytes: float
    """Of the file."""
    seconds: float
    """Of processor time, for all of it."""
    preview: float
    """Of processor time, for a first look."""
    kilobytes: float
    """Of the history, pickled."""
    frame: float
    """Milliseconds of processor time to make and draw the three charts of a frame."""


def folded(run: RunDir, steps: int) -> Folded:
    """Read a run and draw it, without the app."""
    look, _ = _timed(lambda: preview(run.events))
    seconds, history = _timed(lambda: read_history(run))
    if history.step != steps:
        raise DltuiError(f"Of {steps} steps, {history.step} were read", "See benchmarks/long_run.py.")
    size = run.events.stat().st_size
    return Folded(steps, size / 1e6, seconds, look, len(pickle.dumps(history)) / 1e3, _frame(history))


def _timed(act: Callable[[], Result]) -> tuple[float, Result]:
    began = time.process_time()
    result = act()
    return time.process_time() - began, result


def _frame(history: RunHistory) -> float:
    """Return the milliseconds of a frame, the median of some."""
    view = View(columns=_PLOT[0])
    charts: tuple[Callable[[RunHistory, View], Chart], ...] = (loss_chart, score_chart, gradient_chart)

    def frame() -> None:
        for chart in charts:
            draw(chart(history, view), *_PLOT)

    frame()  # the first one imports what draws
    return 1000 * spread([_timed(frame)[0] for _ in range(FRAMES)]).median


def measure() -> Page:
    """Return the page of this section."""
    with tempfile.TemporaryDirectory() as scratch:
        home = Path(scratch) / "home"
        folds = []
        for steps in LENGTHS:  # the last one stays for the app
            run = make(home, steps)
            folds.append(folded(run, steps))
            if steps < STEPS:
                run.remove()
        rounds = [opened(home, run) for _ in range(ROUNDS)]
    return Page("\n\n".join((_intro(folds[-1]), _growth(folds))), _targets(rounds))


def _targets(rounds: list[Opened]) -> tuple[Target, ...]:
    coarse = spread([one.coarse for one in rounds])
    complete = spread([one.complete for one in rounds])
    peak = spread([one.peak for one in rounds])
    now = spread([one.now for one in rounds])
    return (
        Target(
            "a history of 10 million steps: first plot, since the spawn of the app",
            f"{coarse.median:.2f} s ({coarse.low:.2f} – {coarse.high:.2f})",
            f"≤ {COARSE_SECONDS} s",
            coarse.median <= COARSE_SECONDS,
        ),
        Target(
            "the same: complete",
            f"{complete.median:.1f} s ({complete.low:.1f} – {complete.high:.1f})",
            f"≤ {COMPLETE_SECONDS:.0f} s",
            complete.median <= COMPLETE_SECONDS,
        ),
        Target(
            "the same: memory of the app at most",
            f"{peak.median:.0f} MB ({now.median:.0f} MB afterwards)",
            f"≤ {MEGABYTES} MB",
            peak.median <= MEGABYTES,
        ),
    )


def _intro(longest: Folded) -> str:
    return (
        f"A finished run of {longest.steps:,} steps, {longest.megabytes:.0f} MB of events with all kinds of "
        f"figures; `dltui attach` in a pseudo-terminal of {COLUMNS}×{ROWS}, the file in the disk's cache; "
        f"median of {ROUNDS} rounds. What was painted says when there were curves of a part, and when of all."
    )


def _growth(folds: list[Folded]) -> str:
    rows = [
        (
            f"{one.steps:,}",
            f"{one.megabytes:.1f}",
            f"{one.seconds:.2f}",
            f"{1e6 * one.seconds / one.steps:.2f}",
            f"{one.preview:.2f}",
            f"{one.kilobytes:,.0f}",
            f"{one.frame:.1f}",
        )
        for one in folds
    ]
    header = (
        "steps",
        "MB of events",
        "s to read all",
        "µs per step",
        "s for a first look",
        "kB of history, pickled",
        "ms per frame of three charts",
    )
    return f"Processor time, without the app:\n\n{table(header, rows)}"
