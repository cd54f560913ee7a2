"""Samples that do not fit into memory: read batch by batch, in the order asked for, by worker processes.

What a batch holds depends on the seed and on its samples, never on who read it: with any number of workers
the same random augmentations are drawn, and the random numbers of everything else are left alone.
"""

import ctypes
import os
import random
import signal
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import numpy
import torch
from torch.utils.data import BatchSampler, DataLoader, Dataset, Subset

from dlcore.clean import clean
from dlcore.errors import DataError, DltuiError, RunError
from dlcore.process.cores import available
from dlcore.training.faults import described
from dlcore.training.memory import shortage
from dlcore.training.seeds import derive
from dlcore.training.undisturbed import undisturbed

Batch = tuple[torch.Tensor, torch.Tensor]

_TINY = 256
"""Fewer samples than this are read sooner than a worker is started."""
_AS_THEY_ARE: tuple[type[DltuiError], ...] = (DltuiError, DataError, RunError)


def stream(
    dataset: Dataset[Any],
    batch_size: int,
    order: torch.Tensor | None = None,
    workers: int = 0,
    device: torch.device | str = "cpu",
    *,
    seed: int = 0,
) -> Iterator[Batch]:
    """Yield (inputs, targets) of the samples at `order`, batch by batch; None takes them as they stand.

    Inputs are uint8 or float32 (batch, *shape); targets int64 (batch,) where they are whole numbers, else
    float32 (batch, targets). `seed` belongs to what the data set draws itself: give each epoch its own.
    Raises the DltuiError of a sample, and DataError for whatever else reading raises.
    """
    indices = range(len(dataset)) if order is None else order.tolist()  # type: ignore[arg-type]
    device = torch.device(device)
    loader: DataLoader[Any] = DataLoader(
        _Reader(dataset, seed),
        batch_sampler=BatchSampler(indices, batch_size, drop_last=False),
        collate_fn=_unchanged,
        pin_memory=device.type == "cuda",
        generator=torch.Generator(),  # else it would take its workers' seed from everybody's
        worker_init_fn=_Reading(os.getpid()),
        **_processes(dataset, workers, len(indices), batch_size),
    )
    with warnings.catch_warnings():
        # Python warns of forking beside threads; a worker only reads, with one thread of its own.
        warnings.filterwarnings("ignore", "This process .* is multi-threaded", DeprecationWarning)
        batches = iter(loader)
    try:
        while (read := _next(batches)) is not None:
            if isinstance(read, _Fault):
                raise read.kind(read.message, read.hint)
            inputs, targets = read
            yield inputs.to(device, non_blocking=True), targets.to(device, non_blocking=True)
    finally:
        del batches  # which ends its workers


