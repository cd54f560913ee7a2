import multiprocessing
import os
import random
import time
from pathlib import Path
from typing import Any

import numpy
import pytest
import torch
from PIL import Image
from torch.utils.data import Dataset

from dlcore.errors import DataError, DltuiError, RunError
from dlcore.training.images import ImageFiles
from dlcore.training.streaming import fitted, seeded, selected, stream

SAMPLES = 600


class Points(Dataset[Any]):
    """Sample i is ([i, -i], i); some samples do something else."""

    def __init__(self, special: dict[int, Any] | None = None, samples: int = SAMPLES) -> None:
        self.special = special or {}
        self.samples = samples

    def __len__(self) -> int:
        return self.samples

    def __getitem__(self, index: int) -> Any:
        special = self.special.get(index)
        if isinstance(special, BaseException):
            raise special
        if special == "die":
            os._exit(9)
        return special or (numpy.array([index, -index], numpy.float64), index)


class Drawn(Points):
    """Samples of random numbers from all three sources."""

    def __getitem__(self, index: int) -> Any:
        return torch.tensor([torch.rand(()), numpy.random.rand(), random.random()]), 0


def _ended() -> bool:
    deadline = time.monotonic() + 20
    while multiprocessing.active_children():
        if time.monotonic() > deadline:
            return False
    return True


@pytest.fixture(autouse=True)
def two_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    if hasattr(os, "sched_getaffinity"):
        monkeypatch.setattr(os, "sched_getaffinity", lambda process: {0, 1})


@pytest.mark.parametrize("workers", [0, 2, 50])
def test_batches_come_in_the_order_asked_for(workers: int) -> None:
    order = torch.randperm(SAMPLES, generator=torch.Generator().manual_seed(1))[:530]
    before = torch.get_rng_state()
    batches = []
    for batch in stream(Points(), 64, order, workers):
        assert len(multiprocessing.active_children()) == min(workers, 2)
        batches.append(batch)
    assert torch.equal(torch.get_rng_state(), before)
    inputs, targets = (torch.cat(parts) for parts in zip(*batches, strict=True))
    assert [len(batch[1]) for batch in batches] == [64] * 8 + [18]
    assert (inputs.dtype, targets.dtype) == (torch.float32, torch.int64)
    assert torch.equal(targets, order)
    assert torch.equal(inputs, torch.stack([order, -order], 1).float())
    assert _ended()


def test_as_they_stand_and_few_of_them_without_workers() -> None:
    for _, targets in stream(Points(samples=10), 10, workers=2):
        assert targets.tolist() == list(range(10))
        assert not multiprocessing.active_children()
    assert list(stream(Points(), 8, torch.tensor([], dtype=torch.int64), 2)) == []


def test_workers_end_with_an_iterator_that_nobody_reads_on() -> None:
    batches = stream(Points(), 8, workers=2)
    next(batches)
    assert len(multiprocessing.active_children()) == 2
    del batches
    assert _ended()


def test_what_is_drawn_depends_on_the_seed_alone() -> None:
    def drawn(workers: int, seed: int) -> torch.Tensor:
        return torch.cat([inputs for inputs, _ in stream(Drawn(), 64, workers=workers, seed=seed)])

    before = torch.get_rng_state(), random.getstate(), numpy.random.get_state()[1].tolist()  # type: ignore[index]
    first = drawn(0, 1)
    assert torch.equal(first, drawn(2, 1))
    assert not torch.equal(first, drawn(0, 2))
    assert len(first.unique()) == first.numel()
    assert torch.equal(torch.get_rng_state(), before[0])
    assert (random.getstate(), numpy.random.get_state()[1].tolist()) == before[1:]  # type: ignore[index]


