"""One trainer a run, each command carried out once, and no viewer that shows a state which is over."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dlcore import commands, launch
from dlcore.commands import Command
from dlcore.config import to_toml
from dlcore.errors import RunError
from dlcore.events import CommandApplied, CommandRefused
from dlcore.files.journal import frame
from dlcore.files.lock import lock_holder
from dlcore.history import LIVE, State
from dlcore.oneline import parse
from dlcore.rundir import RunDir, create
from dlcore.runlist import RunList
from dlcore.runs import run_row
from dlcore.summary import read_history, state_of
from tests.conftest import MOMENT
from tests.process.laboratory import Laboratory, Watch, read_events
from tests.process.terminal import wait_until
from tests.torture.ledger import Promise, chance, fault, note, times
from tests.torture.trainers import UNHURRIED
from tui.feed import RunFeed

ROOT = Path(__file__).parents[2]
CLAIMS = (sys.executable, "-m", "tests.torture.claims")
TRAINER = (sys.executable, "-P", "-m", "dlcore.training")
VIEWERS = 20
ENDLESS = f"digits mlp 8 e=1000000 {UNHURRIED}"


@pytest.fixture
def run(laboratory: Laboratory) -> RunDir:
    """A run that nobody has trained."""
    return create(laboratory.home, "digits", MOMENT, to_toml(parse(ENDLESS).resolved()), {})


@dataclass(frozen=True)
class Live:
    """A run that goes on for as long as anybody wants."""

    laboratory: Laboratory
    run: RunDir
    watch: Watch

    def resume(self) -> None:
        """Start a new attempt, which is shown to be at work from its first word on."""
        done = self.laboratory.dltui("resume", self.run.id, "--detach", "--json")
        assert done.returncode == 0, done.stderr
        assert set(Viewers(self.run).states()) <= set(LIVE)


@pytest.fixture(scope="module")
def endless(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A run that never ends, for all tests: each costs seconds to start."""
    laboratory = Laboratory(tmp_path_factory.mktemp("endless"))
    done = laboratory.dltui("run", ENDLESS, "--detach", "--json")
    assert done.returncode == 0, done.stderr
    run = laboratory.run()
    yield Live(laboratory, run, Watch(run))
    laboratory.close()


@pytest.fixture
def live(endless: Live) -> Live:
    """That run, at work, whatever the test before has done to it."""
    if endless.watch.state not in LIVE:
        endless.resume()
    if endless.watch.state == "paused":
        launch.tell(endless.run, commands.Continue())
    endless.watch.until_state("running")
    return endless


def refused(laboratory: Laboratory, *command: str) -> str:
    """Start a command that is refused with status 2, and return its one sentence."""
    done = laboratory.finish(laboratory.start_program(list(command)))
    lines = done.stderr.splitlines()
    assert (done.returncode, done.stdout, len(lines)) == (2, "", 1), done.stderr
    assert lines[0].startswith("dltui: ")
    return lines[0]


# -- who has the run --------------------------------------------------------------------------------


