"""Several viewers of one run, and windows of every size."""

from itertools import pairwise

from tests.process.conftest import Live
from tests.process.terminal import Terminal, wait_until


def wait_until_same(*screens: Terminal) -> None:
    """Wait until all screens agree in every cell; fail with the first lines in which they do not."""
    try:
        wait_until(lambda: all(one.cells() == other.cells() for one, other in pairwise(screens)), "equality")
    except AssertionError:
        for one, other in pairwise(screens):
            assert one.text == other.text
            for line, same in zip(one.cells(), other.cells(), strict=True):
                assert line == same
        raise


def test_viewers_of_one_run_see_the_same_and_steer_it_alike(paused: Live) -> None:
    first, second = (paused.laboratory.open("attach", paused.run.id) for _ in range(2))
    for screen in (first, second):
        screen.wait_for(f"{paused.watch.history.step:,}/")
        screen.wait_for("Ⅱ paused")
    wait_until_same(first, second)
    late = paused.laboratory.open("attach")
    late.wait_for("Ⅱ paused")
    wait_until_same(first, second, late)

    step = paused.watch.history.step
    first.send(" ")
    second.wait_for("▶ running")
    paused.watch.until_step(step + 1)
    second.send(" ")
    for screen in (first, second, late):
        screen.wait_for("Ⅱ paused")
    assert paused.watch.history.step > step
    wait_until_same(first, second, late)
    for screen in (first, second, late):
        screen.close()


def test_a_read_only_viewer_steers_nothing(paused: Live) -> None:
    answers = len(paused.watch.history.answers)
    terminal = paused.laboratory.open("attach", paused.run.id, "--read-only")
    terminal.wait_for("Ⅱ paused")
    terminal.send(" xs?")
    terminal.wait_for("esc goes back")  # the help is open: the keys before it have been dealt with
    paused.laboratory.dltui("set", paused.run.id, "seed=1")  # refused: the trainer has read all there was
    assert len(paused.watch.history.answers) == answers + 1
    terminal.close()


def test_every_size_shows_what_there_is_room_for(paused: Live) -> None:
    steady, terminal = (paused.laboratory.open("attach", "latest", columns=80, rows=24) for _ in range(2))
    wanted = ("dltui", "Ⅱ paused", "loss", "accuracy", "gradient norm", "fc1", "first/last", "Quit")
    terminal.wait_for(lambda text: all(word in text for word in wanted))
    terminal.resize(59, 15)
    terminal.wait_for(lambda text: text.startswith(" Ⅱ paused   step") and "loss" in text.split("\n")[0])
    terminal.wait_for(lambda text: text.split("\n")[2:] == [*[""] * 12, " make the window larger"])
    terminal.resize(200, 50)
    terminal.wait_for(lambda text: all(word in text for word in (*wanted, "over time")))
    terminal.resize(80, 24)
    wait_until_same(steady, terminal)
    assert all(word in terminal.text for word in wanted)
    assert len(terminal.text.split("\n")) == 24
    for screen in (steady, terminal):
        screen.close()
