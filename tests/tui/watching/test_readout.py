import math

from dlcore.events import StepsEnded
from dlcore.history import RunHistory
from tests.tui.histories import evaluated, history, looks, prepared, steps
from tui.watching.cursor import Cursor
from tui.watching.looks import look_at, newest
from tui.watching.readout import place, readout


def test_the_figures_of_a_step_and_the_evaluation_before_it() -> None:
    run = history(prepared(), evaluated(0, 2.3), steps(500), evaluated(500, 1.25))
    assert readout(run, 500) == [
        "loss 1.5000",
        "accuracy 5.00 %",
        "lr 0.01",
        "validation 1.2500 50.00 %",
    ]
    assert readout(run, 499)[-1] == "validation 2.3000 50.00 % at 0"
    assert readout(run, 0) == ["validation 2.3000 50.00 %"]
    assert readout(RunHistory(), 7) == []


def test_a_loss_that_is_no_number_says_so() -> None:
    broken = StepsEnded(
        step=2, loss=(2.0, None), accuracy=(0.1, None), lr=(1.0, 1.0), samples=2, training_seconds=1
    )
    assert readout(history(prepared(), broken), 2)[:2] == ["loss not finite", "accuracy –"]


def test_of_a_long_run_the_mean_around_a_step_is_told_as_one() -> None:
    long = history(prepared(100_000), *(steps(10_000, until) for until in range(10_000, 60_001, 10_000)))
    loss = readout(long, 15_001)[0]
    assert loss.startswith("loss ~-3.00"), loss
    assert not readout(long, 60_000)[0].startswith("loss ~"), "the newest is exact"


def test_the_newest_up_to_a_step() -> None:
    assert newest([10, 20, 30], 9) is None
    assert newest([], 9) is None
    assert [newest([10, 20, 30], step) for step in (10, 19, 20, 99)] == [0, 0, 1, 2]


def test_a_look_in_the_past_and_the_newest_one() -> None:
    run = history(
        prepared(), steps(30), looks((10, 20, 30), {"fc1": (1.0, 2.0, 4.0), "fc2": (8.0, 9.0, math.pi)})
    )
    past = look_at(run.gradients, 25, follows=False)
    assert past is not None
    assert (past.step, past.figures, past.recent) == (20, {"fc1": 2.0, "fc2": 9.0}, [1.0, 2.0, 8.0, 9.0])
    now = look_at(run.gradients, 25, follows=True)
    assert now is not None
    assert (now.step, now.figures["fc1"]) == (30, 4.0)
    assert look_at(run.gradients, 9, follows=False) is None
    assert look_at(RunHistory().gradients, 9, follows=True) is None


def test_the_line_says_whether_it_is_now_or_the_past_and_how_to_come_back() -> None:
    run = history(prepared(), steps(30), looks((10, 20, 30), {"fc1": (1.0, 2.0, 4.0)}))
    cursor = Cursor()
    live = [part.plain for part in place(run, cursor, is_live=True)]
    assert live[:2] == ["live", "step 30/1,000"]
    assert place(run, cursor, is_live=False)[0].plain == "the end"
    assert place(RunHistory(), cursor, is_live=True)[1].plain == "step 0", (
        "how many there are is not known yet"
    )
    cursor.move(-1, run)
    past = [part.plain for part in place(run, cursor, is_live=True)]
    assert past[0] == "‹ step 20/1,000"
    assert "end: back" in past
