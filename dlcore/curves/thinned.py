"""Lists that do not grow with the length of a run: thinned evenly, or the newest alone."""

from typing import Protocol, TypeVar


class Placed(Protocol):
    """Something that happened at a step."""

    @property
    def step(self) -> int:
        """Training steps finished by then."""

    @property
    def seq(self) -> int:
        """Its number among all events."""


def counts(item: Placed, step: int, kept: int | None) -> bool:
    """Whether something still counts when a run goes on from `step`, with the first `kept` events."""
    return item.step <= step and (kept is None or item.seq < kept)


Kept = TypeVar("Kept", bound=Placed)


class Thinned(list[Kept]):
    """The first, every second, fourth … of what was added, and the newest; all while there are few."""

    def __init__(self, most: int) -> None:
        """`most` is an even number; there is never more than one item above it."""
        super().__init__()
        self._most = most
        self._every = 1
        self._added = 0

    def add(self, item: Kept) -> None:
        """Append the newest, in the place of the one before where that was between those that are kept."""
        if self and (self._added - 1) % self._every:
            self.pop()
        self.append(item)
        if self._added % self._every == 0 and len(self) > self._most:
            del self[1::2]
            self._every *= 2
        self._added += 1

    def cut(self, step: int, kept: int | None = None) -> None:
        """Forget what came behind a step, or was said after the first `kept` events.

        The newest that is left may be older than the last before it.
        """
        left = [item for item in self if counts(item, step, kept)]
        if len(left) < len(self):
            self[:] = left
            self._added = max(0, (len(left) - 1) * self._every + 1)


class Newest(list[Kept]):
    """The newest of what was added; all while there are few."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most
        self.added = 0
        """How many there were in all."""

    def add(self, item: Kept) -> None:
        """Append the newest, and drop the older half when there are too many."""
        self.append(item)
        self.added += 1
        if len(self) > self._most:
            del self[: self._most // 2]
