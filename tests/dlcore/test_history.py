"""The fold: a hand-made list of events to known numbers, over gaps, repeats and new attempts."""

import math
from typing import Any

import pytest

from dlcore.commands import Command, Continue, Pause, Set, Step, Stop
from dlcore.curves.perclass import ClassRow, per_class
from dlcore.events import (
    AttemptEnded,
    AttemptStarted,
    CheckpointSaved,
    CommandApplied,
    CommandRefused,
    CompilationEnded,
    CompilationStarted,
    DataFetched,
    EpochEnded,
    Evaluated,
    Event,
    FrameSaved,
    GradientsMeasured,
    Prepared,
    StepsEnded,
    Warned,
    decode,
    encode,
)
from dlcore.history import RunHistory, first_last_ratio
from tests.dlcore.trained import Trained


def started(seq: int, step: int = 0, attempt: int = 1) -> AttemptStarted:
    return AttemptStarted(seq=seq, step=step, attempt=attempt, time="2026-03-04T05:06:07", pid=5, host="h")


def prepared(seq: int, **changes: Any) -> Prepared:
    fields: dict[str, Any] = {
        "device": "cpu",
        "threads": 1,
        "layers": (),
        "parameters": 0,
        "training_samples": 100,
        "validation_samples": 10,
        "test_samples": 20,
        "batch_size": 10,
        "steps_per_epoch": 10,
        "total_steps": 50,
        "epochs": 5,
    }
    return Prepared(seq=seq, **{**fields, **changes})


def steps(
    seq: int, last: int, losses: list[float | None], samples: int = 0, seconds: float = 0.0, attempt: int = 1
) -> StepsEnded:
    return StepsEnded(
        seq=seq,
        attempt=attempt,
        step=last,
        loss=tuple(losses),
        accuracy=tuple(0.5 for _ in losses),
        lr=tuple(0.1 for _ in losses),
        samples=samples,
        training_seconds=seconds,
    )


def evaluated(seq: int, step: int, accuracy: float | None, split: Any = "validation") -> Evaluated:
    return Evaluated(
        seq=seq,
        step=step,
        split=split,
        epoch=step / 10,
        loss=1.0,
        accuracy=accuracy,
        samples=10,
        duration=0.1,
    )


def fold(*told: Event) -> RunHistory:
    history = RunHistory()
    for event in told:
        again = decode(encode(event))
        assert again is not None
        assert history.apply(again)
    return history


def values(history: RunHistory) -> list[float | None]:
    return [None if math.isnan(value) else round(value, 6) for value in history.loss.values]


def test_an_empty_history_has_an_answer_to_everything() -> None:
    history = RunHistory()
    assert (history.step, history.attempt, history.epoch(), history.samples_per_second()) == (0, 0, 0.0, 0.0)
    assert history.totals() == (0, 0.0)
    assert history.recent_samples_per_second() == 0.0
    assert history.seconds_left() is None
    assert history.best() is None
    assert history.final() == {}
    assert history.gradients.latest() == {}
    assert history.watched == "test"


