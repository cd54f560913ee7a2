"""A run proven: its script runs in a process of its own, and its losses are compared with the recorded ones.

The script is what `export --format script` writes, and knows nothing of us. Both sides are float32, so that
equal means equal to the last bit. Nothing here imports torch.
"""

import math
import os
import socket
import struct
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dlcore import rundir
from dlcore.choices.downloaded import Published
from dlcore.choices.own import Csv, CustomData
from dlcore.clean import clean
from dlcore.config import RunConfig
from dlcore.datasets.published import data_folder, find, published
from dlcore.errors import DltuiError
from dlcore.export.report import Report, gather
from dlcore.export.script import to_script
from dlcore.export.script.story import Chapter, chapters_of
from dlcore.files.atomic import write_whole
from dlcore.launch import versions
from dlcore.proof.script_run import Output, run_script
from dlcore.rundir import RunDir
from dlcore.summary import created

Progress = Callable[[int, int], object]
"""Is told some times a second how many steps the script has taken, and how many it will.

What it raises ends the script.
"""

_NO_REASON = "none is known, for versions and machine are those of the run, so that it is worth a report"
_float32 = struct.Struct("f")


@dataclass(frozen=True)
class Compared:
    """A figure of the last evaluation of a split, as it was recorded and as the script has it."""

    split: str
    figure: str
    recorded: float
    found: float

    @property
    def is_equal(self) -> bool:
        """Whether they are the same float32."""
        return _same(self.recorded, self.found)


@dataclass(frozen=True)
class Verdict:
    """What came of a comparison."""

    run: str
    steps: int
    """Steps whose losses were compared."""
    unknown: int
    """Steps without a recorded loss, whose lines were lost."""
    differing: int
    first: int | None
    """The first step whose loss differs."""
    largest: float
    """The largest difference of a loss; infinite where only one of the two is finite."""
    evaluations: tuple[Compared, ...]
    reasons: tuple[str, ...]
    """Why they may differ, the likeliest first; nothing where all is equal."""

    @property
    def is_equal(self) -> bool:
        """Whether everything that was compared is equal to the last bit."""
        return not self.differing and all(one.is_equal for one in self.evaluations)

    def told(self) -> Iterator[str]:
        """Yield what came of it, in sentences."""
        unknown = f" {self.unknown:,} steps have no recorded loss." if self.unknown else ""
        figures = len(self.evaluations)
        also = f", and the {figures} figures of its last evaluations" if figures else ""
        if self.is_equal:
            losses = f"its script's losses of {self.steps:,} steps{also}"
            yield f"{self.run} is proven: {losses} are equal bit for bit.{unknown}"
            return
        if self.differing:
            yield (
                f"{self.run} differs from its script from step {self.first:,} on: in {self.differing:,} of "
                f"{self.steps:,} losses, {_by(self.largest)}.{unknown}"
            )
        for one in self.evaluations:
            if not one.is_equal:
                yield (
                    f"The last {one.split} {one.figure} was recorded as {one.recorded:.9g}, "
                    f"and the script has {one.found:.9g}."
                )
        for reason in self.reasons:
            yield f"Likely reason: {reason}."

    def table(self) -> dict[str, Any]:
        """Return the same for JSON; what is not finite is null."""
        return {
            "run": self.run,
            "equal": self.is_equal,
            "steps": self.steps,
            "unknown": self.unknown,
            "differing": self.differing,
            "first": self.first,
            "largest": _finite(self.largest),
            "evaluations": [
                {
                    "split": one.split,
                    "figure": one.figure,
                    "recorded": _finite(one.recorded),
                    "found": _finite(one.found),
                    "equal": one.is_equal,
                }
                for one in self.evaluations
            ],
            "reasons": list(self.reasons),
        }


def verify(run: RunDir, on_progress: Progress, steps: int | None = None) -> Verdict:
    """Run the script of a run, and compare its losses, and its last evaluations if it is trained to its end.

    `steps` ends it early. Raises DltuiError where there is nothing to compare, where no script can be
    written, where data are missing, and where the script fails.
    """
    report = gather(run)
    script = to_script(report)
    chapters = chapters_of(run, report.config, report.history)
    recorded = _recorded(chapters)
    wanted = min(steps or len(recorded), len(recorded))
    if not wanted:
        raise DltuiError(f"{run.id} has not trained a step yet", "Verify it once it has.")
    options = ["--steps", str(wanted), *_data(report.config)]
    with tempfile.TemporaryDirectory(prefix="dltui-verify-") as folder:
        path = Path(folder) / "script.py"
        write_whole(path, script.encode())
        found = Output(Path(folder) / "losses.txt")
        on_progress(0, wanted)
        run_script(run.id, path, options, found, lambda: on_progress(len(found.losses), wanted))
    return _verdict(report, chapters, recorded[:wanted], found)


