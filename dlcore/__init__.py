"""The core of dltui: everything that is true without a screen.

Nothing outside `dlcore.training` imports torch. A training script of your own is watched with two lines:

    from dlcore import watch

    run = watch(model, optimizer, epochs=10)
    ...
        run.step(loss, accuracy=accuracy, samples=len(inputs))  # in the loop, behind optimizer.step()
"""

from importlib import import_module
from typing import Any

from dlcore.errors import StopTraining

__version__ = "0.1.0"
__all__ = ["StopTraining", "watch"]


def watch(model: Any, optimizer: Any, **settings: Any) -> Any:
    """Watch a training loop of your own: see `dlcore.training.watching.watch`, which knows torch."""
    return import_module("dlcore.training.watching").watch(model, optimizer, **settings)
