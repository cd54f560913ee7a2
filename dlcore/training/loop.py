"""The training loop: forward, loss, backward, look, step, record, obey. It reads from top to bottom."""

import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import Literal

import torch

from dlcore.choices.schedules import lr_at
from dlcore.config import RunConfig, plan
from dlcore.edits import Edit
from dlcore.events import ActivationsMeasured, Evaluated
from dlcore.rundir import RunDir
from dlcore.training.augment import augmented
from dlcore.training.blame import Blame
from dlcore.training.chunk import Chunk, NotFinite
from dlcore.training.compiled import CompiledStep
from dlcore.training.control import Control
from dlcore.training.data import AnySplit, Data
from dlcore.training.evaluation import evaluate
from dlcore.training.frames import Frames
from dlcore.training.layers import weights_of
from dlcore.training.live import keep_compiled
from dlcore.training.metrics import build_scorer
from dlcore.training.order import order_of
from dlcore.training.probes import PROBED_SAMPLES, ActivationProbe, Budget, GradientProbe
from dlcore.training.progress import best_for, plateau_for
from dlcore.training.record import Record
from dlcore.training.saving import Saver
from dlcore.training.seeds import derive, draw_on, drawing, generator
from dlcore.training.slow_motion import SlowMotion
from dlcore.training.sources import Arrays
from dlcore.training.state import state_of
from dlcore.training.steering import carry_out, edit_again
from dlcore.training.step import Look, TrainingStep

_PAUSE_SECONDS = 0.02
_LOOKS = 50
"""So often in a run activations are looked at, beside the evaluations, where the budget allows it."""


