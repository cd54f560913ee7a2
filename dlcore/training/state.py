"""All that the next steps of a training depend on, beside its configuration and its data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dlcore.clean import clean
from dlcore.errors import DltuiError
from dlcore.training.record import readable
from dlcore.training.safe_load import fitting
from dlcore.training.seeds import drawing
from dlcore.training.steering import edit_again

if TYPE_CHECKING:
    from dlcore.training.loop import Training


def state_of(training: Training) -> dict[str, Any]:
    """Return the state between two steps, as tensors and plain values."""
    return {
        "step": training.step,
        "model": training.model.state_dict(),
        "optimizer": training.optimizer.state_dict(),
        "taken": training.optimizer.taken,
        "epoch": training.chunk.state(),
        "evaluated_at": training.evaluated_at,
        "plateau": training.plateau.state() if training.plateau is not None else None,
        "best": training.best.state() if training.best is not None else None,
        "chance": drawing(training.augmenting, training.data.device),
    }


def restore(training: Training, state: dict[str, Any]) -> None:
    """Go on from a state; what was changed live until then is changed again.

    Raises DltuiError when the state is that of another network or optimizer.
    """
    try:
        weights = training.model.state_dict()
        training.model.load_state_dict(fitting(state["model"], weights, "the weights"))
        training.optimizer.load_state_dict(state["optimizer"])
        training.optimizer.taken = state["taken"]
        training.chunk.restore(state["epoch"])
        if training.plateau is not None and state["plateau"] is not None:
            training.plateau.restore(state["plateau"])
        if training.best is not None and state["best"] is not None:
            if state["best"]["weights"]:
                fitting(state["best"]["weights"], weights, "the best weights")
            training.best.restore(state["best"])
        training.step, training.evaluated_at = state["step"], state["evaluated_at"]
        training.chance = state["chance"]
    except (KeyError, TypeError, ValueError, RuntimeError, AttributeError) as error:
        raise DltuiError(
            f"The checkpoint does not fit this network and optimizer ({readable(clean(str(error)))})",
            "Start a new run, or branch with the same network and optimizer.",
        ) from None
    training.first_epoch = int(training.plan.epoch_at(training.step) + 1e-9) + 1
    training.saver.step, training.restored = training.step, True
    edit_again(training)
