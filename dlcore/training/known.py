"""What an inspector knows of the data of a configuration; the samples that were read last are kept."""

import json
import os
from typing import Any

from dlcore import rundir
from dlcore.choices.dataset import DataChoice, Facts
from dlcore.choices.own import CustomData
from dlcore.config import RunConfig, to_table
from dlcore.datasets.examine import examine, settled
from dlcore.datasets.published import data_folder, find, published
from dlcore.reading import checked
from dlcore.training.sources import Source, read

_LATER = ("batch_size", "validation", "normalize", "scale_target", "shuffle", "limit")
"""What only matters after samples are read: they need not be read again for it."""
_sources: dict[str, Source] = {}
"""The data that were looked at last."""


def known(table: dict[str, Any]) -> tuple[RunConfig, Facts]:
    """Return a checked, resolved configuration, and what its data hold."""
    config = checked(table)
    facts = examine(config)
    if facts is None:
        source = source_of(config)
        assert source is not None, "the user's own data are never absent"
        facts = source.facts
    return settled(config, facts), facts


def source_of(config: RunConfig) -> Source | None:
    """Return the samples, or None when they would have to be downloaded; the latest are kept."""
    try:
        files = published(config.data.kind)
    except KeyError:
        files = None
    if files is not None and len(find(files, data_folder(rundir.home(), files.kind))) < len(files.files):
        return None
    fields = {name: value for name, value in to_table(config)["data"].items() if name not in _LATER}
    key = json.dumps([fields, config.seed, _changed(config.data)], default=str)
    if key not in _sources:
        _sources.clear()
        _sources[key] = read(config, rundir.home(), lambda *_: None)
    return _sources[key]


def _changed(data: DataChoice) -> int:
    """Return when the file or folder that a choice names was last changed, 0 where it names none."""
    named = getattr(data, "file", "") or getattr(data, "folder", "")
    if isinstance(data, CustomData):
        named = data.target.rpartition(":")[0]
    try:
        return os.stat(os.path.expanduser(named)).st_mtime_ns if named else 0
    except OSError:
        return 0
