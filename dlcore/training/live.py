"""What a training does when its configuration changes between two steps: each part takes over its own.

After it the training is what one would be that was resumed here with the new configuration, to the bit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dlcore.config import Plan, RunConfig, plan
from dlcore.errors import DltuiError
from dlcore.events import CompilationEnded, CompilationStarted
from dlcore.stages import begun, begun_by, continued
from dlcore.training.blame import Blame
from dlcore.training.compiled import compiled, settings_of
from dlcore.training.data import with_label_noise
from dlcore.training.progress import best_for, plateau_for
from dlcore.training.record import readable
from dlcore.training.seeds import drawing

if TYPE_CHECKING:
    from dlcore.training.loop import Training


def take_over(training: Training, config: RunConfig) -> str:
    """Let a training go on with another configuration of the same network and data, between two steps.

    Returns what is to be said of when it counts; '' where that is at once. Raises DltuiError, with nothing
    changed, where it cannot go on with it.
    """
    before, length = training.config, _length(training, config)
    remembered = training.optimizer.tensors()
    training.plain_step.change(config)
    training.config, training.optimizer = config, training.plain_step.optimizer
    training.plateau = plateau_for(config.schedule, training.plateau)
    training.best = best_for(config.training.early_stopping, training.best)
    _spend(training, config)
    size, training.plan = _next_batch(training.plan, training), length
    training.frames.lengthen(length.steps)
    _renew_batches(training, before, config)
    if set(map(id, remembered)) != set(map(id, training.optimizer.tensors())):
        training.blame = Blame(training.plain_step)
    training.remember(training.epoch)
    following = begun_by(length, training.step) + 1
    is_later = _next_batch(length, training) != size
    return f" from epoch {following:,} on" if is_later else ""


def _length(training: Training, config: RunConfig) -> Plan:
    """Return how long the run is with a configuration; epochs that have begun stay as they are."""
    epochs, trained = config.training.epochs, begun_by(training.plan, training.step)
    if epochs < trained:
        raise DltuiError(
            f"training.epochs = {epochs}: epoch {trained:,} has begun, so there cannot be fewer than that"
        )
    return continued(begun(training.plan, training.step), plan(config, training.data.facts))


def _next_batch(length: Plan, training: Training) -> int:
    """Return the batch size of the epoch that begins next."""
    return length.batch_size_in(begun_by(length, training.step) + 1)


def _spend(training: Training, config: RunConfig) -> None:
    """Let everything that has a budget of time or disk keep to its own."""
    chosen = config.training
    training.budget.change(chosen.probe_budget)
    training.frames.change(chosen.frames_mb)
    training.saver.change(chosen.checkpoint_seconds, chosen.checkpoint_mb)
    if chosen.steps_per_second != training.slow_motion.rate:
        training.slow_motion.change(chosen.steps_per_second)


def _renew_batches(training: Training, before: RunConfig, config: RunConfig) -> None:
    """Make the rest of the epoch's batches anew where they are made otherwise from now on."""
    old, new = before.regularization, config.regularization
    if (old.label_noise, old.augment) == (new.label_noise, new.augment):
        return
    if old.label_noise != new.label_noise:
        training.data = with_label_noise(training.data, new.label_noise, config.seed)
    if training.source is not None and training.step != training.epoch_end:  # else an epoch begins with them
        training.chance = drawing(training.augmenting, training.data.device)
        training.source = training.batches(training.epoch)


def keep_compiled(training: Training) -> None:
    """Make the whole step one graph, unless it is that already; say how that went.

    Batches of another size, or other constants, want another graph.
    """
    wanted = settings_of(training.config), training.batch_size
    if wanted == training.compiled_for:
        return
    training.compiled_for = wanted
    training.record.say(CompilationStarted, training.step)
    batch = training.data.first(training.data.training, training.batch_size)
    training.model.train()
    graph, reason = compiled(training.plain_step, *batch)
    training.take_step = graph or training.plain_step
    training.record.say(CompilationEnded, training.step, used=graph is not None, reason=readable(reason))
    training.chunk.resume_clock()
