"""All that the next steps of a training depend on, beside its configuration and its data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dlcore.clean import clean
from dlcore.config import Plan
from dlcore.errors import DltuiError
from dlcore.events import Warned
from dlcore.stages import begun, continued
from dlcore.training.record import readable
from dlcore.training.safe_load import fitting
from dlcore.training.seeds import drawing

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
        "concluded_at": training.concluded_at,
        "stages": [list(stage) for stage in begun(training.plan, training.step)],
        "plateau": training.plateau.state() if training.plateau is not None else None,
        "best": training.best.state() if training.best is not None else None,
        "chance": drawing(training.augmenting, training.data.device),
        "saver": training.saver.state(training.step),
    }


def plan_from(state: dict[str, Any], plan: Plan) -> Plan:
    """Return how long a run is that goes on from a state: epochs that had begun there stay as they were."""
    try:
        begun_there = tuple((int(epochs), int(size), int(steps)) for epochs, size, steps in state["stages"])
    except (KeyError, TypeError, ValueError) as error:
        raise _unfit(error) from None
    return continued(begun_there, plan)


def _unfit(error: Exception) -> DltuiError:
    return DltuiError(
        f"The checkpoint does not fit this network and optimizer ({readable(clean(str(error)))})",
        "Start a new run, or branch with the same network and optimizer.",
    )


def restore(training: Training, state: dict[str, Any], *, is_fresh: bool = False) -> None:
    """Go on from a state; the configuration has what was changed live until then.

    `is_fresh` leaves what the optimizer remembers behind: it is another one now. Raises DltuiError when the
    state is that of another network or optimizer.
    """
    try:
        weights = training.model.state_dict()
        training.model.load_state_dict(fitting(state["model"], weights, "the weights"))
        if not is_fresh:
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
        training.concluded_at = state["concluded_at"]
        training.plan = plan_from(state, training.plan)
        training.frames.lengthen(training.plan.steps)
        training.chance = state["chance"]
        training.saver.restore(state["saver"], state["step"])
    except (KeyError, TypeError, ValueError, RuntimeError, AttributeError) as error:
        raise _unfit(error) from None
    training.first_epoch = int(training.plan.epoch_at(training.step) + 1e-9) + 1
    training.epoch = training.first_epoch
    training.restored = True
    if is_fresh:
        word = training.config.optimizer.word()
        said = f"The optimizer is another one from step {training.step} on: {word} begins without a memory"
        training.record.say(Warned, training.step, message=said)
