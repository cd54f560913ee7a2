"""What two runs must have in common, bit for bit, where one is to have ended as the other."""

from typing import Any

import torch

from dlcore.rundir import RunDir
from dlcore.summary import read_history, state_of
from dlcore.training import checkpoint

_SAID = {"duration", "seconds", "seq", "attempt", "resumed"}
"""Fields of events that tell one telling from another."""


def figures(run: RunDir) -> dict[str, Any]:
    """All that can be drawn of a run, but for times."""
    history = read_history(run, whole=True)
    return {
        "loss": history.loss.values.tobytes(),
        "score": history.score.values.tobytes(),
        "lr": history.lr.values.tobytes(),
        "epochs": [one.model_dump(exclude=_SAID) for one in history.epochs],
        "evaluations": [one.model_dump(exclude=_SAID) for one in history.evaluations],
        "state": state_of(run, history),
        "step": history.step,
    }


def same_weights(one: RunDir, other: RunDir, step: int) -> bool:
    """Whether the checkpoints of two runs at a step hold the same weights."""
    first, second = (checkpoint.load(run, step)["model"] for run in (one, other))
    return all(torch.equal(tensor, second[name]) for name, tensor in first.items())
