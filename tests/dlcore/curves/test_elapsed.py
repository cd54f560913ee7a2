from dlcore.curves.elapsed import Elapsed, between
from dlcore.events import AttemptStarted, StepsEnded
from dlcore.history import RunHistory


def told(step: int, number: int, samples: int, seconds: float, **fields: object) -> StepsEnded:
    """So many steps that end at `step`, with the totals of the attempt."""
    return StepsEnded(
        step=step,
        loss=(1.0,) * number,
        lr=(0.1,) * number,
        samples=samples,
        training_seconds=seconds,
        **fields,  # type: ignore[arg-type]
    )


def started(step: int = 0, attempt: int = 1, **fields: object) -> AttemptStarted:
    return AttemptStarted(step=step, attempt=attempt, time="", pid=1, host="box", **fields)  # type: ignore[arg-type]


def history(*events: AttemptStarted | StepsEnded) -> RunHistory:
    run = RunHistory()
    for seq, event in enumerate(events):
        run.apply(event.model_copy(update={"seq": seq}))
    return run


def test_between_two_knots_both_grow_evenly() -> None:
    run = history(started(), told(10, 10, 640, 2.0), told(20, 10, 1280, 3.0))
    assert [run.elapsed.seconds_at(step) for step in (0, 5, 10, 15, 20, 99)] == [0, 1, 2, 2.5, 3, 3]
    assert [run.elapsed.samples_at(step) for step in (0, 5, 20)] == [0, 320, 1280]
    assert RunHistory().elapsed.seconds_at(7) == 0


def test_a_resume_goes_on_from_its_checkpoint_and_forgets_what_came_behind() -> None:
    again = {"attempt": 2, "resumed": ((10, 2),)}
    run = history(
        started(),
        told(10, 10, 640, 2.0),
        told(30, 20, 1920, 6.0),
        started(10, attempt=2, resumed=((10, 2),)),
        told(20, 10, 640, 5.0, **again),
    )
    assert run.elapsed.seconds_at(10) == 2
    assert run.elapsed.seconds_at(20) == 7
    assert run.elapsed.samples_at(20) == 1280
    assert run.resumes == (10,)


def test_a_resume_within_a_chunk_counts_the_part_before_it() -> None:
    run = history(
        started(),
        told(20, 20, 200, 4.0),
        started(5, attempt=2, resumed=((5, 1),)),
        told(10, 5, 50, 1.0, attempt=2, resumed=((5, 1),)),
    )
    assert run.elapsed.seconds_at(5) == 1
    assert run.elapsed.seconds_at(10) == 2


def test_resumes_that_a_later_one_took_back_are_gone() -> None:
    run = history(
        started(),
        told(40, 40, 400, 4.0),
        started(30, attempt=2, resumed=((30, 2),)),
        started(10, attempt=3, resumed=((30, 2), (10, 1))),
        started(20, attempt=4, resumed=((30, 2), (10, 1), (20, 4))),
    )
    assert run.resumes == (10, 20)


def test_a_branch_begins_at_zero() -> None:
    run = history(started(100), told(110, 10, 640, 2.0))
    assert run.elapsed.seconds_at(100) == 0
    assert run.elapsed.seconds_at(105) == 1
    assert run.resumes == ()


def test_a_lost_line_is_bridged() -> None:
    run = history(started(), told(10, 10, 640, 2.0), told(30, 10, 1920, 6.0))
    assert run.elapsed.seconds_at(20) == 4


def test_a_long_run_keeps_few_knots_spread_over_all_of_it() -> None:
    elapsed = Elapsed(most=64)
    elapsed.begin(0)
    for step in range(1, 5001):
        elapsed.add(step, 10.0 * step, 0.5 * step)
        assert len(elapsed.steps) <= 64
    assert (elapsed.steps[0], elapsed.steps[-1]) == (0, 5000)
    gaps = [after - before for before, after in zip(elapsed.steps, elapsed.steps[1:], strict=False)]
    assert max(gaps) <= 4 * 5000 / 64
    assert all(abs(elapsed.seconds_at(step) - 0.5 * step) < 1e-9 for step in range(0, 5001, 7))


def test_nothing_grows_backwards() -> None:
    elapsed = Elapsed()
    elapsed.begin(0)
    elapsed.add(10, 100, 5.0)
    elapsed.add(20, 50, 4.0)
    elapsed.add(20, 999, 9.0)
    assert list(elapsed.seconds) == [0, 5, 5]
    assert list(elapsed.samples) == [0, 100, 100]


def test_on_a_line_through_knots() -> None:
    assert between([], [], 3.0) == 0
    assert between([1.0, 1.0], [2.0, 4.0], 1.0) == 2
    assert between([0.0, 2.0], [0.0, 8.0], 0.5) == 2
