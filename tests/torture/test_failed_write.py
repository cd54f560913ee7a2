"""Every write, sync and rename fails in turn, and the process dies before and after each: nothing is lost."""

import ast
import shutil
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

import dlcore
import tui
from dlcore import rundir
from dlcore.curves import preview
from dlcore.errors import DltuiError
from dlcore.files.atomic import remove_leftovers
from dlcore.runs import run_row
from dlcore.summary import read_history
from tests.process.laboratory import environment
from tests.torture.failing import DEATH, DEATHS, ERRORS, SCENARIOS, check_old, fault_at, prepare
from tests.torture.forked import ForkServer, fork_server
from tests.torture.ledger import IS_FULL, Promise, chance, fault, note
from tui.feed import RunFeed

_MOST_CALLS = 100
_ALL_CALLS = 7
"""A scenario with more calls has only a third of the later ones fail in the quick tier."""


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What was recorded before."""
    folder = tmp_path_factory.mktemp("prepared")
    prepare(folder)
    check_old(folder)
    return folder


@pytest.fixture(scope="module")
def mortals(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ForkServer]:
    home = tmp_path_factory.mktemp("mortals")
    with fork_server("tests.torture.failing", environment=environment(home)) as server:
        yield server


@pytest.mark.parametrize("kind", ERRORS)
@pytest.mark.parametrize("name", SCENARIOS)
def test_an_error_at_any_call_loses_nothing(name: str, kind: str, prepared: Path, tmp_path: Path) -> None:
    for number in chosen(name):
        folder = shutil.copytree(prepared, tmp_path / str(number))
        done = False
        with fault_at(number, kind) as calls, suppress(OSError, DltuiError):
            SCENARIOS[name].act(folder)
            done = True
        if len(calls) <= number:
            assert done
            break
        with fault(Promise.FAILED_WRITE):
            if not done:
                (folder / "failed").touch()
            assert not list(folder.rglob("*.tmp")), "a temporary file is left behind"
            check_all(name, folder, done)
            shutil.rmtree(folder)
    else:
        pytest.fail("there is no end of calls")
    assert number > 0
    note(
        Promise.FAILED_WRITE,
        f"{len(SCENARIOS)} kinds of writes, {len(ERRORS)} errors and {len(DEATHS)} deaths",
    )


@pytest.mark.parametrize("kind", DEATHS)
@pytest.mark.parametrize("name", SCENARIOS)
def test_death_at_any_call_loses_nothing(
    name: str, kind: str, prepared: Path, tmp_path: Path, mortals: ForkServer
) -> None:
    for number in chosen(name):
        folder = shutil.copytree(prepared, tmp_path / str(number))
        mortals.call("tests.torture.failing:die", name, str(folder), number, kind)
        mortals.wait()
        if mortals.status == 0:
            break
        with fault(Promise.FAILED_WRITE):
            assert mortals.status == DEATH
            check_all(name, folder, done=False)
            for path in (folder, *folder.rglob("*/")):
                remove_leftovers(path)
            assert not list(folder.rglob("*.tmp"))
            shutil.rmtree(folder)
    else:
        pytest.fail("there is no end of calls")


def chosen(name: str) -> list[int]:
    """Return the numbers of the calls that fail, the last of which is beyond all that come."""
    calls = range(_MOST_CALLS)
    third = chance(name).randrange(3)
    return [call for call in calls if IS_FULL or call < _ALL_CALLS or call % 3 == third]


def check_all(name: str, folder: Path, done: bool) -> None:
    """Assert that old and new are whole and can be read by everybody, and that it works when repeated."""
    scenario = SCENARIOS[name]
    check_old(folder)
    scenario.check(folder, done)
    read_all(folder)
    (folder / "failed").unlink(missing_ok=True)
    scenario.act(folder)
    check_old(folder)
    scenario.check(folder, True)


def read_all(folder: Path) -> None:
    """Let every reader look at every run."""
    for run in rundir.all_runs(folder):
        run_row(run, datetime.now(UTC))
        read_history(run, whole=True)
        RunFeed(run).read()
        with suppress(FileNotFoundError):
            preview.preview(run.events)


_WAYS = {"write_text", "write_bytes", "fsync", "fdatasync", "pwrite", "copyfile"}
_MODES = {f"{mode}{form}{more}" for mode in "wax" for form in ("", "b", "t") for more in ("", "+")}
_ELSEWHERE = {
    "disk.py": "the door itself",
    "schema.py": "for `make docs`",
    "catalogue.py": "for `make docs`",
    "lock.py": "whose lock it is, for a sentence",
    "log.py": "what programs print",
    "script_run.py": "what a script prints, in a folder that is thrown away",
}


def opens_to_write(call: ast.Call) -> bool:
    """Whether a call of open names a mode in which a file is written."""
    words = [argument.value for argument in call.args if isinstance(argument, ast.Constant)]
    words += [word.value.value for word in call.keywords if isinstance(word.value, ast.Constant)]
    return any(word in _MODES for word in words)


@pytest.mark.parametrize("package", [dlcore, tui])
def test_there_is_no_other_way_to_the_disk(package: object) -> None:
    folder = Path(str(getattr(package, "__file__", ""))).parent
    found = set()
    for path in folder.rglob("*.py"):
        if path.name in _ELSEWHERE:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            if isinstance(node.func, ast.Name) and node.func.id == "open" and opens_to_write(node):
                found.add(f"{path.name}: open")
            if isinstance(node.func, ast.Attribute):
                owner = node.func.value.id if isinstance(node.func.value, ast.Name) else ""
                is_call = (owner, node.func.attr) in (("os", "write"), ("os", "replace"), ("os", "rename"))
                if node.func.attr in _WAYS or is_call or (node.func.attr == "open" and opens_to_write(node)):
                    found.add(f"{path.name}: {owner}.{node.func.attr}")
    assert not found
