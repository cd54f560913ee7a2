"""Runs in every state for exports; they are written with the real journal, as a trainer writes them."""

import csv
import io
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

from dlcore import events
from dlcore.config import RunConfig, to_toml
from dlcore.events import (
    AttemptEnded,
    AttemptStarted,
    EpochEnded,
    Evaluated,
    Event,
    GradientsMeasured,
    Layer,
    Prepared,
    StepsEnded,
)
from dlcore.export import render
from dlcore.files.journal import Appender
from dlcore.rundir import RunDir, create

STEERING = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
LAYERS = (
    Layer(name="fc1", text="64 → 8", shape=(8,), activation="relu", parameters=520),
    Layer(name="fc2", text="8 → 10", shape=(10,), activation="", parameters=90),
)


def prepared(epochs: int = 2, validation: int = 144) -> Prepared:
    return Prepared(
        seconds=1.0,
        device="cpu",
        threads=1,
        layers=LAYERS,
        parameters=610,
        training_samples=40,
        validation_samples=validation,
        test_samples=359,
        batch_size=10,
        steps_per_epoch=4,
        total_steps=4 * epochs,
        epochs=epochs,
    )


def evaluated(
    step: int, loss: float, accuracy: float | None = 0.5, split: str = "validation", seconds: float = 2.0
) -> Evaluated:
    return Evaluated.model_validate(
        {
            "step": step,
            "seconds": seconds,
            "split": split,
            "epoch": step / 4,
            "loss": loss,
            "accuracy": accuracy,
            "samples": 144,
            "duration": 0.1,
        }
    )


def steps(last: int, loss: tuple[float, ...], lr: float = 0.01) -> StepsEnded:
    return StepsEnded(
        step=last,
        loss=loss,
        accuracy=(0.25,) * len(loss),
        lr=(lr,) * len(loss),
        samples=10 * last,
        training_seconds=0.1 * last,
    )


def epoch(number: int, loss: float) -> EpochEnded:
    return EpochEnded(
        step=4 * number, seconds=2.0 + number, epoch=number, loss=loss, accuracy=0.25, duration=0.4
    )


def looked(at: tuple[int, ...], fc1: tuple[float, ...], fc2: tuple[float, ...]) -> GradientsMeasured:
    return GradientsMeasured(step=at[-1], steps=at, norms={"fc1": fc1, "fc2": fc2}, every=2, cost=0.01)


def an_epoch_and_a_half() -> list[Event]:
    return [
        prepared(),
        evaluated(0, 2.5, 0.125),
        evaluated(0, 2.625, 0.0625, split="test"),
        steps(4, (2.5, 2.25, 2.0, 1.75)),
        looked((1, 2), (0.5, 0.25), (1.0, 1.0)),
        epoch(1, 2.125),
        evaluated(4, 1.5, 0.75),
        steps(6, (1.5, 1.25)),
        looked((6,), (0.125,), (0.5,)),
    ]


def to_the_end() -> list[Event]:
    return [
        *an_epoch_and_a_half(),
        steps(8, (1.0, 0.75)),
        epoch(2, 1.125),
        evaluated(8, 0.5, 0.6875),
        evaluated(8, 0.625, 0.6875, split="test"),
        AttemptEnded(step=8, seconds=5.0, reason="finished"),
    ]


def write(run: RunDir, said: list[Event]) -> RunDir:
    """Write the run's events, numbered, after the one that every trainer begins with."""
    appender = Appender(run.events)
    started = AttemptStarted(time="2026-03-04T05:06:07.089+00:00", pid=1, host="here")
    for number, event in enumerate([started, *said]):
        appender.append(events.encode(event.model_copy(update={"seq": number})))
    appender.close()
    return run


def make(home: Path, config: RunConfig, said: list[Event]) -> RunDir:
    facts = {"versions": {"dltui": "0.1.0", "python": "3.11.7", "torch": "2.9.0"}}
    moment = datetime(2026, 3, 4, 5, 6, 7, 89_000, tzinfo=UTC)
    return write(create(home, config.name, moment, to_toml(config.resolved()), facts), said)


def markdown(run: RunDir) -> str:
    return render(run, "markdown").decode()


def document(run: RunDir) -> dict[str, Any]:
    def refuse(word: str) -> NoReturn:
        raise AssertionError(f"{word} is not JSON")

    found: dict[str, Any] = json.loads(render(run, "json"), parse_constant=refuse)
    return found


def records(run: RunDir) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(render(run, "csv").decode(), newline="")))


def block(text: str, language: str) -> str:
    """What stands in the first fenced block of a language."""
    found = re.search(rf"^```{language}\n(.*?)\n```$", text, re.DOTALL | re.MULTILINE)
    assert found is not None
    return found[1]
