"""The user's own code may do what it likes: screen and record stay sound, and the end is the one designed."""

import os
import re
import signal
from dataclasses import dataclass
from pathlib import Path

import pytest

from dlcore.events import AttemptStarted
from dlcore.training import log
from tests.process.laboratory import Laboratory
from tests.process.terminal import is_alive, wait_until
from tests.torture.ledger import IS_FULL, Promise, fault, note, times
from tests.torture.trainers import Trainer, check_record, ended

CODE = Path(__file__).with_name("user_code.py")
AT_ONCE = 4
"""Trainers that run beside each other."""


@dataclass(frozen=True)
class Case:
    """What the code does, and how the run is to end."""

    what: str
    status: int = 0
    message: str = ""
    """A pattern that is in the last word; without one, the run is crashed."""
    says: str = ""
    """A pattern that is in the log."""


WELL = "^$"
CASES = (
    Case("nothing", 0, WELL),
    Case("writes escapes", 0, WELL, "owned"),
    Case("forks and returns", 0, WELL),
    Case("forks and forgets", 0, WELL),
    Case("threads that raise", 0, WELL, "ValueError: thread 4"),
    Case("threads that stay", 0, WELL),
    Case("warns", 0, WELL, "UserWarning: number 9999"),
    Case("raises", 1, r"^ValueError: mine.* own, in user_code\.py line \d+$", "Traceback"),
    Case("raises odd", 1, r"^Odd, in user_code\.py line \d+$"),
    Case("raises hopeless", 1, r"^Hopeless: lost, in user_code\.py line \d+$"),
    Case("raises a syntax error", 1, r"^SyntaxError.*, in user_code\.py line \d+$"),
    Case("sys.exit", 1, r"^SystemExit: 7, in user_code\.py line \d+$"),
    Case("sys.exit(0)", 1, r"^SystemExit: 0, in user_code\.py line \d+$"),
    Case("os._exit", 3),
    Case("interrupt", 1, r"^KeyboardInterrupt, in user_code\.py line \d+$"),
    Case("generator exit", 1, r"^GeneratorExit, in user_code\.py line \d+$"),
    Case("memory", 1, r"^Memory has run out: .* are free$"),
    Case("gpu memory", 1, r"^The GPU's memory has run out: 21\.5 GB were asked for and 5\.2 MB are free$"),
    Case("segfault", -signal.SIGSEGV, "", r"Segmentation fault(?s:.*)user_code\.py"),
    Case("abort", -signal.SIGABRT, "", r"Aborted(?s:.*)user_code\.py"),
    Case("closes 1 and 2", 0, WELL),
    Case("breaks streams", 0, WELL),
    Case("moves", 0, WELL),
    Case("deletes checkpoints", 0, WELL),
    Case("reads input", 1, r"^EOFError: EOF when reading a line, in user_code\.py line \d+$"),
    Case("recurses", 1, r"^RecursionError: maximum recursion depth exceeded.*, in user_code\.py line \d+$"),
    Case("fails at exit", 0, WELL, "at the end"),
)


SLOW = pytest.mark.skipif(not IS_FULL, reason="belongs to the full tier")


def network(target: str) -> str:
    """Return the line of a run with this function or class of the user's code."""
    return f"digits model=custom model.target={CODE}:{target} b=64 e=2 training.threads=1"


def asked(what: str, builder: str = "net") -> str:
    """Return the line of a run whose network does something."""
    return f"{network(builder)} 'model.args.what={what}'"


def check(trainer: Trainer, case: Case) -> None:
    """Wait for the end of a trainer, and check that it is as designed."""
    assert trainer.end() == case.status, trainer.log
    events = check_record(trainer.run, whole=bool(case.message))
    assert sum(isinstance(event, AttemptStarted) for event in events) == 1
    assert re.search(case.says, trainer.log)
    if case.message:
        word = ended(trainer.run)
        assert word.reason == ("finished" if case.status == 0 else "failed")
        assert re.search(case.message, word.message), word.message
        assert trainer.watch.state == word.reason
    else:
        assert trainer.watch.state == "crashed"


def in_turn(laboratory: Laboratory, lines: dict[str, Case]) -> None:
    """Train the runs that lines describe, some at a time, and check how each ends."""
    waiting = list(lines.items())
    while waiting:
        some, waiting = waiting[:AT_ONCE], waiting[AT_ONCE:]
        for trainer, case in [(Trainer(laboratory, line), case) for line, case in some]:
            with fault(Promise.USER_CODE):
                check(trainer, case)


QUICK = ("forks and returns", "raises hopeless", "segfault", "closes 1 and 2")
DOUBLE = r"must have the same dtype, but got Float and Double"
"""What becomes of a network that was built while the default type was another."""


def test_a_network_that_does_what_code_can_do(laboratory: Laboratory) -> None:
    in_turn(laboratory, {asked(case.what): case for case in CASES if IS_FULL or case.what in QUICK})


