"""Watch a training loop of your own: two lines in a script, and its run is like any other here.

    from dlcore import watch

    with watch(model, optimizer, epochs=10) as run:
        for epoch in range(10):
            for inputs, targets in batches:
                ...                                   # forward, loss, backward
                optimizer.step()
                run.step(loss, accuracy=accuracy, samples=len(inputs))
            run.evaluated("validation", loss=held_out_loss, accuracy=held_out_accuracy)
            run.epoch()

Only `watch` and `run.step` are needed. Nothing of ours ends the script: a fault becomes one line on standard
error, and the script goes on unwatched.
"""

import os
import sys
import weakref
from types import TracebackType
from typing import Any

import torch
from torch import nn, optim
from torch.utils.data import get_worker_info

from dlcore.errors import StopTraining
from dlcore.history import Metric
from dlcore.training.faults import described
from dlcore.training.watching_config import Settings
from dlcore.training.watching_guard import Guard, said, warn
from dlcore.training.watching_session import Session, Split

_SPLITS = ("validation", "test")


def watch(
    model: nn.Module,
    optimizer: optim.Optimizer,
    *,
    name: str = "",
    epochs: int | None = None,
    total_steps: int | None = None,
    probe_budget: float = 0.1,
    obey: bool = False,
    chance: float | None = None,
) -> "Watch":
    """Begin a run of the script's own, which every screen, finding and export of dltui understands.

    `epochs` or `total_steps` say how long it will be, so that it can be judged while it goes on.
    `probe_budget` is the share of the time that looking at gradients and activations may cost. With `obey`
    viewers may pause it, stop it (`run.step` then raises StopTraining, which a `with` block takes for its
    end) and set the learning rate. `chance` is the accuracy of the best constant answer, as 0.1 for ten
    classes of one size.

    Of several processes that train together, the first alone is watched. Raises TypeError or ValueError for
    arguments that are none of these, and nothing else.
    """
    _check(model, optimizer, epochs, total_steps, probe_budget, chance)
    settings = Settings(name, epochs, total_steps, probe_budget, obey, chance)
    return Watch(model, optimizer, settings)


def _check(
    model: object,
    optimizer: object,
    epochs: int | None,
    total_steps: int | None,
    probe_budget: float,
    chance: float | None,
) -> None:
    if not isinstance(model, nn.Module):
        raise TypeError(f"watch needs a torch module, not a {type(model).__name__}")
    if not isinstance(optimizer, optim.Optimizer):
        raise TypeError(f"watch needs a torch optimizer, not a {type(optimizer).__name__}")
    for what, value in (("epochs", epochs), ("total_steps", total_steps)):
        if value is not None and not 0 < value < 10**15:
            raise ValueError(f"{what} must be greater than 0 (got {value})")
    if not 0 <= probe_budget <= 1:
        raise ValueError(f"probe_budget must be between 0 and 1 (got {probe_budget})")
    if chance is not None and not 0 <= chance <= 1:
        raise ValueError(f"chance must be between 0 and 1 (got {chance})")


