"""Signals restore the terminal and never touch the trainer; the trainer takes its own gracefully."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from dlcore.events import CheckpointSaved
from dlcore.files.lock import lock_holder
from dlcore.rundir import RunDir
from tests.process.laboratory import Laboratory, Watch, read_events
from tests.process.terminal import Terminal, wait_until
from tests.process.test_leaving import left_behind, parting_words
from tests.torture.ledger import Promise, chance, fault, times
from tests.torture.trainers import UNHURRIED

ENDLESS = "digits e=1000000"
TO_LEAVE = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT)


class Live:
    """A run that never ends by itself, and the trainer that must stay."""

    def __init__(self, laboratory: Laboratory) -> None:
        laboratory.dltui("run", f"{ENDLESS} {UNHURRIED}", "--detach")
        self.laboratory = laboratory
        self.run = laboratory.run()
        self.watch = Watch(self.run)
        self.watch.until_step(1)
        self.trainer = lock_holder(self.run)

    def attach(self) -> Terminal:
        terminal = self.laboratory.open("attach", self.run.id)
        terminal.wait_for("▶ running")
        terminal.wait_for("Quit")
        return terminal

    def goes_on(self) -> None:
        assert self.trainer is not None
        assert lock_holder(self.run) == self.trainer
        self.watch.until_step(self.watch.history.step + 1)


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    laboratory = Laboratory(tmp_path_factory.mktemp("live"))
    try:
        yield Live(laboratory)
    finally:
        laboratory.close()


# -- to the app -------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", TO_LEAVE)
def test_a_signal_restores_the_terminal_and_leaves_the_run(live: Live, number: signal.Signals) -> None:
    for _ in range(times(1, 5)):
        terminal = live.attach()
        with fault(Promise.SIGNALS):
            os.kill(terminal.process.pid, number)
            assert terminal.wait_exit() == 128 + number
            assert left_behind(terminal) == []
            assert terminal.is_sane()
            live.goes_on()


def test_a_signal_while_the_app_is_opening_restores_the_terminal(live: Live) -> None:
    moments = chance("opening")
    for _ in range(times(2, 30)):
        number, some = moments.choice(TO_LEAVE), moments.choice((1, moments.randrange(1, 10_000)))
        terminal = live.laboratory.open("attach", live.run.id)
        terminal.wait_for(lambda _, some=some, terminal=terminal: len(terminal.sent) >= some)  # type: ignore[misc]
        with fault(Promise.SIGNALS):
            os.kill(terminal.process.pid, number)
            assert terminal.wait_exit() in (128 + number, -number)
            assert left_behind(terminal) == []
            assert terminal.is_sane()
            assert parting_words(terminal) == ""
            assert not (live.laboratory.home / "crash.log").exists()
            live.goes_on()


def test_an_app_that_is_suspended_gives_the_terminal_back_and_takes_it_again(live: Live) -> None:
    terminal = live.attach()
    with fault(Promise.SIGNALS):
        os.kill(terminal.process.pid, signal.SIGTSTP)
        process = psutil.Process(terminal.process.pid)
        wait_until(lambda: process.status() == psutil.STATUS_STOPPED, "an app that stands still")
        wait_until(lambda: left_behind(terminal) == [], "a terminal that is given back")
        assert terminal.is_sane()
        live.goes_on()
        seen = len(terminal.sent)
        os.kill(terminal.process.pid, signal.SIGCONT)
        wait_until(lambda: len(left_behind(terminal)) == 4, "a terminal that is taken again")
        terminal.wait_for(lambda _: b"Quit" in terminal.sent[seen:])  # all is drawn again
        os.kill(terminal.process.pid, signal.SIGTERM)
        assert terminal.wait_exit() == 128 + signal.SIGTERM
        assert left_behind(terminal) == []


BROKEN = """
from textual.app import App

run = App.run


def run_broken(self, *arguments, **options):
    from tui.screens.train import TrainScreen

    def broken(self, *arguments):
        raise RuntimeError("[red]it broke[/]")

    TrainScreen.{method} = broken
    return run(self, *arguments, **options)


App.run = run_broken
"""
"""Python runs a module called sitecustomize before anything else: this one breaks a method of a screen."""


@pytest.mark.parametrize("method", ["_draw_loss", "compose", "action_log_scale"])
def test_a_fault_in_the_app_is_one_sentence_and_a_terminal_as_it_was(
    live: Live, tmp_path: Path, method: str
) -> None:
    (tmp_path / "sitecustomize.py").write_text(BROKEN.replace("{method}", method))
    terminal = live.laboratory.open("attach", live.run.id, PYTHONPATH=str(tmp_path))
    with fault(Promise.SIGNALS):
        if method.startswith("action"):
            terminal.wait_for("Quit")
            terminal.send("y")
        assert terminal.wait_exit() == 1
        assert left_behind(terminal) == []
        assert terminal.is_sane()
        words = " ".join(parting_words(terminal).split())
        assert words.startswith("dltui: A fault in the app: RuntimeError('[red]it broke[/]'). Runs go on.")
        assert "Traceback" not in words
        assert "it broke" in (live.laboratory.home / "crash.log").read_text()
        (live.laboratory.home / "crash.log").unlink()
        live.goes_on()


# -- to the trainer ---------------------------------------------------------------------------------


def weights_of(run: RunDir) -> list[str]:
    return sorted(path.name for path in run.checkpoints.glob("*.pt"))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_trainer_that_is_asked_to_end_finishes_its_step_saves_and_stops(
    laboratory: Laboratory, number: signal.Signals
) -> None:
    with fault(Promise.SIGNALS):
        following = laboratory.start("run", ENDLESS)
        run = laboratory.run()
        watch = Watch(run)
        watch.until_step(1)
        trainer = lock_holder(run)
        assert trainer is not None
        os.kill(trainer, signal.SIGHUP)  # what a closed terminal sends: nothing to a trainer
        watch.until_step(watch.history.step + 1)
        assert lock_holder(run) == trainer
        os.kill(trainer, number)
        done = laboratory.finish(following)
        assert (done.returncode, done.stderr) == (0, "")
        assert f"{run.id}: stopped" in done.stdout
        assert watch.state == "stopped"
        assert lock_holder(run) is None
        saved = [event.step for event in read_events(run) if isinstance(event, CheckpointSaved)]
        assert saved[-1] == watch.history.step
        assert f"{watch.history.step}.pt" in weights_of(run)


def test_a_trainer_may_be_asked_to_end_at_any_moment(laboratory: Laboratory) -> None:
    moments = chance("asked to end")
    for _ in range(times(1, 20)):
        number = moments.choice((signal.SIGTERM, signal.SIGINT))
        some = moments.choice((0, moments.randrange(200), moments.randrange(20_000)))
        laboratory.dltui("run", ENDLESS, "--detach")
        run = laboratory.runs()[0]
        with fault(Promise.SIGNALS):
            wait_until(lambda run=run, some=some: run.events.stat().st_size >= some, "its words")  # type: ignore[misc]
            watch = Watch(run)
            trainer = lock_holder(run)
            assert trainer is not None
            os.kill(trainer, number)
            watch.until_state("stopped")
            assert watch.history.step == 0 or f"{watch.history.step}.pt" in weights_of(run)