def test_seeded_leaves_no_trace_after_a_fault() -> None:
    before = torch.get_rng_state()

    def draw_and_fail() -> None:
        with seeded(1):
            torch.rand(1)
            raise EOFError

    with pytest.raises(EOFError):
        draw_and_fail()
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize(
    ("special", "kind", "message"),
    [
        (RunError("Gone", "Wait."), RunError, r"Gone\. Wait\."),
        (DltuiError("Odd", "Look."), DltuiError, r"Odd\. Look\."),
        (
            KeyError("colour"),
            DataError,
            r"sample 300 failed with KeyError: 'colour', in test_streaming.py line",
        ),
        (SystemExit(3), DataError, "SystemExit: 3"),
        ({"x": 1}, DataError, "Sample 300 is no pair of input and target but a value of type dict"),
        (
            ([1.0, 2.0, 3.0], 1),
            DataError,
            "The input of sample 300 is float32 3, that of sample 256 is float32 2",
        ),
        (([1.0, 2.0], 1.5), DataError, "The target of sample 300 is float32 1, that of sample 256 is int64"),
        ((["a", "b"], 1), DataError, "are no numbers"),
        (([1.0, 2.0], "a"), DataError, "target of sample 300 is no number"),
    ],
)
def test_faults_arrive_as_sentences(workers: int, special: Any, kind: type[Exception], message: str) -> None:
    with pytest.raises(DltuiError, match=message) as caught:
        for _ in stream(Points({300: special}), 64, workers=workers):
            pass
    assert type(caught.value) is kind
    assert caught.value.hint
    assert _ended()


def test_a_worker_that_dies_is_told_of() -> None:
    said = r"A process that reads the data has died|DataLoader worker .*exited"
    with pytest.raises((DataError, RuntimeError), match=said):
        for _ in stream(Points({300: "die"}), 64, workers=2):
            pass
    assert _ended()


def test_targets_of_a_regression_and_bytes() -> None:
    one = {index: (torch.zeros(1, 2, 2, dtype=torch.uint8), 0.5) for index in range(4)}
    two = {index: (torch.zeros(1, 2, 2), torch.tensor([1.0, 2.0])) for index in range(4)}
    ((inputs, targets),) = stream(Points(one, samples=4), 4)
    assert (inputs.dtype, targets.tolist()) == (torch.uint8, [[0.5]] * 4)
    ((_, targets),) = stream(Points(two, samples=4), 4)
    assert targets.tolist() == [[1.0, 2.0]] * 4


def test_image_files_are_streamed(tmp_path: Path) -> None:
    for number in range(2):
        Image.new("RGB", (4, 4), (number * 100, 7, 7)).save(tmp_path / f"{number}.png")
    files = tuple((tmp_path / f"{number % 2}.png", number % 2) for number in range(300))
    for inputs, targets in stream(ImageFiles(files, 4, True), 100, workers=2):
        assert inputs.shape == (100, 3, 4, 4)
        assert torch.equal(inputs[:, 0, 0, 0], (targets * 100).to(torch.uint8))
    mean, deviation = fitted(ImageFiles(files, 4, True), batch_size=77)
    assert mean.tolist() == pytest.approx([50, 7, 7])
    assert deviation.tolist() == pytest.approx([50, 0, 0])


def test_fitted_is_exact_far_from_zero() -> None:
    values = torch.rand(500, 3, generator=torch.Generator().manual_seed(0)) + 10_000
    points = Points({index: (value, 0) for index, value in enumerate(values)}, samples=500)
    order = torch.arange(1, 500)
    mean, deviation = fitted(points, 64, order)
    assert mean.dtype == torch.float64
    torch.testing.assert_close(mean, values[order].double().mean(0), rtol=1e-12, atol=0)
    torch.testing.assert_close(deviation, values[order].double().std(0, correction=0), rtol=1e-9, atol=0)


def test_a_selection_is_a_data_set() -> None:
    part = selected(Points(), torch.tensor([5, 3, 9]))
    ((_, targets),) = stream(part, 3, torch.tensor([2, 0, 1]))
    assert targets.tolist() == [9, 5, 3]
