"""Judging a run while it is watched: only what is new, and never for long at once."""

from contextlib import suppress

from dlcore.diagnose import Diagnosis, Finding
from dlcore.errors import DltuiError
from dlcore.history import RunHistory
from dlcore.judged import as_it_stands, config_of
from tui.feed import RunFeed

_LOOKS = 2
"""So many steps are judged at once, some milliseconds of work; keys have their turn between."""


class Judge:
    """The findings of one run as they stand."""

    def __init__(self, feed: RunFeed, without: frozenset[str] = frozenset()) -> None:
        """`without` are codes whose rules are switched off."""
        self.feed = feed
        self.findings: tuple[Finding, ...] = ()
        self.without = without
        self._config = feed.config
        self._diagnosis: Diagnosis | None = None
        self._history: RunHistory | None = None
        self._settings: dict[str, object] = {}
        if self._config is None:
            with suppress(DltuiError):  # of another version: what is known of it may be enough
                self._config = config_of(feed.run)

    def silence(self, without: frozenset[str]) -> None:
        """Judge anew, with other rules switched off."""
        self.without = without
        self._diagnosis = None
        self.look()

    def look(self) -> tuple[Finding, ...]:
        """Take in all that has come, and return the findings; none while a long run is only previewed."""
        while not self.look_briefly():
            pass
        return self.findings

    def look_briefly(self) -> bool:
        """Take in a part of what has come; return whether that was all. The findings change when it was."""
        if self._config is None or self.feed.reading:
            return True
        judging = self._judging(self.feed.history)
        found = judging.see(self.feed.history, _LOOKS)
        if judging.is_behind(self.feed.history):
            return False
        self.findings = found
        return True

    def _judging(self, history: RunHistory) -> Diagnosis:
        """Return what judges a history; another one when it, or what is configured, is no longer the same."""
        settings = history.settings
        if self._diagnosis is None or history is not self._history or settings != self._settings:
            assert self._config is not None
            self._history, self._settings = history, settings
            self._diagnosis = Diagnosis(as_it_stands(self._config, history), self.without)
        return self._diagnosis
