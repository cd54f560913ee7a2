"""Judging a run while it is watched: each look only at what is new, and never for long."""

import time
from contextlib import suppress

from dlcore.diagnose import Diagnosis, Finding
from dlcore.errors import DltuiError
from dlcore.history import RunHistory
from dlcore.judged import as_it_stands, config_of
from tui.feed import RunFeed

_REST = 20
"""The next look at a live run waits so many times as long as the last one took."""


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
        self._due = 0.0
        if self._config is None:
            with suppress(DltuiError):  # of another version: what is known of it may be enough
                self._config = config_of(feed.run)

    def silence(self, without: frozenset[str]) -> None:
        """Judge anew, with other rules switched off."""
        self.without = without
        self._diagnosis = None
        self.look()

    def look(self) -> tuple[Finding, ...]:
        """Take in what has come, and return the findings; nothing while a long run is only previewed."""
        began = time.monotonic()
        is_due = self._diagnosis is None or not self.feed.live or began >= self._due
        if self._config is None or self.feed.reading or not is_due:
            return self.findings
        self.findings = self._judging(self.feed.history).see(self.feed.history)
        self._due = began + (1 + _REST) * (time.monotonic() - began)
        return self.findings

    def _judging(self, history: RunHistory) -> Diagnosis:
        """Return what judges a history; another one when it, or what is configured, is no longer the same."""
        settings = history.settings
        if self._diagnosis is None or history is not self._history or settings != self._settings:
            assert self._config is not None
            self._history, self._settings = history, settings
            self._diagnosis = Diagnosis(as_it_stands(self._config, history), self.without)
        return self._diagnosis