def test_a_whole_run_by_hand() -> None:
    history = fold(
        started(0),
        DataFetched(seq=1, file="a.gz", bytes=5, total=10),
        prepared(2),
        evaluated(3, 0, 0.1),
        evaluated(4, 0, 0.15, "test"),
        steps(5, 4, [2.0, 1.5, None, 1.0], samples=40, seconds=0.5),
        GradientsMeasured(
            seq=6, step=4, steps=(1, 3), norms={"fc1": (0.5, 0.25), "fc2": (1.0, 0.5)}, every=10, cost=0.01
        ),
        steps(7, 10, [0.9, 0.8, 0.7, 0.6, 0.5, 0.4], samples=100, seconds=1.0),
        EpochEnded(seq=8, step=10, epoch=1, loss=0.9, accuracy=0.6, duration=1.0),
        evaluated(9, 10, 0.8),
        CheckpointSaved(seq=10, step=10, file="checkpoints/10.pt", bytes=9),
        Warned(seq=11, step=10, message="hot"),
        evaluated(12, 20, 0.8),
        evaluated(13, 20, 0.7, "test"),
        AttemptEnded(seq=14, step=20, seconds=7.5, reason="finished"),
    )
    assert (history.step, history.attempt, history.seq, history.seconds) == (10, 1, 14, 7.5)
    assert values(history) == [2.0, 1.5, None, 1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4]
    assert len(history.score) == len(history.lr) == 10
    assert history.totals() == (100, 1.0)
    assert history.samples_per_second() == 100.0
    assert history.epoch() == 1.0
    assert history.seconds_left() == pytest.approx((500 - 100) / (60 / 0.5))
    assert list(history.gradients.steps) == [1, 3]
    assert history.gradients.latest() == {"fc1": 0.25, "fc2": 0.5}
    assert history.gradients.at(0) == {"fc1": 0.5, "fc2": 1.0}
    assert (history.look_every, history.look_cost) == (10, 0.01)
    assert history.watched == "validation"
    assert [one.step for one in history.split("validation")] == [0, 10, 20]
    best = history.best()
    assert best is not None
    assert (best.step, best.accuracy) == (10, 0.8)  # the first of equals
    assert history.final() == {
        "train": {"loss": 0.9, "accuracy": 0.6},
        "validation": {"loss": 1.0, "accuracy": 0.8},
        "test": {"loss": 1.0, "accuracy": 0.7},
    }
    assert history.fetched is not None
    assert [one.file for one in history.checkpoints] == ["checkpoints/10.pt"]
    assert [one.message for one in history.warnings] == ["hot"]


def test_what_was_heard_before_is_passed_over() -> None:
    told: list[Event] = [started(0), prepared(1), steps(2, 2, [2.0, 1.0]), steps(3, 3, [0.5])]
    history = fold(*told)
    for event in (*told, told[2], steps(1, 9, [9.0] * 9)):
        assert not history.apply(event)
    assert values(history) == [2.0, 1.0, 0.5]


def test_a_lost_chunk_is_a_gap_and_no_shift() -> None:
    history = fold(started(0), prepared(1), steps(2, 2, [2.0, 1.0]), steps(4, 6, [0.5, 0.25]))
    assert values(history) == [2.0, 1.0, None, None, 0.5, 0.25]
    assert len(history.score) == len(history.lr) == 6


def test_lost_first_chunks_are_a_gap() -> None:
    assert values(fold(steps(5, 3, [0.5]))) == [None, None, 0.5]


def test_a_new_attempt_rolls_back_to_the_step_it_continues_from() -> None:
    history = fold(
        started(0),
        prepared(1),
        steps(2, 4, [4.0, 3.0, 2.0, 1.0], samples=40, seconds=2.0),
        GradientsMeasured(seq=3, step=4, steps=(1, 2, 4), norms={"fc1": (1.0, 2.0, 4.0)}, every=10, cost=0),
        evaluated(4, 0, 0.1),
        evaluated(5, 2, 0.5),
        evaluated(6, 4, 0.9),
        EpochEnded(seq=7, step=2, epoch=1, loss=3.0, accuracy=0.5, duration=1.0),
        EpochEnded(seq=8, step=4, epoch=2, loss=1.0, accuracy=0.5, duration=1.0),
        FrameSaved(seq=9, step=2, file="frames/2.safetensors", bytes=9),
        FrameSaved(seq=10, step=3, file="frames/3.safetensors", bytes=9),
        started(11, step=2, attempt=2),
    )
    assert history.attempt == 2
    assert values(history) == [4.0, 3.0]
    assert list(history.gradients.steps) == [1, 2]
    assert history.gradients.latest() == {"fc1": 2.0}
    assert [one.step for one in history.evaluations] == [0, 2]
    assert [one.epoch for one in history.epochs] == [1]
    assert [one.file for one in history.frames] == ["frames/2.safetensors"]
    assert history.prepared is None
    assert history.totals() == (40, 2.0)  # the work was done, even if it counts no longer
    history.apply(steps(12, 3, [2.5], samples=10, seconds=0.5, attempt=2))
    assert values(history) == [4.0, 3.0, 2.5]
    assert history.totals() == (50, 2.5)
    assert history.samples_per_second() == 20.0


