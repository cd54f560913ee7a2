"""A first look at a long file: right limits, right state, right figures wherever there are any."""

import math
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dlcore import events
from dlcore.curves import preview
from dlcore.events import (
    AttemptEnded,
    AttemptStarted,
    CommandApplied,
    EpochEnded,
    Evaluated,
    Event,
    GradientsMeasured,
    Number,
    Prepared,
    StepsEnded,
    encode,
)
from dlcore.files.journal import Tail, frame
from dlcore.history import RunHistory

CHUNK = 20
PREPARED = Prepared(
    device="cpu",
    threads=1,
    layers=(),
    parameters=0,
    training_samples=640,
    validation_samples=64,
    test_samples=64,
    batch_size=64,
    steps_per_epoch=10 * CHUNK,
    total_steps=40_000,
    epochs=200,
)


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look at little, so that a file of a megabyte is a long one."""
    for name, value in {"_HEAD": 4096, "_TAIL": 8192, "_PIECES": 60, "_PIECE": 4096}.items():
        monkeypatch.setattr(preview, name, value)


def course(first: int, last: int, attempt: int = 1, scale: float = 1.0) -> list[Event]:
    """What an attempt says of the steps behind `first`, up to `last`."""
    chance = random.Random(attempt)
    said: list[Event] = []
    for step in range(first + CHUNK, last + 1, CHUNK):
        said.append(
            StepsEnded(
                step=step,
                loss=tuple(scale * chance.random() for _ in range(CHUNK)),
                accuracy=(0.5,) * CHUNK,
                lr=(0.1,) * CHUNK,
                samples=64 * (step - first),
                training_seconds=0.001 * (step - first),
            )
        )
        norms: dict[str, tuple[Number, ...]] = {"fc1": (chance.random(),)}
        said.append(GradientsMeasured(step=step, steps=(step,), norms=norms, every=CHUNK, cost=0.01))
        if step % (10 * CHUNK) == 0:
            epoch = step // (10 * CHUNK)
            figures: dict[str, Any] = {"loss": 0.5, "accuracy": chance.random(), "duration": 0.1}
            said.append(EpochEnded(step=step, epoch=epoch, **figures))
            said.append(Evaluated(step=step, split="validation", epoch=epoch, samples=64, **figures))
    return [one.model_copy(update={"attempt": attempt}) for one in said]


def started(step: int = 0, attempt: int = 1) -> AttemptStarted:
    return AttemptStarted(step=step, attempt=attempt, time="2026-03-04T05:06:07", pid=1, host="h")


def write(path: Path, said: list[Event]) -> Path:
    numbered = (one.model_copy(update={"seq": seq}) for seq, one in enumerate(said))
    path.write_bytes(b"".join(frame(encode(one)) for one in numbered))
    return path


def whole(path: Path) -> RunHistory:
    history = RunHistory()
    for line in Tail(path).read():
        event = events.decode(line)
        assert event is not None
        history.apply(event)
    return history


def assert_right(path: Path, most_empty: int = 0) -> RunHistory:
    """Look at a file both ways: what the first look shows is what is there, or is not shown."""
    found, end = preview.preview(path)
    wanted = whole(path)
    assert path.stat().st_size - end < 4096
    assert found.step == wanted.step
    assert found.epoch() == pytest.approx(wanted.epoch())
    assert found.state(held=True) == wanted.state(held=True)
    assert found.ended == wanted.ended
    assert found.final() == wanted.final()
    assert found.recent_samples_per_second() == pytest.approx(wanted.recent_samples_per_second())
    assert found.gradients.latest() == wanted.gradients.latest()
    assert sum(not column.count for column in found.loss.columns(40)) <= most_empty
    for step in range(1, wanted.step + 1, 7):
        known = found.loss.value_at(step)
        assert math.isnan(known) or known == wanted.loss.value_at(step)
    assert all(one in wanted.split("validation") for one in found.split("validation"))
    return found


def test_all_of_the_plot_is_there_and_the_end_is_right(tmp_path: Path) -> None:
    path = write(tmp_path / "events.jsonl", [started(), PREPARED, *course(0, 20_000)])
    found = assert_right(path)
    assert found.prepared is not None
    assert found.prepared.total_steps == 40_000
    assert found.loss.columns(1)[0].count < 5000, "only a part of it was read"
    assert found.state(held=False) == "crashed"


@pytest.mark.parametrize("reason", ["finished", "stopped", "failed"])
def test_the_last_word_is_known(tmp_path: Path, reason: str) -> None:
    end = AttemptEnded(step=20_000, reason=reason, message="so", hint="there")  # type: ignore[arg-type]
    found = assert_right(write(tmp_path / "e", [started(), PREPARED, *course(0, 20_000), end]))
    assert found.ended is not None
    assert found.ended.message == "so"


def command(kind: str, step: int) -> CommandApplied:
    return CommandApplied(step=step, id=kind, command={"kind": kind}, text=kind)


def test_a_pause_in_between_is_no_pause_now(tmp_path: Path) -> None:
    said = course(0, 20_000)
    for place in range(50, len(said), 60):  # of many pauses, a piece meets one without its end
        said[place:place] = [command("Pause", said[place].step), command("Continue", said[place].step)]
    assert assert_right(write(tmp_path / "e", [started(), PREPARED, *said])).paused is False
    paused = [started(), PREPARED, *course(0, 20_000), command("Pause", 20_000)]
    assert assert_right(write(tmp_path / "e", paused)).paused


def test_what_an_attempt_took_back_is_not_shown(tmp_path: Path) -> None:
    ended = AttemptEnded(step=16_000, reason="failed", message="hot")
    again = [started(9_900, 2), PREPARED.model_copy(update={"attempt": 2}), *course(9_900, 20_000, 2, 0.5)]
    path = write(tmp_path / "e", [started(), PREPARED, *course(0, 16_000), ended, *again])
    assert assert_right(path).ended is None


def test_an_attempt_that_ended_early_does_not_end_the_next(tmp_path: Path) -> None:
    ended = AttemptEnded(step=100, reason="failed", message="hot")
    said = [started(), PREPARED, *course(0, 100), ended, started(100, 2), *course(100, 20_000, 2)]
    assert assert_right(write(tmp_path / "e", said)).state(held=True) in ("starting", "running")


def blank(content: bytearray, start: int) -> None:
    content[start : start + 3000] = bytes(3000)


def cut_lines(content: bytearray, start: int) -> None:
    content[start : start + 3000] = b"\n" * 3000


@pytest.mark.parametrize("damage", [blank, cut_lines])
def test_damage_is_passed_over(tmp_path: Path, damage: Callable[[bytearray, int], None]) -> None:
    path = write(tmp_path / "e", [started(), PREPARED, *course(0, 20_000)])
    content = bytearray(path.read_bytes())
    for start in range(10_000, len(content) - 20_000, 20_000):
        damage(content, start)
    path.write_bytes(content)
    assert_right(path, most_empty=20)


def test_a_line_that_is_not_whole_yet_comes_later(tmp_path: Path) -> None:
    path = write(tmp_path / "e", [started(), PREPARED, *course(0, 20_000)])
    size = path.stat().st_size
    with path.open("ab") as file:
        file.write(b"12345678 {")
    assert preview.preview(path)[1] == size


@pytest.mark.parametrize("steps", [0, 20, 200, 1000])
def test_a_file_that_is_short_is_read_as_a_whole(tmp_path: Path, steps: int) -> None:
    path = write(tmp_path / "e", [started(), PREPARED, *course(0, steps)])
    found, end = preview.preview(path)
    assert end == path.stat().st_size
    assert found.step == steps


def test_behind_the_last_steps_there_may_be_a_line_longer_than_the_tail(tmp_path: Path) -> None:
    looks = tuple(range(1, 3000))
    norms: dict[str, tuple[Number, ...]] = {"fc1": (0.5,) * len(looks)}
    heavy = GradientsMeasured(step=20_000, steps=looks, norms=norms, every=1, cost=0.01)
    said = [started(), PREPARED, *course(0, 20_000), command("Pause", 20_000), heavy]
    found = assert_right(write(tmp_path / "e", said))
    assert (found.step, found.paused) == (20_000, True)


def test_no_piece_is_read_without_need(tmp_path: Path) -> None:
    found, end = preview.preview(write(tmp_path / "e", []))
    assert (found.step, end) == (0, 0)
