"""What of a run changes on the way: it has a name in the script, and all else stands where it is used."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from dlcore.changes import differences
from dlcore.choices.architectures import CustomModel
from dlcore.choices.losses import Loss
from dlcore.choices.schedules import Cosine, OneCycle, Performance, Schedule
from dlcore.config import RunConfig
from dlcore.errors import DltuiError
from dlcore.export.script.part import number
from dlcore.export.script.story import Change, Story

_TOLD = ("optimizer.", "schedule.", "regularization.", "loss.", "training.")
_KEYS = frozenset({"name", "data.batch_size", "model.dropout"})
"""What a script can tell to change on the way, beside all of the sections before."""
_NOT = frozenset({"training.device", "training.precision"})


def check(story: Story) -> None:
    """Raise DltuiError where something changed that a script cannot tell as one story."""
    for change in story.changes:
        for key in differences(change.before, change.after):
            if key in _NOT or not (key in _KEYS or key.startswith(_TOLD)):
                raise DltuiError(
                    f"{story.run.id} goes on from step {change.step} with another {key}, "
                    "which a script cannot tell as one story",
                    "All other formats can be had.",
                )
        if isinstance(change.after.model, CustomModel) and change.before.model != change.after.model:
            raise DltuiError(f"{story.run.id} changes the network of your own", "Take another format.")


@dataclass(frozen=True)
class Varying:
    """Whether a part of the configuration is the same all through a run, and what stands for it in code."""

    story: Story

    def among(self, what: Callable[[RunConfig], object]) -> bool:
        """Whether something is not the same at all times."""
        first, *others = map(what, self.story.configs)
        return any(one != first for one in others)

    def ever(self, what: Callable[[RunConfig], object]) -> bool:
        """Whether something is there at any time."""
        return any(map(what, self.story.configs))

    @cached_property
    def lr(self) -> bool:
        """Whether the learning rate is set anew."""
        return self.among(lambda config: config.optimizer.lr)

    @cached_property
    def has_shares(self) -> bool:
        """Whether any layer has a rate of its own at any time."""
        return self.ever(lambda config: config.optimizer.lr_per_layer)

    @cached_property
    def schedules(self) -> tuple[Schedule, ...]:
        """The schedules, in the order in which they come."""
        return tuple(dict.fromkeys(config.schedule for config in self.story.configs))

    def schedule(self, chosen: Schedule) -> str:
        """Return what the function of a schedule is called."""
        return f"schedule_{self.schedules.index(chosen) + 1}" if len(self.schedules) > 1 else "schedule"

    @cached_property
    def needs_steps(self) -> bool:
        """Whether any schedule goes by the steps of the whole run."""
        return any(isinstance(one, Cosine | OneCycle) for one in self.schedules)

    @cached_property
    def steps(self) -> bool:
        """Whether the run's length changes."""
        plans = [self.story.plan, *(change.plan for change in self.story.changes)]
        return len({plan.steps for plan in plans}) > 1

    def penalty(self, name: str) -> str:
        """Return the code of a figure of the regularization: its name where it changes, '' where it is 0."""
        if self.among(lambda config: getattr(config.regularization, name)):
            return name
        figure = getattr(self.story.config.regularization, name)
        return number(figure) if figure else ""

    @cached_property
    def ways(self) -> tuple[tuple[str, ...], ...]:
        """The sets of augmentations that are used at any time."""
        used = (config.regularization.augment for config in self.story.configs)
        return tuple(dict.fromkeys(ways for ways in used if ways))

    def augmented(self, ways: tuple[str, ...]) -> str:
        """Return what the function of some augmentations is called."""
        return f"augmented_{self.ways.index(ways) + 1}" if self.augments else "augmented"

    @cached_property
    def augments(self) -> bool:
        """Whether the augmentation changes."""
        return self.among(lambda config: config.regularization.augment)

    @cached_property
    def noise(self) -> bool:
        """Whether the label noise changes."""
        return self.among(lambda config: config.regularization.label_noise)

    @cached_property
    def has_dropout(self) -> bool:
        """Whether any unit is silenced at any time."""
        return self.ever(lambda config: getattr(config.model, "dropout", 0.0))

    @cached_property
    def has_plateau(self) -> bool:
        """Whether a schedule ever waits for the loss."""
        return self.ever(lambda config: isinstance(config.schedule, Performance))

    @cached_property
    def has_best(self) -> bool:
        """Whether the best weights are ever kept."""
        return self.ever(lambda config: config.training.early_stopping)

    @cached_property
    def watches(self) -> bool:
        """Whether anything depends on when the watched split is evaluated."""
        return self.has_plateau or self.has_best

    @cached_property
    def losses(self) -> tuple[Loss, ...]:
        """The losses, in the order in which they come."""
        return tuple(dict.fromkeys(config.loss for config in self.story.configs))


PENALTIES = ("l1", "l2", "clip_value", "clip_norm")
"""Figures of the regularization that a step uses as they are."""


def in_the_loop(story: Story) -> tuple[Change, ...]:
    """Return the changes behind which a step was taken."""
    return tuple(change for change in story.changes if story.last is None or change.step < story.last)
