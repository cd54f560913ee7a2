"""Ending a trainer hard from the app: what would be lost is said first, and nothing is done without a yes."""

import asyncio
from typing import Any

from textual.app import App

from dlcore.errors import DltuiError
from dlcore.process import hard_stop
from tui.feed import RunFeed
from tui.screens.dialogs import Answer, Pick
from tui.watching.ending import Said

_WAIT, _END = "wait", "end it now"
_LOOK_SECONDS = 0.1


class EndHard(Pick):
    """The question whether a trainer is to be ended; it goes when there is none any more."""

    def __init__(self, feed: RunFeed) -> None:
        """`feed` is read by whoever asks."""
        answers = [
            Answer(_WAIT, "It ends its step, evaluates and saves by itself."),
            Answer(_END, "SIGTERM, and after five seconds SIGKILL."),
        ]
        super().__init__("End the trainer hard?", answers, _WAIT, lost(feed))
        self._feed = feed

    def on_mount(self) -> None:
        """Begin at waiting, and look for its end."""
        super().on_mount()
        self.set_interval(_LOOK_SECONDS, self._look)

    def _look(self) -> None:
        if self.is_current and not self._feed.live:
            self.dismiss(None)


async def end_hard(app: App[Any], feed: RunFeed) -> Said | None:
    """Ask, and end the trainer of a run; return what came of it, None where it is waited for."""
    if await app.push_screen_wait(EndHard(feed)) != _END:
        return None
    try:
        said = await asyncio.to_thread(hard_stop.end, feed.run)
    except (DltuiError, OSError) as error:
        return str(error), "$text-error"
    return f"{said}; R goes on from the last checkpoint", "$secondary"


def lost(feed: RunFeed) -> str:
    """Return what ending a run at once would cost, in a sentence."""
    history = feed.history
    saved = history.checkpoints[-1].step if history.checkpoints else None
    if saved is None:
        return f"It has no checkpoint: all of its {history.step:,} steps would be lost."
    steps = max(0, history.step - saved)
    if not steps:
        return f"Nothing would be lost but its last evaluation: step {saved:,} is saved."
    number = "one step" if steps == 1 else f"{steps:,} steps"
    return f"What it has learned behind the checkpoint at step {saved:,} would be lost: {number} so far."
