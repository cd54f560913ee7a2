"""The reason for all this: a lost connection takes the app away, and not the run."""

from pathlib import Path

import psutil

from dlcore import figures
from dlcore.files.lock import lock_holder
from dlcore.rundir import RunDir
from tests.process.conftest import Finished
from tests.process.laboratory import Laboratory, Watch, figures_of
from tests.process.terminal import Terminal, is_alive, wait_until

EPOCHS = 300
"""Seconds of training, so that it is still going on when the connection is lost."""


def choose_epochs(terminal: Terminal, epochs: int) -> None:
    """Go down the form to the field, and type."""
    terminal.wait_for("data.kind")
    for _ in range(40):
        about = help_line(terminal.text)
        if about.startswith(" training.epochs"):
            break
        terminal.send("j")
        wait_until(lambda about=about: help_line(terminal.text) != about, "the next field")  # type: ignore[misc]
    terminal.send(f"{epochs}\r")
    terminal.wait_for(f"e={epochs}")


def help_line(text: str) -> str:
    """Return what stands below the form: the key of the field and what it means."""
    return text.split("\n")[-3]


def torch_in(*processes: int) -> list[int]:
    """Return which of the processes have torch's library in memory; none where there is no /proc to ask."""
    maps = {pid: Path(f"/proc/{pid}/maps") for pid in processes}
    return [pid for pid, path in maps.items() if path.exists() and "libtorch" in path.read_text()]


def wait_for_end(terminal: Terminal, run: RunDir) -> None:
    """Wait until a screen shows how a run ended, with the figures of its events."""
    final = figures_of(run)
    wanted = [figures.share(final[split]["accuracy"]) for split in ("validation", "test")]
    wanted += [run.id, "✓ finished", "took", "first/last", "Quit"]
    terminal.wait_for(lambda text: all(word in text for word in wanted))


def test_a_run_outlives_the_terminal_it_was_started_in(laboratory: Laboratory) -> None:
    terminal = laboratory.open()
    terminal.wait_for("▀")  # images of the default data, drawn from what the inspector says
    [inspector] = psutil.Process(terminal.process.pid).children()
    choose_epochs(terminal, EPOCHS)
    terminal.send("r")
    terminal.wait_for(lambda text: "▶ running" in text and f"/{EPOCHS}" in text and "gradient norm" in text)
    run = laboratory.run()
    watch = Watch(run)
    trainer = lock_holder(run)
    if loaded := torch_in(inspector.pid, terminal.process.pid):  # the app itself never imports torch
        assert loaded == [inspector.pid]
    terminal.close()
    assert terminal.process.returncode in (129, -1)
    assert trainer is not None
    assert lock_holder(run) == trainer
    assert is_alive(trainer)
    watch.until_step(watch.history.step + 1)
    wait_until(lambda: not is_alive(inspector.pid), "the inspector outlived the app")
    watch.until_state("finished")
    assert watch.history.epochs[-1].epoch == EPOCHS
    wait_for_end(laboratory.open("attach"), run)


def test_a_finished_run_looks_the_same_to_all_who_attach(finished: Finished) -> None:
    screens = [finished.laboratory.open("attach"), finished.laboratory.open("attach", finished.run.id)]
    for screen in screens:
        wait_for_end(screen, finished.run)
        assert "✓ finished   epoch 3.0/3   step 63/63" in screen.text
    wait_until(lambda: screens[0].cells() == screens[1].cells(), "the same cells")
    screens[0].send("q")
    assert screens[0].wait_exit() == 0
    assert f"dltui export {finished.run.id} --format markdown" in screens[0].text.replace("\n", "")


def test_a_connection_that_stalls_and_is_lost_leaves_no_app(finished: Finished) -> None:
    terminal = finished.laboratory.open("attach", finished.run.id)
    terminal.wait_for("Quit")
    terminal.freeze()
    terminal.send("?\x1b" * 100)  # opens and closes the help, until there is no more room for what it draws
    terminal.wait_until_stuck()
    terminal.close()
    assert terminal.process.returncode in (129, -1)
