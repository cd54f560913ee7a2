"""Any size of window, kind of terminal, locale and clock; streams that are closed or full; no terminal."""

import os
import re
import signal
from collections.abc import Iterator
from contextlib import suppress

import pytest

from dlcore import commands, launch
from dlcore.files.lock import lock_holder
from dlcore.rundir import RunDir
from tests.process.laboratory import Laboratory, Watch, dltui_command
from tests.process.terminal import Terminal, wait_until
from tests.process.test_viewers import wait_until_same
from tests.torture.ledger import IS_FULL, Promise, chance, fault, times
from tests.torture.test_viewers import leave_by_key
from tests.torture.trainers import UNHURRIED

ENDLESS = f"digits e=1000000 {UNHURRIED}"
SIZES = ((20, 5), (1, 1), (500, 200))
RESIZES = times(0, 100)
ASCII = {"LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
"""A terminal that takes plain characters only, and a Python that does not help itself."""


class Live:
    """A run that never ends by itself."""

    def __init__(self, laboratory: Laboratory) -> None:
        laboratory.dltui("run", ENDLESS, "--detach")
        self.laboratory = laboratory
        self.run = laboratory.run()
        self.watch = Watch(self.run)
        self.watch.until_step(1)


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    laboratory = Laboratory(tmp_path_factory.mktemp("live"))
    try:
        yield Live(laboratory)
    finally:
        laboratory.close()


def is_usable(terminal: Terminal, live: Live) -> None:
    """See that the keys reach the run: it pauses, until it is told otherwise."""
    pause(terminal, live)
    launch.tell(live.run, commands.Continue())
    live.watch.until_state("running")
    with suppress(AssertionError):  # a window of one cell never says so
        terminal.wait_for(lambda text: "▶ running" in text or "> running" in text, 0.5)


def pause(terminal: Terminal, live: Live) -> None:
    """Press the key until the run stands still: the app may not know yet that it goes on again."""
    for _ in range(10):
        terminal.send(" ")
        with suppress(AssertionError):
            wait_until(lambda: live.watch.state == "paused", "a pause", 5.0)
            return
    raise AssertionError("the key does not reach the run")


def leave(terminal: Terminal) -> None:
    leave_by_key(terminal)
    assert terminal.is_sane()


# -- sizes ------------------------------------------------------------------------------------------


def shows_all(text: str) -> bool:
    return all(word in text for word in ("▶ running", "gradient norm", "first/last", "Quit"))


def shows_state(text: str) -> bool:
    return all(word in text for word in ("▶ running", "step ", "loss ", "make the window"))


@pytest.mark.parametrize(("columns", "rows"), SIZES)
def test_the_app_starts_in_a_window_of_any_size(live: Live, columns: int, rows: int) -> None:
    with fault(Promise.TERMINALS):
        terminal = live.laboratory.open("attach", live.run.id, columns=columns, rows=rows)
        if columns > 1:
            terminal.wait_for(shows_all if columns > 60 else shows_state)
        terminal.wait_for(lambda _: b"\x1b[?1049h" in terminal.sent)
        terminal.resize(80, 24)
        terminal.wait_for(shows_all)
        is_usable(terminal, live)
        leave(terminal)


def test_a_window_that_is_resized_shows_what_one_of_that_size_shows(live: Live) -> None:
    terminal = live.laboratory.open("attach", live.run.id)
    terminal.wait_for(shows_all)
    some = chance("sizes")
    for columns, rows in (
        *SIZES,
        *((some.randrange(1, 500), some.randrange(1, 200)) for _ in range(RESIZES)),
    ):
        with fault(Promise.TERMINALS):
            seen = len(terminal.sent)
            terminal.resize(columns, rows)
            terminal.wait_for(lambda _, seen=seen: len(terminal.sent) > seen)  # type: ignore[misc]
            is_usable(terminal, live)
    with fault(Promise.TERMINALS):
        pause(terminal, live)
        terminal.resize(80, 24)
        steady = live.laboratory.open("attach", live.run.id, columns=80, rows=24)
        for screen in (terminal, steady):
            screen.wait_for(lambda text: "Ⅱ paused" in text and "Quit" in text)
        wait_until_same(steady, terminal)
    launch.tell(live.run, commands.Continue())
    for screen in (steady, terminal):
        screen.close()


# -- kinds and locales ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "kind",
    [{"TERM": "linux"}, {"TERM": "xterm-16color"}, {"TERM": "vt100"}, {"NO_COLOR": "1"}],
    ids=lambda kind: "=".join(*kind.items()),
)
def test_every_kind_of_terminal_that_can_draw(live: Live, kind: dict[str, str]) -> None:
    with fault(Promise.TERMINALS):
        terminal = live.laboratory.open_program(
            [dltui_command(), "attach", live.run.id], columns=120, rows=40, **kind
        )
        terminal.wait_for(shows_all)
        is_usable(terminal, live)
        leave(terminal)
        if "TERM" in kind:  # no colours that it does not have
            assert not re.search(rb"[34]8;[25];", terminal.sent)