def fitted(
    dataset: Dataset[Any], batch_size: int = 256, order: torch.Tensor | None = None, workers: int = 0
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return mean and standard deviation of the inputs as stored: float64, one a channel or a column.

    One pass; batches are merged by the method of Chan, Golub and LeVeque (1983).
    """
    count = 0
    mean = squares = torch.zeros((), dtype=torch.float64)
    for inputs, _ in stream(dataset, batch_size, order, workers):
        dims = (0, *range(2, inputs.dim()))
        values = inputs.to(torch.float64)
        here, here_mean = values.numel() // values.shape[1], values.mean(dims, keepdim=True)
        here_squares = (values - here_mean).square().sum(dims)
        difference = here_mean.flatten() - mean
        squares = squares + here_squares + difference.square() * (count * here / (count + here))
        mean = mean + difference * (here / (count + here))
        count += here
    return mean, (squares / max(count, 1)).sqrt()


def selected(dataset: Dataset[Any], indices: torch.Tensor) -> Subset[Any]:
    """Return the samples at the indices as a data set of their own."""
    return Subset(dataset, indices.tolist())


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Draw from `seed` what is drawn inside by torch on the CPU, numpy and Python, and nothing outside."""
    before = torch.default_generator.get_state(), numpy.random.get_state(), random.getstate()
    torch.default_generator.manual_seed(seed)
    numpy.random.seed(seed % 2**32)
    random.seed(seed)
    try:
        yield
    finally:
        torch.default_generator.set_state(before[0])
        numpy.random.set_state(before[1])
        random.setstate(before[2])


def as_input(value: Any) -> torch.Tensor:
    """Return numbers as a tensor of its own memory: bytes stay bytes, everything else becomes float32."""
    if isinstance(value, torch.Tensor):
        if value.dtype.is_complex:
            raise DataError("The inputs are complex numbers", "Give real numbers.")
        return value.detach().to("cpu", torch.uint8 if value.dtype == torch.uint8 else torch.float32)
    try:
        array = numpy.asarray(value)
    except ValueError:
        raise DataError("The inputs are rows of different lengths", "Give an array of numbers.") from None
    if array.dtype.kind not in "biuf":
        raise DataError(
            f"The inputs are no numbers (numpy calls them {array.dtype})", "Give an array of numbers."
        )
    with numpy.errstate(over="ignore"):
        kind = numpy.uint8 if array.dtype == numpy.uint8 else numpy.float32
        return torch.from_numpy(numpy.array(array, dtype=kind, order="C"))


@dataclass(frozen=True)
class _Fault:
    """What went wrong in a worker, in words: exceptions do not travel well between processes."""

    kind: type[DltuiError]
    message: str
    hint: str


class _Reader(Dataset[Any]):
    """A data set that is asked for batches, and answers with what went wrong instead of raising."""

    def __init__(self, dataset: Dataset[Any], seed: int) -> None:
        self.dataset = dataset
        self.seed = seed

    def __getitems__(self, indices: list[int]) -> Batch | _Fault:
        process = os.getpid()
        with seeded(derive(self.seed, "samples", indices[0])), undisturbed():
            samples = []
            for index in indices:
                try:
                    samples.append(self.dataset[index])
                except DltuiError as error:
                    kind = type(error) if type(error) in _AS_THEY_ARE else DataError
                    return _Fault(kind, error.message, error.hint)
                except BaseException as error:  # a user's data set may raise anything
                    if (short := shortage(error)) is not None:
                        return _Fault(DataError, short.message, short.hint)
                    return _Fault(DataError, f"Reading sample {index} failed with {described(error)}", _MEND)
        if os.getpid() != process:
            os._exit(0)  # a copy that the user's code made by forking and let come back: one answer is enough
        try:
            return _stacked(samples, indices)
        except DataError as error:
            return _Fault(DataError, error.message, error.hint)


_MEND = "Mend the data set: it is the code at that line that failed."


def _stacked(samples: list[Any], indices: list[int]) -> Batch:
    inputs, targets = [], []
    for index, sample in zip(indices, samples, strict=True):
        if not isinstance(sample, (tuple, list)) or len(sample) != 2:
            raise DataError(
                f"Sample {index} is no pair of input and target but {_kind(sample)}",
                "Return (input, target) for each sample.",
            )
        inputs.append(as_input(sample[0]))
        targets.append(_target(sample[1], index))
        for what, values in (("input", inputs), ("target", targets)):
            first, last = values[0], values[-1]
            if last.shape != first.shape or last.dtype != first.dtype:
                raise DataError(
                    f"The {what} of sample {index} is {_measure(last)}, that of sample {indices[0]} "
                    f"is {_measure(first)}",
                    "All samples of a data set have one shape and one type.",
                )
    return torch.stack(inputs), torch.stack(targets)


def _target(value: Any, index: int) -> torch.Tensor:
    """Return a target: int64 () for a whole number, else float32 (targets,)."""
    if isinstance(value, torch.Tensor):
        found = value.detach().cpu()
    else:
        array = numpy.asarray(value)
        if array.dtype.kind not in "biuf":
            raise DataError(f"The target of sample {index} is no number but {_kind(value)}", "Give numbers.")
        found = torch.from_numpy(array.astype(numpy.float64 if array.dtype.kind == "f" else numpy.int64))
    if found.numel() == 1 and not found.is_floating_point():
        return found.reshape(()).to(torch.int64)
    return found.reshape(-1).to(torch.float32)


def _kind(value: Any) -> str:
    if isinstance(value, (tuple, list)):
        return f"a {type(value).__name__} of {len(value)}"
    return f"a value of type {type(value).__name__}"


def _measure(values: torch.Tensor) -> str:
    sides = "×".join(map(str, values.shape))
    return f"{str(values.dtype).removeprefix('torch.')} {sides}".rstrip()


def _processes(dataset: Dataset[Any], workers: int, samples: int, batch_size: int) -> dict[str, Any]:
    """Return how many workers read, and how they are started."""
    workers = min(workers, available(), -(-samples // batch_size))
    if samples < _TINY or workers < 1:
        return {}
    if sys.platform == "linux":
        return {"num_workers": workers, "multiprocessing_context": "fork"}
    while isinstance(dataset, Subset):
        dataset = dataset.dataset
    # Elsewhere a worker starts empty, and code from a user's file cannot be sent to it.
    return {"num_workers": workers} if getattr(dataset, "portable", False) else {}


@dataclass(frozen=True)
class _Reading:
    """What a worker process does first."""

    trainer: int

    def __call__(self, worker: int) -> None:
        """Leave it to the trainer to answer Ctrl-C, a closed terminal, and a request to stop; end with it."""
        for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        if sys.platform == "linux":
            ctypes.CDLL(None).prctl(_DEATH_SIGNAL, signal.SIGKILL)
            if os.getppid() != self.trainer:  # it has died meanwhile
                os._exit(0)


_DEATH_SIGNAL = 1
"""PR_SET_PDEATHSIG of Linux: what a process is sent when its parent dies."""


def _next(batches: Iterator[Any]) -> Any:
    """Return the next batch, None after the last; raises DataError where a worker has died."""
    try:
        return next(batches, None)
    except (RuntimeError, ConnectionError, EOFError) as error:
        if isinstance(error, RuntimeError) and not str(error).startswith("DataLoader worker"):
            raise
        said = clean(str(error).split("\n", 1)[0])
    # Outside of the handler, and without the batches: the exception would hold the other workers for as long
    # as it lives. They are ended by hand, because torch tells of the dead one again while it ends the rest.
    with suppress(RuntimeError):
        batches._shutdown_workers()  # type: ignore[attr-defined]  # only workers die, and then it is there
    del batches
    raise DataError(
        f"A process that reads the data has died: {said}",
        "Mostly memory has run out, or shared memory: let batches be smaller.",
    )


def _unchanged(batch: Callable[..., Any] | Any) -> Any:
    return batch
