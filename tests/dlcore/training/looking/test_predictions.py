"""Predictions against targets are in the unit of the targets, and their figures those of the run."""

from collections.abc import Callable
from typing import Any

import pytest
import torch

from dlcore.errors import DltuiError
from dlcore.rundir import RunDir
from dlcore.summary import read_history
from dlcore.training.looking.predictions import predictions
from dlcore.training.opened import opened

Learned = Callable[[str], tuple[RunDir, dict[str, Any]]]


def test_figures_are_those_that_the_run_has_told(learned: Learned) -> None:
    run, _ = learned("diabetes mlp 5, tanh e=2")
    answer = predictions(str(run.path))
    told = [one for one in read_history(run).evaluations if one.split == "validation"][-1]
    assert answer["splits"] == ["validation", "test", "training"]
    for name in ("r2", "mae", "rmse"):
        assert answer[name] == pytest.approx(getattr(told, name), rel=1e-4)
    assert answer["samples"] == answer["total"] == told.samples


def test_points_are_targets_and_predictions(learned: Learned) -> None:
    run, _ = learned("diabetes mlp 5, tanh e=2")
    looked = opened(str(run.path))
    answer = predictions(str(run.path), None, 1)
    inputs, targets = looked.data.first(looked.data.test, 1000)
    with torch.no_grad():
        outputs = looked.model(inputs)
    deviation, mean = looked.data.target_deviation, looked.data.target_mean
    wanted = torch.cat((targets * deviation + mean, outputs * deviation + mean), 1)
    assert torch.allclose(torch.tensor(answer["points"]), wanted, rtol=1e-4)
    assert answer["splits"][answer["split"]] == "test"


def test_classes_are_refused_in_a_sentence(learned: Learned) -> None:
    run, _ = learned("iris mlp 5, tanh e=2")
    with pytest.raises(DltuiError, match="numbers to predict"):
        predictions(str(run.path))
