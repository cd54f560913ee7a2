"""A run that goes on from a checkpoint of another: its own folder, its own checkpoint, its own future."""

import subprocess
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path

from dlcore import launch, past
from dlcore.changes import differences, told, with_typed
from dlcore.checkpoints import is_whole, nearest, saved
from dlcore.choices.dataset import Facts
from dlcore.choices.optimizers import Optimizer
from dlcore.config import Plan, RunConfig, output_units, plan, to_toml
from dlcore.datasets.examine import examined
from dlcore.edits import applied
from dlcore.errors import ConfigError, Problem, RunError
from dlcore.family.origin import Origin
from dlcore.files.atomic import write_atomic
from dlcore.files.lock import Lock
from dlcore.files.private import private_folder
from dlcore.foreign import refuse
from dlcore.past import Past
from dlcore.reading import read_file
from dlcore.rundir import RunDir, after_newest, create
from dlcore.runs import facts_for_lists
from dlcore.stages import begun, continued, of_stages

_ANY = frozenset({"", "loss", "optimizer", "schedule", "regularization", "training"})
"""Sections whose fields leave the shapes of weights alone; a loss may not, which is found out."""
_FREE: Mapping[str, frozenset[str]] = {
    "data": frozenset({"batch_size", "shuffle", "normalize"}),
    "model": frozenset({"activation", "dropout", "pooling", "residual", "output"}),
}
"""Of the other sections those that may change as well."""
_LENGTHS = ("training.epochs", "data.batch_size", "schedule")
"""What decides how many steps a run has."""


def config_at(run: RunDir, step: int, known: Past | None = None) -> RunConfig:
    """Return a run's configuration with all that was changed live up to a step; `known` is the run's past."""
    edits = (known or past.read(run)).edits
    return applied(read_file(run.config), (edit for edit in edits if edit.step <= step))


class Parent:
    """A run that a branch can be made of; its events are read once."""

    def __init__(self, run: RunDir) -> None:
        """Raises RunError where it has no checkpoint."""
        start_at(run)
        self.run = run
        self.steps = list(saved(run))
        """Steps of the checkpoints, in order."""
        self._past = past.read(run)

    def config_at(self, step: int) -> RunConfig:
        """Return the configuration as it stood at a step, with `auto` wherever that comes to the same."""
        return config_at(self.run, step, self._past).folded()

    def edits_at(self, step: int) -> list[str]:
        """Return in words what was changed live at the very step of a checkpoint, behind it.

        A branch has it from its first step on, as the parent had.
        """
        return [edit.text for edit in self._past.edits if edit.step == step]


def may_change(key: str) -> bool:
    """Whether a branch may have a field otherwise than its parent, by its dotted key."""
    section, _, name = key.rpartition(".")
    section, name = ("model", "activation") if section == "model.activation" else (section, name)
    return key != "seed" and (section in _ANY or name in _FREE.get(section, ()))


def start_at(run: RunDir, wanted: int | None = None) -> int:
    """Return the step of the checkpoint to go on from: the newest, or the one that is nearest to a step.

    Raises RunError where there is none.
    """
    refuse(run, "be branched")
    steps = list(saved(run))
    found = nearest(steps, steps[-1] if wanted is None and steps else wanted or 0)
    if found is None:
        raise RunError(
            f"{run.id} has no checkpoint to go on from", "Wait for the first, or start a new run with it."
        )
    return found


def branched(
    parent: RunDir, step: int, settings: Iterable[str] = (), *, is_trained: bool = True
) -> RunConfig:
    """Return the configuration of a branch: the parent's as it stood at the step, with settings over it.

    One that is not trained to its end, but tried out, needs no steps that are left to train. Raises
    DltuiError where a setting is wrong, or asks for what the weights of the checkpoint do not fit.
    """
    before = config_at(parent, step).folded()
    after = with_typed(before, settings)
    if problems := faults(parent, step, before, after, is_trained=is_trained):
        raise ConfigError(problems, f"the branch of {parent.id} at step {step:,}")
    return after


def faults(
    parent: RunDir, step: int, before: RunConfig, after: RunConfig, *, is_trained: bool = True
) -> list[Problem]:
    """Return all that keeps a branch from a configuration; `before` is the parent's at that step."""
    facts, problems = examined(after)
    problems += refusals(parent, before, after)
    if not problems and facts is not None:
        problems += _of_shape(before, after, facts)
        if not problems and is_trained:
            problems += _of_length(parent, step, after, facts)
    return problems


def refusals(parent: RunDir, before: RunConfig, after: RunConfig) -> list[Problem]:
    """Return a problem for each key that a branch cannot have otherwise than its parent."""
    keys = [key for key in differences(before, after) if not may_change(key)]
    kinds = {key.removesuffix("kind") for key in keys if key.endswith(".kind")}
    mine = (key for key in keys if key.endswith(".kind") or f"{key.rpartition('.')[0]}." not in kinds)
    return [Problem(key, _reason(key), _new_run(parent, key)) for key in mine]


