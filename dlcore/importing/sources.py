"""From a path to the logs that lie there: a CSV file, an event file, or a folder with runs of TensorBoard.

A folder with event files is one run. Programs that write the figures of a split into a folder of its own
(`train` and `validation` of Keras, `loss_train` and `loss_val` of torch's add_scalars) mean one run all the
same: those folders are joined, and the split stands before their tags.
"""

import math
import os
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from dlcore.clean import clean
from dlcore.errors import DataError
from dlcore.importing.csv_logs import read_csv
from dlcore.importing.log import Log
from dlcore.importing.mapping import split_of
from dlcore.importing.tfevents import EventFile

_MARK = "tfevents"
_TABLES = (".csv", ".tsv")
_METRICS = ("metrics.csv", "results.csv", "history.csv", "training.csv")
_DEEPEST = 8
_MOST_ENTRIES = 200_000
_MOST_FILES = 5_000
_MOST_TIME = 1e11


class Source:
    """One training of another program, and the files that tell of it."""

    def __init__(
        self, name: str, path: Path, files: Iterable[tuple[Path, str]], *, grows: bool = False
    ) -> None:
        """`files` are paths, each with what stands before its tags."""
        self.name = name
        self.path = path
        self._files = {file: (prefix, EventFile(file)) for file, prefix in files}
        self._grows = grows
        self._log: Log | None = None
        self._stamp: tuple[int, int] | None = None

    def read(self) -> Log:
        """Return all that is told by now; raises DataError or OSError where it cannot be read."""
        return self._read_events() if self._files else self._read_table()

    def take_up(self, other: "Source") -> None:
        """Take up files that have come since: those of another look at the same place."""
        self._files = {**other._files, **self._files}

    def _read_table(self) -> Log:
        status = self.path.stat()
        stamp = status.st_mtime_ns, status.st_size
        if self._log is None or stamp != self._stamp:
            self._log, self._stamp = read_csv(self.path, grows=self._grows), stamp
        return self._log

    def _read_events(self) -> Log:
        if self._log is None:
            self._log = Log(self.name, str(self.path), "TensorBoard")
        log = self._log
        for prefix, file in self._files.values():
            _take(log, prefix, file)
        for column in log.columns.values():
            column.settle()
        log.damage = [file.damage for _, file in self._files.values() if file.damage]
        if skipped := sum(file.skipped for _, file in self._files.values()):
            log.damage.append(f"{skipped:,} records are damaged")
        return log


def _take(log: Log, prefix: str, file: EventFile) -> None:
    """Take in what an event file says; a later file of a run takes back what it says again."""
    is_first = file.is_new
    begun: set[str] = set()
    for point in file.read():
        name = f"{prefix}/{point.tag}" if prefix else point.tag
        if point.value is None:
            if len(log.others) < _MOST_FILES:
                log.others[name] = point.kind
            continue
        if is_first and name not in begun and name in log.columns:
            log.columns[name].cut(point.step)
        begun.add(name)
        time = point.time if math.isfinite(point.time) and 0 < point.time < _MOST_TIME else 0.0
        log.add(name, point.step, point.value, time)


def sources(path: Path, *, grows: bool = False) -> list[Source]:
    """Return the trainings that a path tells of, sorted by name; nothing is read yet.

    Raises DataError where there is no log.
    """
    path = Path(os.path.expanduser(path)).absolute()
    try:
        if path.is_dir():
            found = _in_folder(path, grows)
        elif _MARK in path.name:
            found = [Source(path.parent.name or path.name, path, [(path, "")])]
        elif path.exists():
            found = [Source(path.stem, path, (), grows=grows)]
        else:
            raise DataError(
                f"There is nothing at {clean(str(path))}", "Give a folder, an event file or a CSV file."
            )
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or clean(str(error))
        raise DataError(
            f"{clean(str(path))} cannot be read: {reason}", "Check that you may read it."
        ) from None
    if not found:
        raise DataError(
            f"There is no log in {clean(str(path))}",
            "Event files of TensorBoard have tfevents in their names; name a CSV file itself.",
        )
    return found


def _in_folder(root: Path, grows: bool) -> list[Source]:
    folders: dict[Path, list[Path]] = {}
    tables: list[Path] = []
    entries = 0
    for here, below, names in os.walk(root):
        folder = Path(here)
        entries += len(names) + len(below)
        if entries > _MOST_ENTRIES:
            raise DataError(
                f"{clean(str(root))} has more than {_MOST_ENTRIES:,} entries", "Give a smaller folder."
            )
        if len(folder.relative_to(root).parts) >= _DEEPEST:
            below.clear()
        below.sort()
        events = sorted(folder / name for name in names if _MARK in name)
        if events:
            folders[folder] = events
        tables += [folder / name for name in sorted(names) if name in _METRICS]
    if sum(map(len, folders.values())) > _MOST_FILES:
        raise DataError(
            f"{clean(str(root))} has more than {_MOST_FILES:,} event files", "Give a smaller folder."
        )
    found = _joined(root, folders)
    found += [Source(_name(root, table.parent), table, (), grows=grows) for table in tables]
    return sorted(found, key=lambda one: one.name)


def _joined(root: Path, folders: dict[Path, list[Path]]) -> list[Source]:
    """Return a source for each run: folders that are named for a split belong to the folder above them."""
    runs: dict[Path, list[tuple[Path, str]]] = {}
    siblings = Counter(folder.parent for folder in folders if split_of(folder.name))
    for folder, files in folders.items():
        split = split_of(folder.name)
        above = folder.parent
        is_part = bool(split) and folder != root and (above in folders or siblings[above] > 1)
        key, prefix = (above, split) if is_part else (folder, "")
        runs.setdefault(key, []).extend((file, prefix) for file in files)
    return [Source(_name(root, folder), folder, files) for folder, files in runs.items()]


def _name(root: Path, folder: Path) -> str:
    parts = folder.relative_to(root).parts
    return "/".join(parts) if parts else root.name or "log"


def began(log: Log) -> datetime | None:
    """Return when a training began, where its log says so."""
    times = [time for column in log.columns.values() for time in column.times[:1] if time]
    return datetime.fromtimestamp(min(times), UTC) if times else None
