"""A log with all kinds of events, what disks and crashes do to a log, and what its readers may say then."""

import math
import random
import traceback
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from dlcore import commands, events, history, rundir
from dlcore.commands import Checkpoint, Command, Continue, Pause, Set, Step, Stop
from dlcore.config import RunConfig, to_toml
from dlcore.curves import preview
from dlcore.events import (
    ActivationsMeasured,
    AttemptEnded,
    AttemptStarted,
    CheckpointSaved,
    CommandApplied,
    CommandRefused,
    CompilationEnded,
    CompilationStarted,
    DataFetched,
    EpochEnded,
    Evaluated,
    Event,
    FrameSaved,
    GradientsMeasured,
    Layer,
    Prepared,
    StepsEnded,
    Warned,
)
from dlcore.files.journal import Tail, frame
from dlcore.history import RunHistory
from dlcore.rundir import RunDir
from dlcore.runs import run_row
from dlcore.summary import read_history, summarize
from dlcore.training.control import Control
from tests.torture.forked import say

_CHUNK = 3
_EPOCH = 12
_MOMENT = datetime(2026, 3, 4, tzinfo=UTC)
_LATER = datetime(2026, 3, 5, tzinfo=UTC)


# -- the log ----------------------------------------------------------------------------------------------


@dataclass
class Teller:
    """Tells a run with attempts, the later ones of which go on from a checkpoint, with other figures."""

    said: list[Event] = field(default_factory=list)
    attempt: int = 1
    resumed: tuple[tuple[int, int], ...] = ()

    def say(self, kind: type[Any], step: int, **fields: Any) -> int:
        """Tell an event; return its number."""
        seq = len(self.said)
        if kind is AttemptStarted and self.attempt > 1:
            self.resumed += ((step, fields["kept"]),)
        common = {"seq": seq, "attempt": self.attempt, "resumed": self.resumed}
        self.said.append(kind(step=step, seconds=float(seq), **common, **fields))
        return seq

    def begin(self, step: int, kept: int | None = None) -> None:
        """Tell how an attempt starts."""
        self.say(AttemptStarted, step, time="2026-03-04", pid=1, host="here", kept=kept)
        self.say(DataFetched, step, file="data", bytes=5, total=5)
        layers = (Layer(name="hidden", text="4 → 2", shape=(2,), activation="relu", parameters=10),)
        sizes = dict.fromkeys(("training_samples", "validation_samples", "test_samples"), 48)
        plan = {"batch_size": 4, "steps_per_epoch": _EPOCH, "total_steps": 48, "epochs": 4}
        self.say(Prepared, step, device="cpu", threads=1, layers=layers, parameters=10, **sizes, **plan)
        self.say(CompilationStarted, step)
        self.say(CompilationEnded, step, used=True)

    def train(self, first: int, last: int) -> dict[int, int]:
        """Tell the steps behind `first` up to `last`; return the numbers of checkpoints by their steps."""
        saved = {}
        for step in range(first + _CHUNK, last + 1, _CHUNK):
            chance = random.Random(f"{self.attempt} {step}")
            figures = [tuple(round(chance.random(), 6) for _ in range(_CHUNK)) for _ in range(3)]
            loss = (None, *figures[0][1:]) if step == 18 else figures[0]
            self.say(
                StepsEnded,
                step,
                loss=loss,
                accuracy=figures[1],
                lr=figures[2],
                samples=4 * (step - first),
                training_seconds=float(step - first),
            )
            if step % 2:
                norms = {"hidden": (chance.random(),), "output": (chance.random(),)}
                self.say(GradientsMeasured, step, steps=(step,), norms=norms, every=6, cost=0.01)
            if step % _EPOCH == 0:
                saved[step] = self.end_epoch(step, chance)
        return saved

    def end_epoch(self, step: int, chance: random.Random) -> int:
        """Tell what is said between two epochs; return the number of the checkpoint."""
        self.say(EpochEnded, step, epoch=step // _EPOCH, loss=chance.random(), accuracy=0.5, duration=1.0)
        self.evaluate(step, "validation", chance)
        looks = {name: {"hidden": chance.random()} for name in ("mean", "deviation", "low", "high")}
        self.say(ActivationsMeasured, step, samples=4, **looks)
        name = f"{self.attempt} {step}"
        command = {"kind": "Set", "key": "optimizer.lr", "value": chance.random(), "id": name}
        self.say(CommandApplied, step, id=name, command=command, text="lr")
        self.say(CommandRefused, step, id=f"{name} no", command={"kind": "Set"}, reason="no")
        for kind in ("Pause", "Continue"):
            told = {"kind": kind, "id": f"{name} {kind}"}
            self.say(CommandApplied, step, id=told["id"], command=told, text=kind)
        self.say(Warned, step, message=name)
        self.say(FrameSaved, step, file=f"frames/{step}.safetensors", bytes=100)
        return self.say(CheckpointSaved, step, file=f"checkpoints/{step}.pt", bytes=100)

    def evaluate(self, step: int, split: str, chance: random.Random) -> None:
        """Tell an evaluation."""
        figures = {"loss": chance.random(), "accuracy": chance.random()}
        self.say(Evaluated, step, split=split, epoch=step / _EPOCH, samples=48, duration=0.1, **figures)


def tell_run() -> list[Event]:
    """Return all that is said in three attempts, the first two of which are killed."""
    teller = Teller()
    chance = random.Random("evaluations")
    teller.begin(0)
    teller.evaluate(0, "test", chance)
    saved = teller.train(0, 30)
    teller.attempt = 2
    teller.begin(24, kept=saved[24] + 1)
    teller.train(24, 39)
    teller.attempt = 3
    teller.begin(12, kept=saved[12] + 1)
    teller.train(12, 48)
    teller.evaluate(48, "test", chance)
    teller.say(AttemptEnded, 48, reason="finished")
    return teller.said


def tell_commands() -> list[Command]:
    """Return commands of all kinds."""
    kinds: list[Command] = [Pause(), Step(count=3), Continue(), Checkpoint(), Stop()]
    numbers = [Set(key="optimizer.lr", value=number / 10) for number in range(5)]
    return [one.model_copy(update={"id": str(number)}) for number, one in enumerate([*kinds, *numbers])]


# -- the damage -------------------------------------------------------------------------------------------

_IN_BYTES = ("flip", "zero", "tear", "garbage", "insert", "remove")
_IN_LINES = ("double", "lose", "swap", "join", "blank", "scatter")


def spoil(content: bytes, chance: random.Random) -> bytes:
    """Damage a log in one to four places."""
    for _ in range(chance.randint(1, 4)):
        if len(content) > 1:
            kind = chance.choice(_IN_BYTES + _IN_LINES)
            content = (_spoil_bytes if kind in _IN_BYTES else _spoil_lines)(content, kind, chance)
    return content


def _spoil_bytes(content: bytes, kind: str, chance: random.Random) -> bytes:
    start = chance.randrange(len(content))
    stop = min(len(content), start + chance.choice((1, 8, 64, 600, 4096)))
    match kind:
        case "flip":
            spoilt = bytearray(content)
            for place in range(start, min(stop, start + 64)):
                spoilt[place] ^= 1 << chance.randrange(8)
            return bytes(spoilt)
        case "zero":
            return content[:start] + bytes(stop - start) + content[stop:]
        case "garbage":
            return content[:start] + chance.randbytes(stop - start) + content[stop:]
        case "insert":
            return content[:start] + chance.randbytes(stop - start) + content[start:]
        case "remove":
            return content[:start] + content[stop:]
        case _:
            return content[:start]


def _spoil_lines(content: bytes, kind: str, chance: random.Random) -> bytes:
    lines = content.splitlines(keepends=True)
    number, other = chance.randrange(len(lines)), chance.randrange(len(lines))
    match kind:
        case "double":
            lines.insert(other, lines[number])
        case "lose":
            del lines[number : number + chance.choice((1, 2, 3, 30))]
        case "swap":
            lines[number], lines[other] = lines[other], lines[number]
        case "join":
            lines[number] = lines[number].rstrip(b"\n")
        case "scatter":
            lines = [line for line in lines if chance.random() < 0.8]
        case _:
            lines[number] = b"\n"
    return b"".join(lines)


# -- what may be said -------------------------------------------------------------------------------------


class Truth:
    """What the undamaged log says at each moment, against which a damaged one's history is held."""

    def __init__(self, said: Sequence[Event]) -> None:
        self._said = said
        self._histories = [self._up_to(number + 1) for number in range(len(said))]
        self._norms = [
            {step: one.gradients.at(index) for index, step in enumerate(one.gradients.steps)}
            for one in self._histories
        ]

    def _up_to(self, number: int) -> RunHistory:
        whole = RunHistory(whole=True)
        for event in self._said[:number]:
            whole.apply(event)
        return whole

    def check(self, found: RunHistory) -> None:
        """Assert that a figure is what it was when the newest known event was said, or is not known."""
        if found.seq < 0:
            assert found.step == 0
            return
        true = self._histories[found.seq]
        for name in ("loss", "score", "lr"):
            _check_series(getattr(found, name), getattr(true, name).values)
        assert found.best() is None or found.best() in true.evaluations
        assert found.ended in (None, true.ended)
        for index, step in enumerate(found.gradients.steps):
            norms = self._norms[found.seq]
            assert step in norms
            if found.gradients.looks == len(found.gradients.steps):
                assert found.gradients.at(index).items() <= norms[step].items()
        for name in ("evaluations", "epochs", "checkpoints", "answers", "warnings"):
            _check_within(getattr(found, name), getattr(true, name), name)
        for known in (found.activations, found.frames):
            _check_within(known, self._said[: found.seq + 1], "looks")

    @property
    def scores(self) -> set[float | None]:
        """All that may be called the best."""
        return {None, *(one.accuracy for one in self._said if isinstance(one, Evaluated))}


def _check_within(found: Iterable[Event], true: Sequence[Event], name: str) -> None:
    known = {one.seq: one for one in true}
    for one in found:
        assert known.get(one.seq) == one, f"{name}: {one}"


def _check_series(found: Any, true: Sequence[float]) -> None:
    assert len(found) <= len(true)
    if found.size == 1:
        for step, value in enumerate(found.values):
            assert math.isnan(value) or value == true[step], f"step {step + 1} is {value}, was {true[step]}"
        return
    for column in found.columns(len(found)):
        finite = [value for value in true[column.first - 1 : column.last] if math.isfinite(value)]
        assert column.count <= len(finite)
        if column.count:
            for extreme in (column.low, column.high):
                assert any(math.isclose(extreme, value, rel_tol=1e-6) for value in finite)
            assert min(finite) - 1e-6 <= column.mean <= max(finite) + 1e-6


# -- trials -----------------------------------------------------------------------------------------------


def try_logs(folder: str, seed: int, first: int, count: int) -> None:
    """Read so many damaged logs with all readers; the damage number n follows from seed and n alone."""
    said = tell_run()
    content = b"".join(frame(events.encode(event)) for event in said)
    truth = Truth([event for line in content.splitlines() if (event := events.decode(line[9:]))])
    run = rundir.create(Path(folder), "damaged", _MOMENT, to_toml(RunConfig().resolved()), {})
    events.decode = lru_cache(events.decode)  # the same line says the same again
    for name, value in {"_HEAD": 2048, "_TAIL": 2048, "_PIECES": 5, "_PIECE": 1024}.items():
        setattr(preview, name, value)
    for number in range(first, first + count):
        run.events.write_bytes(spoil(content, random.Random(f"{seed} {number}")))
        try:
            _read_log(run, truth, number)
        except Exception:
            say(f"damage number {number}: {' '.join(traceback.format_exc().splitlines()[-4:])}")
            raise


def _read_log(run: RunDir, truth: Truth, number: int) -> None:
    whole, short, few = RunHistory(whole=True), RunHistory(), _with_few_blocks()
    for line in Tail(run.events).read():
        event = events.decode(line)
        assert event is not None
        for one in (whole, short, few):
            one.apply(event)
    for one in (whole, short, few):
        truth.check(one)
    truth.check(preview.preview(run.events)[0])
    if number % 4 == 0:
        row = run_row(run, _LATER)
        assert row.steps <= 48
        assert row.score in truth.scores
        summary = summarize(run, read_history(run), row.state)
        assert summary["steps"] <= 48


def _with_few_blocks() -> RunHistory:
    """Return a history that must thin what it holds, as that of a long run does."""
    names = {"MOST_BLOCKS": 8, "MOST_LOOKS": 4, "_MOST_KEPT": 4}
    before = {name: getattr(history, name) for name in names}
    vars(history).update(names)
    try:
        return RunHistory()
    finally:
        vars(history).update(before)


def try_commands(folder: str, seed: int, first: int, count: int) -> None:
    """Let a trainer read so many damaged files of commands, some of which were answered before."""
    given = tell_commands()
    content = b"".join(frame(commands.encode(command)) for command in given)
    run = rundir.create(Path(folder), "commanded", _MOMENT, to_toml(RunConfig().resolved()), {})
    for number in range(first, first + count):
        chance = random.Random(f"{seed} {number}")
        run.control.write_bytes(spoil(content, chance))
        answered = {command.id for command in given[: chance.randrange(3)]}
        control = Control(run, set(answered))
        taken = []
        while (command := control.next()) is not None:
            taken.append(command)
        assert all(command in given for command in taken), f"damage number {number}"
        assert len({command.id for command in taken}) == len(taken), f"damage number {number}"
        assert answered.isdisjoint(command.id for command in taken), f"damage number {number}"
