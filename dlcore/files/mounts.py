"""Whether a folder lies on a network file system, and what that means for the runs in it.

A run needs two things of its disk. *Locks*: without them a trainer refuses to start, since two could not be
kept apart; where they count on one machine only, a run belongs to the machine that trained it last.
*Appending whole lines*: over a network, machines that append at once may write over each other. Only one
trainer writes events; commands have several writers, but each line carries its sum and each command an id, so
that one which was torn is passed over, and its sender, who waits for an answer, says that none came.
"""

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_TABLE = Path("/proc/self/mountinfo")
_LOCAL_LOCKS = frozenset(
    ("9p", "beegfs", "afs", "fuse.sshfs", "fuse.s3fs", "fuse.rclone", "fuse.gcsfuse", "fuse.davfs")
)
"""Network file systems whose locks nobody learns of but the machine that took them."""
_NETWORK = frozenset(
    (*_LOCAL_LOCKS, "nfs", "nfs4", "cifs", "smb3", "smbfs", "afpfs", "webdav", "lustre", "gpfs", "ceph")
).union(("panfs", "wekafs", "glusterfs", "orangefs", "fuse.ceph", "fuse.ceph-fuse", "fuse.glusterfs"))
_LOCAL_LOCKS_ASKED = frozenset(("nolock", "local_lock=all", "local_lock=posix", "nobrl", "localflock"))
_OCTAL = re.compile(r"\\([0-7]{3})")
_PRINTED = re.compile(r"(?P<source>.*) on (?P<point>/.*) \((?P<kind>[^,)]+)(?:, (?P<options>[^)]*))?\)")
_PATIENCE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Mount:
    """A file system and where it hangs. Names come from outside: clean them before they are shown."""

    point: str
    kind: str
    source: str
    options: frozenset[str] = frozenset()

    @property
    def is_network(self) -> bool:
        """Whether its disk is another machine's."""
        return self.kind in _NETWORK

    @property
    def has_local_locks(self) -> bool:
        """Whether other machines do not learn of the locks that this one takes."""
        return self.is_network and (self.kind in _LOCAL_LOCKS or bool(self.options & _LOCAL_LOCKS_ASKED))

    def __str__(self) -> str:
        return f"{self.kind} from {self.source}"


def mount_of(path: Path, mounts: Sequence[Mount] | None = None) -> Mount | None:
    """Return the file system that a path lies on, there or not; None where the system does not say."""
    place = os.path.realpath(path)
    found = None
    for mount in known_mounts() if mounts is None else mounts:
        prefix = mount.point.rstrip("/") + "/"
        is_above = f"{place}/".startswith(prefix)
        if is_above and (found is None or len(mount.point) >= len(found.point)):  # the last one lies on top
            found = mount
    return found


def caution(path: Path, mounts: Sequence[Mount] | None = None) -> str:
    """Return a sentence about runs in a folder that lies on a network file system; else nothing."""
    mount = mount_of(path, mounts)
    if mount is None or not mount.is_network:
        return ""
    if mount.has_local_locks:
        return (
            f"{path} lies on {mount}, whose locks other machines do not see: watch and steer its runs from "
            "this machine only, or set DLTUI_HOME to a disk of this machine"
        )
    return (
        f"{path} lies on {mount}: other machines see a run some seconds late, and training waits whenever "
        "that server does; a disk of this machine in DLTUI_HOME has neither"
    )


def known_mounts() -> list[Mount]:
    """Return all file systems, as the kernel lists them; on macOS as `mount` does; else none."""
    try:
        if sys.platform != "darwin":
            return read_table(_TABLE.read_text(encoding="utf-8", errors="surrogateescape"))
        printed = subprocess.run(["/sbin/mount"], capture_output=True, timeout=_PATIENCE_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return []
    return read_printed(os.fsdecode(printed.stdout))


def read_table(text: str) -> list[Mount]:
    """Return the mounts in Linux' `mountinfo`; a line that is none is passed over."""
    found = []
    for line in text.split("\n"):
        before, _, after = line.partition(" - ")
        left, right = before.split(" "), after.split(" ")
        if len(left) >= 6 and len(right) >= 3:
            options = frozenset(f"{left[5]},{right[2]}".split(","))
            found.append(Mount(_plain(left[4]), right[0], _plain(right[1]), options))
    return found


def _plain(text: str) -> str:
    """Return a field with its blanks, which the kernel writes as octal numbers."""
    return _OCTAL.sub(lambda code: chr(int(code[1], 8)), text)


def read_printed(text: str) -> list[Mount]:
    """Return the mounts in what `mount` prints on macOS and BSD; a line that is none is passed over."""
    return [
        Mount(line["point"], line["kind"], line["source"], frozenset((line["options"] or "").split(", ")))
        for line in map(_PRINTED.fullmatch, text.split("\n"))
        if line is not None
    ]
