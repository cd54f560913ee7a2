"""Logs that still grow: read again and again, each into its own run, until somebody ends it."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from dlcore.errors import DataError, DltuiError
from dlcore.importing.log import Log
from dlcore.importing.mapping import Choice, chosen
from dlcore.importing.sources import Source, sources
from dlcore.importing.writing import Import
from dlcore.rundir import RunDir


@dataclass
class Imported:
    """A log that has become a run, or is becoming one."""

    log: Log
    choice: Choice
    writing: Import

    @property
    def run(self) -> RunDir:
        """The run's folder."""
        return self.writing.run


class Following:
    """The logs below a path, and the runs that they become."""

    def __init__(
        self, root: Path, path: Path, given: Mapping[str, str], name: str = "", *, grows: bool
    ) -> None:
        """`grows` says that there may be more to come; raises DltuiError where there is no log."""
        self.imported: dict[Path, Imported] = {}
        self.unknown: dict[Path, Log] = {}
        """Logs none of whose names is known, so that there is no run to make."""
        self._root = root
        self._path = path
        self._given = given
        self._name = name
        self._grows = grows
        self._sources = {source.path: source for source in sources(path, grows=grows)}

    def read(self) -> list[Imported]:
        """Take in what has come since; return the logs that have become runs just now."""
        if self.imported or self.unknown:
            self._look_around()
        new = [one for source in self._sources.values() if (one := self._take(source)) is not None]
        self._check_names()
        return new

    def _look_around(self) -> None:
        """Find files that have come since, of known runs and of new ones."""
        with suppress(DataError):  # what was there is gone: nothing new comes from it
            for source in sources(self._path, grows=self._grows):
                if source.path in self._sources:
                    self._sources[source.path].take_up(source)
                else:
                    self._sources[source.path] = source

    def _take(self, source: Source) -> Imported | None:
        log = source.read()
        known = self.imported.get(source.path)
        given = {
            name: wanted for name, wanted in self._given.items() if name in log.columns or name in log.others
        }
        choice = chosen(log, given, known.choice if known is not None else None)
        if not choice.series.keys() - {"epoch"}:
            self.unknown[source.path] = log
            return None
        self.unknown.pop(source.path, None)
        is_new = known is None
        if known is None:
            several = f"{self._name} {log.name}" if self._name and len(self._sources) > 1 else self._name
            known = Imported(log, choice, Import(self._root, log, choice, several))
            self.imported[source.path] = known
        known.log, known.choice = log, choice
        known.writing.update(log, choice, is_whole=not self._grows)
        known.writing.answer()
        return known if is_new else None

    def _check_names(self) -> None:
        """Raise DltuiError for a name that no log has, unless it may still come."""
        logs = [*(one.log for one in self.imported.values()), *self.unknown.values()]
        for name in self._given:
            if not self._grows and not any(name in log.columns or name in log.others for log in logs):
                chosen(logs[0], {name: self._given[name]})

    def end(self) -> None:
        """Say the last figures of each run, and its last word."""
        for one in self.imported.values():
            if self._grows:
                one.writing.update(one.log, one.choice, is_whole=True)
            one.writing.end(tuple(one.log.damage))

    def give_up(self) -> None:
        """Leave no run behind."""
        for one in self.imported.values():
            with suppress(DltuiError, OSError):
                one.writing.give_up()