@pytest.mark.parametrize("unset", [["TERM=dumb"], ["TERM=unknown"], ["-u", "TERM"], ["TERM="]], ids=" ".join)
def test_a_terminal_that_cannot_draw_gets_a_sentence(live: Live, unset: list[str]) -> None:
    with fault(Promise.TERMINALS):
        command = ["env", *unset, dltui_command(), "attach", live.run.id]
        terminal = live.laboratory.open_program(command)
        assert terminal.wait_exit() == 2
        assert "which cannot draw." in terminal.text
        assert b"\x1b" not in terminal.sent


def test_a_terminal_that_is_said_to_take_plain_characters_gets_nothing_else(live: Live) -> None:
    with fault(Promise.TERMINALS):
        terminal = live.laboratory.open_program([dltui_command(), "attach", live.run.id], 120, 40, **ASCII)
        terminal.wait_for(lambda text: "plain characters" in text and "> running" in text)
        terminal.wait_for(lambda text: all(word in text for word in ("gradient norm", "first/last", "Quit")))
        is_usable(terminal, live)
        leave(terminal)
        assert terminal.sent.isascii()
        for words in (["runs"], ["show", live.run.id]):
            done = live.laboratory.dltui(*words, **ASCII)
            assert (done.returncode, done.stderr) == (0, "")


# -- streams ----------------------------------------------------------------------------------------


def in_shell(laboratory: Laboratory, streams: str, *words: str) -> tuple[int, str, str]:
    """Run a command with its streams closed, full or elsewhere; return status, output and errors."""
    command = ["/bin/sh", "-c", f'exec "$0" "$@" {streams}', dltui_command(), *words]
    done = laboratory.finish(laboratory.start_program(command))
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("streams", ["", "<&-", ">&-", ">/dev/full", "</dev/null", "<&- >&-"])
def test_without_a_terminal_the_app_is_refused_in_a_sentence(live: Live, streams: str) -> None:
    for words in ([], ["attach", live.run.id]):
        with fault(Promise.TERMINALS):
            status, output, errors = in_shell(live.laboratory, streams, *words)
            assert (status, output) == (2, "")
            assert errors.startswith("dltui: The app needs a terminal, and this is none.")
            assert errors.count("\n") == 1


def test_without_any_stream_at_all_there_is_still_a_status(live: Live) -> None:
    with fault(Promise.TERMINALS):
        assert in_shell(live.laboratory, "<&- >&- 2>&-", "attach", live.run.id) == (2, "", "")
        assert in_shell(live.laboratory, "<&- >&- 2>&-", "runs") == (0, "", "")


@pytest.mark.parametrize(
    "words", ["runs", "show latest", "doctor", "presets", "export latest -o -", "--help"]
)
def test_a_device_that_is_full_is_said_in_a_sentence(live: Live, words: str) -> None:
    with fault(Promise.TERMINALS):
        status, _, errors = in_shell(live.laboratory, ">/dev/full", *words.split())
        assert status == 1
        assert errors == "dltui: The system refused: No space left on device.\n"


@pytest.mark.parametrize("words", ["nothing", "show nothing"])
@pytest.mark.parametrize("streams", ["2>/dev/full", "2>&-", ">/dev/full 2>/dev/full"])
def test_a_mistake_that_nobody_can_be_told_still_has_its_status(live: Live, streams: str, words: str) -> None:
    with fault(Promise.TERMINALS):
        status, output, errors = in_shell(live.laboratory, streams, *words.split())
        assert (status, output, errors) == (2, "", "")


def test_a_reader_that_has_gone_is_no_fault_to_speak_of(live: Live) -> None:
    with fault(Promise.TERMINALS):
        script = '{ "$0" "$@"; echo $? >&2; } | true'
        command = ["/bin/sh", "-c", script, dltui_command(), "show", "latest", "--json"]
        done = live.laboratory.finish(live.laboratory.start_program(command))
        assert (done.stdout, done.stderr) == ("", "1\n")


