from dlcore.history import RunHistory
from tests.tui.histories import activations, history, looks, prepared, steps
from tui.watching.cursor import Cursor, moments

TENS = tuple(range(10, 101, 10))


def run(done: int = 105) -> RunHistory:
    """A look at the activations before the first step, and gradients at every tenth of 100 steps."""
    gradients = looks(TENS, {"fc1": [1.0] * len(TENS)})
    return history(prepared(), activations(0, fc1=0.0), steps(done), gradients)


def test_it_follows_the_run_until_it_is_moved() -> None:
    cursor = Cursor()
    assert cursor.follows
    assert cursor.step(run()) == 105
    assert cursor.past(run()) is None
    assert cursor.step(run(180)) == 180


def test_it_stands_still_on_measured_steps_while_the_run_goes_on() -> None:
    cursor = Cursor()
    cursor.move(-1, run())
    assert (cursor.step(run()), cursor.past(run()), cursor.follows) == (100, 100, False)
    cursor.move(-1, run())
    assert cursor.step(run(180)) == 90
    cursor.move(1, run())
    cursor.move(1, run())
    assert cursor.follows, "behind the last look the run goes on"
    cursor.move(1, run())
    assert cursor.follows


def test_a_look_at_the_newest_step_itself_is_not_gone_to_twice() -> None:
    cursor = Cursor()
    cursor.move(-1, run(100))
    assert cursor.step(run(100)) == 90


def test_it_does_not_go_before_the_first_look() -> None:
    cursor = Cursor()
    cursor.go_first(run())
    assert cursor.step(run()) == 0
    cursor.move(-1, run())
    assert cursor.step(run()) == 0
    cursor.move(1, run())
    assert cursor.step(run()) == 10
    cursor.go_live()
    assert cursor.follows


def test_a_jump_is_a_twentieth_of_the_run_and_at_least_one_look() -> None:
    many = tuple(range(1, 1001))
    long = history(prepared(), steps(1000), looks(many, {"fc1": [1.0] * 1000}))
    cursor = Cursor()
    cursor.jump(-1, long)
    assert cursor.step(long) == 950
    cursor.jump(-3, long)
    assert cursor.step(long) == 800
    cursor.jump(1, long)
    assert cursor.step(long) == 850
    for _ in range(30):
        cursor.jump(-1, long)
    assert cursor.step(long) == 1
    for _ in range(30):
        cursor.jump(1, long)
    assert cursor.follows
    few = run()
    cursor.jump(-1, few)
    assert cursor.step(few) == 100, "the next look is further away than a twentieth"


def test_it_goes_to_the_measured_step_that_is_nearest() -> None:
    cursor = Cursor()
    for wanted, found in ((43.9, 40), (46.2, 50), (-3.0, 0), (99.0, 100)):
        cursor.go_to(wanted, run())
        assert cursor.step(run()) == found
    cursor.go_to(105.0, run())
    assert cursor.follows


def test_a_run_that_went_back_takes_it_along() -> None:
    cursor = Cursor()
    cursor.move(-1, run())
    assert cursor.step(run(40)) == 40


def test_without_any_measurement_there_are_still_the_steps() -> None:
    known = moments(history(prepared(), steps(1000)))
    assert (known[0], known[-1], len(known)) == (1, 996, 200)
    assert list(moments(RunHistory())) == [0]
    cursor = Cursor()
    cursor.move(-1, RunHistory())
    assert cursor.follows, "there is no past yet"
