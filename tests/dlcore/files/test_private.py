"""Folders that only we can write to: made so, and refused where they are not."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from dlcore.errors import RunError
from dlcore.files.private import check_run, private_folder

STRANGER = 61234
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a folder that is another's")


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o7777


@pytest.fixture(params=[0, 0o022, 0o077, 0o777], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[None]:
    """One umask after another."""
    before = os.umask(request.param)
    yield
    os.umask(before)


@pytest.mark.usefixtures("umask")
def test_a_private_folder_is_made_under_any_umask(tmp_path: Path) -> None:
    private_folder(tmp_path / "a")
    private_folder(tmp_path / "a")
    assert mode(tmp_path / "a") == 0o700


def test_a_private_folder_is_made_with_its_parents(tmp_path: Path) -> None:
    private_folder(tmp_path / "a" / "b")
    assert mode(tmp_path / "a" / "b") == 0o700


def test_a_folder_that_others_may_only_read_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "shown"
    path.mkdir()
    path.chmod(0o755)
    private_folder(path)
    check_run(path)
    assert mode(path) == 0o755


@pytest.mark.parametrize("right", [0o702, 0o757, 0o1777])
def test_a_folder_that_others_may_write_to_is_refused(tmp_path: Path, right: int) -> None:
    path = tmp_path / "shared"
    path.mkdir()
    path.chmod(right)
    for refuse in (private_folder, check_run):
        with pytest.raises(RunError, match=rf"Others may write to .*shared \(mode {right:o}\)") as caught:
            refuse(path)
        assert "chmod go-w" in caught.value.hint
    path.chmod(0o700)
    (path / "run").mkdir(mode=0o700)
    path.chmod(right)
    with pytest.raises(RunError, match="Others may write to"):  # they could put another in its place
        check_run(path / "run")


@needs_root
def test_a_group_of_several_may_not_write(tmp_path: Path) -> None:
    path = tmp_path / "shared"
    path.mkdir()
    path.chmod(0o775)
    private_folder(path)  # the group root is root's own
    os.chown(path, 0, STRANGER)
    with pytest.raises(RunError, match="Others may write to"):
        private_folder(path)


@needs_root
def test_a_folder_of_somebody_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "planted"
    path.mkdir(mode=0o700)
    os.chown(path, STRANGER, STRANGER)
    for refuse in (private_folder, check_run):
        with pytest.raises(RunError, match=rf"planted belongs to user {STRANGER}, not to you") as caught:
            refuse(path)
        assert "DLTUI_HOME" in caught.value.hint


@needs_root
def test_a_link_counts_only_if_we_made_it(tmp_path: Path) -> None:
    folder, link = tmp_path / "folder", tmp_path / "link"
    folder.mkdir(mode=0o700)
    link.symlink_to(folder)
    private_folder(link)
    os.lchown(link, STRANGER, STRANGER)
    with pytest.raises(RunError, match=rf"link is a link that user {STRANGER} made"):
        private_folder(link)


def test_a_link_to_nothing_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "nothing")
    with pytest.raises(FileNotFoundError):
        private_folder(tmp_path / "link")
    assert not (tmp_path / "nothing").exists()


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(NotADirectoryError):
        private_folder(tmp_path / "file")
    with pytest.raises(RunError, match="cannot be written"):
        check_run(tmp_path / "file")
    with pytest.raises(RunError, match="cannot be written"):
        check_run(tmp_path / "none" / "run")