def test_a_run_has_taken_the_time_of_all_its_attempts() -> None:
    first = steps(1, 10, [1.0] * 10).model_copy(update={"seconds": 30.0})
    last = steps(3, 20, [1.0] * 10, attempt=2).model_copy(update={"seconds": 9.5})
    assert fold(started(0), first).seconds == 30
    assert fold(started(0), first, last).seconds_at(first) == 30
    assert fold(started(0), first, started(2, 10, 2), last).seconds == 39.5
    assert fold(started(0), first, last).seconds == 39.5, "a start that is lost is one all the same"


def test_steps_that_are_taken_again_replace_the_old_ones_though_the_start_was_lost() -> None:
    history = fold(started(0), prepared(1), steps(2, 4, [4.0, 3.0, 2.0, 1.0]), steps(4, 3, [2.5], attempt=2))
    assert values(history) == [4.0, 3.0, 2.5]
    assert history.attempt == 2


def test_a_run_whose_first_line_is_lost_has_been_trained_all_the_same() -> None:
    history = fold(prepared(1), steps(2, 1, [1.0]))
    assert history.attempt == 1
    assert history.state(held=False, age=0) == "crashed"


@pytest.mark.parametrize(
    ("told", "held", "age", "state"),
    [
        ([], True, 99.0, "starting"),
        ([], False, 1.0, "starting"),
        ([], False, 99.0, "crashed"),
        ([started(0)], True, 99.0, "starting"),
        ([started(0)], False, 1.0, "crashed"),
        ([started(0), prepared(1)], True, 99.0, "running"),
        ([started(0), prepared(1)], False, 1.0, "crashed"),
    ],
)
def test_states_of_a_young_run(told: list[Event], held: bool, age: float, state: str) -> None:
    assert fold(*told).state(held, age) == state


def applied(seq: int, command: Command) -> CommandApplied:
    return CommandApplied(seq=seq, id=command.id, command=command.model_dump(), text="done")


def test_states_that_commands_lead_to() -> None:
    history = fold(started(0), prepared(1))
    told: list[tuple[int, Command, str]] = [
        (2, Pause(), "paused"),
        (3, Step(), "paused"),
        (4, Set(key="optimizer.lr", value=0.1), "paused"),
        (5, Continue(), "running"),
        (6, Pause(), "paused"),
        (7, Stop(), "stopping"),
    ]
    for seq, command, state in told:
        history.apply(applied(seq, command))
        assert history.state(held=True) == state
        assert history.state(held=False) == "crashed"
    refused = Continue()
    history.apply(CommandRefused(seq=8, id=refused.id, command=refused.model_dump(), reason="no"))
    assert history.state(held=True) == "stopping"
    assert len(history.answers) == 7


@pytest.mark.parametrize("reason", ["finished", "stopped", "failed"])
@pytest.mark.parametrize("held", [True, False])
def test_an_ended_run_is_what_its_last_word_says(reason: Any, held: bool) -> None:
    history = fold(started(0), prepared(1), applied(2, Pause()), AttemptEnded(seq=3, reason=reason))
    assert history.state(held) == reason
    assert not history.paused
    history.apply(started(4, step=0, attempt=2))
    assert history.state(held=True) == "starting"
    assert history.state(held=False) == "crashed"


def test_the_recent_speed_is_of_the_last_chunks_and_the_whole_one_of_all() -> None:
    history = fold(started(0), prepared(1))
    for number in range(1, 501):  # 100 samples a second at first, 1,000 in the last 100 chunks
        slow, fast = min(number, 400), max(number - 400, 0)
        history.apply(steps(number + 1, number, [1.0], samples=10 * number, seconds=slow * 0.1 + fast * 0.01))
    samples, seconds = history.totals()
    assert (samples, round(seconds, 6)) == (5000, 41.0)
    assert history.samples_per_second() == pytest.approx(5000 / 41)
    assert history.recent_samples_per_second() == pytest.approx(1000)