def _reason(key: str) -> str:
    if key == "seed":
        return "splits and order have been drawn from the parent's, and a branch goes on with them"
    if key == "model.init":
        return "a branch has its weights already, from the checkpoint"
    if key.startswith("data."):
        return "a branch goes on with the parent's data"
    return "the weights of the checkpoint do not fit a network with that"


def _new_run(parent: RunDir, key: str) -> str:
    return f"A new run can have it: dltui train {parent.config} --set {key}=…, or c in Train."


def _of_shape(before: RunConfig, after: RunConfig, facts: Facts) -> list[Problem]:
    """Return what is wrong where another loss wants another last layer."""
    here, there = (output_units(one.resolved(facts).loss, facts) for one in (before, after))
    if here == there:
        return []
    said = f"it wants a last layer of {there}, and that of the checkpoint has {here}"
    return [Problem("loss.kind", said, "Start a new run with it.")]


def _of_length(parent: RunDir, step: int, after: RunConfig, facts: Facts) -> list[Problem]:
    """Return what is wrong where nothing is left to train.

    Of a parent whose batch was changed on the way only its trainer knows how many epochs are over.
    """
    first = read_file(parent.config)
    over = plan(first, facts).epoch_at(step)
    if (first.data.batch_size, first.schedule) != (
        after.data.batch_size,
        after.schedule,
    ) or over < after.training.epochs:
        return []
    said = f"there are {over:.3g} at step {step:,}, where the branch begins, and so nothing is left to train"
    return [Problem("training.epochs", said, f"Give it more than {after.training.epochs}.")]


def left(parent: RunDir, step: int, config: RunConfig) -> tuple[int, float] | None:
    """Return how many steps and epochs a branch has before it; None where only code can tell.

    The epochs that have begun by its step have the length that they had in the parent.
    """
    facts, problems = examined(config)
    if facts is None or problems:
        return None
    known, first = past.read(parent), read_file(parent.config)
    length = of_stages(known.stages) if known.stages else plan(first, facts)
    made = []
    for edit in known.edits:
        if edit.step <= step and edit.key.startswith(_LENGTHS):
            made.append(edit)
            length = _followed(length, edit.step, plan(applied(first, made), facts))
    whole = _followed(length, step, plan(config, facts))
    epochs = sum(stage.epochs for stage in whole.stages)
    return whole.steps - step, epochs - whole.epoch_at(step)


def _followed(before: Plan, step: int, after: Plan) -> Plan:
    """Return a plan that takes over from another one at a step."""
    return continued(begun(before, step), after)


def branch(
    root: Path, parent: RunDir, step: int, config: RunConfig, now: datetime, before: RunConfig | None = None
) -> RunDir:
    """Make a run below `root` that goes on from the parent's checkpoint at `step`; nobody trains it yet.

    It takes a copy of the checkpoint, so that the parent may be deleted. `before` is what the parent was like
    at that step, where that is known. Raises RunError when the parent has no whole checkpoint at that step.
    """
    there = saved(parent)
    if step not in there or not is_whole(there[step]):
        steps = ", ".join(map(str, there)) or "none"
        raise RunError(f"{parent.id} has no checkpoint at step {step}", f"Take one of these steps: {steps}.")
    known = past.read(parent)
    before = before or config_at(parent, step, known)
    origin = Origin(
        parent.id,
        step,
        changes=tuple(told(before, config)),
        is_fresh=is_fresh(before, config),
        threads=(known.threads or 0) if config.training.threads == "auto" else 0,
    )
    facts = {**facts_for_lists(config), "versions": launch.versions(), "parent": origin.table()}
    child = create(root, config.name, now, to_toml(config), facts, stamp=after_newest(root, now))
    private_folder(child.checkpoints)
    write_atomic(child.checkpoints / there[step].name, there[step].read_bytes())
    return child


def is_fresh(before: RunConfig, after: RunConfig) -> bool:
    """Whether the optimizer of a branch has no use for what the parent's remembers of each weight."""
    return _memory(before.optimizer) != _memory(after.optimizer)


def _memory(optimizer: Optimizer) -> tuple[str, bool]:
    """Return what decides what an optimizer remembers: its kind, and whether it has momentum."""
    return optimizer.kind, bool(getattr(optimizer, "momentum", 0))


def start(
    root: Path, parent: RunDir, step: int, config: RunConfig, now: datetime
) -> tuple[RunDir, "subprocess.Popen[bytes]"]:
    """Make a branch below `root` and start its trainer; return both. The parent, if alive, goes on beside it.

    `config` has no `faults`. Raises DltuiError, with nothing left behind, where it cannot be made.
    """
    facts, problems = examined(config)
    if problems:
        raise ConfigError(problems, "the configuration")
    before = config_at(parent, step).resolved(facts)
    try:
        child = branch(root, parent, step, config.resolved(facts), now, before)
    except FileNotFoundError:  # its parent's trainer has just thinned its checkpoints
        raise RunError(
            f"The checkpoint of {parent.id} at step {step} has just gone", "Branch from another step."
        ) from None
    try:
        Lock(child).release()
    except RunError:
        child.remove()
        raise
    return child, launch.start(root, child)
