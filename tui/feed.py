"""The only reader of run files in the app: polls a run, folds what is new, knows its state."""

import time
from collections.abc import Callable
from datetime import UTC, datetime

from dlcore import events
from dlcore.atomic import read_json
from dlcore.config import RunConfig
from dlcore.errors import DltuiError
from dlcore.events import Event
from dlcore.history import LIVE, RunHistory, State
from dlcore.journal import Tail
from dlcore.lock import lock_holder
from dlcore.reading import read_file
from dlcore.rundir import RunDir
from dlcore.summary import created

_LOCK_SECONDS = 0.5
"""The lock is asked about so often; events tell everything else at once."""


class RunFeed:
    """One run as a viewer sees it. `read()` is called a few times a second and never blocks for long."""

    def __init__(self, run: RunDir, on_event: Callable[[Event], None] | None = None) -> None:
        """`on_event` is told of each event after it was taken in."""
        self.run = run
        self._on_event = on_event
        self.history = RunHistory()
        self.config: RunConfig | None = None
        self.problem = ""
        """Why the configuration cannot be read, if so."""
        self.unknown = 0
        """Lines that this version does not know."""
        self.state: State = "starting"
        try:
            self.config = read_file(run.config)
        except DltuiError as error:
            self.problem = str(error)
        self._tail = Tail(run.events)
        self._born = created(read_json(run.facts))
        self._asked = 0.0
        self._held = False

    @property
    def live(self) -> bool:
        """Whether a trainer is at work on the run."""
        return self.state in LIVE

    def read(self, seconds: float = 0.03) -> bool:
        """Take in what is new, for at most so long; return whether anything changed."""
        until = time.monotonic() + seconds
        changed = False
        for line in self._tail.read():
            event = events.decode(line)
            if event is None:
                self.unknown += 1
            elif self.history.apply(event):
                changed = True
                if self._on_event is not None:
                    self._on_event(event)
            if time.monotonic() > until:
                break
        return self._look_at_state(changed) or changed

    def _look_at_state(self, changed: bool) -> bool:
        now = time.monotonic()
        if changed or now - self._asked > _LOCK_SECONDS:
            self._asked = now
            self._held = lock_holder(self.run) is not None
        age = (datetime.now(UTC) - self._born).total_seconds() if self._born else float("inf")
        before, self.state = self.state, self.history.state(self._held, age)
        return self.state != before
