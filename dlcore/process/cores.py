"""The cores of the machine, as far as this process may use them."""

import os


def available() -> int:
    """Return how many cores this process may use, where the system says so, else how many there are."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def takes_all(threads: int) -> bool:
    """Whether so many threads leave nothing to anybody else: several, and one for each core."""
    return threads > 1 and threads >= available()
