"""All runs as a list that stays: read once, a few rows at a time, and looked at anew where it may change.

One scan of the folder gives the ids; a row is read when its turn comes, those first that somebody sees. An
ended run whose `run.json` has kept its stamp is never opened again.
"""

import math
import os
import time
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import chain
from pathlib import Path

from dlcore.labels import NO_LABEL, Label, read_label
from dlcore.rundir import FACTS, LABEL, RunDir, run_ids
from dlcore.runs import Fold, RunRow, Stamp, ended_row, labelled, read_facts_at, stamp

_FOLDS = 64
"""So many runs that have not ended are kept half read; others are read from their start again."""
_PIECE_SECONDS = 0.008
"""So long is one run read before others have their turn."""
_SEEN_SECONDS = 0.05
"""So long are those that somebody sees read in one poll; what is more comes with the next one."""
_OTHERS = 20
"""So many unseen runs that have not ended are looked at in one poll."""
_LABELS = 250
"""Of so many runs it is asked in one poll whether somebody has named, tagged or hidden them."""


class Entry:
    """One run of the list; `row` is None until it has been read."""

    __slots__ = ("_facts", "_label", "_labelled", "_said", "ended", "id", "row")

    def __init__(self, name: str) -> None:
        self.id = name
        self.row: RunRow | None = None
        self.ended = False
        """Whether its summary is stored, so that only a new `run.json` can change its row."""
        self._facts: Stamp | None = None
        self._said: Stamp | None = None
        self._label: Label = NO_LABEL
        self._labelled: Stamp | None = None