def test_one_that_does_it_as_it_is_built(laboratory: Laboratory) -> None:
    """Then it is told, too, what is wrong with what it returns, and what it raises on the way back."""
    lines = {
        network("Back"): Case("back", 1, r"^ValueError: on the way back, in user_code\.py line \d+$"),
        network("Huge"): Case("huge", 1, "10,?000"),
    }
    for case in CASES:
        if IS_FULL or case.what in ("interrupt", "gpu memory"):
            told = Case(case.what, case.status, case.message.replace("^", "", 1))
            lines[asked(case.what, "built")] = told
    if IS_FULL:
        lines[asked("moves", "built")] = Case("moves", 1, DOUBLE)
    in_turn(laboratory, lines)


SAMPLES = (
    Case("raises", 1, r"eading sample 40 failed with ValueError: mine.* own, in user_code\.py line \d+$"),
    Case("raises odd", 1, r"eading sample 40 failed with Odd, in user_code\.py line \d+$"),
    Case("interrupt", 1, r"eading sample 40 failed with KeyboardInterrupt, in user_code\.py line \d+$"),
    Case("sys.exit", 1, r"eading sample 40 failed with SystemExit: 7, in user_code\.py line \d+$"),
    Case("memory", 1, r"^Memory has run out: .* are free$"),
    Case("recurses", 1, r"eading sample 40 failed with RecursionError"),
    Case("forks and returns", 0, WELL),
    Case("writes escapes", 0, WELL, "owned"),
    Case("closes 1 and 2", 0, WELL),
    Case("steals signals", 0, WELL),
    Case("moves", 0, WELL),
)
DEADLY = ("os._exit", "segfault", "abort")
"""What ends a process that reads samples; where the trainer reads them itself, the trainer."""


def test_samples_that_do_what_code_can_do(laboratory: Laboratory) -> None:
    """Few samples are read by the trainer itself, many by processes of their own."""
    line = f"data=custom 'data.target={CODE}:%s' 'data.args.what=%s' mlp model.hidden=4 e=2"
    died = r"^A process that reads the data has died: "
    by_workers = [*SAMPLES, *(Case(what, 1, died) for what in DEADLY)]
    few = {line % ("few", case.what): case for case in SAMPLES if IS_FULL or case.what == "forks and returns"}
    quick = ("interrupt", "segfault")
    many = {line % ("many", case.what): case for case in by_workers if IS_FULL or case.what in quick}
    in_turn(laboratory, few | many)


def test_a_child_that_is_forgotten_holds_nothing(laboratory: Laboratory) -> None:
    """The run ends and its lock is free, while a copy of the trainer lives on."""
    with fault(Promise.USER_CODE):
        trainer = Trainer(laboratory, asked("forks and forgets"))
        assert trainer.end() == 0
        child = int((trainer.run.path / "child").read_text())
        try:
            assert is_alive(child)
            assert ended(trainer.run).reason == "finished"
        finally:
            os.kill(child, signal.SIGKILL)


def test_a_stop_is_heard_although_the_signals_were_stolen(laboratory: Laboratory) -> None:
    with fault(Promise.USER_CODE):
        trainer = Trainer(laboratory, asked("steals signals").replace("e=2", "e=1000000"))
        trainer.watch.until_step(50)
        assert trainer.stop() == 0
        assert ended(trainer.run).reason == "stopped"


@pytest.mark.parametrize("what", ["prints from below", pytest.param("prints a lot", marks=SLOW)])
def test_prints_do_not_fill_the_disk(laboratory: Laboratory, what: str) -> None:
    """The log and what is kept of it before stay small; the newest lines are there."""
    megabytes = times(40, 1000)
    laboratory.environment["LOUD_LINES"] = str(1000 * megabytes)
    trainer = Trainer(laboratory, asked(what))
    older = Path(f"{trainer.run.log}{log.OLDER}")
    largest = 0
    with fault(Promise.USER_CODE):
        while trainer.process.poll() is None:
            largest = max(largest, trainer.run.log.stat().st_size)
        check(trainer, Case(what, 0, WELL))
        assert older.stat().st_size <= log.MOST
        assert trainer.run.log.stat().st_size <= log.MOST
        assert older.stat().st_mode & 0o777 == 0o600
    note(Promise.USER_CODE, f"{megabytes} MB printed: trainer.log had {largest / 1e6:.0f} MB at most")


def test_the_screen_of_who_watches(laboratory: Laboratory) -> None:
    """An app stays whole while the code that it watches writes escapes, forks and dies."""
    for what, state in {"writes escapes": "finished", "segfault": "crashed"}.items() if IS_FULL else ():
        with fault(Promise.USER_CODE):
            terminal = laboratory.open("run", asked(what))
            terminal.wait_exit()
            assert state in terminal.text.split("\n", 1)[-1]
            assert b"owned" not in terminal.sent
            assert b"\x1bc" not in terminal.sent
            assert b"1003h" not in terminal.sent
            assert terminal.is_sane()
            terminal.close()
    with fault(Promise.USER_CODE):
        trainer = Trainer(laboratory, asked("writes escapes").replace("e=2", "e=1000000"))
        trainer.watch.until_step(10)
        terminal = laboratory.open("attach", trainer.run.id)
        terminal.wait_for("running")
        wait_until(lambda: "owned" in trainer.log, "what it prints")
        assert b"owned" not in terminal.sent
        trainer.process.kill()
        trainer.end()
        terminal.wait_for("crashed")
        assert b"owned" not in terminal.sent