class Watch:
    """A script's side of its run. All methods do nothing once the run has ended."""

    def __init__(self, model: nn.Module, optimizer: optim.Optimizer, settings: Settings) -> None:
        self._guard = Guard()
        self._session: Session | None = None
        if _is_another():
            return
        try:
            session = Session(model, optimizer, settings, self._guard)
        except Exception as error:  # an outer door, as Guard is
            warn(f"{said(error)} This script is not watched, and goes on.")
            return
        self._session = session
        self._guard.on_fault = session.abandon
        _fate.listen()
        # The script ends, or lets go of it: both without a word.
        self._ending = weakref.finalize(self, _end_unsaid, self._guard, session)

    @property
    def id(self) -> str:
        """The run's id; '' where nothing is watched."""
        return self._session.run.id if self._session is not None else ""

    def step(
        self,
        loss: float | torch.Tensor,
        *,
        accuracy: float | torch.Tensor | None = None,
        r2: float | torch.Tensor | None = None,
        samples: int | None = None,
    ) -> None:
        """Tell a training step, behind the optimizer's: the batch's mean loss, and its accuracy or R².

        Tensors may lie on any device: they are read there a few at a time. `samples` is the size of the
        batch; without it, all are taken to be as large as the first. With `obey=True` it waits here while
        paused, and raises StopTraining when a viewer has stopped the run.
        """
        if self._session is not None:
            metric: Metric | None = "accuracy" if accuracy is not None else "r2" if r2 is not None else None
            score = accuracy if accuracy is not None else r2
            _fate.verdict = ()  # at a prompt, one goes on behind an error
            self._guard(self._session.step, loss, metric, score, samples)

    def evaluated(
        self,
        split: Split,
        *,
        loss: float | torch.Tensor,
        accuracy: float | torch.Tensor | None = None,
        r2: float | torch.Tensor | None = None,
        mae: float | torch.Tensor | None = None,
        rmse: float | torch.Tensor | None = None,
        samples: int = 0,
    ) -> None:
        """Tell what a whole split, `validation` or `test`, was measured to have; `samples` is its size."""
        if split not in _SPLITS:
            raise ValueError(f"split must be validation or test (got {split!r})")
        if self._session is not None:
            given = {"loss": loss, "accuracy": accuracy, "r2": r2, "mae": mae, "rmse": rmse}
            self._guard(self._evaluated, split, samples, given)

    def _evaluated(self, split: Split, samples: int, given: dict[str, Any]) -> None:
        assert self._session is not None
        figures = {name: None if value is None else float(value) for name, value in given.items()}
        self._session.evaluated(split, samples, figures)

    def epoch(self) -> None:
        """Tell that an epoch is over: the run keeps the means of its steps."""
        if self._session is not None:
            self._guard(self._session.end_epoch)

    def close(self) -> None:
        """End the run as finished; it ends by itself with the script, or with the `with` block."""
        self._end("finished")

    def __enter__(self) -> "Watch":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        self._end(*_verdict(error))
        return isinstance(error, StopTraining)

    def _end(self, *verdict: str) -> None:
        if self._session is not None:
            self._ending.detach()
            _end(self._guard, self._session, *verdict)


def _end(guard: Guard, session: Session, *verdict: str) -> None:
    """End a run, once."""
    guard(session.end, *verdict)
    guard.is_off = True


def _end_unsaid(guard: Guard, session: Session) -> None:
    """End a run that nobody has ended: as the script has, or as far as it has come."""
    if _fate.verdict:
        _end(guard, session, *_fate.verdict)
    else:
        _end(guard, session, *session.unsaid())


def _verdict(error: BaseException | None) -> tuple[str, ...]:
    """Return how a run has ended that an exception ends: its reason, message and hint."""
    if isinstance(error, StopTraining | KeyboardInterrupt):
        return ("stopped",)
    if error is None or (isinstance(error, SystemExit) and error.code in (None, 0)):
        return ("finished",)
    return "failed", described(error), "The script has printed the whole story"


class _Fate:
    """What ends the script: noted on its way to whoever prints it."""

    def __init__(self) -> None:
        self.verdict: tuple[str, ...] = ()
        """Of an exception that nobody caught; empty as long as there is none, and once the script goes on."""
        self._is_listening = False

    def listen(self) -> None:
        """Hear of exceptions that nobody catches."""
        if self._is_listening:
            return
        self._is_listening = True
        before = sys.excepthook

        def hear(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
            self.verdict = _verdict(error)
            before(kind, error, trace)

        sys.excepthook = hear


_fate = _Fate()


def _is_another() -> bool:
    """Whether this process only loads data, or is one of many that train together, and not the first."""
    if get_worker_info() is not None:
        return True
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        return torch.distributed.get_rank() != 0
    return os.environ.get("RANK", "0").strip() not in ("", "0")