class Training:
    """One attempt at a run. `run()` is the loop; the other methods are what it says aloud."""

    def __init__(
        self,
        config: RunConfig,
        run: RunDir,
        data: Data,
        step: TrainingStep,
        record: Record,
        control: Control,
        stop_asked: Callable[[], bool],
    ) -> None:
        self.config = config
        self.plan = plan(config, data.facts)
        self.data = data
        self.model = step.network
        self.optimizer = step.optimizer
        self.plain_step = step
        self.take_step: TrainingStep | CompiledStep = step
        self.record = record
        self.control = control
        self.stop_asked = stop_asked
        self.saver = Saver(run, record, config)
        self.budget = Budget(config.training.probe_budget)
        self.probe = GradientProbe(weights_of(self.model), self.budget)
        self.activations = ActivationProbe(self.model)
        self.frames = Frames(run, record, step, self.plan.steps, self.budget)
        self.is_regression = data.facts.task == "regression"
        scorer = build_scorer(data.facts, data.target_variance)
        self.chunk = Chunk(record, self.probe, "r2" if self.is_regression else "accuracy", scorer)
        self.blame = Blame(step)
        self.lr = config.optimizer.lr
        self.plateau = plateau_for(config.schedule)
        self.best = best_for(config.training.early_stopping)
        self.slow_motion = SlowMotion(config.training.steps_per_second)
        self.message = ""
        self.step = 0
        self.restored = False
        self.first_epoch = self.epoch = 1
        self.epoch_end = 0
        self.source: Iterator[Arrays] | None = None
        """Where the batches of the epoch come from."""
        self.compiled_for: object = None
        """What the graph was made for, where there is one."""
        self.augmenting: torch.Generator | None = None
        self.chance: dict[str, torch.Tensor] = {}
        """States of the generators in the middle of an epoch that an earlier attempt has begun."""
        self.edits: deque[Edit] = deque()
        """What an earlier attempt changed behind its checkpoint: changed again, at the same steps."""
        self.edit_at: int | None = None
        """The step of the first of them."""
        self.edited_at = float("-inf")
        self.evaluated_at = -1
        self.concluded_at = -1
        """The step at which the last evaluations were told, and saved as told."""
        self.looked_at = 0
        """The step of the last look at activations; and the seconds that it took."""
        self.looked_for = 0.0
        self.stopping = False
        self.paused = False
        self.pause_at: int | None = None

    def run(self) -> Literal["finished", "stopped"]:
        """Train to the end, or until told to stop."""
        if not self.restored:
            self.evaluate_watched()
            if self.plan.validation:
                self.evaluate("test", self.data.test)
            self.save()
        self.frames.begin(self.step, lambda: self.data.first(self.data.training, self.plan.batch_size))
        self.frame()
        edit_again(self)
        self.chunk.resume_clock()
        for epoch in self.epochs():
            self.source = self.batches(epoch)
            if self.config.training.compile:
                keep_compiled(self)
            self.remember(epoch)
            for inputs, targets in self.drawn():
                self.set_lr()
                looks = self.is_time_to_look(len(targets))
                if looks:
                    self.probe.begin()
                loss, outputs = self.take_step(inputs, targets, self.eyes(looks))
                if looks:
                    self.probe.end()
                self.step += 1
                self.chunk.note(loss, outputs, targets, self.lr)
                self.blame.note(self.lr)
                is_time_to_evaluate = self.is_time_to_evaluate()
                if is_time_to_evaluate or self.is_time_to_tell():
                    self.tell(epoch)
                    if is_time_to_evaluate:
                        self.evaluate_watched()
                    if self.step != self.epoch_end:  # else after the epoch's evaluation
                        self.frame()
                        self.obey()
                if self.stopping:
                    break
                if self.slow_motion.rate:
                    self.chunk.rest(self.slow_motion.rest())
            self.tell(epoch)
            if self.stopping or not self.end_epoch(epoch):
                break
        self.conclude()
        return "stopped" if self.stopping else "finished"

    # -- the step -----------------------------------------------------------------------------------

    def tell(self, epoch: int) -> None:
        """Send the steps so far; where their loss is not finite, name the layer that was the first."""
        try:
            self.chunk.tell(self.step)
        except NotFinite as error:
            found = self.blame.find()
            raise error.because(found) if found else error from None
        if self.step - self.looked_at >= self.plan.steps / _LOOKS:
            self.measure_activations(self.watched[1])
        self.remember(epoch)

    def remember(self, epoch: int) -> None:
        """Keep what the coming steps of the epoch begin with, so that they can be taken again."""
        step, chance = self.step, drawing(self.augmenting, self.data.device)

        def again() -> Iterator[Arrays]:
            self.step, self.chance = step, chance
            return self.batches(epoch)

        self.blame.begin(again)

    def eyes(self, looks: bool) -> Look | None:
        """Return what looks at the gradients of the coming step: the probe, a frame that is due, or both."""
        look = self.look if looks else None
        return self.frames.also(look, self.step + 1, self.epoch_end, self.chunk.training_seconds)

    def look(self) -> None:
        """Measure the gradients of the coming step."""
        self.probe.look(self.step + 1)

    def epochs(self) -> Iterator[int]:
        """Yield the numbers of the epochs to come; how many there are may change on the way."""
        self.epoch = self.first_epoch
        while self.epoch <= self.config.training.epochs and not self.is_concluded:
            yield self.epoch
            self.epoch += 1

    def drawn(self) -> Iterator[Arrays]:
        """Yield the batches of the epoch, from the source that there is when each is drawn."""
        while self.source is not None and (batch := next(self.source, None)) is not None:
            yield batch

    def batches(self, epoch: int) -> Iterator[Arrays]:
        """Return the batches of an epoch; its order, dropout and augmentation belong to it alone."""
        torch.manual_seed(derive(self.config.seed, "dropout", epoch))
        augments = bool(self.config.regularization.augment)
        self.augmenting = generator(self.config.seed, "augment", epoch) if augments else None
        self.epoch_end = self.plan.steps_after(epoch)
        begun = self.step - self.plan.steps_after(epoch - 1)
        if begun:
            draw_on(self.chance, self.augmenting, self.data.device)
        self.batch_size = self.plan.batch_size_in(epoch)
        order = order_of(self.config, self.plan.training, epoch)
        order = order.to(self.data.device) if order is not None else None
        self.model.train()
        seed = derive(self.config.seed, "stream", epoch)
        batches = self.data.batches(self.data.training, self.batch_size, order, seed, skip=begun)
        return batches if self.augmenting is None else self.augmented(batches, self.augmenting)

    def augmented(self, batches: Iterator[Arrays], chance: torch.Generator) -> Iterator[Arrays]:
        """Yield the batches with their images moved by chance."""
        for inputs, targets in batches:
            yield augmented(inputs, self.config.regularization.augment, chance), targets

    def is_time_to_look(self, samples: int) -> bool:
        """Whether to measure gradients at this step; an epoch's short last batch would look like a jump."""
        stepping = self.pause_at is not None
        return (stepping or samples == self.batch_size) and self.probe.due(self.step + 1, stepping=stepping)

    def is_time_to_tell(self) -> bool:
        """Whether to tell the steps so far, and to hear what is wanted, before the next one is taken."""
        waits_long = bool(self.slow_motion.rate) and self.slow_motion.note()
        is_due = self.chunk.is_due() or self.frames.are_due(self.step) or waits_long
        return is_due or self.step == self.pause_at or self.step == self.edit_at

    def set_lr(self) -> None:
        """Give the optimizer the learning rate of the coming step."""
        reductions = self.plateau.reductions if self.plateau is not None else 0
        lr = lr_at(self.config.schedule, self.config.optimizer.lr, self.step, self.plan.steps, reductions)
        if lr != self.lr:
            self.lr = self.optimizer.lr = lr

    def end_epoch(self, epoch: int) -> bool:
        """Tell the epoch, evaluate and obey; return whether to go on."""
        self.chunk.tell_epoch(self.step, epoch)
        due = self.config.training.evaluate_every == "epoch" or self.best is not None
        if due and self.evaluated_at != self.step:
            self.evaluate_watched()
        self.frame()
        is_last = epoch == self.config.training.epochs  # there is nothing left to stop
        if self.best is not None and not is_last and self.best.has_waited_enough(epoch):
            return False
        self.obey()
        return not self.stopping

    # -- evaluation ---------------------------------------------------------------------------------

    def is_time_to_evaluate(self) -> bool:
        """Whether `evaluate_every` is a number of steps, and they are over."""
        every = self.config.training.evaluate_every
        return every != "epoch" and self.step % every == 0

    def evaluate_watched(self) -> None:
        """Evaluate the split that is watched during the run: the test split when nothing is held out."""
        self.evaluated_at = self.step
        name, split = self.watched
        loss = self.evaluate(name, split)
        self.measure_activations(split)  # behind it: the first pass through a network is a slow one
        if self.step and self.plateau is not None:
            self.plateau.see(loss)
        if self.step and self.best is not None:
            self.best.see(loss, self.step, self.plan.epoch_at(self.step), self.model)

    @property
    def watched(self) -> tuple[Literal["validation", "test"], AnySplit]:
        """The name of the watched split, and its samples."""
        if self.plan.validation:
            return "validation", self.data.validation
        return "test", self.data.test

    def evaluate(
        self, name: Literal["validation", "test"], split: AnySplit, weights: int | None = None
    ) -> float:
        """Measure and tell loss and metrics on a whole split; return the loss."""
        began = time.perf_counter()
        figures, confusion = evaluate(self.plain_step, self.data, split)
        if name == self.watched[0]:
            self.frames.hear(name, self.step, confusion)
            if weights is None:
                self.saver.hear(self.step, figures["r2" if self.is_regression else "accuracy"])
        self.record.say(
            Evaluated,
            self.step,
            split=name,
            epoch=self.plan.epoch_at(self.step),
            samples=len(split),
            duration=time.perf_counter() - began,
            weights=weights,
            **figures,
        )
        self.chunk.resume_clock()
        loss: float = figures["loss"]
        return loss

    def measure_activations(self, split: AnySplit) -> None:
        """Say what the layers hand to their activations, for some samples, where the budget allows it."""
        can = self.step == 0 or self.budget.allows(self.looked_for, self.chunk.training_seconds)
        if not (self.budget.share and can):
            return
        began = time.perf_counter()
        inputs, _ = self.data.first(split, PROBED_SAMPLES)
        found = self.activations.look(inputs)
        self.looked_at, self.looked_for = self.step, self.budget.since(began)
        if found["mean"]:
            self.record.say(ActivationsMeasured, self.step, samples=len(inputs), **found)
        self.chunk.resume_clock()

    def frame(self) -> None:
        """Save what the network looks like inside, where a frame of this step has been begun."""
        if self.frames.are_due(self.step):
            self.frames.save(self.step, lambda: self.data.first(self.watched[1], PROBED_SAMPLES)[0])
            self.chunk.resume_clock()

    @property
    def is_concluded(self) -> bool:
        """Whether an earlier attempt has told all that there is, and broke off before its last word."""
        return self.concluded_at == self.step and self.record.attempt > 1

    def conclude(self) -> None:
        """Evaluate what has not been evaluated at this step, take the best weights back, and save them.

        A run that was stopped is saved as it stands, before all that: a resume goes on from there.
        """
        if self.stopping:
            self.save()
        if self.evaluated_at != self.step:
            self.evaluate_watched()
        back = self.best.taken_back(self.model, self.step) if self.best is not None else None
        if self.best is not None and back is not None:
            self.message = self.best.message(self.watched[0])
        if self.is_concluded:
            return
        if back is not None:
            self.evaluate(*self.watched, weights=back)
        if self.plan.validation:
            self.evaluate("test", self.data.test, weights=back)
        if not self.stopping:
            self.concluded_at = self.step
            self.save()

    # -- checkpoints --------------------------------------------------------------------------------

    def save(self) -> bool:
        """Save a checkpoint of weights that are numbers, between two steps; return whether it is there."""
        if not all(bool(parameter.isfinite().all()) for parameter in self.model.parameters()):
            return False  # the next step says so
        return self.saver.save(self.step, state_of(self))

    # -- commands -----------------------------------------------------------------------------------

    def obey(self) -> None:
        """Carry out what has been asked for; while paused, wait here."""
        if self.step == self.pause_at:
            self.paused, self.pause_at = True, None
        if self.edits:
            edit_again(self)
        while True:
            if self.stop_asked():
                self.stopping = True
            while not self.stopping and (command := self.control.next()) is not None:
                carry_out(self, command)
            if self.stopping or not (self.paused or self.slow_motion.left()):
                break
            time.sleep(_PAUSE_SECONDS)
        if self.saver.is_due() and not self.stopping:
            self.save()
        if self.config.training.compile and self.step != self.epoch_end and not self.stopping:
            keep_compiled(self)
        self.chunk.resume_clock()