@contextmanager
def asking(run: RunDir) -> Iterator[dict[str, int]]:
    """Many viewers that ask for the run's state all the time; afterwards, what they were told."""
    told: dict[str, int] = {}
    with subprocess.Popen(
        [*CLAIMS, str(run.path), "ask", str(VIEWERS)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == "asking\n"
            yield told
        finally:
            process.stdin.close()
        told |= json.loads(process.stdout.read())


def test_of_many_who_claim_a_run_at_once_one_gets_it(run: RunDir) -> None:
    rounds = times(10, 500)
    with fault(Promise.ONE_TRAINER, count=rounds * (VIEWERS - 1)), asking(run):
        done = subprocess.run(
            [*CLAIMS, str(run.path), "race", str(rounds), str(VIEWERS)],
            capture_output=True,
            text=True,
            check=True,
            cwd=ROOT,
        )
        assert json.loads(done.stdout) == [1] * rounds


def test_of_trainers_that_start_at_once_one_trains(laboratory: Laboratory, run: RunDir) -> None:
    trainers = times(3, 8)
    with fault(Promise.ONE_TRAINER, count=trainers - 1):
        processes = [laboratory.start_program([*TRAINER, str(run.path)]) for _ in range(trainers)]
        wait_until(lambda: sum(one.poll() is None for one in processes) == 1, "all but one refused")
        [trainer] = [one for one in processes if one.poll() is None]
        assert lock_holder(run) == trainer.pid
        for one in processes:
            if one is not trainer:
                done = laboratory.finish(one)
                assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
                assert f"{run.id} is being trained by process {trainer.pid} on " in done.stderr
        trainer.kill()


def test_a_busy_run_stays_with_its_trainer_while_many_ask(live: Live) -> None:
    run, laboratory = live.run, live.laboratory
    trainer = lock_holder(run)
    launch.tell(run, commands.Pause())
    live.watch.until_state("paused")
    said = run.events.stat().st_size
    tries = times(3, 60)
    with fault(Promise.ONE_TRAINER, count=tries + 2):
        with asking(run) as told:
            for _ in range(tries):
                sentence = refused(laboratory, *TRAINER, str(run.path))
                assert f"{run.id} is being trained by process {trainer} on " in sentence
            resume = refused(laboratory, *TRAINER, str(run.path), "--resume", "0")
            assert f"{run.id} is being trained by process {trainer} on " in resume
            with pytest.raises(RunError, match=f"is being trained by process {trainer}"):
                launch.resume(laboratory.home, run)
        assert list(told) == [str(trainer)]
        note(Promise.ONE_TRAINER, f"{VIEWERS} viewers ask meanwhile, and never take the lock")
        assert run.events.stat().st_size == said
        assert live.watch.state == "paused"


def test_a_finished_run_is_not_opened_again(laboratory: Laboratory) -> None:
    done = laboratory.dltui("run", "digits mlp 8 e=1", "--json")
    assert done.returncode == 0, done.stderr
    run = laboratory.run()
    before = {path: path.read_bytes() for path in run.path.rglob("*") if path.is_file() and path != run.lock}
    with fault(Promise.ONE_TRAINER, count=4):
        assert "has been trained already" in refused(laboratory, *TRAINER, str(run.path))
        assert "has finished" in refused(laboratory, *TRAINER, str(run.path), "--resume", "0")
        resumed = laboratory.dltui("resume", run.id)
        assert (resumed.returncode, len(resumed.stderr.splitlines())) == (2, 1)
        assert "has finished" in resumed.stderr
        launch.leave(run, commands.Continue())
        assert "has been trained already" in refused(laboratory, *TRAINER, str(run.path))
        run.control.unlink()
        after = {path: path.read_bytes() for path in before}
        assert after == before
        assert state_of(run, read_history(run)) == "finished"


# -- each command once ------------------------------------------------------------------------------


def answers(run: RunDir, command: Command) -> list[CommandApplied | CommandRefused]:
    """Return all that was answered to a command."""
    said = [event for event in read_events(run) if isinstance(event, CommandApplied | CommandRefused)]
    return [event for event in said if event.id == command.id]


def write(run: RunDir, content: bytes) -> None:
    """Put bytes at the end of what a run is told, as a writer does that a network has torn."""
    descriptor = os.open(run.control, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(descriptor, content)
    os.close(descriptor)


def heard(run: RunDir, command: Command) -> CommandApplied | CommandRefused:
    """Wait for the answer to a command; there is one and no more."""
    wait_until(lambda: answers(run, command), f"an answer to {command}")
    [answer] = answers(run, command)
    return answer


def test_no_command_is_carried_out_twice(live: Live) -> None:
    run, watch = live.run, live.watch
    launch.tell(run, commands.Pause())
    watch.until_state("paused")
    random = chance("doubled commands")
    tries = times(10, 200)
    for _ in range(tries):
        step = watch.history.step
        command = commands.Step(count=random.randint(1, 5))
        line = frame(commands.encode(command))
        again = frame(commands.encode(commands.Step(id=command.id, count=7)))
        torn = line[: random.randrange(1, len(line) - 1)]
        copies = [line] * random.randint(1, 3) + [again, torn + b"\n", torn + line]
        random.shuffle(copies)
        with fault(Promise.ONE_TRAINER):
            write(run, line + b"".join(copies))
            launch.tell(run, last := commands.Set(key="seed", value=1))
            heard(run, last)  # refused: all before it has been heard as well
            assert isinstance(heard(run, command), CommandApplied)
            watch.until_step(step + command.count)
            launch.tell(run, pause := commands.Pause())
            heard(run, pause)
            assert watch.history.step == step + command.count


def test_what_an_earlier_attempt_was_told_is_not_carried_out_by_the_next(live: Live) -> None:
    run, watch = live.run, live.watch
    for _ in range(times(1, 10)):
        launch.tell(run, stop := commands.Stop())
        watch.until_state("stopped")
        late: list[Command] = [
            commands.Stop(),
            commands.Pause(),
            commands.Set(key="optimizer.lr", value=1e9),
        ]
        for command in late:
            launch.leave(run, command)
        write(run, frame(commands.encode(stop)))
        attempt, step = watch.history.attempt, watch.history.step
        with fault(Promise.ONE_TRAINER, count=len(late) + 1):
            live.resume()
            watch.until_step(step + 10)
            assert (watch.history.attempt, watch.state) == (attempt + 1, "running")
            assert isinstance(heard(run, stop), CommandApplied)
            for command in late:
                assert isinstance(heard(run, command), CommandRefused)


# -- no state that is over --------------------------------------------------------------------------


class Viewers:
    """Every kind of viewer of one run: the app, its list of runs, a list from scratch, and scripts."""

    def __init__(self, run: RunDir) -> None:
        self._run = run
        self._feed = RunFeed(run)
        self._list = RunList(run.path.parent.parent)
        self._list.scan()
        for entry in self._list.entries:
            self._list.look(entry, datetime.now(UTC))

    def states(self) -> list[State]:
        """Return the state as each of them shows it now."""
        now = datetime.now(UTC)
        self._feed.read(10.0)
        [entry] = self._list.entries
        self._list.poll([entry], now)
        assert entry.row is not None
        history = read_history(self._run)
        return [
            self._feed.state,
            entry.row.state,
            run_row(self._run, now).state,
            state_of(self._run, history),
        ]


def kill(run: RunDir) -> float:
    """Kill a trainer at work; every viewer shows it alive, then crashed, and never anything else.

    Return after how many seconds all of them knew.
    """
    viewers = Viewers(run)
    seen = viewers.states()
    assert set(seen) <= set(LIVE)
    trainer = lock_holder(run)
    assert trainer is not None
    os.kill(trainer, signal.SIGKILL)
    began = time.monotonic()

    def all_know() -> bool:
        states = viewers.states()
        seen.extend(states)
        return set(states) == {"crashed"}

    wait_until(all_know, "viewers that know of the crash")
    assert set(seen) <= {*LIVE, "crashed"}
    return time.monotonic() - began


def test_a_dead_trainer_is_never_shown_alive_nor_as_an_earlier_end(live: Live) -> None:
    run, watch = live.run, live.watch
    random = chance("moments of death")
    known: list[float] = []
    for _ in range(times(1, 12)):
        if watch.state not in LIVE:
            live.resume()
            watch.until_state("running")
        launch.tell(run, commands.Stop())
        watch.until_state("stopped")
        wait_until(lambda: lock_holder(run) is None, "a trainer that has gone")
        with fault(Promise.ONE_TRAINER):  # the attempt before has left word that it was stopped
            live.resume()
            time.sleep(random.random())  # each death has a moment of its own
            known.append(kill(run))
    note(Promise.ONE_TRAINER, f"all viewers know of a death after {max(known):.1f} s at the latest")
    for words in (("show", run.id), ("runs",)):
        with fault(Promise.ONE_TRAINER):
            shown = json.loads(live.laboratory.dltui(*words, "--json").stdout)
            assert (shown if isinstance(shown, dict) else shown[0])["state"] == "crashed"
