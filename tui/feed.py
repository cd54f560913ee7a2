"""The only reader of run files in the app: polls a run, folds what is new, knows its state.

A long file is read in two ways at once: a preview of it can be drawn right away, and gives way to all of it.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime

from dlcore import events
from dlcore.config import RunConfig
from dlcore.curves.preview import LONG, preview
from dlcore.errors import DltuiError
from dlcore.events import Event
from dlcore.files.atomic import read_json
from dlcore.files.journal import Tail
from dlcore.files.lock import lock_holder
from dlcore.foreign import foreign
from dlcore.history import LIVE, RunHistory, State
from dlcore.labels import called
from dlcore.process.cores import takes_all
from dlcore.reading import read_file
from dlcore.rundir import RunDir
from dlcore.summary import created

_LOCK_SECONDS = 0.5
"""The lock is asked about so often; events tell everything else at once."""


class RunFeed:
    """One run as a viewer sees it. `read()` is called a few times a second and never blocks for long."""

    def __init__(self, run: RunDir, on_event: Callable[[Event], None] | None = None) -> None:
        """`on_event` is told of each event after it was taken in; then there is no preview."""
        self.run = run
        self._on_event = on_event
        self.history = RunHistory()
        """Of a run that is being read: the preview of it, as long as `reading` says so."""
        self.reading = ""
        """How far a long file has been read, in words; empty when there is nothing behind."""
        self.config: RunConfig | None = None
        self.problem = ""
        """Why the configuration cannot be read, if so."""
        self.unknown = 0
        """Lines that this version does not know."""
        self.state: State = "starting"
        self.called = called(run)
        """The run's id, behind the name that somebody gave it."""
        try:
            self.config = read_file(run.config)
        except DltuiError as error:
            self.problem = str(error)
        self._complete = self.history
        self._tail = Tail(run.events)
        self._newest: Tail | None = None
        """What comes behind the preview."""
        self._is_new = True
        facts = read_json(run.facts)
        self.source = foreign(facts)
        """Where the run comes from, if a script of the user's own or another program trains it."""
        self._born = created(facts)
        self._asked = 0.0
        self._held = False

    @property
    def live(self) -> bool:
        """Whether a trainer is at work on the run."""
        return self.state in LIVE

    @property
    def takes_every_core(self) -> bool:
        """Whether what the viewer computes is taken away from the trainer."""
        prepared = self.history.prepared
        return self.live and prepared is not None and prepared.device == "cpu" and takes_all(prepared.threads)

    def read(self, seconds: float = 0.03) -> bool:
        """Take in what is new, for at most so long; return whether anything that is shown changed."""
        until = time.monotonic() + seconds
        if self._is_new:
            self._is_new = False
            self._look_ahead()
        if self._newest is None:
            changed, _ = self._fold(self._tail, self._complete, until)
        else:
            changed = self._read_long(self._newest, until)
        return self._look_at_state(changed) or changed

    def _look_ahead(self) -> None:
        """Have something to show of a long file before it is read."""
        with suppress(OSError):
            if self._on_event is None and self.run.events.stat().st_size > LONG:
                self.history, end = preview(self.run.events)
                self._newest = Tail(self.run.events, end)

    def _read_long(self, newest: Tail, until: float) -> bool:
        """Read on in the whole file and behind its preview; show the whole when all of it is read."""
        changed, _ = self._fold(newest, self.history, until)
        _, is_complete = self._fold(self._tail, self._complete, until)
        before = self.reading
        self.reading = f"reading {100 * self._tail.offset // max(newest.offset, 1) // 5 * 5} %"
        if is_complete and self._tail.offset >= newest.offset:  # else the file is no longer there
            self.history, self._newest, self.reading = self._complete, None, ""
        return changed or self.reading != before

    def _fold(self, tail: Tail, history: RunHistory, until: float) -> tuple[bool, bool]:
        """Return whether a history changed, and whether there was nothing left to read."""
        changed = False
        try:
            for line in tail.read():
                event = events.decode(line)
                if event is None:
                    self.unknown += history is self._complete
                elif history.apply(event):
                    changed = True
                    if self._on_event is not None:
                        self._on_event(event)
                if time.monotonic() > until:
                    return changed, False
        except OSError as error:
            self.problem = f"{self.run.events} cannot be read: {error.strerror}"
        return changed, True

    def _look_at_state(self, changed: bool) -> bool:
        now = time.monotonic()
        named = self.called
        if changed or now - self._asked > _LOCK_SECONDS:
            self._asked = now
            self._held = lock_holder(self.run) is not None
            self.called = called(self.run)
        age = (datetime.now(UTC) - self._born).total_seconds() if self._born else float("inf")
        before, self.state = self.state, self.history.state(self._held, age)
        return self.state != before or self.called != named
