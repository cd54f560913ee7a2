"""What the user's code may change for the whole process, given back to the trainer."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import torch


@contextmanager
def undisturbed() -> Iterator[None]:
    """Give back the current folder, the umask and torch's default type as they were before the block."""
    folder, kind = _current_folder(), torch.get_default_dtype()
    mask = os.umask(0o077)
    os.umask(mask)
    try:
        yield
    finally:
        os.umask(mask)
        torch.set_default_dtype(kind)
        if folder is not None:
            with suppress(OSError):  # the user's code has closed it
                os.fchdir(folder)
                os.close(folder)


def _current_folder() -> int | None:
    """Return a descriptor of it; None where it may not even be read."""
    try:
        return os.open(".", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
