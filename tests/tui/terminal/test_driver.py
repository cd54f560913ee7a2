import asyncio
import os
import pty
import signal
import time
import tty
from collections.abc import AsyncIterator, Callable
from contextlib import suppress

import pyte
import pytest
from textual.app import App
from textual.drivers._writer_thread import WriterThread
from textual.events import Key, MouseMove

from tui.terminal.driver import TerminalDriver, line_of, typed_at

COLUMNS, ROWS = 80, 24
SYNC_BEGINS, SYNC_ENDS = "\x1b[?2026h", "\x1b[?2026l"


def picture(letter: str, rows: int = ROWS) -> str:
    return "".join(f"\x1b[{y + 1};1H{letter * COLUMNS}" for y in range(rows)) + "\x1b[1;1H"


class Line:
    """A driver on a terminal that takes nothing until it is read."""

    def __init__(self) -> None:
        self.master, terminal = pty.openpty()
        tty.setraw(terminal)
        self.app: App[None] = App()
        self.driver = TerminalDriver(self.app)
        self.app._driver = self.driver
        self.driver._line._file = os.fdopen(terminal, "w")
        self.driver._writer_thread = WriterThread(self.driver._file)
        self.driver._writer_thread.start()
        self.read = b""

    async def wait(self, condition: Callable[[], object]) -> None:
        """Read what comes until a condition holds."""
        deadline = time.monotonic() + 20
        os.set_blocking(self.master, False)
        while not condition():
            assert time.monotonic() < deadline, "it never came"
            with suppress(BlockingIOError):
                self.read += os.read(self.master, 65536)
            await asyncio.sleep(0.001)

    def is_quiet(self) -> bool:
        return not self.driver.is_busy and len(self.read) >= self.driver.sent

    async def take_all(self) -> str:
        """Read until nothing is on its way any more, and return what came."""
        await self.wait(self.is_quiet)
        taken, self.read = self.read, b""
        self.driver.sent = self.driver._line.taken = 0
        return taken.decode()


@pytest.fixture
async def line() -> AsyncIterator[Line]:
    handlers = {one: signal.getsignal(one) for one in (signal.SIGTSTP, signal.SIGCONT)}
    made = Line()
    yield made
    await made.wait(made.is_quiet)
    made.driver.close()
    made.driver._line._file.close()
    os.close(made.master)
    for number, handler in handlers.items():
        signal.signal(number, handler)


async def test_a_frame_that_changes_nothing_sends_nothing(line: Line) -> None:
    line.driver.write(picture("a"))
    await line.take_all()
    for _ in range(50):
        line.driver.write(SYNC_BEGINS)
        line.driver.write(picture("a"))
        line.driver.write(SYNC_ENDS)
    assert (line.driver.sent, await line.take_all()) == (0, "")


async def test_a_known_change_sends_so_many_bytes(line: Line) -> None:
    line.driver.write(picture("a"))
    await line.take_all()
    line.driver.write("\x1b[5;1Haaab\x1b[1;1H")
    assert await line.take_all() == "\x1b[5;4Hb\x1b[1;1H"


async def test_where_a_terminal_can_a_frame_appears_at_once(line: Line) -> None:
    line.driver.write(SYNC_BEGINS)
    line.driver.write("\x1b[5;1Hab\x1b[1;1H")
    line.driver.write(SYNC_ENDS)
    assert await line.take_all() == f"{SYNC_BEGINS}\x1b[5;1Hab\x1b[1;1H{SYNC_ENDS}"


async def test_on_a_stalled_line_frames_merge_into_the_newest(line: Line) -> None:
    for number in range(500):  # more than the pseudo-terminal and the writer's queue hold
        line.driver.write(picture("abcdefgh"[number % 8]))
    assert line_of(line.app) == (line.driver.sent, True)
    assert line.driver.sent < 10 * len(picture("a")), "keys are not behind a queue of stale frames"
    line.driver.write(picture("z"))
    sent = await line.take_all()
    screen = pyte.Screen(COLUMNS, ROWS)
    pyte.Stream(screen).feed(sent)
    assert screen.display == ["z" * COLUMNS] * ROWS
    assert not line_of(line.app)[1]


async def test_anything_else_is_sent_as_it_is_and_in_order(line: Line) -> None:
    line.driver.write("\x1b[1;1H\x1b[31ma\x1b[0m\x1b[1;1H")
    line.driver.write("\x1b]52;c;eA==\a")
    assert await line.take_all() == "\x1b[1;1H\x1b[31ma\x1b[1;1H\x1b[0m\x1b]52;c;eA==\a"
    line.driver.write("\x1b[1;1Ha\x1b[1;1H")
    assert "a" in await line.take_all(), "who knows what it has done"


async def test_after_another_size_everything_is_sent_again(line: Line) -> None:
    line.driver.write(picture("a"))
    await line.take_all()
    line.driver.forget()
    line.driver.write(picture("a"))
    assert len(await line.take_all()) > COLUMNS * ROWS


async def test_a_signal_in_the_middle_of_a_frame_does_not_touch_what_the_terminal_shows(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    monkeypatch.setattr(line.driver, "resume_application_mode", lambda: done.append("resumed"))
    os.kill(os.getpid(), signal.SIGCONT)
    for _ in range(1000):  # time for a handler between two steps
        assert done == []
    await line.wait(lambda: done)
    assert done == ["resumed"]


async def test_a_key_is_known_before_the_app_hears_of_it(line: Line) -> None:
    heard: list[float] = []
    line.driver.send_message = lambda message: heard.append(typed_at(line.app))  # type: ignore[method-assign]
    line.driver.process_message(MouseMove(None, 1, 1, 0, 0, 0, False, False, False))
    assert typed_at(line.app) == float("-inf")
    before = time.monotonic()
    line.driver.process_message(Key("y", "y"))
    assert before <= heard[-1] == typed_at(line.app) <= time.monotonic()


def test_an_app_without_a_terminal_has_a_line_that_is_free_and_no_keys() -> None:
    assert line_of(App()) == (0, False)
    assert typed_at(App()) == float("-inf")
