"""Nobody else on the machine can read, drive or replace a run: what that asks of folders, in one rule.

A folder that we write to belongs to us or to root, and nobody else may write to it; that holds for the home,
its folder of runs and the run itself. A link in its place counts only if we or root made it. Shared folders
such as /tmp are no home: whoever comes first would choose what lies there. Folders above the home are the
affair of whoever runs the machine; one that others can replace is found out, since then its owner is another.

Looking is another matter: a run of somebody else's may be shown, listed and exported by whoever can read it,
root included, because reading changes nothing and no reader trusts what it reads. Only writing is refused,
to root as well: a file of root's in a user's run would keep that user's trainer out.
"""

import grp
import os
import pwd
import stat
from contextlib import suppress
from pathlib import Path

from dlcore.errors import RunError

_ROOT = 0
_GROUP_WRITES, _OTHERS_WRITE = stat.S_IWGRP, stat.S_IWOTH


def private_folder(path: Path) -> None:
    """Make sure that there is a folder which only we can write to; one that we make has mode 0700.

    Raises RunError for one that somebody else planted or may write to, and OSError where none can be made.
    """
    if not os.path.lexists(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileExistsError):
            make_private(path)
    check_folder(path)


def make_private(path: Path) -> None:
    """Make a folder with mode 0700, whatever the umask; raises FileExistsError where the name is taken."""
    path.mkdir(mode=0o700)
    path.chmod(0o700)  # a umask may have taken our own rights as well


def check_folder(path: Path) -> None:
    """Raise RunError where somebody else could read or change what we write to a folder.

    Raises OSError where there is none.
    """
    if path.is_symlink() and not _is_trusted(maker := path.lstat().st_uid):
        raise RunError(f"{path} is a link that {_name(maker)} made", _own_home())
    folder = path.stat()
    if not stat.S_ISDIR(folder.st_mode):
        raise NotADirectoryError(20, "a part of that path is a file", str(path))
    if not _is_trusted(folder.st_uid):
        raise RunError(f"{path} belongs to {_name(folder.st_uid)}, not to you", _own_home())
    if folder.st_mode & _OTHERS_WRITE or (folder.st_mode & _GROUP_WRITES and not _is_ours_alone(folder)):
        raise RunError(
            f"Others may write to {path} (mode {stat.S_IMODE(folder.st_mode):o})",
            f"Take that right from them with chmod go-w, or else {_own_home(start='s')}",
        )


def check_run(path: Path) -> None:
    """Raise RunError where a run, or the folder that it lies in, is not ours to write to."""
    try:
        check_folder(path.parent)
        check_folder(path)
    except OSError as error:
        raise RunError(f"{path} cannot be written: {error.strerror}", "List the runs: dltui runs.") from None


def _own_home(start: str = "S") -> str:
    return f"{start}et DLTUI_HOME to a folder of your own; runs of others can only be looked at."


def _is_trusted(owner: int) -> bool:
    return owner in (os.geteuid(), _ROOT)


def _is_ours_alone(folder: os.stat_result) -> bool:
    """Whether its group is the one that many systems give to each user alone, under the same name."""
    try:
        user, group = pwd.getpwuid(folder.st_uid), grp.getgrgid(folder.st_gid)
    except KeyError:
        return False
    return (
        user.pw_gid == group.gr_gid and user.pw_name == group.gr_name and set(group.gr_mem) <= {user.pw_name}
    )


def _name(owner: int) -> str:
    try:
        return pwd.getpwuid(owner).pw_name
    except KeyError:
        return f"user {owner}"