class RunList:
    """The runs below a home, the newest first."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._runs = root / "runs"
        self.entries: list[Entry] = []
        self.read = 0
        """How many of them have a row."""
        self._by_id: dict[str, Entry] = {}
        self._due: OrderedDict[str, Entry] = OrderedDict()
        self._folds: dict[str, Fold] = {}
        self._changed: int | None = None
        self._next = 0
        self._next_label = 0

    def scan(self) -> None:
        """List the folder: known runs keep their rows, and every run is due to be looked at."""
        self._changed = self._changed_at()
        known, self._by_id = self._by_id, {}
        self.entries = [known.get(name) or Entry(name) for name in run_ids(self.root)]
        self._by_id = {entry.id: entry for entry in self.entries}
        self._folds = {name: fold for name, fold in self._folds.items() if name in self._by_id}
        self._due = OrderedDict(self._by_id)
        self.read = sum(entry.row is not None for entry in self.entries)

    @property
    def is_outdated(self) -> bool:
        """Whether runs came or went since the last scan; asking costs no scan."""
        return self._changed != self._changed_at()

    @property
    def is_whole(self) -> bool:
        """Whether no run is due any more."""
        return not self._due

    def _file(self, entry: Entry, name: str) -> str:
        """Return the path of a run's file; as a text, since a list asks for tens of thousands."""
        return f"{self._runs}{os.sep}{entry.id}{os.sep}{name}"

    def _changed_at(self) -> int | None:
        try:
            return os.stat(self._runs).st_mtime_ns
        except OSError:
            return None

    def take(
        self, seen: Iterable[Entry], now: datetime, seconds: float, *, seen_only: bool = False
    ) -> list[Entry]:
        """Look at runs that are due, those `seen` first, for about so long; return whose row changed."""
        until = time.monotonic() + seconds
        changed = []
        for entry in seen if seen_only else chain(seen, self._others()):
            if entry.id not in self._due:
                continue
            before = entry.row
            if self.look(entry, now, _PIECE_SECONDS):
                del self._due[entry.id]
            else:
                self._due.move_to_end(entry.id)
            if entry.row != before:
                changed.append(entry)
            if time.monotonic() > until:
                break
        return changed

    def _others(self) -> Iterator[Entry]:
        """Yield what is due, each time the one that has waited longest, each of them once."""
        for _ in range(len(self._due)):
            if not self._due:
                return
            yield next(iter(self._due.values()))

    def poll(self, seen: Iterable[Entry], now: datetime) -> list[Entry]:
        """Look at the runs that are `seen`, and at a few others in turn; return whose row changed.

        Of those others, some have not ended; of some more, only the label is looked at.
        """
        others = [entry for entry in self.entries if entry.row is not None and not entry.ended]
        self._next = self._next % len(others) if others else 0
        turn = others[self._next : self._next + _OTHERS]
        self._next += len(turn)
        changed = []
        until = time.monotonic() + _SEEN_SECONDS
        for entry in dict.fromkeys((*seen, *turn)):
            before = entry.row
            self.look(entry, now, max(_PIECE_SECONDS, until - time.monotonic()))
            if entry.row != before:
                changed.append(entry)
        self._next_label = self._next_label % len(self.entries) if self.entries else 0
        for entry in self.entries[self._next_label : self._next_label + _LABELS]:
            if entry.row is not None and self._read_label(entry):
                changed.append(entry)
        self._next_label += _LABELS
        return changed

    def relabelled(self, run: RunDir) -> None:
        """Take in at once what has just been said of a run."""
        entry = self._by_id.get(run.id)
        if entry is not None:
            self._read_label(entry)

    def __contains__(self, name: str) -> bool:
        """Whether a run of that id is listed."""
        return name in self._by_id

    def row(self, name: str, now: datetime) -> RunRow | None:
        """Return the row of the run with that id, read by now; None where none is listed."""
        entry = self._by_id.get(name)
        if entry is not None and entry.row is None:
            self.look(entry, now)
        return entry.row if entry is not None else None

    def look(self, entry: Entry, now: datetime, seconds: float = math.inf) -> bool:
        """Bring a row up to date; False, with the row as it was, when `seconds` do not suffice."""
        run = entry.row.run if entry.row is not None else RunDir(self._runs / entry.id)
        self._read_label(entry)
        is_new = entry.row is None and entry.id not in self._folds
        if is_new or stamp(self._file(entry, FACTS)) != entry._facts:
            entry.ended = self._read(entry, run)
        return entry.ended or self._follow(entry, run, now, seconds)

    def _read(self, entry: Entry, run: RunDir) -> bool:
        """Read `run.json`; return whether it says all that there is to say."""
        facts, entry._facts = read_facts_at(self._file(entry, FACTS))
        row = ended_row(run, facts)
        if row is not None:
            self._folds.pop(entry.id, None)
            self._set(entry, row)
            return True
        fold = self._folds.get(entry.id)
        if fold is not None:
            fold.learn(facts)
        self._keep(entry.id, fold or Fold(run, facts))
        entry._said = None
        return False

    def _follow(self, entry: Entry, run: RunDir, now: datetime, seconds: float) -> bool:
        """Take in what a run without a summary has said since."""
        said = stamp(run.events)
        if entry.row is not None and not entry.row.live and said == entry._said:
            return True  # nobody writes any more: its lock need not be asked about
        fold = self._folds.get(entry.id)
        facts = {} if fold is not None else read_facts_at(self._file(entry, FACTS))[0]
        self._keep(entry.id, fold := fold or Fold(run, facts))
        if not fold.read(seconds):
            return False
        entry._said = said
        row = labelled(fold.row(now), entry._label)
        if row != entry.row:
            self._set(entry, row)
        return True

    def _read_label(self, entry: Entry) -> bool:
        """Read what people say of a run, where they have said something new; return whether they have."""
        written = stamp(self._file(entry, LABEL))
        if written == entry._labelled:
            return False
        entry._labelled = written
        entry._label = read_label(RunDir(self._runs / entry.id)) if written is not None else NO_LABEL
        if entry.row is not None:
            entry.row = labelled(entry.row, entry._label)
        return True

    def _keep(self, name: str, fold: Fold) -> None:
        """Keep a fold as the latest used, and let the one go that was used longest ago."""
        self._folds.pop(name, None)
        self._folds[name] = fold
        if len(self._folds) > _FOLDS:
            del self._folds[next(iter(self._folds))]

    def _set(self, entry: Entry, row: RunRow) -> None:
        self.read += entry.row is None
        entry.row = labelled(row, entry._label)
