"""A run that goes on from a checkpoint of another: its own folder, its own checkpoint, its own future."""

from datetime import datetime
from pathlib import Path

from dlcore import past
from dlcore.atomic import write_atomic
from dlcore.checkpoints import is_whole, saved
from dlcore.config import RunConfig, to_toml
from dlcore.edits import changed
from dlcore.errors import RunError
from dlcore.launch import versions
from dlcore.private import private_folder
from dlcore.reading import read_file
from dlcore.rundir import RunDir, after_newest, create
from dlcore.runs import facts_for_lists


def config_at(run: RunDir, step: int) -> RunConfig:
    """Return a run's configuration with all that was changed live up to a step."""
    config = read_file(run.config)
    for at, edit in past.read(run).edits:
        if at <= step:
            config, _ = changed(config, edit)
    return config


def branch(root: Path, parent: RunDir, step: int, config: RunConfig, now: datetime) -> RunDir:
    """Make a run below `root` that goes on from the parent's checkpoint at `step`; nobody trains it yet.

    It takes a copy of the checkpoint, so that the parent may be deleted. Raises RunError when the parent has
    no whole checkpoint at that step.
    """
    there = saved(parent)
    if step not in there or not is_whole(there[step]):
        steps = ", ".join(map(str, there)) or "none"
        raise RunError(f"{parent.id} has no checkpoint at step {step}", f"Take one of these steps: {steps}.")
    origin = {"run": parent.id, "step": step}
    facts = {**facts_for_lists(config), "versions": versions(), "parent": origin}
    child = create(root, config.name, now, to_toml(config), facts, stamp=after_newest(root, now))
    private_folder(child.checkpoints)
    write_atomic(child.checkpoints / there[step].name, there[step].read_bytes())
    return child
