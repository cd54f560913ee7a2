"""A home with thousands of runs that have ended: each has the files that a launcher and a trainer leave.

A few runs are made by the launcher's and the trainer's own means; the others are theirs with other names.
"""

import json
import random
import tempfile
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from dlcore import events
from dlcore.config import to_toml
from dlcore.files.atomic import read_json
from dlcore.files.journal import Appender
from dlcore.launch import versions
from dlcore.oneline import parse
from dlcore.rundir import RunDir, create
from dlcore.runs import facts_for_lists
from dlcore.summary import store_summary

_LINES = (
    "mnist mlp 128,64 relu he momentum lr=.01 e=5",
    "mnist cnn filters=16,32 64 relu adam e=3",
    "fashion_mnist mlp 256,128,64 tanh xavier adam e=10",
    "digits mlp 64,64,64,64,64,64,64,64 sigmoid sgd e=20",
    "moons mlp 16 relu nesterov e=50",
    "mnist mlp 512,256 gelu rmsprop e=5 drop=.3 name='wide with dropout'",
)
_FIRST = datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC)
_EPOCHS, _STEPS = 3, 400


def make(home: Path, number: int) -> None:
    """Fill `home` with so many ended runs."""
    with tempfile.TemporaryDirectory() as scratch:
        templates = [_template(Path(scratch), line) for line in _LINES]
        contents = [
            (run.id[20:], read_json(run.facts), run.config.read_bytes(), run.events.read_bytes())
            for run in templates
        ]
    chance = random.Random(1)
    for index in range(number):
        name, facts, config, said = contents[index % len(contents)]
        made = _FIRST + timedelta(seconds=index * 97.013)
        folder = home / "runs" / f"{made:%Y%m%dT%H%M%S}{made.microsecond // 1000:03d}Z-{name}"
        folder.mkdir(mode=0o700, parents=True)
        best = {**facts["summary"]["best"], "accuracy": round(chance.uniform(0.1, 0.99), 7)}
        summary = {**facts["summary"], "run": folder.name, "best": best}
        own = {**facts, "created": made.isoformat(), "summary": summary}
        (folder / "run.json").write_text(json.dumps(own, indent=2, ensure_ascii=False))
        (folder / "config.toml").write_bytes(config)
        (folder / "events.jsonl").write_bytes(said)
        (folder / "trainer.log").touch()


def _template(root: Path, line: str) -> RunDir:
    """Make one run, and let it say what a short training says."""
    config = parse(line).resolved()
    facts = {**facts_for_lists(config), "versions": versions(), "parent": None}
    run = create(root, config.name, _FIRST, to_toml(config), facts)
    appender = Appender(run.events)
    number = count()

    def say(kind: type[events.Event], step: int = 0, **fields: Any) -> None:
        told = {"seq": next(number), "step": step, "seconds": 2 + step / 1000, **fields}
        appender.append(events.encode(kind.model_validate(told)))

    say(events.AttemptStarted, time=_FIRST.isoformat(), pid=4242, host="box")
    say(events.Prepared, **_prepared())
    for epoch in range(1, _EPOCHS + 1):
        for step in range((epoch - 1) * _STEPS + 50, epoch * _STEPS + 1, 50):
            figures = {"loss": (0.5,) * 50, "accuracy": (0.9,) * 50, "lr": (0.01,) * 50}
            say(events.StepsEnded, step, samples=step * 64, training_seconds=step / 1000, **figures)
        step = epoch * _STEPS
        say(events.EpochEnded, step, epoch=epoch, loss=0.4, accuracy=0.9, duration=0.4)
        say(events.Evaluated, step, split="validation", epoch=epoch, **_evaluated())
    say(events.Evaluated, _EPOCHS * _STEPS, split="test", epoch=_EPOCHS, **_evaluated())
    say(events.AttemptEnded, _EPOCHS * _STEPS, reason="finished")
    appender.close()
    store_summary(run)
    return run


def _prepared() -> dict[str, Any]:
    layer = {"name": "fc1", "text": "784 → 10", "shape": (10,), "activation": "", "parameters": 7850}
    return {
        "device": "cpu",
        "threads": 1,
        "layers": (layer,),
        "parameters": 7850,
        "training_samples": _STEPS * 64,
        "validation_samples": 6000,
        "test_samples": 10_000,
        "batch_size": 64,
        "steps_per_epoch": _STEPS,
        "total_steps": _EPOCHS * _STEPS,
        "epochs": _EPOCHS,
    }


def _evaluated() -> dict[str, Any]:
    each = tuple(0.9 + label / 100 for label in range(10))
    score = {"accuracy": 0.9, "top5": 0.99, "precision": each, "recall": each, "f1": each}
    return {"loss": 0.4, "samples": 6000, "duration": 0.1, **score}
