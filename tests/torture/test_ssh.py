"""A dropped SSH connection neither stops nor slows training: real servers, real clients, real trainers."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count, pairwise
from random import Random

import psutil
import pytest

from dlcore import events
from dlcore.events import StepsEnded
from dlcore.files.journal import Tail
from dlcore.files.lock import lock_holder
from dlcore.rundir import RunDir
from tests.process.laboratory import Laboratory, Watch, dltui_command
from tests.process.terminal import is_alive, wait_until
from tests.torture import ssh
from tests.torture.ledger import Promise, chance, fault, note, times
from tests.torture.trainers import UNHURRIED

ENDLESS = f"digits mlp 128,64 relu momentum b=64 lr=.01 m=.9 e=1000000 {UNHURRIED} seed=0"
"""A run that never ends by itself, as Setup writes it. Its pace leaves the processor to the apps."""
AT_ONCE = 5
"""Connections that are lost at the same time, in the full tier."""
MOST_GAP = 0.1
"""Seconds by which the largest gap between steps may exceed that of the twin."""
TRIES = 3
"""A busy machine makes gaps too, which do not come again; a stall that a connection makes does."""
A_WHILE = 14_000
"""Bytes that an app over SSH sends to open, with its first frames."""
WHILE_HUNG = 200
"""Steps that the trainer must take while a connection hangs and its app is stuck."""


@dataclass
class Lines:
    """A server, a run that was started over it by a key, and a twin of the run that nobody looks at."""

    laboratory: Laboratory
    server: ssh.Server
    run: RunDir
    pulse: "Pulse"
    twin_pulse: "Pulse"
    numbers: Iterator[int] = field(default_factory=lambda: count(1))
    largest: list[tuple[float, float]] = field(default_factory=list)

    def attach(self) -> ssh.Session:
        """Log in and attach to the run."""
        return dial(self.laboratory, self.server, str(next(self.numbers)), "attach", self.run.id)


def dial(laboratory: Laboratory, server: ssh.Server, mark: str, *words: str) -> ssh.Session:
    """Run `dltui` over SSH, in a terminal."""
    command = server.command([dltui_command(), *words], laboratory.environment, mark)
    return ssh.Session(server, laboratory.open_program(command), laboratory.home, mark)


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lines]:
    """The run is started by a key in an app at the other end of SSH, and that app is the first to be lost."""
    if reason := ssh.why_not():
        note(Promise.CONNECTION, reason)
        pytest.skip(reason)
    laboratory = Laboratory(tmp_path_factory.mktemp("lines"))
    server = ssh.Server(laboratory.folder / "ssh")
    try:
        laboratory.dltui("run", ENDLESS, "--detach")
        twin = laboratory.run()
        Watch(twin).until_step(1)
        session = dial(laboratory, server, "first", "attach", twin.id)
        run = started_by_key(session, laboratory)
        trainer = lock_holder(run)
        with fault(Promise.CONNECTION):
            session.terminal.process.kill()
            wait_until(lambda: not ssh.apps(laboratory.home), "an app outlived its connection")
            assert trainer is not None
            assert lock_holder(run) == trainer
        lines = Lines(laboratory, server, run, Pulse(run), Pulse(twin))
        yield lines
        say_gaps(lines)
    finally:
        laboratory.close()
        server.close()


def started_by_key(session: ssh.Session, laboratory: Laboratory) -> RunDir:
    """Take the run that a session watches to Setup, and start another one like it."""
    shows_the_run(session, 1)
    session.terminal.send("c")
    session.terminal.wait_for(lambda text: ENDLESS in text and "21,000,000 in all" in text)
    session.terminal.send("r")
    wait_until(lambda: len(laboratory.runs()) > 1, "a second run")
    run = laboratory.runs()[0]
    session.terminal.wait_for(lambda text: run.id in text and "▶ running" in text and "/21,000,000" in text)
    return run


# -- gaps -------------------------------------------------------------------------------------------


class Pulse:
    """The steps that a run tells, each read once; none is lost, and none told twice."""

    def __init__(self, run: RunDir) -> None:
        self._tail = Tail(run.events)
        self._moments: list[float] = []
        self.step = 0

    def read(self) -> int:
        """Read on; return how often steps were told by now."""
        for line in self._tail.read():
            event = events.decode(line)
            if isinstance(event, StepsEnded):
                assert event.step == self.step + len(event.loss)
                self.step = event.step
                self._moments.append(event.seconds)
        return len(self._moments)

    def until_step(self, step: int) -> None:
        """Wait until so many steps are told."""
        wait_until(lambda: self.read() > 0 and self.step >= step, f"step {step}")

    def largest_gap(self, since: int) -> float:
        """Return the longest time between two tellings, of those behind the first `since`."""
        wait_until(lambda: self.read() > since + 2, "two more tellings")
        return max(later - earlier for earlier, later in pairwise(self._moments[since:]))


def without_a_gap(lines: Lines, disturb: Callable[[], None]) -> None:
    """Disturb the run; see that meanwhile it never stood still for longer than its undisturbed twin."""
    trainer = lock_holder(lines.run)
    pulses = (lines.pulse, lines.twin_pulse)
    for attempt in range(TRIES):
        told = [max(0, pulse.read() - 1) for pulse in pulses]
        disturb()
        gap, usual = (pulse.largest_gap(since) for pulse, since in zip(pulses, told, strict=True))
        if gap <= usual + MOST_GAP or attempt == TRIES - 1:
            break
    lines.largest.append((gap, usual))
    assert gap <= usual + MOST_GAP, f"{gap:.2f} s without a step; {usual:.2f} s in the undisturbed twin"
    assert lock_holder(lines.run) == trainer


def say_gaps(lines: Lines) -> None:
    """Leave the largest gaps for the table."""
    if not lines.largest:
        return
    gap, usual = (max(gaps) for gaps in zip(*lines.largest, strict=True))
    note(Promise.CONNECTION, f"largest gap between steps {gap:.2f} s, of an undisturbed twin {usual:.2f} s")


# -- faults -----------------------------------------------------------------------------------------


def batches(number: int) -> Iterator[int]:
    """Yield how many connections to lose at once, until it was `number`."""
    while number > 0:
        yield min(number, AT_ONCE)
        number -= AT_ONCE


def shows_the_run(session: ssh.Session, step: int) -> None:
    """Wait until a session shows the run as it goes, at least so far."""
    session.terminal.wait_for(lambda text: "▶ running" in text and step_in(text) >= step)


def step_in(text: str) -> int:
    """Return the step that stands on a screen; −1 where there is none."""
    _, found, rest = text.partition("   step ")
    number = rest.partition("/")[0].replace(",", "")
    return int(number) if found and number.isdigit() else -1


def lose(lines: Lines, number: int, cut: Callable[[ssh.Session, Random], None]) -> None:
    """Cut connections at random moments; nothing is left of them; who dials again is back with the run."""
    moments = chance(cut.__name__)

    def cut_all() -> None:
        sessions = [lines.attach() for _ in range(number)]
        for session in sessions:
            cut(session, moments)
        wait_until(lambda: not lines.server.sessions, "a connection is served still")
        wait_until(lambda: not ssh.apps(lines.laboratory.home), "an app outlived its connection")
        lines.pulse.read()
        step = lines.pulse.step
        again = lines.attach()
        shows_the_run(again, step)
        again.terminal.close()

    with fault(Promise.CONNECTION, number):
        without_a_gap(lines, cut_all)


def wait_a_moment(session: ssh.Session, moments: Random) -> None:
    """Wait until a client has received some bytes: the app may be opening, or open for a while."""
    some = moments.randrange(1, A_WHILE)
    session.terminal.wait_for(lambda _: len(session.terminal.sent) >= some)


def kill_client(session: ssh.Session, moments: Random) -> None:
    wait_a_moment(session, moments)
    session.terminal.process.kill()


def kill_servers(session: ssh.Session, moments: Random) -> None:
    wait_a_moment(session, moments)
    for process in session.servers:
        process.kill()


def test_killed_clients(lines: Lines) -> None:
    for number in batches(times(1, 100)):
        lose(lines, number, kill_client)


def test_killed_servers(lines: Lines) -> None:
    for number in batches(times(1, 20)):
        lose(lines, number, kill_servers)


def fill(session: ssh.Session) -> None:
    """Write what nobody sees to the app's terminal, as any other program there may, until it takes no more.

    The app itself would need minutes for that: a client is sent a megabyte before it must take anything.
    """
    descriptor = os.open(session.controlling_terminal, os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK)
    refused = 0

    def takes_no_more() -> bool:
        nonlocal refused
        try:
            refused = 0 if os.write(descriptor, bytes(4096)) else refused
        except BlockingIOError:
            refused += 1
        return refused > STILL

    try:
        wait_until(takes_no_more, "a connection that is full")
    finally:
        os.close(descriptor)


STILL = 50
"""A terminal that has refused so often is not going to be emptied."""


def hang(lines: Lines, number: int) -> None:
    """Stop clients until their apps are stuck and for a while longer; then they see what they have missed."""
    sessions = [lines.attach() for _ in range(number)]
    for session in sessions:
        shows_the_run(session, 1)
        psutil.Process(session.terminal.process.pid).suspend()
    try:
        for session in sessions:
            fill(session)
        lines.pulse.read()
        lines.pulse.until_step(lines.pulse.step + WHILE_HUNG)
    finally:
        for session in sessions:
            psutil.Process(session.terminal.process.pid).resume()
    for session in sessions:
        shows_the_run(session, lines.pulse.step)
        app = session.app
        session.terminal.send("q")
        session.terminal.wait_for("Leave?")
        session.terminal.send("\r")
        assert session.terminal.wait_exit() == 0
        wait_until(lambda app=app: not is_alive(app.pid), "an app that was left")  # type: ignore[misc]


def test_clients_that_hang(lines: Lines) -> None:
    for number in batches(times(1, 20)):
        with fault(Promise.CONNECTION, number):
            without_a_gap(lines, lambda number=number: hang(lines, number))  # type: ignore[misc]
