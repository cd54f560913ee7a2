"""What becomes of the run that is watched, whichever screen is seen: its summary when it ends, and notices.

When a run ends, its summary goes to a file, whose path is shown, and to the clipboard (OSC 52): a terminal
that knows no clipboard has lost nothing. A bell and a notice when it ends, stalls or diverges are for those
who want them: a command of the palette switches them on, for all runs.
"""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from textual.app import App

from dlcore import figures, rundir
from dlcore.clean import clean
from dlcore.diagnose.silenced import silenced
from dlcore.errors import DltuiError
from dlcore.files.plainfile import open_plain
from dlcore.history import State
from tui.feed import RunFeed
from tui.remembered import keep, recall
from tui.screens.exporting import carried_out, own_place
from tui.terminal.ringing import ring
from tui.watching.judging import Judge

LOOK_SECONDS = 1.0
LEAST_STALL_SECONDS = 90.0
"""A run of which nothing is heard for so long has stalled, unless it was as quiet before."""
_LONGER = 4.0
"""So many times as long as the longest silence so far a run may be silent."""
MOST_COPIED = 48_000
"""Bytes for the clipboard: as base64 they stay below the 74,994 that some terminals take at most."""
_FILE = "notices.json"
_WRONG = ("nan", "diverged")
_ENDINGS: dict[State, str] = {
    "finished": "the run has finished",
    "stopped": "the run has stopped",
    "failed": "the run has failed",
    "crashed": "the run has crashed",
}


def wants_notices(home: Path) -> bool:
    """Whether a bell and notices are wanted."""
    return recall(home, _FILE).get("notices") is True


def switch_notices(app: App[Any]) -> None:
    """Switch bell and notices on, or off, and say which."""
    home = rundir.home()
    wanted = not wants_notices(home)
    try:
        keep(home, _FILE, {"notices": wanted})
    except DltuiError as error:
        app.notify(clean(str(error)), severity="error", markup=False)
        return
    when = "when a watched run ends, stalls or diverges"
    app.notify(f"A bell and a notice {when}: {'on' if wanted else 'off'}.", markup=False)


class Watchman:
    """Looks at the run that is watched now and then, whichever screen is seen."""

    def __init__(
        self,
        app: App[Any],
        watched: Callable[[], RunFeed | None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._app = app
        self._watched = watched
        self._clock = clock
        self._feed: RunFeed | None = None
        self._was_live = False
        self._seq = -1
        self._heard_at = 0.0
        self._longest = 0.0
        """The longest silence so far."""
        self._told: set[str] = set()
        """What was noticed of the run already."""
        self._judge: Judge | None = None
        app.set_interval(LOOK_SECONDS, self.look)

    def look(self) -> None:
        """Take in what has become of the run."""
        feed = self._watched()
        if feed is None or feed.reading:
            return
        if feed is not self._feed:
            self._meet(feed)
        if feed.live:
            self._look_at_live(feed)
        elif self._was_live and feed.state in _ENDINGS:
            self._notice(feed, _ENDINGS[feed.state])
            self._app.run_worker(self._keep_summary(feed), group="summaries", exit_on_error=False)
        self._was_live = feed.live and feed.history.seq >= 0

    def _meet(self, feed: RunFeed) -> None:
        self._feed, self._was_live, self._judge = feed, False, None
        self._seq, self._heard_at, self._longest = feed.history.seq, self._clock(), 0.0
        self._told.clear()

    def _look_at_live(self, feed: RunFeed) -> None:
        """Notice what goes wrong, where that is wanted; of each once."""
        now = self._clock()
        silence = now - self._heard_at
        if feed.history.seq != self._seq or feed.state != "running":
            self._longest = max(self._longest, silence)
            self._seq, self._heard_at = feed.history.seq, now
            self._told.discard("stalled")
        elif silence > max(LEAST_STALL_SECONDS, _LONGER * self._longest) and "stalled" not in self._told:
            self._told.add("stalled")
            self._notice(feed, f"no step for {figures.duration(silence)}")
        if "diverged" not in self._told and wants_notices(rundir.home()):
            self._judge = self._judge or Judge(feed, silenced(rundir.home()))
            self._judge.look_briefly()
            if any(one.code in _WRONG for one in self._judge.findings):
                self._told.add("diverged")
                self._notice(feed, "the loss diverges")

    def _notice(self, feed: RunFeed, words: str) -> None:
        """Ring, where that is wanted; the words are ours, and the figures numbers."""
        if wants_notices(rundir.home()):
            ring(self._app, f"dltui: {words} (step {feed.history.step:,})")

    async def _keep_summary(self, feed: RunFeed) -> None:
        """Write the summary of a run that has ended, copy it, and show where it is."""
        from dlcore.export import file_name  # a run may never end while it is watched

        folder = own_place(file_name(feed.run))
        going = carried_out((feed.run,), ("markdown",), folder, force=True)
        for answer in [answer async for answer in going]:
            if "failed" in answer:
                said = f"The summary cannot be written: {answer['failed']}"
                self._app.notify(clean(said), severity="warning", markup=False)
            elif "placed" in answer:
                path = Path(answer["placed"])
                self._app.copy_to_clipboard(for_clipboard(path))
                shown = figures.path(path)
                self._app.notify(clean(f"Summary copied, and written: {shown}"), timeout=10, markup=False)


def for_clipboard(path: Path) -> str:
    """Return a summary as far as a clipboard takes it; behind what is left out stands where the rest is."""
    try:
        with open_plain(path, follow=False) as file:
            content = file.read(MOST_COPIED + 1)
    except OSError:
        return str(path)
    text = content.decode(errors="ignore")
    if len(content) <= MOST_COPIED:
        return text
    rest = f"\n\n… the rest is in {path}\n"
    room = MOST_COPIED - len(rest.encode())
    return content[:room].decode(errors="ignore").rpartition("\n\n")[0] + rest