@pytest.mark.parametrize(
    "streams", ["<&-", ">/dev/full", *(["2>&-", ">&-", "2>/dev/full"] if IS_FULL else [])]
)
def test_a_run_whose_words_nobody_takes_is_trained_all_the_same(laboratory: Laboratory, streams: str) -> None:
    with fault(Promise.TERMINALS):
        status, _, errors = in_shell(laboratory, streams, "run", "digits e=3")
        run = laboratory.run()
        Watch(run).until_state("finished")
        assert status == (1 if streams == ">/dev/full" else 0)
        assert not errors or (errors.startswith("dltui: ") and "No space left on device" in errors)


def test_faults_may_be_kept_in_a_file_while_the_app_is_seen(live: Live) -> None:
    with fault(Promise.TERMINALS):
        command = ["/bin/sh", "-c", 'exec "$0" "$@" 2> errors', dltui_command(), "attach", live.run.id]
        terminal = live.laboratory.open_program(command)
        terminal.wait_for(shows_all)
        is_usable(terminal, live)
        leave(terminal)
        assert (live.laboratory.folder / "errors").read_bytes() == b""


def test_nohup(laboratory: Laboratory) -> None:
    with fault(Promise.TERMINALS, 2):
        terminal = laboratory.open_program(["nohup", dltui_command(), "run", "digits e=10"])
        run = laboratory.run()
        wait_until(lambda: lock_holder(run) is not None, "a trainer")
        os.kill(terminal.process.pid, signal.SIGHUP)
        assert terminal.wait_exit() == 0
        said = laboratory.folder / "nohup.out"
        assert f"{run.id}: finished" in said.read_text()
        said.unlink()
        terminal = laboratory.open_program(["nohup", dltui_command(), "attach"])
        assert terminal.wait_exit() == 2
        assert "The app needs a terminal" in said.read_text()


# -- clocks -----------------------------------------------------------------------------------------

CLOCK = """
import datetime
import os
import time

PATH = os.environ["TEST_CLOCK"]
true_time, true_datetime = time.time, datetime.datetime


def behind():
    try:
        with open(PATH) as file:
            return float(file.read() or 0)
    except FileNotFoundError:
        return 0.0


class Datetime(true_datetime):
    @classmethod
    def now(cls, tz=None):
        return cls.fromtimestamp(true_time() - behind(), tz)


time.time = lambda: true_time() - behind()
datetime.datetime = Datetime
"""
"""Python runs a module called sitecustomize before anything else: this clock is behind as a file says."""


@pytest.mark.skipif(not IS_FULL, reason="belongs to the full tier")
def test_a_clock_that_is_set_back_an_hour_confuses_nobody(laboratory: Laboratory) -> None:
    clock = laboratory.folder / "clock"
    (laboratory.folder / "sitecustomize.py").write_text(CLOCK)
    laboratory.environment |= {"PYTHONPATH": str(laboratory.folder), "TEST_CLOCK": str(clock)}
    with fault(Promise.TERMINALS):
        laboratory.dltui("run", ENDLESS, "--detach")
        first = laboratory.run()
        watch = Watch(first)
        watch.until_step(1)
        early = laboratory.open("attach", first.id)
        early.wait_for(shows_all)
        clock.write_text("3600")
        step = watch.until_step(watch.history.step + 1)
        seconds = watch.history.seconds
        late = laboratory.open("attach", first.id)
        for screen in (early, late):
            screen.wait_for(lambda text: shows_all(text) and " -" not in text.split("\n")[2])
        watch.until_step(step + 1)
        assert watch.history.seconds >= seconds  # they come from a clock that nobody sets
        second = newest_after_another(laboratory, first)
        listed = laboratory.dltui("runs").stdout.splitlines()
        assert [line.split()[0] for line in listed[:2]] == [second.id, first.id]
        assert all("running" in line for line in listed[:2])
        assert laboratory.dltui("show", "latest").stdout.startswith(f"{second.id}  running")


def newest_after_another(laboratory: Laboratory, first: RunDir) -> RunDir:
    """Start another run; return what is now the newest one."""
    laboratory.dltui("run", ENDLESS, "--detach")
    newest = laboratory.runs()[0]
    assert newest.id != first.id, "the run that was started last is not the newest"
    Watch(newest).until_step(1)
    return newest
