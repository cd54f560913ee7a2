"""A second user on the same machine who tries to read, drive or replace a run, and folders that lie in wait.

The neighbour is a process of another user id, started where everybody may go; only root can do that.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dlcore import commands, launch
from dlcore.config import to_toml
from dlcore.errors import RunError
from dlcore.files.lock import Lock, delete, lock_holder
from dlcore.oneline import parse
from dlcore.rundir import RunDir, create, run_ids
from tests.conftest import MOMENT
from tests.process.laboratory import Laboratory, Watch, dltui_command
from tests.process.terminal import is_alive
from tests.torture.ledger import Promise, fault, note, times

NEIGHBOUR = 61234
"""A user id that nobody has."""
_DEEDS = """
import fcntl, json, os, sys
os.setgroups([]); os.setgid({uid}); os.setuid({uid})

def lock(path):
    descriptor = os.open(path, os.O_RDWR)
    fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)

def append(path):
    with open(path, "ab") as file:
        file.write(b"00000000 x\\n")

def replace(path):
    beside = path + ".new"
    with open(beside, "wb") as file:
        file.write(b"{{}}")
    os.rename(beside, path)

def plant(path):
    os.symlink("/etc/passwd", path + ".planted")

deeds = dict(
    read=lambda path: open(path, "rb").read(),
    list=os.listdir,
    enter=os.chdir,
    stat=os.stat,
    append=append,
    replace=replace,
    lock=lock,
    plant=plant,
    remove=os.remove,
    rename=lambda path: os.rename(path, path + ".gone"),
    chmod=lambda path: os.chmod(path, 0o777),
    kill=lambda pid: os.kill(pid, 15),
)
for deed, path in json.load(sys.stdin):
    try:
        deeds[deed](path)
        print(json.dumps("done"))
    except OSError as error:
        print(json.dumps(type(error).__name__))
"""
FILE_DEEDS = ("read", "append", "replace", "lock", "remove", "rename", "chmod")
FOLDER_DEEDS = ("list", "enter", "plant", "rename", "chmod")

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can start a process of another user")


def attempt(*deeds: tuple[str, Path | int]) -> list[str]:
    """Let the neighbour try deeds; return what came of each: done, or the name of the error."""
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", _DEEDS.format(uid=NEIGHBOUR)],
        input=json.dumps(deeds, default=str),
        capture_output=True,
        text=True,
        check=True,
        cwd="/",
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A sticky folder like /tmp, which everybody may go to and write to, below nothing that is closed."""
    path = Path(tempfile.mkdtemp(prefix="dltui-neighbours-"))
    path.chmod(0o1777)
    yield path
    shutil.rmtree(path)


@pytest.fixture
def shared(open_folder: Path) -> Iterator[Laboratory]:
    """A home for real runs in a folder that everybody may write to."""
    laboratory = Laboratory(open_folder)
    yield laboratory
    laboratory.close()


@pytest.fixture
def run(open_folder: Path) -> RunDir:
    """A run in such a place, with all its files, that nobody trains."""
    config = to_toml(parse("digits mlp 8 e=1"))
    made = create(open_folder / "home", "secret", MOMENT, config, {})
    for path in (made.events, made.control, made.lock, made.log, made.label):
        path.touch(mode=0o600)
    made.checkpoints.mkdir(mode=0o700)
    (made.checkpoints / "1.pt").touch(mode=0o600)
    return made


def everything(home: Path) -> Iterator[Path]:
    yield home
    yield from home.rglob("*")


def check_private(home: Path) -> int:
    """Check that folders have mode 0700 and files 0600; return how many there are."""
    wrong = {}
    number = 0
    for path in everything(home):
        status = path.lstat()
        number += 1
        if status.st_mode & 0o7777 != (0o700 if path.is_dir() else 0o600):
            wrong[str(path.relative_to(home))] = oct(status.st_mode)
    assert not wrong
    return number


# -- what we make -----------------------------------------------------------------------------------


def under(umask: str, *words: str) -> list[str]:
    """Return a command of dltui that a shell with that umask starts."""
    return ["sh", "-c", f'umask {umask}; exec "$@"', "sh", dltui_command(), *words]


