"""A run as it stood at a checkpoint, to look into: its data and its network. Nothing is written."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from torch import nn

from dlcore.checkpoints import is_whole, saved
from dlcore.choices.dataset import Facts
from dlcore.config import RunConfig
from dlcore.datasets.examine import settled
from dlcore.errors import DltuiError
from dlcore.family.branch import config_at
from dlcore.foreign import refuse
from dlcore.rundir import RunDir
from dlcore.training import checkpoint
from dlcore.training.data import AnySplit, Data, load
from dlcore.training.known import source_of
from dlcore.training.models import build_model
from dlcore.training.safe_load import fitting


@dataclass(frozen=True)
class Opened:
    """Data and network on the CPU; the network is in evaluation mode."""

    step: int
    """That of the checkpoint."""
    config: RunConfig
    """With all that was changed live up to the step."""
    facts: Facts
    data: Data
    model: nn.Module
    state: dict[str, Any]
    """The checkpoint, as `state_of` made it: `optimizer`, `taken` ..."""

    @property
    def watched(self) -> tuple[Literal["validation", "test"], AnySplit]:
        """The split that was evaluated during the run: the test split when nothing was held out."""
        if len(self.data.validation):
            return "validation", self.data.validation
        return "test", self.data.test


_kept: dict[tuple[str, int, int], Opened] = {}
"""What was opened last."""


def opened(path: str, step: int | None = None) -> Opened:
    """Return a run at its newest checkpoint that is whole, or at the newest up to `step`.

    Raises DltuiError where there is none, or where its data are no longer here.
    """
    run = RunDir(Path(path))
    refuse(run, "be opened")
    newest_first = reversed([one for one in saved(run).items() if step is None or one[0] <= step])
    there, file = next((one for one in newest_first if is_whole(one[1])), (None, None))
    if there is None or file is None:
        before = "" if step is None else f" up to step {step:,}"
        raise DltuiError(f"{run.id} has no checkpoint{before} yet", "Wait for the next one.")
    key = path, there, file.stat().st_mtime_ns if file.exists() else 0  # a resume may have saved it anew
    if key not in _kept:
        found = _open(run, there)
        _kept.clear()
        _kept[key] = found
    return _kept[key]


def _open(run: RunDir, step: int) -> Opened:
    config = config_at(run, step)
    source = source_of(config)
    if source is None:
        raise DltuiError(f"The data of {run.id} are no longer here", "A new run fetches them again.")
    config = settled(config, source.facts)
    data = load(config, source, torch.device("cpu"))
    state = checkpoint.load(run, step)
    torch.manual_seed(config.seed)
    model = build_model(config, source.facts)
    model.load_state_dict(fitting(state.get("model", {}), model.state_dict(), "the weights"))
    return Opened(step, config, source.facts, data, model.eval(), state)
