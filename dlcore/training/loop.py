"""The training loop: forward, loss, backward, look, step, record, obey. It reads from top to bottom."""

import time
from collections.abc import Callable, Iterator
from typing import Literal, assert_never

import torch
from torch import nn, optim

from dlcore.choices.schedules import lr_at
from dlcore.commands import Checkpoint, Command, Continue, Pause, Set, Step, Stop
from dlcore.config import RunConfig, plan, to_table
from dlcore.errors import DltuiError
from dlcore.events import (
    CheckpointSaved,
    CommandApplied,
    CommandRefused,
    Evaluated,
)
from dlcore.reading import read_table
from dlcore.rundir import RunDir
from dlcore.training import checkpoint
from dlcore.training.chunk import Chunk
from dlcore.training.control import Control
from dlcore.training.data import Data, Split
from dlcore.training.losses import build_loss, terms
from dlcore.training.models import weighted_layers
from dlcore.training.optimizers import build_optimizer
from dlcore.training.probes import GradientProbe
from dlcore.training.record import Record
from dlcore.training.seeds import derive, generator

_PAUSE_SECONDS = 0.02
_EVALUATION_BATCH = 1000


class Training:
    """One attempt at a run. `run()` is the loop; the other methods are what it says aloud."""

    def __init__(
        self,
        config: RunConfig,
        run: RunDir,
        data: Data,
        model: nn.Sequential,
        record: Record,
        control: Control,
        stop_asked: Callable[[], bool],
    ) -> None:
        self.config = config
        self.plan = plan(config)
        self.run_dir = run
        self.data = data
        self.model = model
        self.record = record
        self.control = control
        self.stop_asked = stop_asked
        self.criterion = build_loss(config.loss)
        self.optimizer: optim.Optimizer
        self.layers = weighted_layers(model)
        self.probe = GradientProbe(self.layers, config.training.probe_budget)
        self.chunk = Chunk(record, self.probe)
        self.lr = config.optimizer.lr
        self.step = 0
        self.evaluated_at = -1
        self.stopping = False
        self.paused = False
        self.pause_at: int | None = None

    def run(self) -> Literal["finished", "stopped"]:
        """Train to the end, or until told to stop."""
        self.evaluate_watched()
        if self.plan.validation:
            self.evaluate("test", self.data.test)
        # The first optimizer makes torch import a good deal: the untrained figures are out before that.
        self.optimizer = build_optimizer(self.config.optimizer, self.model.parameters())
        self.chunk.resume_clock()
        for epoch in range(1, self.config.training.epochs + 1):
            for inputs, targets in self.batches(epoch):
                self.set_lr()
                self.optimizer.zero_grad()
                outputs = self.model(inputs)
                loss = self.criterion(outputs, targets)
                if self.config.loss.reduction == "sum":
                    (loss * terms(self.config.loss, outputs)).backward()
                else:
                    loss.backward()
                if self.config.regularization.l2:
                    self.add_l2()
                if self.is_time_to_look(len(targets)):
                    self.probe.look(self.step + 1)
                self.optimizer.step()
                self.step += 1
                self.chunk.note(loss, outputs, targets, self.lr)
                if self.chunk.is_due() or self.step == self.pause_at:
                    self.chunk.tell(self.step)
                    if self.step % self.plan.steps_per_epoch:  # else after the epoch's evaluation
                        self.obey()
                if self.stopping:
                    break
                if self.is_time_to_evaluate():
                    self.chunk.tell(self.step)
                    self.evaluate_watched()
            self.chunk.tell(self.step)
            if self.stopping:
                break
            self.chunk.tell_epoch(self.step, epoch)
            if self.config.training.evaluate_every == "epoch":
                self.evaluate_watched()
            self.obey()
            if self.stopping:
                break
        self.conclude()
        return "stopped" if self.stopping else "finished"

    # -- the step -----------------------------------------------------------------------------------

    def batches(self, epoch: int) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """Return the batches of an epoch, in an order and with a dropout that belong to it alone."""
        torch.manual_seed(derive(self.config.seed, "dropout", epoch))
        order = None
        if self.config.data.shuffle:
            shuffle = generator(self.config.seed, "order", epoch)
            order = torch.randperm(self.plan.training, generator=shuffle).to(self.data.training.inputs.device)
        self.model.train()
        return self.data.batches(self.data.training, self.plan.batch_size, order)

    def is_time_to_look(self, samples: int) -> bool:
        """Whether to measure gradients at this step; an epoch's short last batch would look like a jump."""
        stepping = self.pause_at is not None
        return (stepping or samples == self.plan.batch_size) and self.probe.due(
            self.step + 1, stepping=stepping
        )

    def set_lr(self) -> None:
        """Give the optimizer the learning rate of the coming step."""
        lr = lr_at(self.config.schedule, self.config.optimizer.lr, self.step)
        if lr != self.lr:
            self.lr = lr
            for group in self.optimizer.param_groups:
                group["lr"] = lr

    def add_l2(self) -> None:
        """Add the gradient of l2 · Σ w², which is 2 · l2 · w: the same as adding the term to the loss."""
        for layer in self.layers.values():
            assert layer.weight.grad is not None
            layer.weight.grad.add_(layer.weight.detach(), alpha=2 * self.config.regularization.l2)

    # -- evaluation ---------------------------------------------------------------------------------

    def is_time_to_evaluate(self) -> bool:
        """Whether `evaluate_every` is a number of steps, and they are over."""
        every = self.config.training.evaluate_every
        return every != "epoch" and self.step % every == 0

    def evaluate_watched(self) -> None:
        """Evaluate the split that is watched during the run: the test split when nothing is held out."""
        self.evaluated_at = self.step
        if self.plan.validation:
            self.evaluate("validation", self.data.validation)
        else:
            self.evaluate("test", self.data.test)

    def evaluate(self, name: Literal["validation", "test"], split: Split) -> None:
        """Measure loss and accuracy on a whole split, without dropout and without gradients."""
        began = time.perf_counter()
        self.model.eval()
        loss = torch.zeros((), dtype=torch.float64)
        right = 0
        with torch.no_grad():
            for inputs, targets in self.data.batches(split, _EVALUATION_BATCH):
                outputs = self.model(inputs)
                # On the CPU, because some GPUs have no double.
                loss += self.criterion(outputs, targets).cpu().double() * len(targets)
                right += int((outputs.argmax(1) == targets).sum())
        self.model.train()
        self.record.say(
            Evaluated,
            self.step,
            split=name,
            epoch=self.step / self.plan.steps_per_epoch,
            loss=float(loss) / len(split),
            accuracy=right / len(split),
            samples=len(split),
            duration=time.perf_counter() - began,
        )
        self.chunk.resume_clock()

    def conclude(self) -> None:
        """Evaluate what has not been evaluated at this step, and save the weights."""
        if self.evaluated_at != self.step:
            self.evaluate_watched()
        if self.plan.validation:
            self.evaluate("test", self.data.test)
        self.save()

    def save(self) -> None:
        """Save a checkpoint."""
        file, size = checkpoint.save(self.run_dir, self.step, self.model, self.optimizer)
        self.record.say(CheckpointSaved, self.step, file=file, bytes=size)
        self.record.sync()

    # -- commands -----------------------------------------------------------------------------------

    def obey(self) -> None:
        """Carry out what has been asked for; while paused, wait here."""
        if self.step == self.pause_at:
            self.paused, self.pause_at = True, None
        while True:
            if self.stop_asked():
                self.stopping = True
            while not self.stopping and (command := self.control.next()) is not None:
                self.carry_out(command)
            if self.stopping or not self.paused:
                break
            time.sleep(_PAUSE_SECONDS)
        self.chunk.resume_clock()

    def carry_out(self, command: Command) -> None:
        """Carry out one command, and say that it was applied or why not."""
        match command:
            case Pause():
                self.paused, self.pause_at = True, None
                text = "paused"
            case Continue():
                self.paused, self.pause_at = False, None
                text = "continued"
            case Step():
                start = self.step if self.pause_at is None else self.pause_at  # behind those still to come
                steps = command.count
                if command.unit == "epoch":
                    per_epoch = self.plan.steps_per_epoch
                    steps = command.count * per_epoch - start % per_epoch
                self.paused, self.pause_at = False, start + steps
                text = f"on to step {self.pause_at}"
            case Stop():
                self.stopping = True
                text = "stopping"
            case Set():
                done = self.change(command)
                if done is None:
                    return
                text = done
            case Checkpoint():
                self.save()
                text = "saved a checkpoint"
            case _:
                assert_never(command)
        self.record.say(CommandApplied, self.step, id=command.id, command=command.model_dump(), text=text)

    def change(self, command: Set) -> str | None:
        """Change a hyperparameter; return what changed, or None after refusing it with the reason."""
        try:
            self.config, text = changed(self.config, command)
        except DltuiError as error:
            self.record.say(
                CommandRefused, self.step, id=command.id, command=command.model_dump(), reason=error.message
            )
            return None
        return text


def changed(config: RunConfig, command: Set) -> tuple[RunConfig, str]:
    """Return the configuration after a change while the run goes on, and what changed in words.

    Raises DltuiError when the key cannot change without building the network anew, or the value is wrong.
    """
    asked = f"{command.key} = {command.value}"
    if command.key != "optimizer.lr":
        raise DltuiError(f"{asked}: only optimizer.lr can change while the run goes on")
    table = to_table(config)
    table["optimizer"]["lr"] = command.value
    reading = read_table(table)
    if reading.config is None:
        raise DltuiError(f"{asked}: {reading.problems[0].message}")
    return reading.config, f"optimizer.lr {config.optimizer.lr:g} → {reading.config.optimizer.lr:g}"
