"""Keeps faults of ours away from a watched script: the first becomes a sentence, and the script goes on.

This is one of the outer doors, and so it catches whatever there is: what is watched here is somebody's work
of hours, and no figure of ours is worth its end.
"""

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from dlcore.clean import clean
from dlcore.errors import DltuiError, StopTraining

Given = TypeVar("Given")
_MOST_LETTERS = 500
_forks = 0
"""How often this process is the copy of a copy; to ask the system at each step would cost too much."""


def _count() -> None:
    global _forks
    _forks += 1


os.register_at_fork(after_in_child=_count)


class Guard:
    """Calls what watches the script, for as long as that works, and only in the process that began it."""

    def __init__(self, on_fault: Callable[[str], None] | None = None) -> None:
        """`on_fault` is told of the first fault, which is also the last."""
        self.is_off = False
        self.on_fault = on_fault
        self._forks = _forks

    @property
    def is_elsewhere(self) -> bool:
        """Whether this is a forked copy of the process, such as one that loads data."""
        return self._forks != _forks

    def __call__(self, do: Callable[..., Given], *arguments: object) -> Given | None:
        """Return what a call gives; None after a fault, which nobody is told of but once."""
        if self.is_off or self.is_elsewhere:
            return None
        try:
            return do(*arguments)
        except StopTraining:
            raise
        except Exception as error:  # the outer door: a fault of ours is none of the script's
            self.give_up(said(error))
        return None

    def give_up(self, fault: str) -> None:
        """Watch no more, and say why."""
        if self.is_off:
            return
        self.is_off = True
        warn(f"{fault} This script is no longer watched, and goes on.")
        if self.on_fault is not None:
            with suppress(Exception):  # it has failed before
                self.on_fault(fault)


def said(error: Exception) -> str:
    """Return a fault as a sentence."""
    if isinstance(error, DltuiError):
        text = str(error)
    else:
        text = f"{type(error).__name__}: {' '.join(str(error).split())}"
    text = clean(text.replace("\n", " "))[:_MOST_LETTERS]
    return text if text.endswith(".") else f"{text}."


def warn(sentence: str) -> None:
    """Say a sentence on standard error, if anybody hears it."""
    with suppress(Exception):  # closed, or replaced by anything
        print(f"dltui: {sentence}", file=sys.stderr, flush=True)
