"""The one error that a user sees: what happened, and what to do about it."""

from collections.abc import Sequence
from dataclasses import dataclass


class DltuiError(Exception):
    """A fault with a cure.

    `message` says what is wrong and where, as a sentence without a full stop; `hint` says what to do.
    `code` is the exit status of the command line: 1 when a run failed, 2 for bad usage or a bad file.
    """

    code = 2

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}. {self.hint}" if self.hint else self.message


class StopTraining(Exception):
    """A viewer asked a watched script to stop (`dlcore.watch` with `obey=True`): leave the training loop."""


class RunError(DltuiError):
    """A run directory that is missing, busy, foreign or broken."""


class DataError(DltuiError):
    """A data set that is missing, cut short or not what it claims to be."""

    code = 1


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with a configuration: which key, what, and the cure."""

    key: str
    """Dotted, as in `optimizer.lr`."""
    message: str
    hint: str = ""

    def __str__(self) -> str:
        return f"{self.key}: {self.message}. {self.hint}".rstrip()


class ConfigError(DltuiError):
    """Everything that is wrong with a configuration, all at once."""

    def __init__(self, problems: Sequence[Problem], source: str = "the configuration") -> None:
        self.problems = tuple(problems)
        number = len(self.problems)
        faults = "one fault" if number == 1 else f"{number} faults"
        super().__init__(f"{source} has {faults}", "\n".join(f"  {problem}" for problem in self.problems))

    def __str__(self) -> str:
        return f"{self.message}:\n{self.hint}"
