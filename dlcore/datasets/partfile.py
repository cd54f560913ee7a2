"""What has come of a file so far: it stays when a download breaks off, so that the next one can go on."""

import fcntl
import os
import tempfile
from contextlib import suppress
from io import FileIO
from pathlib import Path

from dlcore.files import disk


class PartFile:
    """The beginning of a file under the name `<name>.part`, to which one process at a time may write.

    Whoever comes second gets a file of its own, which starts empty and does not stay. Everything here may
    raise `OSError`.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self.path = folder / f"{name}.part"
        descriptor = _claimed(self.path)
        self._stays = descriptor is not None
        if descriptor is None:
            descriptor, temporary = tempfile.mkstemp(".part", f"{name}.", folder)
            self.path = Path(temporary)
        # Unbuffered: whoever checks the file reads what has been written.
        self._handle = FileIO(descriptor, "rb+")
        self.size = self._handle.seek(0, os.SEEK_END)
        self.pieced = self.size > 0  # whether its bytes come from more than one answer
        self._published = False

    def write(self, piece: bytes) -> None:
        """Append the piece."""
        try:
            disk.write(self._handle.fileno(), piece)
            self.size += len(piece)
        except OSError:
            self._stays = False  # on a full disk it would be in the way
            raise

    def clear(self) -> None:
        """Forget what has come."""
        self._handle.truncate(0)
        self._handle.seek(0)
        self.size = 0
        self.pieced = False

    def publish(self, path: Path) -> None:
        """Give the file its own name, once it is on the disk."""
        disk.sync(self._handle.fileno())
        disk.replace(self.path, path)
        self._published = True

    def release(self) -> None:
        """Let others have it; what nobody could go on with is removed."""
        with suppress(OSError):
            if not self._published and not (self._stays and self.size):
                self.path.unlink(missing_ok=True)
        self._handle.close()


def _claimed(path: Path) -> int | None:
    """A descriptor of the file at `path`, made if need be and locked; None while another has the lock."""
    while True:
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(path, flags, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:  # also where the file system knows no locks
            os.close(descriptor)
            return None
        # Between opening and locking, the one before us may have published this very file, or removed it.
        with suppress(FileNotFoundError):
            if os.path.samestat(os.stat(path), os.fstat(descriptor)):
                return descriptor
        os.close(descriptor)
