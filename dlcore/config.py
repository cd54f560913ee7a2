"""The whole configuration of a run: one of each choice, and what follows from them together."""

import math
import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

import tomli_w

from dlcore.choices.architectures import ARCHITECTURES, Architecture, CustomModel, Mlp
from dlcore.choices.bundled import Digits
from dlcore.choices.choice import Choice, Settings, count, fields_of, text
from dlcore.choices.dataset import Facts
from dlcore.choices.datasets import DATASETS, Dataset
from dlcore.choices.losses import (
    LOSSES,
    AutoLoss,
    BinaryCrossEntropy,
    CrossEntropy,
    Hinge,
    Loss,
    MeanSquaredError,
)
from dlcore.choices.optimizers import OPTIMIZERS, Momentum, Optimizer
from dlcore.choices.own import Csv, CustomData, ImageFolder
from dlcore.choices.regularization import Regularization
from dlcore.choices.schedules import SCHEDULES, BatchGrowth, Constant, Schedule, batch_size_at
from dlcore.choices.training import Training

AnyChoice = TypeVar("AnyChoice", bound=Choice)


class General(Settings):
    """What the run is called, and its seed."""

    name: str = text("", help="Free text; empty takes the data set and the model.")
    seed: int = count(0, at_most=2**63 - 1, help="Weights, order, dropout and drawn data all follow from it.")


@dataclass(frozen=True)
class Section:
    """A table of the configuration file, and so a part of the form."""

    key: str
    """Its name in the file; the keys of the section '' stand at the top."""
    title: str
    family: tuple[type[Choice], ...]
    default: type[Choice]

    @property
    def has_kinds(self) -> bool:
        """Whether the section is a choice between kinds, rather than one table of settings."""
        return not issubclass(self.default, Settings)

    def path(self, name: str) -> str:
        """Return the dotted key of one of its fields, as in `--set optimizer.lr=0.1`."""
        return f"{self.key}.{name}" if self.key else name


SECTIONS: tuple[Section, ...] = (
    Section("data", "Data", DATASETS, Digits),
    Section("model", "Model", ARCHITECTURES, Mlp),
    Section("loss", "Loss", LOSSES, AutoLoss),
    Section("optimizer", "Optimizer", OPTIMIZERS, Momentum),
    Section("schedule", "Schedule", SCHEDULES, Constant),
    Section("regularization", "Regularization", (Regularization,), Regularization),
    Section("training", "Training", (Training,), Training),
    Section("", "Run", (General,), General),
)


@dataclass(frozen=True)
class RunConfig:
    """One of each. Built by `dlcore.reading`, which checks it; every default makes a run that learns."""

    general: General = field(default_factory=General)
    data: Dataset = field(default_factory=Digits)
    model: Architecture = field(default_factory=Mlp)
    loss: Loss = field(default_factory=AutoLoss)
    optimizer: Optimizer = field(default_factory=Momentum)
    schedule: Schedule = field(default_factory=Constant)
    regularization: Regularization = field(default_factory=Regularization)
    training: Training = field(default_factory=Training)

    @property
    def seed(self) -> int:
        """The number that all randomness follows from."""
        return self.general.seed

    @property
    def name(self) -> str:
        """What the run is called."""
        return self.general.name or f"{self.data.kind} {self.model.kind}"

    def chosen(self) -> dict[str, Choice]:
        """Return what is chosen for each section, by key."""
        return {section.key: self.section(section.key) for section in SECTIONS}

    def section(self, key: str) -> Choice:
        """Return what is chosen for the section `key`."""
        chosen: Choice = getattr(self, key or "general")
        return chosen

    def resolved(self, facts: Facts | None = None) -> "RunConfig":
        """Return the configuration with every `auto` that depends on it and on the data made explicit.

        `facts` are those of data that must be opened to be known; without them their loss and output stay
        `auto`. Device and threads stay: they depend on the machine, and the run records what they became.
        """
        facts = facts or self.data.facts
        loss, model, data = self.loss, self.model, _anchored(self.data)
        if facts is not None and isinstance(loss, AutoLoss):
            usual = CrossEntropy if facts.task == "classification" else MeanSquaredError
            loss = usual(reduction=loss.reduction)
        if isinstance(model, CustomModel):
            model = _anchored(model)
        elif model.output == "auto" and facts is not None:
            on_classes = isinstance(loss, MeanSquaredError) and facts.task == "classification"
            model = model.model_copy(update={"output": "softmax" if on_classes else "linear"})
        if data.normalize == "auto" and (facts is not None or not isinstance(data, CustomData)):
            is_image = facts.is_image if facts is not None else data.is_image
            data = data.model_copy(update={"normalize": "half" if is_image else "standard"})
        return replace(self, loss=loss, model=model, data=data)

    def folded(self) -> "RunConfig":
        """Return the configuration with `auto` wherever that comes to the same: it is shorter to read."""
        wanted, short = self.resolved(), self
        shorter: list[dict[str, Choice]] = [
            {"loss": AutoLoss(reduction=self.loss.reduction)},
            {"data": self.data.model_copy(update={"normalize": "auto"})},
        ]
        if not isinstance(self.model, CustomModel):
            shorter.insert(1, {"model": self.model.model_copy(update={"output": "auto"})})
        for change in shorter:
            candidate = replace(short, **change)  # type: ignore[arg-type]  # mypy sees only Choice
            if candidate.resolved() == wanted:
                short = candidate
        return short


