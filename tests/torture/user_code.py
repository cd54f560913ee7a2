"""Networks and data sets of somebody who means no harm, and does everything that code can do."""

import ctypes
import os
import random
import shutil
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

import numpy
import torch
from torch import nn
from torch.utils.data import Dataset, get_worker_info

ESCAPES = "\x1b[2J\x1b[?1049l\x1b[?1003h\x1b]0;owned\x07\x9b31m\x1bc\r\n\x00\xff"
LOUD = 1000
"""Characters of a line that is printed again and again."""


def _log_folder() -> Path:
    return Path(os.readlink("/proc/self/fd/2")).parent


class _Net(nn.Module):
    """A linear network that does something at its fifth step of training, and only then."""

    act: Callable[[], object] = staticmethod(lambda: None)

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(64, 10)
        self.times = 0

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        if self.training:
            self.times += 1
            if self.times == 5:
                type(self).act()
        outputs: torch.Tensor = self.linear(inputs.flatten(1))
        return outputs


def net(what: str) -> nn.Module:
    """Return a network that does what is asked for at its fifth step."""

    class Net(_Net):
        act = staticmethod(ACTS[what])

    return Net()


def built(what: str) -> nn.Module:
    """Do what is asked for as the network is built, and return one that does no more."""
    ACTS[what]()
    return _Net()


class Samples(Dataset[Any]):
    """A data set that does what is asked for when sample 40 is read: at once, or only by a worker."""

    def __init__(self, what: str, count: int, *, at_work: bool = False) -> None:
        self.what = what
        self.count = count
        self.at_work = at_work

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> tuple[Any, int]:
        if index == 40 and self.at_work == (get_worker_info() is not None):
            ACTS[self.what]()
        return numpy.full(4, index / 400, dtype=numpy.float32), index % 2


def few(what: str) -> tuple[Samples, Samples]:
    """Return a training set that misbehaves, and a test set that does not."""
    return Samples(what, 200), Samples("nothing", 50)


def many(what: str) -> tuple[Samples, Samples]:
    """Return so many that processes of their own read them, of which one misbehaves."""
    return Samples(what, 800, at_work=True), Samples("nothing", 50)


class Odd(Exception):
    """An exception that cannot even be printed."""

    def __str__(self) -> str:
        raise ValueError("no word")


class Hopeless(BaseException):
    """An exception of the kind that is not meant to be caught."""


class Backward(torch.autograd.Function):
    """Fails on the way back."""

    @staticmethod
    def forward(context: Any, values: torch.Tensor) -> torch.Tensor:
        return values.clone()

    @staticmethod
    def backward(context: Any, *gradients: torch.Tensor) -> NoReturn:
        raise ValueError("on the way back")


class Back(_Net):
    """A network whose backward pass raises."""

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        outputs: torch.Tensor = Backward.apply(super().forward(inputs))
        return outputs


class Huge(nn.Module):
    """A network that returns far too much."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(64, 10)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        outputs: torch.Tensor = self.linear(inputs.flatten(1))
        return outputs.repeat(1, 1000)


def raises(error: BaseException) -> Callable[[], NoReturn]:
    """Return what raises this."""

    def act() -> NoReturn:
        raise error

    return act


def prints_a_lot() -> None:
    """Print many megabytes, half of them to standard error."""
    line = "x" * (LOUD - 1)
    for _ in range(int(os.environ.get("LOUD_LINES", "30000"))):
        print(line, file=random.choice((sys.stdout, sys.stderr)))


def prints_from_below() -> None:
    """Print without Python's files."""
    for _ in range(int(os.environ.get("LOUD_LINES", "30000"))):
        os.write(1, b"y" * (LOUD - 1) + b"\n")


def writes_escapes() -> None:
    """Print what would turn a terminal upside down."""
    print(ESCAPES)
    os.write(2, ESCAPES.encode(errors="replace"))


def forks_and_returns() -> None:
    """Come back twice."""
    warnings.simplefilter("ignore")
    os.fork()


def forks_and_forgets() -> None:
    """Leave a child behind that lives on for a while, and says who it is."""
    warnings.simplefilter("ignore")
    child = os.fork()
    if child == 0:
        time.sleep(60)
        os._exit(0)
    (_log_folder() / "child").write_text(str(child))


def threads_that_raise() -> None:
    """Start threads that end with an exception."""
    for number in range(5):
        threading.Thread(target=raises(ValueError(f"thread {number}"))).start()


def threads_that_stay() -> None:
    """Start a hundred threads that never end, and that a normal end of Python waits for."""
    for _ in range(100):
        threading.Thread(target=time.sleep, args=(3600,)).start()


def warns() -> None:
    """Warn ten thousand times."""
    warnings.simplefilter("always")
    for number in range(10_000):
        warnings.warn(f"number {number}", stacklevel=1)


def closes_standard() -> None:
    """Close what everybody prints to."""
    for number in (1, 2):
        with suppress(OSError):
            os.close(number)


def breaks_streams() -> None:
    """Put something else in the place of the standard streams."""
    sys.stdout = sys.stderr = None
    os.environ.clear()


def moves() -> None:
    """Change what belongs to the whole process."""
    os.chdir("/")
    os.umask(0o777)
    torch.set_num_threads(7)
    torch.set_default_dtype(torch.float64)
    torch.manual_seed(1)
    numpy.random.seed(1)


def steals_signals() -> None:
    """Take the signals that ask for an end."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: None)


def deletes_checkpoints() -> None:
    """Delete what was saved."""
    shutil.rmtree(_log_folder() / "checkpoints", ignore_errors=True)


def reads_input() -> None:
    """Ask somebody who is not there."""
    input("your name? ")


def recurses() -> None:
    """Go down without end."""
    recurses()


def says_bad_exit() -> None:
    """Register something that fails at the end."""
    import atexit

    atexit.register(raises(ValueError("at the end")))


ACTS: dict[str, Callable[[], object]] = {
    "nothing": lambda: None,
    "prints a lot": prints_a_lot,
    "prints from below": prints_from_below,
    "writes escapes": writes_escapes,
    "forks and returns": forks_and_returns,
    "forks and forgets": forks_and_forgets,
    "threads that raise": threads_that_raise,
    "threads that stay": threads_that_stay,
    "warns": warns,
    "raises": raises(ValueError("mine\x1b[31m own")),
    "raises odd": raises(Odd()),
    "raises hopeless": raises(Hopeless("lost")),
    "raises a syntax error": raises(SyntaxError()),
    "sys.exit": lambda: sys.exit(7),
    "sys.exit(0)": lambda: sys.exit(0),
    "os._exit": lambda: os._exit(3),
    "interrupt": raises(KeyboardInterrupt()),
    "generator exit": raises(GeneratorExit()),
    "memory": raises(MemoryError()),
    "gpu memory": raises(
        torch.OutOfMemoryError(
            "CUDA out of memory. Tried to allocate 20.00 GiB. GPU 0 has a total capacity of 14.76 GiB of "
            "which 5.00 MiB is free. Including non-PyTorch memory, this process has 14.75 GiB memory in use."
        )
    ),
    "segfault": lambda: ctypes.string_at(0),
    "abort": os.abort,
    "closes 1 and 2": closes_standard,
    "breaks streams": breaks_streams,
    "moves": moves,
    "steals signals": steals_signals,
    "deletes checkpoints": deletes_checkpoints,
    "reads input": reads_input,
    "recurses": recurses,
    "fails at exit": says_bad_exit,
}
