"""Messages that cross the app. A widget's own messages are nested in the widget."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.message import Message

from dlcore.config import RunConfig
from dlcore.rundir import RunDir

if TYPE_CHECKING:
    from dlcore.family.origin import Origin


@dataclass
class RunRequested(Message):
    """A person wants to train with this configuration."""

    config: RunConfig
    origin: "Origin | None" = None
    """Whose remedy it is, if it is one."""
    stops: RunDir | None = None
    """A live run that is to stop once this one has started."""


@dataclass
class RunOpened(Message):
    """A person wants to watch this run."""

    run: RunDir


@dataclass
class ResumeRequested(Message):
    """A person wants this run to go on from its last checkpoint."""

    run: RunDir


@dataclass
class SetupRequested(Message):
    """A person wants this configuration in Setup, to change it."""

    config: RunConfig


@dataclass
class ReplayRequested(Message):
    """A person wants to see a finished run again as it went."""

    run: RunDir


@dataclass
class CompareRequested(Message):
    """A person wants these runs, two to eight, over each other."""

    runs: tuple[RunDir, ...]


@dataclass
class BranchRequested(Message):
    """A person wants a run to go on from one of its checkpoints, with something changed."""

    run: RunDir
    step: int | None = None
    """The step that is looked at; None is the newest."""


@dataclass
class TwinsRequested(Message):
    """A person wants runs that differ in one setting."""

    source: RunConfig | RunDir
    """What they have in common: a configuration, or that of a run."""


@dataclass
class RepeatRequested(Message):
    """A person wants a run again with other seeds; where it is a twin, all of its twins as well."""

    run: RunDir
