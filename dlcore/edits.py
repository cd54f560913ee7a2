"""Hyperparameters that change while a run goes on: what such a change makes of its configuration."""

from dlcore.commands import Set
from dlcore.config import RunConfig, to_table
from dlcore.errors import DltuiError
from dlcore.reading import read_table


def changed(config: RunConfig, command: Set) -> tuple[RunConfig, str]:
    """Return the configuration after a change while the run goes on, and what changed in words.

    Raises DltuiError when the key cannot change without building the network anew, or the value is wrong.
    """
    asked = f"{command.key} = {command.value}"
    if command.key != "optimizer.lr":
        raise DltuiError(f"{asked}: only optimizer.lr can change while the run goes on")
    table = to_table(config)
    table["optimizer"]["lr"] = command.value
    reading = read_table(table)
    if reading.config is None:
        raise DltuiError(f"{asked}: {reading.problems[0].message}")
    return reading.config, f"optimizer.lr {config.optimizer.lr:g} → {reading.config.optimizer.lr:g}"
