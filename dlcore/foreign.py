"""Runs that no trainer of ours can train: those of a person's own script, and those read from a log.

Their figures are like any other run's. Their network and data are known elsewhere alone: the configuration
has `custom` for both, with a target that stands for no code, and `run.json` says where they come from. So
nothing of theirs is ever imported or started here, and whoever asks for it gets a sentence.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from dlcore.clean import clean
from dlcore.errors import RunError
from dlcore.files.atomic import read_json
from dlcore.rundir import RunDir

if TYPE_CHECKING:  # the app asks for crashed runs before it needs any choice
    from dlcore.choices.choice import Choice

OWN_SCRIPT = "own_script"
"""What stands before the colon in the target of a watched network, and of its data."""
IMPORTED_LOG = "imported_log"
"""The same of an imported run."""
_CURES = {
    OWN_SCRIPT: "It is what a script of your own had under dlcore.watch: run the script again.",
    IMPORTED_LOG: "It is what a log of another program tells of: train it there.",
}
_MOST_LETTERS = 4096

Sort = Literal["watched", "imported"]


@dataclass(frozen=True, slots=True)
class Foreign:
    """Where the figures of such a run come from."""

    sort: Sort
    source: str
    """Path of the script, or of the file or folder that was read."""
    format: str = ""
    """What kind of log it was."""

    def told(self) -> str:
        """Return where it comes from, in a clause."""
        if self.sort == "watched":
            return f"watched in your own script {self.source}"
        return f"imported from {self.source} ({self.format})"

    def without_weights(self) -> str:
        """Return why there is nothing to see that needs the network, in a sentence."""
        if self.sort == "watched":
            return "Your own script alone knows the network of this run, and its weights are not saved here."
        return "This run was imported: a log has no weights to look at."


def foreign(facts: Mapping[str, Any]) -> Foreign | None:
    """Return where a run comes from by its `run.json`; None for one of ours."""
    watched, imported = facts.get("watched"), facts.get("imported")
    if isinstance(watched, Mapping):
        return Foreign("watched", _text(watched.get("script")))
    if isinstance(imported, Mapping):
        return Foreign("imported", _text(imported.get("from")), _text(imported.get("format")))
    return None


def foreign_of(run: RunDir) -> Foreign | None:
    """Return where a run on disk comes from; None for one of ours."""
    return foreign(read_json(run.facts))


def refuse(run: RunDir, what: str, cure: str = "") -> None:
    """Raise RunError where a run is not ours to train; `what` is what was asked for, as in `be resumed`."""
    found = foreign_of(run)
    if found is None:
        return
    usual = "Run the script again." if found.sort == "watched" else "Train it where its log was written."
    raise RunError(f"{run.id} cannot {what}: it was {found.told()}", cure or usual)


def is_imported(model: "Choice") -> bool:
    """Whether a network is that of an imported run, of which a log has told some figures alone."""
    return str(getattr(model, "target", "")).startswith(f"{IMPORTED_LOG}:")


def cure_for(target: str) -> str | None:
    """Return what to do instead of calling the target of such a run; None for code that may be there."""
    return _CURES.get(target.partition(":")[0].strip())


def _text(value: object) -> str:
    return clean(value[:_MOST_LETTERS]) if isinstance(value, str) and value else "unknown"
