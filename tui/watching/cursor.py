"""Where in time a person looks: at the newest step, or at one before it that stands still."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from dlcore.history import RunHistory

_STRIDES = 200
"""Steps to stand on where nothing was measured but the loss."""
_JUMP = 20
"""A jump is one part in so many of what there is of the run."""


class Cursor:
    """One place in time, shared by all screens that show the past of a run.

    It stands on steps at which something was measured, and follows the run while it is at the end.
    """

    def __init__(self) -> None:
        self._at: int | None = None

    @property
    def follows(self) -> bool:
        """Whether it goes on with the run."""
        return self._at is None

    def step(self, history: RunHistory) -> int:
        """Return the step that is looked at: training steps finished by then."""
        return history.step if self._at is None else min(self._at, history.step)

    def past(self, history: RunHistory) -> int | None:
        """Return the step where it stands still; None while it follows the run."""
        return None if self._at is None else self.step(history)

    def go_live(self) -> None:
        """Go to the newest step, and on with the run."""
        self._at = None

    def go_first(self, history: RunHistory) -> None:
        """Go to the first step that something is known of."""
        self._stand(moments(history)[0], history)

    def go_to(self, step: float, history: RunHistory) -> None:
        """Go to the measured step that is nearest; behind the newest one it follows the run."""
        if step >= history.step:
            self.go_live()
        else:
            self._stand(min(moments(history), key=lambda known: abs(known - step)), history)

    def move(self, looks: int, history: RunHistory) -> None:
        """Go so many measured steps on, or back; at the newest step it follows the run again."""
        known = moments(history)
        here = self.step(history)
        index = (bisect_left(known, here) if looks < 0 else bisect_right(known, here) - 1) + looks
        self._stand(known[max(index, 0)] if index < len(known) else history.step, history)

    def jump(self, jumps: int, history: RunHistory) -> None:
        """Go on or back by so many twentieths of the steps so far, and by one measured step at least."""
        here = self.step(history)
        target = here + jumps * history.step / _JUMP
        known = moments(history)
        index = bisect_right(known, target) - 1 if jumps > 0 else bisect_left(known, target)
        if target >= history.step:
            self.go_live()
        elif 0 <= index < len(known) and (known[index] - here) * jumps > 0:
            self._stand(known[index], history)
        else:
            self.move(1 if jumps > 0 else -1, history)

    def _stand(self, step: int, history: RunHistory) -> None:
        self._at = step if step < history.step else None


def moments(history: RunHistory) -> Sequence[int]:
    """Return the steps at which gradients or activations were measured, in order: one at least.

    Without any there are still those of the loss, evenly picked.
    """
    measured = {*history.gradients.steps, *(look.step for look in history.activations)}
    if measured:
        return sorted(measured)
    return range(min(1, history.step), history.step + 1, max(1, history.step // _STRIDES))
