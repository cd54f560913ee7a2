"""Runs as a list finds them: made by the launcher's own means, ended without a trainer."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from dlcore.config import to_toml
from dlcore.files.atomic import read_json, write_json
from dlcore.oneline import parse
from dlcore.rundir import RunDir, create
from dlcore.runs import facts_for_lists
from tests.conftest import MOMENT


def summary_of(run: RunDir, **changed: Any) -> dict[str, Any]:
    best = {"split": "validation", "accuracy": 0.9236, "step": 844}
    return {"run": run.id, "state": "finished", "epochs": 2, "steps": 1688, "best": best, **changed}


def newborn(home: Path, line: str = "mnist mlp 128,64 relu", moment: datetime = MOMENT) -> RunDir:
    config = parse(line).resolved()
    return create(home, config.name, moment, to_toml(config), facts_for_lists(config))


def ended(home: Path, number: int = 0, line: str = "mnist mlp 128,64 relu", **changed: Any) -> RunDir:
    run = newborn(home, line, MOMENT + timedelta(seconds=number))
    write_json(run.facts, read_json(run.facts) | {"summary": summary_of(run, **changed)})
    return run


def copies(run: RunDir, number: int) -> list[RunDir]:
    """Make so many runs like one that has ended, the newest first; they wait for no disk."""
    made = []
    for index in range(number):
        moment = MOMENT + timedelta(seconds=number - index)
        path = run.path.with_name(f"{moment:%Y%m%dT%H%M%S}089Z-copy")
        path.mkdir()
        (path / "config.toml").write_bytes(run.config.read_bytes())
        (path / "run.json").write_text(run.facts.read_text().replace(run.id, path.name))
        made.append(RunDir(path))
    return made
