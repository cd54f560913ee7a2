"""Every viewer of a run shows the same screen and steers it, however viewers come and go."""

from collections.abc import Callable
from random import Random

from tests.process.laboratory import Laboratory, Watch
from tests.process.terminal import Terminal
from tests.process.test_viewers import wait_until_same
from tests.torture.ledger import Promise, chance, fault, times
from tests.torture.trainers import UNHURRIED

ENDLESS = f"digits e=1000000 {UNHURRIED}"
SHORT = "digits e=60"
MOST = 4
"""Viewers at a time."""


def leave_by_key(viewer: Terminal) -> None:
    viewer.send("q")
    viewer.wait_for("Leave?")
    viewer.send("\r")
    assert viewer.wait_exit() == 0


def kill(viewer: Terminal) -> None:
    viewer.process.kill()
    viewer.wait_exit()


WAYS_TO_LEAVE: tuple[Callable[[Terminal], None], ...] = (leave_by_key, kill, Terminal.close)


def pause(viewer: Terminal, others: list[Terminal], watch: Watch) -> None:
    """Pause from one viewer: all of them come to the same screen."""
    viewer.send(" ")
    for screen in others:
        screen.wait_for("Ⅱ paused")
        screen.wait_for(f"step {watch.history.step:,}/")
    wait_until_same(*others)


def go_on(viewer: Terminal, others: list[Terminal], watch: Watch) -> None:
    """Let the run go on from one viewer: all of them see it, and it does."""
    step = watch.history.step
    viewer.send(" ")
    for screen in others:
        screen.wait_for("▶ running")
    watch.until_step(step + 1)


def come_or_go(viewers: list[Terminal], laboratory: Laboratory, moments: Random) -> None:
    """Attach one more viewer, or have one leave in any way; never the last."""
    if len(viewers) == 1 or (len(viewers) < MOST and moments.random() < 0.5):
        viewers.append(laboratory.open("attach"))
        viewers[-1].wait_for("▶ running")
        viewers[-1].wait_for("Quit")
    else:
        leaver = viewers.pop(moments.randrange(len(viewers)))
        moments.choice(WAYS_TO_LEAVE)(leaver)


def test_viewers_that_come_and_go_see_the_same_and_steer_alike(laboratory: Laboratory) -> None:
    laboratory.dltui("run", ENDLESS, "--detach")
    watch = Watch(laboratory.run())
    watch.until_step(1)
    moments = chance("viewers")
    viewers = [laboratory.open("attach")]
    viewers[0].wait_for("▶ running")
    for _ in range(times(2, 30)):
        with fault(Promise.VIEWERS):
            come_or_go(viewers, laboratory, moments)
            pause(moments.choice(viewers), viewers, watch)
            late = laboratory.open("attach", "latest")
            late.wait_for("Ⅱ paused")
            wait_until_same(*viewers, late)
            viewers.append(late)
            go_on(moments.choice(viewers), viewers, watch)


def test_who_saw_the_first_step_and_who_came_after_the_last_see_the_same(laboratory: Laboratory) -> None:
    laboratory.start("run", SHORT, "--json")
    with fault(Promise.VIEWERS):
        run = laboratory.run()
        viewers = [laboratory.open("attach", run.id)]
        Watch(run).until_step(100)
        viewers.append(laboratory.open("attach", run.id))
        Watch(run).until_state("finished")
        viewers.append(laboratory.open("attach", run.id))
        for viewer in viewers:
            viewer.wait_for(lambda text: all(word in text for word in ("✓ finished", "e exports a summary")))
        wait_until_same(*viewers)