@pytest.mark.parametrize("umask", ["000", "777", "022", "077"][: times(1, 4)])
def test_what_is_made_is_private_and_what_is_another_s_only_looked_at(shared: Laboratory, umask: str) -> None:
    with fault(Promise.NEIGHBOURS):
        line = ("run", "digits mlp 8 e=2", "--json")
        done = shared.finish(shared.start_program(under(umask, *line)))
        assert done.returncode == 0, done.stderr
        [run] = shared.runs()
        assert list(run.checkpoints.iterdir())
        assert {"events.jsonl", "trainer.log", "lock"} <= set(os.listdir(run.path))
        out = ("-o", str(shared.home / "out"))
        export = under(umask, "export", run.id, "--format", "markdown,json,csv", *out)
        assert shared.finish(shared.start_program(export)).returncode == 0
        assert check_private(shared.home) >= 12
    if os.geteuid() == 0:
        check_only_looked_at(shared, run)


def check_only_looked_at(laboratory: Laboratory, run: RunDir) -> None:
    """Give a run away, and check that root can read it, and that nothing of ours writes to it."""
    for path in everything(run.path):
        give_away(path)
    before = {path: path.lstat().st_mtime_ns for path in everything(run.path)}
    with fault(Promise.NEIGHBOURS, count=6):
        shown = laboratory.dltui("show", str(run.path), "--json")
        assert json.loads(shown.stdout)["state"] == "finished"
        for refuse in (
            lambda: launch.leave(run, commands.Stop()),
            lambda: launch.start(laboratory.home, run),
            lambda: Lock(run),
            lambda: delete(run),
        ):
            with pytest.raises(RunError, match=f"belongs to user {NEIGHBOUR}, not to you"):
                refuse()
        trainer = laboratory.start_program([sys.executable, "-P", "-m", "dlcore.training", str(run.path)])
        refused = laboratory.finish(trainer)
        assert (refused.returncode, len(refused.stderr.splitlines())) == (2, 1)
        assert {path: path.lstat().st_mtime_ns for path in everything(run.path)} == before


# -- what a neighbour can do ------------------------------------------------------------------------


@needs_root
def test_a_neighbour_can_do_nothing_to_a_run(run: RunDir) -> None:
    home = run.path.parent.parent
    control = home.parent / "open"
    control.write_text("for all")
    control.chmod(0o644)
    assert attempt(("read", control), ("list", home.parent)) == ["done", "done"]  # it gets as far as the home
    before = {path: path.lstat().st_mtime_ns for path in everything(home)}
    deeds = [
        (deed, path)
        for path in everything(home)
        for deed in (FOLDER_DEEDS if path.is_dir() else FILE_DEEDS)
        if (deed, path) != ("plant", home)  # beside the home everybody may write, as in /tmp
    ]
    with fault(Promise.NEIGHBOURS, count=len(deeds)):
        outcomes = attempt(*deeds)
        assert [deed for deed, said in zip(deeds, outcomes, strict=True) if said != "PermissionError"] == []
        assert {path: path.lstat().st_mtime_ns for path in everything(home)} == before


@needs_root
def test_a_neighbour_can_do_nothing_to_a_live_run(shared: Laboratory) -> None:
    line = ("run", "digits mlp 8 e=1000000", "--detach", "--json")
    started = shared.finish(shared.start_program(under("777", *line)))
    assert started.returncode == 0, started.stderr
    run = shared.run()
    watch = Watch(run)
    watch.until_step(10)
    trainer = lock_holder(run)
    assert trainer is not None
    deeds = [(deed, path) for path in (run.control, run.facts, run.lock, run.events) for deed in FILE_DEEDS]
    names = [("list", run.path), ("list", run.path.parent), ("stat", run.config)]
    with fault(Promise.NEIGHBOURS, count=len(deeds) + len(names) + 2):
        assert set(attempt(*deeds, *names, ("kill", trainer))) == {"PermissionError"}
        assert is_alive(trainer)
        watch.until_step(watch.history.step + 1)
        assert lock_holder(run) == trainer
        assert not watch.history.answers
        check_private(shared.home)
    with fault(Promise.NEIGHBOURS):
        precious = shared.folder / "precious"
        precious.mkdir(mode=0o700)
        if run.checkpoints.exists():
            shutil.rmtree(run.checkpoints)
        run.checkpoints.symlink_to(precious)
        give_away(run.checkpoints)
        shared.dltui("stop", run.id)
        watch.until_state("stopped")
        warnings = [warning.message for warning in watch.history.warnings]
        assert warnings
        assert all(f"is a link that user {NEIGHBOUR} made" in message for message in warnings)
        assert list(precious.iterdir()) == []