def test_a_split_that_is_not_held_out_is_not_watched() -> None:
    history = fold(started(0), prepared(1, validation_samples=0), evaluated(2, 0, 0.5, "test"))
    assert history.watched == "test"
    best = history.best()
    assert best is not None
    assert best.split == "test"


def test_an_accuracy_that_is_not_finite_is_no_best() -> None:
    history = fold(started(0), prepared(1), evaluated(2, 0, None))
    assert history.best() is None
    history.apply(evaluated(3, 10, 0.0))
    best = history.best()
    assert best is not None
    assert best.step == 10


def test_gradients_that_are_not_finite_are_nan() -> None:
    history = fold(
        GradientsMeasured(seq=0, steps=(1,), norms={"fc1": (math.nan,), "fc2": (1.0,)}, every=10, cost=0),
        GradientsMeasured(seq=1, steps=(2, 3), norms={"fc1": (1.0,), "fc2": (1.0, 2.0)}, every=10, cost=0),
    )
    assert list(history.gradients.steps) == [1]  # norms that do not fit their steps are no norms
    assert math.isnan(history.gradients.latest()["fc1"])


@pytest.mark.parametrize(
    ("norms", "ratio"),
    [
        ({}, None),
        ({"fc1": 1.0}, None),
        ({"fc1": 1.0, "fc2": 9.0, "fc3": 4.0}, 0.25),
        ({"fc1": 1.0, "fc2": 0.0}, None),
        ({"fc1": 0.0, "fc2": 1.0}, 0.0),
        ({"fc1": math.nan, "fc2": 1.0}, None),
        ({"fc1": 1.0, "fc2": math.inf}, None),
    ],
)
def test_first_over_last(norms: dict[str, float], ratio: float | None) -> None:
    assert first_last_ratio(norms) == ratio


def test_a_real_log_folds_to_what_the_run_was(real_run: Trained) -> None:
    history = real_run.history
    assert history.state(held=False) == "finished"
    assert history.prepared is not None
    assert history.step == history.prepared.total_steps == 12
    assert [one.epoch for one in history.epochs] == [1, 2, 3, 4, 5, 6]
    assert history.totals()[0] == 6 * history.prepared.training_samples
    assert history.epoch() == 6
    assert history.seconds_left() == 0


def scored(seq: int, step: int, r2: float | None, split: Any = "validation", **fields: Any) -> Evaluated:
    return Evaluated(
        seq=seq, step=step, split=split, epoch=step / 10, loss=0.5, r2=r2, samples=10, duration=0.1, **fields
    )


def test_a_regression_is_told_by_r2() -> None:
    told = StepsEnded(
        seq=2, step=2, loss=(1.0, 0.5), r2=(-0.5, 0.25), lr=(0.1, 0.1), samples=2, training_seconds=1
    )
    history = fold(
        started(0),
        prepared(1, task="regression"),
        told,
        scored(3, 2, -0.25, mae=3.0, rmse=4.0),
        scored(4, 4, -0.5, mae=3.5, rmse=5.0),
        EpochEnded(seq=5, step=4, epoch=1, loss=0.75, r2=0.125, duration=1.0),
    )
    assert history.metric == "r2"
    assert list(history.score.values) == [-0.5, 0.25]
    best = history.best()
    assert best is not None
    assert best.step == 2
    assert history.final() == {
        "train": {"loss": 0.75, "r2": 0.125},
        "validation": {"loss": 0.5, "r2": -0.5, "mae": 3.5, "rmse": 5.0},
    }


def test_an_attempt_that_has_said_little_is_of_the_same_metric() -> None:
    history = fold(started(0), prepared(1, task="regression"), started(2, attempt=2))
    assert history.prepared is None
    assert history.metric == "r2"


