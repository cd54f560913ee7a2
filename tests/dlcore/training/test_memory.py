"""Memory that has run out is told with what was asked for, and nothing else is taken for it."""

import errno

import pytest
import torch

from dlcore.training import memory
from dlcore.training.memory import available, shortage


def said(error: BaseException) -> str:
    short = shortage(error)
    assert short is not None
    assert "smaller batch" in short.hint
    return short.message


def test_what_torch_really_says_is_understood() -> None:
    with pytest.raises(RuntimeError) as caught:
        torch.empty(2**58, dtype=torch.uint8)
    assert said(caught.value).startswith("Memory has run out: 288,230,376.2 GB were asked for and ")


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (
            MemoryError("Unable to allocate 3.00 TiB for an array"),
            "3,298.5 GB were asked for and 1.0 MB are free",
        ),
        (
            MemoryError("Unable to allocate 512. KiB for an array"),
            "Memory has run out: 0.5 MB were asked for",
        ),
        (MemoryError(), "Memory has run out: 1.0 MB are free"),
        (MemoryError(7), "Memory has run out: 1.0 MB are free"),
        (OSError(errno.ENOMEM, "Cannot allocate memory"), "Memory has run out: 1.0 MB are free"),
        (
            ImportError("libtorch_cpu.so: failed to map segment from shared object"),
            "Memory has run out: 1.0 MB",
        ),
        (
            torch.OutOfMemoryError("HIP out of memory. Tried to allocate what?"),
            "Memory has run out: 1.0 MB are free",
        ),
        (
            torch.OutOfMemoryError(
                "CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 … of which 5.00 MiB is free"
            ),
            "The GPU's memory has run out: 2.1 GB were asked for and 5.2 MB are free",
        ),
        (torch.OutOfMemoryError("CUDA out of memory"), "The GPU's memory has run out"),
    ],
)
def test_each_way_to_say_it(error: BaseException, message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "available", lambda: 1_000_000)
    assert message in said(error)


@pytest.mark.parametrize(
    "error", [ValueError("memory"), OSError(errno.ENOSPC, "full"), RuntimeError(), KeyError(1)]
)
def test_other_faults_are_left_alone(error: BaseException) -> None:
    assert shortage(error) is None


def test_some_memory_is_there() -> None:
    assert available() > 0
