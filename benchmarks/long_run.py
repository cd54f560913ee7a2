"""A run of many steps as the trainer would have left it, made in seconds: for measuring who reads it.

The events are real ones, encoded and framed by the code that the trainer uses. The figures of a few hundred
chunks are told again and again along the way, since encoding ten million anew would take minutes.
"""

import math
import random
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from dlcore.config import plan, to_toml
from dlcore.events import (
    AttemptEnded,
    AttemptStarted,
    EpochEnded,
    Evaluated,
    Event,
    GradientsMeasured,
    Layer,
    Number,
    Prepared,
    StepsEnded,
    encode,
)
from dlcore.files.journal import frame
from dlcore.oneline import parse
from dlcore.rundir import RunDir, create

CHUNK = 125
"""Steps of one event: what the classic network takes in 0.06 s, or a little more."""
PER_EPOCH = 938
_DIFFERENT = 240
_LAYERS = ("fc1", "fc2", "fc3")
_BATCH = 64
_CLASSES = 10
_STEP_SECONDS = 0.00045
_HOLE = b"987654321"
"""Stands for the numbers that differ from one telling to the next."""


def make(home: Path, steps: int) -> RunDir:
    """Write a finished run of so many steps, a multiple of CHUNK, below `home`."""
    epochs = -(-steps // PER_EPOCH)
    config = parse(f"mnist mlp 128,64 relu ce momentum lr=.01 m=.9 b={_BATCH} val=0 e={epochs}").resolved()
    run = create(home, config.name, datetime.now(UTC), to_toml(config), {"versions": {}, "parent": None})
    with run.events.open("wb", buffering=1 << 20) as file:
        for line in lines(steps):
            file.write(line)
    return run


def lines(steps: int) -> Iterator[bytes]:
    """Yield the framed lines of a run of so many steps."""
    chance = random.Random(20260304)
    templates = [
        (_template(_steps(chance, part / _DIFFERENT)), _template(_gradients(chance)))
        for part in range(_DIFFERENT)
    ]
    seq = 0
    for event in _head(steps):
        yield _line(event, seq, 0)
        seq += 1
    for step in range(CHUNK, steps + 1, CHUNK):
        told, measured = templates[step * _DIFFERENT // (steps + 1)]
        yield _filled(told, seq, step)
        yield _filled(measured, seq + 1, step)
        seq += 2
        if step // PER_EPOCH > (step - CHUNK) // PER_EPOCH:
            for event in _ended(chance, step // PER_EPOCH, step / steps):
                yield _line(event, seq, step)
                seq += 1
    yield _line(AttemptEnded(reason="finished"), seq, steps)


def _line(event: Event, seq: int, step: int) -> bytes:
    numbers = {"seq": seq, "step": step, "seconds": step * _STEP_SECONDS}
    return frame(encode(event.model_copy(update=numbers)))


def _template(event: Event) -> list[bytes]:
    """Return the encoded event in three parts: before its numbers, its figures, and behind them."""
    return encode(event).split(_HOLE)


def _filled(parts: list[bytes], seq: int, step: int) -> bytes:
    """Return the line of a template: with its number, its step, and what is counted from the start."""
    numbers = [b"%d" % seq, b"%d" % step, *_counted(len(parts) - 3, step)]
    content = b"".join(part + number for part, number in zip(parts, [*numbers, b""], strict=True))
    return frame(content)


def _counted(holes: int, step: int) -> list[bytes]:
    """Return the samples and the steps' step numbers, as many as an event has room for."""
    if holes == 1:
        return [b"%d" % (step * _BATCH)]
    return [b"%d" % (step - CHUNK + 1 + 10 * look) for look in range(holes)]


def _steps(chance: random.Random, share: float) -> StepsEnded:
    typical = 0.05 + 2.2 * math.exp(-8 * share)
    losses = [typical * math.exp(chance.gauss(0, 0.3)) for _ in range(CHUNK)]
    hole = int(_HOLE)
    return StepsEnded(
        seq=hole,
        step=hole,
        loss=tuple(losses),
        accuracy=tuple(max(0, round(_BATCH * (1 - loss / 3))) / _BATCH for loss in losses),
        lr=(0.01,) * CHUNK,
        samples=hole,
        training_seconds=share * 4000,
        seconds=share * 4400,
    )


def _gradients(chance: random.Random) -> GradientsMeasured:
    looks = CHUNK // 10
    hole = int(_HOLE)
    norms: dict[str, tuple[Number, ...]] = {
        layer: tuple(math.exp(chance.gauss(-1, 0.4)) for _ in range(looks)) for layer in _LAYERS
    }
    return GradientsMeasured(seq=hole, step=hole, steps=(hole,) * looks, norms=norms, every=10, cost=0.01)


def _head(steps: int) -> tuple[Event, Event]:
    config = parse(f"mnist mlp 128,64 relu ce momentum b={_BATCH} val=0").resolved()
    planned = plan(config)
    layer = Layer(name="fc1", text="784 → 128", shape=(128,), activation="relu", parameters=100_480)
    return AttemptStarted(time="2026-03-04T05:06:07.089+00:00", pid=1, host="nowhere"), Prepared(
        device="cpu",
        threads=1,
        input_shape=(1, 28, 28),
        layers=(layer,),
        parameters=109_386,
        training_samples=planned.training,
        validation_samples=0,
        test_samples=planned.test,
        batch_size=_BATCH,
        steps_per_epoch=PER_EPOCH,
        total_steps=steps,
        epochs=-(-steps // PER_EPOCH),
    )


def _ended(chance: random.Random, epoch: int, share: float) -> tuple[Event, Event]:
    loss = 0.08 + 1.5 * math.exp(-8 * share) + chance.gauss(0, 0.004)
    accuracy = 1 - loss / 4
    shares = tuple(chance.random() for _ in range(_CLASSES))
    return EpochEnded(epoch=epoch, loss=loss, accuracy=accuracy, duration=0.4), Evaluated(
        split="test",
        epoch=epoch,
        loss=loss,
        accuracy=accuracy,
        top5=1.0,
        samples=10_000,
        duration=0.4,
        precision=shares,
        recall=shares,
        f1=shares,
    )
