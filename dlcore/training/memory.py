"""Memory that was asked for and is not there, told with what is there; needs no torch."""

import errno
import re
import resource
from pathlib import Path

import psutil

from dlcore.errors import DltuiError

_ASKED = re.compile(r"(?:tried to allocate|unable to allocate) ([\d.]+) ?(bytes|[KMGTP]i?B)", re.IGNORECASE)
_FREE = re.compile(r"of which ([\d.]+) ?([KMGTP]i?B) is free")
_UNITS = {letter: 1024**power for power, letter in enumerate("bKMGTP")}
_SIGNS = (
    "can't allocate memory",
    "cannot allocate memory",
    "std::bad_alloc",
    "out of memory",
    "failed to map segment",
)
_CGROUP = Path("/sys/fs/cgroup")
_CURE = "Take a smaller batch (data.batch_size), narrower layers, or less data."


def shortage(error: BaseException) -> DltuiError | None:
    """Return what to say of an exception that means that memory has run out; None for any other."""
    text = str(error.args[0]) if error.args and isinstance(error.args[0], str) else ""
    if isinstance(error, OSError):
        is_short = error.errno == errno.ENOMEM
    else:
        is_short = isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError"
        is_short = is_short or any(sign in text.lower() for sign in _SIGNS)
    if not is_short:
        return None
    on_gpu = "GPU" in text or "CUDA" in text
    asked, free = _size(_ASKED, text), _size(_FREE, text) if on_gpu else available()
    said = "The GPU's memory has run out" if on_gpu else "Memory has run out"
    if asked is not None:
        said += f": {_shown(asked)} were asked for"
    if free is not None and (asked is None or free < asked):  # else it was freed while the exception rose
        said += f"{' and' if asked is not None else ':'} {_shown(free)} are free"
    return DltuiError(said, _CURE)


def available() -> int:
    """Return how many bytes this process could still get."""
    found = [psutil.virtual_memory().available]
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    if limit != resource.RLIM_INFINITY:
        found.append(limit - psutil.Process().memory_info().vms)
    try:
        most = int((_CGROUP / "memory.max").read_text())
        found.append(most - int((_CGROUP / "memory.current").read_text()))
    except (OSError, ValueError):  # no such file, or "max"
        pass
    return max(0, min(found))


def _size(pattern: re.Pattern[str], text: str) -> int | None:
    found = pattern.search(text)
    if found is None:
        return None
    try:
        return int(float(found[1]) * _UNITS[found[2][0].upper() if found[2] != "bytes" else "b"])
    except (ValueError, OverflowError):
        return None


def _shown(size: int) -> str:
    return f"{size / 1e9:,.1f} GB" if size >= 1e9 else f"{size / 1e6:,.1f} MB"