def test_weights_that_were_taken_back_count_at_their_own_step() -> None:
    history = fold(
        started(0),
        prepared(1),
        steps(2, 20, [1.0] * 20),
        evaluated(3, 10, 0.8),
        evaluated(4, 20, 0.7),
        evaluated(5, 20, 0.8125).model_copy(update={"weights": 10}),
        evaluated(6, 20, 0.75, "test").model_copy(update={"weights": 10}),
    )
    assert history.taken_back == 10
    assert [one.step for one in history.as_it_went("validation")] == [10, 20]
    assert len(history.split("validation")) == 3
    best = history.best()
    assert best is not None
    assert (best.step, best.accuracy) == (10, 0.8)
    assert history.final()["validation"]["accuracy"] == 0.8125  # of the weights that the run has now
    assert history.final()["test"]["accuracy"] == 0.75
    assert fold(started(0), prepared(1), evaluated(2, 10, 0.5)).taken_back is None
    assert fold().taken_back is None


def test_top_five_stands_where_it_was_measured() -> None:
    told = evaluated(2, 10, 0.5).model_copy(update={"top5": 0.9})
    assert fold(started(0), prepared(1), told).final()["validation"] == {
        "loss": 1.0,
        "accuracy": 0.5,
        "top5": 0.9,
    }


def test_what_was_measured_last_of_each_class_has_its_name() -> None:
    classes = {"precision": (0.5, 1.0, 0.25), "recall": (1.0, 0.5, 0.0), "f1": (0.75, 0.5, 0.0)}
    told: list[Event] = [started(0), prepared(1, classes=("cat", "dog")), steps(2, 10, [1.0] * 10)]
    validation = evaluated(3, 10, 0.5).model_copy(update=classes)
    test = evaluated(4, 10, 0.5, "test").model_copy(update={**classes, "f1": (0.5, 0.5, 0.5)})
    untrained = test.model_copy(update={"step": 0})
    assert per_class(fold(*told, untrained)) is None
    of_validation = per_class(fold(*told, validation))
    assert of_validation is not None
    assert of_validation.evaluation.split == "validation"
    assert of_validation.rows[0] == ClassRow("cat", 0.5, 1.0, 0.75)
    assert [row.name for row in of_validation.rows] == ["cat", "dog", "2"]
    of_test = per_class(fold(*told, validation, test))
    assert of_test is not None
    assert [row.f1 for row in of_test.rows] == [0.5] * 3
    assert per_class(fold(*told, evaluated(5, 10, 0.5))) is None


def long_history(whole: bool) -> RunHistory:
    """What 40,000 steps leave, of which the 31,000th is a spike; an evaluation every tenth."""
    history = RunHistory(whole=whole)
    for event in (started(0), prepared(1)):
        history.apply(event)
    for number in range(1, 4001):
        losses: list[float | None] = [0.5] * 9
        losses.append(99.0 if number == 3100 else 0.25)
        history.apply(steps(3 * number, 10 * number, losses))
        history.apply(evaluated(3 * number + 1, 10 * number, 0.9 if number == 1234 else number / 8000))
        ended = EpochEnded(seq=3 * number + 2, step=10 * number, epoch=number, loss=1.0, duration=0.1)
        history.apply(ended)
    return history


def test_a_long_run_is_kept_in_bounds_or_as_a_whole() -> None:
    bounded, whole = long_history(whole=False), long_history(whole=True)
    assert len(whole.loss.values) == 40_000
    assert (len(whole.evaluations), len(whole.epochs)) == (4000, 4000)
    assert bounded.loss.blocks <= 32_768
    assert (len(bounded.evaluations) <= 1025, len(bounded.epochs) <= 1025) == (True, True)
    for history in (bounded, whole):
        assert (history.step, history.epoch()) == (40_000, 4000.0)
        assert history.loss.columns(1)[0].high == 99.0
        best = history.best()
        assert best is not None
        assert (best.step, best.accuracy) == (12_340, 0.9)
        assert history.final() == whole.final()
        assert history.latest("validation") == whole.evaluations[-1]
    highs = [column.high for column in whole.loss.columns(50)]
    assert [column.high for column in bounded.loss.columns(50)] == highs


def test_what_was_changed_while_it_ran() -> None:
    history = fold(started(0), prepared(1))
    assert history.settings == {}
    for seq, rate in ((2, 0.1), (3, 0.2)):
        history.apply(applied(seq, Set(key="optimizer.lr", value=rate)))
    refused = Set(key="optimizer.lr", value=9.0)
    history.apply(CommandRefused(seq=4, id=refused.id, command=refused.model_dump(), reason="no"))
    assert history.settings == {"optimizer.lr": 0.2}


