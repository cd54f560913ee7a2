"""The reason for all this: a lost connection takes the app away, and not the run."""

from pathlib import Path

import psutil
import pytest

from dlcore import figures
from dlcore.lock import lock_holder
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


def has_torch(pid: int) -> bool:
    """Whether a process has torch's library in its memory."""
    maps = Path(f"/proc/{pid}/maps")
    if not maps.exists():
        pytest.skip("there is no /proc here to ask")
    return "libtorch" in maps.read_text()


def test_the_app_itself_never_loads_torch(laboratory: Laboratory) -> None:
    terminal = laboratory.open()
    terminal.wait_for("17,226")  # the parameters of the default network, counted by the inspector
    [inspector] = psutil.Process(terminal.process.pid).children()
    assert has_torch(inspector.pid)
    assert not has_torch(terminal.process.pid)
    terminal.send("q")
    assert terminal.wait_exit() == 0
    wait_until(lambda: not is_alive(inspector.pid), "the inspector outlived the app")


def test_a_run_outlives_the_terminal_it_was_started_in(laboratory: Laboratory) -> None:
    terminal = laboratory.open()
    choose_epochs(terminal, EPOCHS)
    terminal.send("r")
    terminal.wait_for(lambda text: "▶ running" in text and f"/{EPOCHS}" in text and "gradient norm" in text)
    run = laboratory.run()
    watch = Watch(run)
    trainer = lock_holder(run)
    [inspector] = [child for child in psutil.Process(terminal.process.pid).children() if child.pid != trainer]
    terminal.close()
    assert terminal.process.returncode in (129, -1)
    assert trainer is not None
    assert lock_holder(run) == trainer
    assert is_alive(trainer)
    watch.until_step(watch.history.step + 1)
    wait_until(lambda: not is_alive(inspector.pid), "the inspector outlived the app")
    watch.until_state("finished")
    assert watch.history.epochs[-1].epoch == EPOCHS


def test_a_finished_run_looks_the_same_to_all_who_attach(finished: Finished) -> None:
    final = figures_of(finished.run)
    validation, test = (figures.share(final[split]["accuracy"]) for split in ("validation", "test"))
    screens = [finished.laboratory.open("attach"), finished.laboratory.open("attach", finished.run.id)]
    for screen in screens:
        screen.wait_for(lambda text: text.count("\n") == 39 and validation in text and test in text)
        assert "✓ finished   epoch 3.0/3   step 63/63" in screen.text
        assert finished.run.id in screen.text
    wait_until(lambda: screens[0].cells() == screens[1].cells(), "the same cells")
    screens[0].send("q")
    assert screens[0].wait_exit() == 0
    assert f"dltui export {finished.run.id} --format markdown" in screens[0].text.replace("\n", "")
