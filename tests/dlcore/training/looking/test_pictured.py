"""The inspector answers for every picture, in JSON of a bearable size, and says what it cannot."""

import json
from collections.abc import Callable
from typing import Any, get_args

import pytest
import torch

from dlcore.errors import DltuiError
from dlcore.rundir import RunDir
from dlcore.training.inspect import answer
from dlcore.training.looking.pictured import Looks

Learned = Callable[[str], tuple[RunDir, dict[str, Any]]]
RUNS = {
    "filters": "digits mlp 70,8 n=64 b=32 e=2",
    "features": "digits cnn model.filters=4,6 n=64 b=32 e=2",
    "boundary": "moons mlp 6,5 tanh n=200 e=3",
    "predictions": "diabetes mlp 5, tanh e=2",
    "surface": "moons mlp 6,5 tanh n=200 e=3",
}


@pytest.mark.parametrize("what", get_args(Looks))
def test_each_is_answered(learned: Learned, what: str) -> None:
    run, _ = learned(RUNS[what])
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        found = answer({"ask": what, "run": str(run.path), "step": 10**9})
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(threads)
    assert found["step"] == max(int(path.stem) for path in run.checkpoints.iterdir())
    assert len(json.dumps(found)) < 400_000


@pytest.mark.parametrize("what", get_args(Looks))
def test_a_run_without_checkpoints_is_told(tmp_path: Any, what: str) -> None:
    with pytest.raises(DltuiError, match="no checkpoint up to step 5"):
        answer({"ask": what, "run": str(tmp_path), "step": 5})
