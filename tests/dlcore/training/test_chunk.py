"""A chunk: the figures of its steps by hand, one event for all of them, and the clock of training alone."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import torch

from dlcore.choices.dataset import Facts
from dlcore.errors import DltuiError
from dlcore.events import EpochEnded, Event, GradientsMeasured, StepsEnded
from dlcore.history import Metric
from dlcore.rundir import RunDir
from dlcore.training.chunk import Chunk, NotFinite
from dlcore.training.metrics import build_scorer
from dlcore.training.probes import Budget, GradientProbe
from dlcore.training.record import Record
from tests.dlcore.trained import read_events

OUTPUTS = torch.tensor([[2.0, 1.0], [1.0, 2.0], [5.0, 0.0], [0.0, 5.0]])


CLASSES = Facts("classification", (2,), 10, 5, classes=2)
NUMBERS = Facts("regression", (2,), 10, 5)


@contextmanager
def chunk_of(run: RunDir, facts: Facts, metric: Metric) -> Iterator[Chunk]:
    """A chunk whose probe looks at nothing; the training targets have a variance of 4."""
    record = Record(run, attempt=1, seq=0)
    scorer = build_scorer(facts, torch.tensor([4.0]))
    yield Chunk(record, GradientProbe({}, Budget(0.0)), metric, scorer)
    record.close()


@pytest.fixture
def chunk(fresh_run: RunDir) -> Iterator[Chunk]:
    with chunk_of(fresh_run, CLASSES, "accuracy") as chunk:
        yield chunk


def note(chunk: Chunk, loss: float, targets: list[int], lr: float = 0.5) -> None:
    chunk.note(torch.tensor(loss), OUTPUTS[: len(targets)], torch.tensor(targets), lr)


def told(run: RunDir) -> list[Event]:
    return read_events(run)


def test_a_chunk_says_the_figures_of_its_steps(fresh_run: RunDir, chunk: Chunk) -> None:
    note(chunk, 2.0, [0, 1, 0, 1])
    note(chunk, 1.0, [1, 1, 0, 0], lr=0.25)
    note(chunk, 0.5, [1], lr=0.125)
    chunk.tell(3)
    chunk.tell(3)  # there is nothing new
    (event,) = told(fresh_run)
    assert isinstance(event, StepsEnded)
    assert (event.step, event.samples) == (3, 9)
    assert event.loss == (2.0, 1.0, 0.5)
    assert event.accuracy == (1.0, 0.5, 0.0)
    assert event.r2 == ()
    assert event.lr == (0.5, 0.25, 0.125)
    assert event.training_seconds == pytest.approx(chunk.training_seconds, rel=1e-6)


def test_an_epoch_is_the_mean_over_its_samples_and_the_next_begins_empty(
    fresh_run: RunDir, chunk: Chunk
) -> None:
    for step, epoch in ((1, 1), (3, 2)):
        note(chunk, 2.0 * epoch, [0, 1, 0, 1])
        chunk.tell(step)
        note(chunk, 1.0, [1])
        chunk.tell(step + 1)
        chunk.tell_epoch(step + 1, epoch)
    epochs = [event for event in told(fresh_run) if isinstance(event, EpochEnded)]
    assert [(one.epoch, one.step) for one in epochs] == [(1, 2), (2, 4)]
    assert [one.loss for one in epochs] == pytest.approx([(4 * 2 + 1) / 5, (4 * 4 + 1) / 5])
    assert [one.accuracy for one in epochs] == pytest.approx([0.8, 0.8])
    assert sum(one.duration for one in epochs) == pytest.approx(chunk.training_seconds, rel=1e-5)


def test_a_regression_says_r2_instead(fresh_run: RunDir) -> None:
    """1 − mean squared error / 4: errors of 0 and 2 in the first step, of 4 in the second."""
    with chunk_of(fresh_run, NUMBERS, "r2") as chunk:
        chunk.note(torch.tensor(2.0), torch.tensor([[1.0], [5.0]]), torch.tensor([[1.0], [3.0]]), 0.5)
        chunk.note(torch.tensor(16.0), torch.tensor([[0.0]]), torch.tensor([[4.0]]), 0.5)
        chunk.tell(2)
        chunk.tell_epoch(2, 1)
    steps, epoch = told(fresh_run)
    assert isinstance(steps, StepsEnded)
    assert isinstance(epoch, EpochEnded)
    assert (steps.r2, steps.accuracy) == ((0.5, -3.0), ())
    assert epoch.r2 == pytest.approx((2 * 0.5 - 3.0) / 3, rel=1e-6)
    assert epoch.accuracy is None
    assert epoch.loss == pytest.approx((2 * 2 + 16) / 3, rel=1e-6)


def test_what_is_no_training_is_not_counted(chunk: Chunk, monkeypatch: pytest.MonkeyPatch) -> None:
    moment = 100.0
    monkeypatch.setattr("dlcore.training.chunk.time.perf_counter", lambda: moment)
    chunk.resume_clock()
    assert not chunk.is_due()
    moment = 100.05
    assert not chunk.is_due()
    moment = 100.1
    assert chunk.is_due()
    note(chunk, 1.0, [0])
    chunk.tell(1)
    assert not chunk.is_due()
    moment = 200.0
    chunk.resume_clock()  # an evaluation took its time
    moment = 200.5
    note(chunk, 1.0, [0])
    chunk.tell(2)
    assert chunk.training_seconds == pytest.approx(0.6)


@pytest.mark.parametrize(("loss", "word"), [(float("nan"), "nan"), (float("inf"), "inf")])
def test_the_first_loss_that_is_not_finite_is_told_and_then_ends_the_run(
    fresh_run: RunDir, chunk: Chunk, loss: float, word: str
) -> None:
    for value in (1.0, loss, float("nan")):
        note(chunk, value, [0], lr=0.5)
    with pytest.raises(NotFinite) as caught:
        chunk.tell(12)
    assert caught.value.message == f"The loss is not finite since step 11 (it is {word})"
    assert caught.value.hint.startswith("Take a learning rate below 0.5,")
    (event,) = told(fresh_run)
    assert isinstance(event, StepsEnded)
    assert event.loss == (1.0, None, None)


def test_a_chunk_says_the_gradients_that_its_probe_has_seen(fresh_run: RunDir) -> None:
    weight = torch.zeros(2, 2, requires_grad=True)
    weight.grad = torch.tensor([[3.0, 0.0], [0.0, 4.0]])
    record = Record(fresh_run, attempt=1, seq=0)
    probe = GradientProbe({"fc1": weight, "fc2": torch.zeros(1, 1)}, Budget(0.1))
    chunk = Chunk(record, probe, "accuracy", build_scorer(CLASSES, torch.ones(1)))
    probe.look(1)
    note(chunk, 1.0, [0])
    chunk.tell(1)
    note(chunk, 1.0, [0])
    chunk.tell(2)  # nothing was looked at
    record.close()
    steps, gradients, more = told(fresh_run)
    assert isinstance(gradients, GradientsMeasured)
    assert (gradients.steps, gradients.norms) == ((1,), {"fc1": (5.0,), "fc2": (0.0,)})
    assert [type(steps), type(more)] == [StepsEnded, StepsEnded]


def test_not_finite_is_a_failure_and_no_bad_usage() -> None:
    assert issubclass(NotFinite, DltuiError)
    assert NotFinite.code == 1