def test_an_attempt_whose_start_is_lost_is_one_all_the_same() -> None:
    history = fold(
        started(0),
        prepared(1),
        steps(2, 20, [2.0] * 20, samples=200, seconds=2.0),
        evaluated(3, 10, 0.5),
        evaluated(4, 20, 0.9),
        EpochEnded(seq=5, step=20, epoch=2, loss=1.0, duration=1.0),
        AttemptEnded(seq=6, step=20, reason="failed", message="hot"),
        steps(8, 15, [1.0] * 3, samples=30, seconds=0.5, attempt=2),
    )
    assert history.ended is None
    assert history.state(held=True) == "running"
    assert [one.step for one in history.evaluations] == [10], "what was taken back counts no longer"
    assert list(history.epochs) == []
    best = history.best()
    assert best is not None
    assert best.step == 10
    assert history.totals() == (230, 2.5)
    assert values(history) == [2.0] * 12 + [1.0] * 3


def test_while_the_step_is_made_a_graph_it_says_so_and_then_what_came_of_it() -> None:
    history = RunHistory()
    history.apply(started(0))
    history.apply(prepared(1))
    assert (history.compiling, history.compiled) == (False, None)
    history.apply(CompilationStarted(seq=2))
    assert history.compiling
    history.apply(CompilationEnded(seq=3, used=False, reason="no compiler"))
    assert not history.compiling
    assert history.compiled is not None
    assert (history.compiled.used, history.compiled.reason) == (False, "no compiler")
    history.apply(CompilationStarted(seq=4))
    history.apply(started(5, attempt=2))
    assert not history.compiling, "an attempt that died meanwhile"


def test_what_was_changed_counts_as_far_as_an_attempt_goes_on_with_it() -> None:
    history = fold(started(0), prepared(1), steps(2, 10, [1.0] * 10))
    longer = Set(key="training.epochs", value=9)
    history.apply(applied_at(3, 10, longer, before=5, stages=((9, 10, 10),)))
    history.apply(steps(4, 20, [1.0] * 10))
    later = Set(key="schedule", value={"kind": "cosine", "final": 0.0})
    history.apply(applied_at(5, 20, later, before={"kind": "constant"}))
    assert [(edit.step, edit.key, edit.before) for edit in history.edits] == [
        (10, "training.epochs", 5),
        (20, "schedule", {"kind": "constant"}),
    ]
    assert history.settings == {"training.epochs": 9, "schedule.kind": "cosine", "schedule.final": 0.0}
    assert history.prepared is not None
    assert (history.prepared.total_steps, history.prepared.epochs, history.epoch()) == (90, 9, 2.0)
    history.apply(
        AttemptStarted(seq=6, step=15, attempt=2, time="", pid=5, host="h", kept=5, resumed=((15, 5),))
    )
    assert [edit.key for edit in history.edits] == ["training.epochs"], "the other will be said again"
    history.apply(prepared(7).model_copy(update={"attempt": 2, "resumed": ((15, 5),)}))
    assert history.settings == {"training.epochs": 9}


def test_in_slow_motion_the_rest_takes_as_long_as_it_is_slow() -> None:
    history = fold(started(0), prepared(1), steps(2, 10, [1.0] * 10, samples=100, seconds=1.0))
    assert history.seconds_left() == 4.0
    for seq, rate, left in ((3, 2, 20.0), (4, 1000, 4.0), (5, 0, 4.0), (6, "fast", 4.0)):
        history.apply(applied_at(seq, 10, Set(key="training.steps_per_second", value=rate)))
        assert history.seconds_left() == left
    slow = fold(started(0), prepared(1, steps_per_second=0.5), steps(2, 10, [1.0], samples=9, seconds=1.0))
    assert slow.seconds_left() == pytest.approx(80.0)


def applied_at(seq: int, step: int, command: Set, **fields: Any) -> CommandApplied:
    return CommandApplied(seq=seq, step=step, id=command.id, command=command.model_dump(), text="", **fields)