# -- what lies in wait ------------------------------------------------------------------------------


def give_away(path: Path) -> None:
    os.lchown(path, NEIGHBOUR, NEIGHBOUR)


def plant_folder(path: Path) -> None:
    path.mkdir(mode=0o755, parents=True)
    give_away(path)


def plant_link(path: Path) -> None:
    """A link to a folder of ours: what is written there would be in our name."""
    path.parent.mkdir(mode=0o700, exist_ok=True)
    target = path.parent / "ours"
    target.mkdir(mode=0o700)
    path.symlink_to(target)
    give_away(path)


def make_shared(path: Path) -> None:
    path.mkdir(mode=0o700, parents=True)
    path.chmod(0o777)


def make_sticky(path: Path) -> None:
    path.mkdir(mode=0o700, parents=True)
    path.chmod(0o1777)


@needs_root
@pytest.mark.parametrize("place", ["home", "home/runs"])
@pytest.mark.parametrize("trap", [plant_folder, plant_link, make_shared, make_sticky])
def test_no_run_is_made_in_a_folder_that_lies_in_wait(
    open_folder: Path, place: str, trap: Callable[[Path], None]
) -> None:
    trap(open_folder / place)
    before = sorted(everything(open_folder))
    with fault(Promise.NEIGHBOURS):
        with pytest.raises(RunError) as caught:
            create(open_folder / "home", "a", MOMENT, "", {})
        assert str(open_folder / place) in caught.value.message
        assert "DLTUI_HOME" in caught.value.hint
        left = [path for path in everything(open_folder) if path not in before and path.name != "runs"]
        assert left == []


@needs_root
def test_the_command_line_says_so_in_one_sentence(shared: Laboratory) -> None:
    plant_folder(shared.home)
    with fault(Promise.NEIGHBOURS):
        refused = shared.dltui("run", "digits mlp 8 e=1")
        [line] = refused.stderr.splitlines()
        assert refused.returncode == 2
        assert f"{shared.home} belongs to user {NEIGHBOUR}, not to you. Set DLTUI_HOME" in line
        assert os.listdir(shared.home) == []


def trap_links(run: RunDir, *names: str) -> Path:
    """Put links in the place of files of a run; return the file that they lead to."""
    precious = run.path.parent.parent.parent / "precious"
    precious.write_text("kept")
    for name in names:
        path = run.path / name
        path.unlink()
        path.symlink_to(precious)
    return precious


@pytest.mark.parametrize(
    "names", ["lock", "config.toml", "events.jsonl", "run.json label.json control.jsonl"]
)
def test_a_trainer_follows_no_link_to_write(run: RunDir, names: str) -> None:
    precious = trap_links(run, *names.split())
    with fault(Promise.NEIGHBOURS, count=len(names.split())):
        launch.start(run.path.parent.parent, run).wait(60)
        assert precious.read_text() == "kept"
        assert names.startswith("run.json") or len(run.log.read_text().splitlines()) == 1


def test_a_link_in_the_place_of_log_or_commands_is_not_written_to(run: RunDir) -> None:
    precious = trap_links(run, "trainer.log", "control.jsonl")
    with fault(Promise.NEIGHBOURS, count=2):
        with pytest.raises(OSError, match="symbolic links"):
            launch.leave(run, commands.Stop())
        with pytest.raises(RunError, match=r"trainer\.log cannot be written: it is a link"):
            launch.start(run.path.parent.parent, run)
        assert precious.read_text() == "kept"


@needs_root
def test_a_home_of_our_own_may_lie_in_a_folder_of_all(open_folder: Path) -> None:
    with fault(Promise.NEIGHBOURS):
        run = create(open_folder / "home", "a", MOMENT, "", {})
        assert run_ids(open_folder / "home") == [run.id]
        note(Promise.NEIGHBOURS, f"a second user id ({NEIGHBOUR}) tries for real")


def test_without_root_there_is_no_second_user() -> None:
    if os.geteuid() != 0:
        note(Promise.NEIGHBOURS, "no second user: the tests did not run as root")
