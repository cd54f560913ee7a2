"""Findings of real runs: a deep sigmoid network on the real MNIST, and the child that its remedy makes."""

import os
from pathlib import Path

import pytest

from dlcore.changes import with_changes
from dlcore.datasets.published import data_folder
from dlcore.diagnose import Finding, diagnose
from dlcore.reading import read_file
from tests.dlcore.trained import Trained, make, train, train_run

MNIST = os.environ.get("DLTUI_TEST_MNIST")
SICK = "mnist mlp 64,64,64,64,64,64,64,64 sigmoid n=6000 e=3"


def judged(trained: Trained) -> tuple[Finding, ...]:
    return diagnose(read_file(trained.run.config), trained.history)


@pytest.mark.skipif(not MNIST, reason="needs the real MNIST: set DLTUI_TEST_MNIST")
def test_vanishing_gradients_are_told_and_their_remedy_cures(home: Path) -> None:
    folder = data_folder(home, "mnist")
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.symlink_to(str(MNIST))
    sick = train(home, SICK)
    [finding] = judged(sick)
    assert finding.code == "vanishing_gradient"
    assert finding.layer == "fc1"
    assert finding.evidence["ratio"] < 1e-4
    assert finding.told <= 0.2 * sick.history.step
    remedy = finding.remedies[0]
    assert remedy.set == {"model.activation": "relu", "model.init": "he"}
    child = train_run(make(home, with_changes(read_file(sick.run.config), remedy.set)))
    assert judged(child) == ()
    best = child.history.best()
    assert best is not None
    assert best.accuracy is not None
    assert best.accuracy > 0.8