def _anchored(chosen: AnyChoice) -> AnyChoice:
    """Return a choice with its path made absolute: the trainer works in a folder of its own."""
    changed: dict[str, str] = {}
    if isinstance(chosen, Csv) and chosen.file:
        changed = {"file": _absolute(chosen.file)}
    elif isinstance(chosen, ImageFolder) and chosen.folder:
        changed = {"folder": _absolute(chosen.folder)}
    elif isinstance(chosen, CustomData | CustomModel) and ".py:" in chosen.target:
        path, _, name = chosen.target.rpartition(":")
        changed = {"target": f"{_absolute(path)}:{name}"}
    return chosen.model_copy(update=changed)


def _absolute(path: str) -> str:
    return str(Path(os.path.expanduser(path)).absolute())  # unlike Path's, it does not mind an unknown ~user


def output_units(loss: Loss, facts: Facts) -> int:
    """Return the units of the last layer: one a class or target; but one for two classes by bce or hinge."""
    if facts.task == "regression":
        return facts.targets
    return 1 if facts.classes == 2 and isinstance(loss, BinaryCrossEntropy | Hinge) else facts.classes


@dataclass(frozen=True)
class Stage:
    """Epochs in a row with the same batch size."""

    epochs: int
    batch_size: int
    steps_per_epoch: int


@dataclass(frozen=True)
class Plan:
    """How many samples and steps a run has; known before it starts."""

    training: int
    validation: int
    test: int
    stages: tuple[Stage, ...]
    """One, unless the batch grows."""

    @property
    def batch_size(self) -> int:
        """Samples in a step of the first epoch."""
        return self.stages[0].batch_size

    @property
    def steps_per_epoch(self) -> int:
        """Steps of the first epoch."""
        return self.stages[0].steps_per_epoch

    @property
    def steps(self) -> int:
        """Steps of the whole run."""
        return sum(stage.epochs * stage.steps_per_epoch for stage in self.stages)

    def batch_size_in(self, epoch: int) -> int:
        """Return the samples in a step of the epoch number `epoch`, from 1."""
        for stage in self.stages:
            if epoch <= stage.epochs:
                return stage.batch_size
            epoch -= stage.epochs
        return self.stages[-1].batch_size

    def steps_after(self, epochs: int) -> int:
        """Return the steps that so many epochs have."""
        steps = 0
        for stage in self.stages:
            passed = min(epochs, stage.epochs)
            steps += passed * stage.steps_per_epoch
            epochs -= passed
        return steps + epochs * self.stages[-1].steps_per_epoch

    def epoch_at(self, step: int) -> float:
        """Return the epochs that are over after so many steps, with their fraction."""
        epochs = 0
        for stage in self.stages[:-1]:
            length = stage.epochs * stage.steps_per_epoch
            if step <= length:
                return epochs + step / stage.steps_per_epoch
            step, epochs = step - length, epochs + stage.epochs
        return epochs + step / max(self.stages[-1].steps_per_epoch, 1)


def plan(config: RunConfig, facts: Facts | None = None) -> Plan:
    """Return the samples of each split and the steps of the whole run.

    `facts` must be given for data that have to be opened to be known.
    """
    facts = facts or config.data.facts
    assert facts is not None, "data that must be opened: give their facts"
    samples = facts.training
    if config.data.limit:
        samples = min(samples, config.data.limit)
    validation = round(samples * config.data.validation)
    training = samples - validation
    first = training if config.data.batch_size == "full" else config.data.batch_size
    return Plan(training, validation, facts.test, _stages(config, first, training))


def _stages(config: RunConfig, first: int, training: int) -> tuple[Stage, ...]:
    schedule, left = config.schedule, config.training.epochs
    stages: list[Stage] = []
    while left > 0:
        epoch = config.training.epochs - left + 1
        size = batch_size_at(schedule, first, epoch, training)
        per_epoch = math.ceil(training / size) if size else 0
        grows = isinstance(schedule, BatchGrowth) and size < min(training, schedule.most)
        epochs = min(left, schedule.every) if isinstance(schedule, BatchGrowth) and grows else left
        stages.append(Stage(epochs, size, per_epoch))
        left -= epochs
    return tuple(stages)


def to_value(value: Any) -> Any:
    """Return a field's value as TOML has it: a choice without fields is its name, with fields a table."""
    if isinstance(value, tuple):
        return [to_value(item) for item in value]
    if isinstance(value, Choice):
        table = to_fields(value)
        return {"kind": value.word(), **table} if table else value.word()
    return value


def to_fields(chosen: Choice) -> dict[str, Any]:
    """Return all fields of a choice but its kind, in the order of the form."""
    return {spec.name: to_value(getattr(chosen, spec.name)) for spec in fields_of(type(chosen))}


def to_table(config: RunConfig) -> dict[str, Any]:
    """Return the whole configuration as the tables of its file, defaults included."""
    table: dict[str, Any] = to_fields(config.general)
    for section in SECTIONS:
        if section.key:
            chosen = config.section(section.key)
            table[section.key] = {"kind": chosen.word()} if section.has_kinds else {}
            table[section.key] |= to_fields(chosen)
    return table


def by_key(config: RunConfig) -> dict[str, Any]:
    """Return all values as in the file, by dotted key, kinds included."""
    found: dict[str, Any] = {}
    for key, value in to_table(config).items():
        is_section = any(section.key == key for section in SECTIONS)
        found |= {f"{key}.{name}": inner for name, inner in value.items()} if is_section else {key: value}
    return found


def to_toml(config: RunConfig) -> str:
    """Return the configuration file: `read_toml(to_toml(config)) == config`."""
    return tomli_w.dumps(to_table(config))
