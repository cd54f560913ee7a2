"""Which file system a folder lies on, from tables as real machines have them."""

import errno
import fcntl
import os
import sys
from pathlib import Path

import pytest

from dlcore.errors import RunError
from dlcore.files import lock, mounts
from dlcore.files.lock import Lock, lock_holder
from dlcore.files.mounts import Mount, caution, known_mounts, mount_of, read_printed, read_table
from dlcore.rundir import RunDir

TABLE = r"""22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 22 0:40 / /home rw,relatime shared:2 - nfs4 filer:/export/home rw,vers=4.2,hard,local_lock=none
31 30 0:41 / /home/al\040ice/box rw,nosuid - fuse.sshfs al@box:/ rw,user_id=1000
32 22 0:42 / /old rw - nfs filer:/old rw,vers=3,nolock
33 22 0:43 / /scratch rw - lustre 10.0.0.1@tcp:/scratch rw,flock
34 22 0:44 / /homework rw - xfs /dev/sdb1 rw
35 22 0:45 / /stacked rw - nfs4 filer:/below rw
36 35 0:46 / /stacked rw - tmpfs tmpfs rw
nonsense
37 22 0:47 / /cut"""
PRINTED = """/dev/disk3s1s1 on / (apfs, sealed, local, read-only, journaled)
//al@filer/share on /Volumes/my share (1) (smbfs, nodev, nosuid, mounted by al)
filer:/export on /Volumes/export (nfs)
map auto_home on /System/Volumes/Data/home (autofs, automounted, nobrowse)
nonsense"""


@pytest.mark.parametrize(
    ("path", "kind", "source", "local_locks"),
    [
        ("/home/alice/x", "nfs4", "filer:/export/home", False),
        ("/home", "nfs4", "filer:/export/home", False),
        ("/home/al ice/box/x", "fuse.sshfs", "al@box:/", True),
        ("/old/x", "nfs", "filer:/old", True),
        ("/scratch", "lustre", "10.0.0.1@tcp:/scratch", False),
    ],
)
def test_a_folder_on_the_network(path: str, kind: str, source: str, local_locks: bool) -> None:
    mount = mount_of(Path(path), read_table(TABLE))
    assert mount is not None
    assert (mount.kind, mount.source, mount.is_network) == (kind, source, True)
    assert mount.has_local_locks == local_locks
    said = caution(Path(path), read_table(TABLE))
    assert said.startswith(f"{path} lies on {kind} from {source}")
    assert "DLTUI_HOME" in said
    assert ("this machine only" in said) == local_locks


@pytest.mark.parametrize("path", ["/", "/usr/x", "/homework/x", "/stacked/x"])
def test_a_folder_of_this_machine(path: str) -> None:
    mount = mount_of(Path(path), read_table(TABLE))
    assert mount is not None
    assert not mount.is_network
    assert caution(Path(path), read_table(TABLE)) == ""


def test_the_mounts_of_a_mac() -> None:
    found = read_printed(PRINTED)
    assert [mount.kind for mount in found] == ["apfs", "smbfs", "nfs", "autofs"]
    share = mount_of(Path("/Volumes/my share (1)/runs"), found)
    assert share == Mount(
        "/Volumes/my share (1)",
        "smbfs",
        "//al@filer/share",
        frozenset(("nodev", "nosuid", "mounted by al")),
    )


@pytest.mark.skipif(sys.platform != "linux", reason="reads what the kernel of Linux lists")
def test_this_machine(tmp_path: Path) -> None:
    mount = mount_of(tmp_path)
    assert mount is not None
    assert mount in known_mounts()
    assert mount_of(Path("/proc/self")).kind == "proc"  # type: ignore[union-attr]


def test_without_a_table_nothing_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mounts, "_TABLE", tmp_path / "none")
    monkeypatch.setattr(sys, "platform", "freebsd14")
    assert known_mounts() == []
    assert mount_of(tmp_path) is None
    assert caution(tmp_path) == ""


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS])
def test_without_locks_there_is_no_trainer(
    fresh_run: RunDir, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def refuse(*arguments: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "lockf", refuse)
    monkeypatch.setattr(fcntl, "fcntl", refuse)
    before = len(os.listdir("/dev/fd"))
    with pytest.raises(RunError, match="cannot be locked on ") as caught:
        Lock(fresh_run)
    assert os.strerror(number) in caught.value.message
    assert "DLTUI_HOME" in caught.value.hint
    assert lock_holder(fresh_run) is None
    assert len(os.listdir("/dev/fd")) == before


def test_where_locks_are_local_a_run_stays_with_its_machine(
    fresh_run: RunDir, monkeypatch: pytest.MonkeyPatch
) -> None:
    sshfs = Mount("/", "fuse.sshfs", "al@box:/")
    monkeypatch.setattr(lock, "mount_of", lambda path: sshfs)
    Lock(fresh_run).release()
    Lock(fresh_run).release()  # the same machine again
    fresh_run.lock.write_text("17\nanother-host\n")
    with pytest.raises(RunError, match="was trained on another-host and may still be") as caught:
        Lock(fresh_run)
    assert str(fresh_run.lock) in caught.value.hint
    assert fresh_run.lock.read_text() == "17\nanother-host\n"
    fresh_run.lock.unlink()
    Lock(fresh_run).release()
    fresh_run.lock.write_text("17\nanother-host\n")
    monkeypatch.setattr(lock, "mount_of", lambda path: Mount("/", "nfs4", "filer:/", frozenset()))
    Lock(fresh_run).release()  # the server knows that nobody trains it any more