def _recorded(chapters: Sequence[Chapter]) -> list[float]:
    """Return the recorded loss of each step over all runs that the script tells of; nan where it is lost."""
    found: list[float] = []
    for chapter in chapters:
        del found[chapter.start :]
        try:
            losses = chapter.history.loss.values
        except ValueError:
            raise DltuiError(
                f"{chapter.run.id} has {chapter.history.step:,} steps, too many to be kept one by one",
                "Verify a shorter run of the same configuration.",
            ) from None
        found += [math.nan] * (chapter.start - len(found))
        found += losses[chapter.start :]
    return found


def _data(config: RunConfig) -> list[str]:
    """Return where the script finds published data; raises DltuiError where they are not there."""
    if not isinstance(config.data, Published):
        return []
    kind = config.data.kind
    folder = data_folder(rundir.home(), kind)
    known = published(kind)
    if len(find(known, folder)) < len(known.files):
        raise DltuiError(
            f"The files of {known.title} are not in {folder}, and verifying fetches nothing",
            f"Fetch them by a run: dltui run {kind} e=1.",
        )
    return ["--data", str(folder)]


def _verdict(
    report: Report, chapters: Sequence[Chapter], recorded: Sequence[float], output: Output
) -> Verdict:
    found = output.losses
    found = found + [math.nan] * (len(recorded) - len(found))  # of a script that ended early
    pairs = list(zip(recorded, found, strict=False))
    known = [(step, one, other) for step, (one, other) in enumerate(pairs, 1) if _is_known(one, other)]
    wrong = [(step, one, other) for step, one, other in known if not _same(one, other)]
    whole = len(recorded) == len(_recorded(chapters))
    evaluations = tuple(_evaluations(report, output)) if whole else ()
    differs = bool(wrong) or not all(one.is_equal for one in evaluations)
    return Verdict(
        run=report.run.id,
        steps=len(known),
        unknown=len(pairs) - len(known),
        differing=len(wrong),
        first=wrong[0][0] if wrong else None,
        largest=max((_apart(one, other) for _, one, other in wrong), default=0.0),
        evaluations=evaluations,
        reasons=tuple(_reasons(report, chapters)) or (_NO_REASON,) if differs else (),
    )


def _is_known(recorded: float, found: float) -> bool:
    """Whether there is anything to compare: nan stands for a lost figure, and for one that was not finite."""
    return math.isfinite(recorded) or not math.isfinite(found)


def _same(one: float, other: float) -> bool:
    """Whether two figures are the same float32, or neither is finite."""
    if not (math.isfinite(one) and math.isfinite(other)):
        return not (math.isfinite(one) or math.isfinite(other))
    try:
        return _float32.pack(one) == _float32.pack(other) or one == other == 0
    except OverflowError:
        return one == other


def _apart(one: float, other: float) -> float:
    return abs(one - other) if math.isfinite(one) and math.isfinite(other) else math.inf


def _by(largest: float) -> str:
    return (
        f"by {largest:.2g} at most" if math.isfinite(largest) else "of which some are not there on one side"
    )


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _evaluations(report: Report, output: Output) -> Iterator[Compared]:
    """Yield the figures of the last evaluation of each split that the run has measured in the end."""
    history = report.history
    for split, (loss, score) in output.evaluations.items():
        last = history.split(split)[-1:]
        if not last or last[0].step != history.step:
            continue
        yield Compared(split, "loss", math.nan if last[0].loss is None else last[0].loss, loss)
        if last[0].accuracy is not None:
            yield Compared(split, "accuracy", last[0].accuracy, score)


def _reasons(report: Report, chapters: Sequence[Chapter]) -> Iterator[str]:
    """Yield why script and run may differ, by what is known of both."""
    prepared, started = report.history.prepared, report.history.started
    here = versions()
    for key, name in (("torch", "torch"), ("dltui", "dltui"), ("python", "Python")):
        there = report.versions.get(key)
        if there and here[key] and there != str(here[key]) and key != "python":
            yield f"it was trained with {name} {clean(there)}, and here is {here[key]}"
    if prepared is not None and prepared.device != "cpu":
        yield f"it was trained on {clean(prepared.device)}, where sums come in another order each time"
    if any(one.history.compiled is not None and one.history.compiled.used for one in chapters):
        yield "its steps were compiled into one graph, where sums come in another order"
    if started is not None and started.host != socket.gethostname():
        yield f"it was trained on {clean(started.host)}, whose processor may be of another kind"
    yield from _changed_since(report)
    if isinstance(report.config.data, CustomData):
        yield "your own data may draw something anew whenever a sample is read"
    if prepared is not None and prepared.threads > 1:
        yield f"it was trained with {prepared.threads} threads, and with several some sums may not repeat"


def _changed_since(report: Report) -> Iterator[str]:
    """Yield that the user's own file has been written since the run was made."""
    data, made = report.config.data, created(report.facts)
    if not isinstance(data, Csv) or made is None:
        return
    with suppress(OSError):
        if Path(os.path.expanduser(data.file)).stat().st_mtime > made.timestamp():
            yield f"{clean(data.file)} has changed since the run was made"
