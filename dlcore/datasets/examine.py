"""What a user's own files hold, looked at before a run starts; everything else is known from its choice."""

import os
from pathlib import Path

from dlcore.choices.architectures import CustomModel
from dlcore.choices.dataset import Facts, halves
from dlcore.choices.own import Csv, CustomData, ImageFolder
from dlcore.config import RunConfig
from dlcore.crosschecks import cross_check
from dlcore.datasets.folders import list_images
from dlcore.datasets.tables import Table, cached_table
from dlcore.errors import ConfigError, DltuiError, Problem
from dlcore.foreign import cure_for


def read_csv(data: Csv) -> Table:
    """Return the table of a CSV choice; raises DataError where the file is not one."""
    ignore = tuple(name.strip() for name in data.ignore.split(",") if name.strip())
    return cached_table(
        Path(os.path.expanduser(data.file)),
        target=data.target,
        task=data.task,
        header=data.header,
        missing=data.missing,
        ignore=ignore,
    )


def table_facts(table: Table) -> Facts:
    """Return what a table holds; one row in five is for the test."""
    rows = halves(table.rows)
    return Facts(table.task, (len(table.inputs),), *rows, classes=len(table.classes), names=table.classes)


def examine(config: RunConfig) -> Facts | None:
    """Return what the data hold, opening the user's files; None for data that only running code can tell.

    Raises DataError when a file is not what it should be.
    """
    match config.data:
        case Csv() as data:
            return table_facts(read_csv(data))
        case ImageFolder() as data:
            images = list_images(Path(os.path.expanduser(data.folder)))
            shape = (3 if data.color else 1, data.size, data.size)
            splits = (len(images.training), len(images.test)) if images.test else halves(len(images.training))
            return Facts("classification", shape, *splits, classes=len(images.classes), names=images.classes)
        case _:
            return config.data.facts


def settled(config: RunConfig, facts: Facts | None) -> RunConfig:
    """Return the resolved configuration, checked in the light of what the data hold.

    Raises ConfigError when something does not go together with them.
    """
    if facts is not None and facts != config.data.facts:
        problems = tuple(cross_check(config.chosen(), facts))
        if problems:
            raise ConfigError(problems, "the configuration")
    return config.resolved(facts)


def _elsewhere(config: RunConfig, key: str) -> Problem | None:
    """Return what is wrong where a section is that of a watched script or an imported log: nobody has it."""
    chosen = config.section(key)
    target = getattr(chosen, "target", "")
    cure = cure_for(target) if isinstance(chosen, CustomData | CustomModel) else None
    return Problem(f"{key}.target", f"{target} stands for no code that dltui has", cure) if cure else None


def examined(config: RunConfig) -> tuple[Facts | None, list[Problem]]:
    """Return what the data hold, and what is wrong with the configuration in its light."""
    if elsewhere := [
        problem for key in ("data", "model") if (problem := _elsewhere(config, key)) is not None
    ]:
        return None, elsewhere
    try:
        facts = examine(config)
    except DltuiError as error:
        key = {"csv": "data.file", "image_folder": "data.folder"}.get(config.data.kind, "data.kind")
        return None, [Problem(key, error.message, error.hint)]
    if facts is None or facts == config.data.facts:
        return facts, []  # nothing that reading the configuration has not checked
    return facts, list(cross_check(config.chosen(), facts))
