"""Where a run computes, and what is said where it cannot."""

import pytest
import torch

from dlcore.errors import DltuiError
from dlcore.training.device import pick_device


def test_the_cpu_is_always_there() -> None:
    assert pick_device("cpu") == torch.device("cpu")


def test_auto_takes_a_gpu_where_there_is_one() -> None:
    gpu = torch.cuda.is_available() or torch.backends.mps.is_available()
    assert (pick_device("auto").type == "cpu") == (not gpu)


def test_a_gpu_that_is_not_there() -> None:
    with pytest.raises(DltuiError) as caught:
        pick_device("cuda:99")
    number = torch.cuda.device_count()
    assert caught.value.message.startswith(f"training.device = cuda:99: torch sees {number} CUDA device")
    assert "auto or cpu" in caught.value.hint


@pytest.mark.skipif(torch.backends.mps.is_available(), reason="there is an Apple GPU here")
def test_an_apple_gpu_that_is_not_there() -> None:
    with pytest.raises(DltuiError, match="torch sees no Apple GPU here"):
        pick_device("mps")
