"""The whole configuration of a run: one of each choice, and what follows from them together."""

import math
from dataclasses import dataclass, field, replace
from typing import Any

import tomli_w

from dlcore.choices.architectures import ARCHITECTURES, Architecture, Mlp
from dlcore.choices.choice import Choice, Settings, count, fields_of, text
from dlcore.choices.datasets import DATASETS, Dataset, Digits
from dlcore.choices.losses import LOSSES, AutoLoss, CrossEntropy, Loss
from dlcore.choices.optimizers import OPTIMIZERS, Momentum, Optimizer
from dlcore.choices.regularization import Regularization
from dlcore.choices.schedules import SCHEDULES, Constant, Schedule
from dlcore.choices.training import Training


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

    def section(self, key: str) -> Choice:
        """Return what is chosen for the section `key`."""
        chosen: Choice = getattr(self, key or "general")
        return chosen

    def resolved(self) -> "RunConfig":
        """Return the configuration with every `auto` that depends on it alone made explicit.

        Device and threads stay: they depend on the machine, and the run records what they became.
        """
        loss: Loss = (
            CrossEntropy(reduction=self.loss.reduction) if isinstance(self.loss, AutoLoss) else self.loss
        )
        output = self.model.output
        if output == "auto":
            output = "linear" if isinstance(loss, CrossEntropy) else "softmax"
        normalize = self.data.normalize
        if normalize == "auto":
            normalize = "half" if self.data.is_image else "standard"
        return replace(
            self,
            loss=loss,
            model=self.model.model_copy(update={"output": output}),
            data=self.data.model_copy(update={"normalize": normalize}),
        )

    def folded(self) -> "RunConfig":
        """Return the configuration with `auto` wherever that comes to the same: it is shorter to read."""
        wanted, short = self.resolved(), self
        for shorter in (
            {"loss": AutoLoss(reduction=self.loss.reduction)},
            {"model": self.model.model_copy(update={"output": "auto"})},
            {"data": self.data.model_copy(update={"normalize": "auto"})},
        ):
            candidate = replace(short, **shorter)
            if candidate.resolved() == wanted:
                short = candidate
        return short


@dataclass(frozen=True)
class Plan:
    """How many samples and steps a run has; known before it starts."""

    training: int
    validation: int
    test: int
    batch_size: int
    steps_per_epoch: int
    steps: int


def plan(config: RunConfig) -> Plan:
    """Return the samples of each split and the steps of the whole run."""
    samples, test = config.data.sizes
    if config.data.limit:
        samples = min(samples, config.data.limit)
    validation = round(samples * config.data.validation)
    training = samples - validation
    batch_size = training if config.data.batch_size == "full" else min(config.data.batch_size, training)
    per_epoch = math.ceil(training / batch_size) if batch_size else 0
    return Plan(training, validation, test, batch_size, per_epoch, per_epoch * config.training.epochs)


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


def to_toml(config: RunConfig) -> str:
    """Return the configuration file: `read_toml(to_toml(config)) == config`."""
    return tomli_w.dumps(to_table(config))
