"""When the next frame is due: not before it is wanted, affordable, and the line is free."""

import os
from collections.abc import Mapping

FRAME_SECONDS, SSH_FRAME_SECONDS = 0.25, 0.5
SHARED_FRAME_SECONDS = 0.6
"""Where the trainer computes on every core: each of its threads waits for the one that makes room. And where
a long file is being read: its reader waits for each frame."""
BYTES_PER_SECOND, SSH_BYTES_PER_SECOND = 40_000, 4_000
"""A bit below what the app may send, which leaves room for what the person's own keys cause."""
_REST = 4
"""The next frame waits at least so many times as long as the last one took to draw."""


class Pace:
    """Spaces out frames that nobody asked for; what a key changes is shown at once and only counts."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        """Over SSH, as SSH_CONNECTION says, frames are rarer, for bytes are dear."""
        is_remote = bool(environment.get("SSH_CONNECTION"))
        self._seconds = SSH_FRAME_SECONDS if is_remote else FRAME_SECONDS
        self._budget = SSH_BYTES_PER_SECOND if is_remote else BYTES_PER_SECOND
        self.began = float("-inf")
        """When the last frame began; -inf before there is one."""
        self._took = 0.0
        self._sent = 0

    def is_due(self, now: float, sent: int, *, is_busy: bool, is_shared: bool = False) -> bool:
        """Whether to draw at the time `now`, `sent` bytes having gone out in all.

        `is_busy` says that the line is, `is_shared` that drawing takes a core away from what matters more.
        """
        cost = (sent - self._sent) / self._budget
        seconds = max(self._seconds, SHARED_FRAME_SECONDS) if is_shared else self._seconds
        return not is_busy and now >= self.began + max(seconds, _REST * self._took, cost)

    def begin(self, now: float, sent: int) -> None:
        """Take note that a frame begins; its cost is everything that is sent from now on."""
        self.began, self._sent = now, sent

    def end(self, took: float) -> None:
        """Take note that all of it is on the screen, after so many seconds of work."""
        self._took = took
