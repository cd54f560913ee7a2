"""Checkpoints: the weights and the optimizer come back as they were, and no code ever does."""

from pathlib import Path

import pytest
import torch

from dlcore.choices.bundled import Digits
from dlcore.choices.optimizers import OPTIMIZERS, Optimizer
from dlcore.config import RunConfig
from dlcore.errors import DltuiError
from dlcore.rundir import RunDir
from dlcore.training.checkpoint import load, save
from dlcore.training.models import build_model
from dlcore.training.optimizers import Updater, build_optimizer

CONFIG = RunConfig().resolved()
FACTS = Digits().facts


@pytest.mark.parametrize("kind", OPTIMIZERS)
def test_a_step_after_loading_is_the_step_that_would_have_been(
    fresh_run: RunDir, kind: type[Optimizer]
) -> None:
    inputs = torch.randn(4, 1, 8, 8)

    def step(model: torch.nn.Module, optimizer: Updater) -> None:
        optimizer.zero_grad()
        model(inputs).square().sum().backward()
        optimizer.step()

    model = build_model(CONFIG, FACTS)
    optimizer = build_optimizer(kind(lr=0.001), model)
    step(model, optimizer)
    state = {"step": 1, "model": model.state_dict(), "optimizer": optimizer.state_dict()}
    file, size = save(fresh_run, 1, state)
    assert (fresh_run.path / file).stat().st_size == size
    assert file == "checkpoints/1.pt"

    content = load(fresh_run, 1)
    other = build_model(CONFIG, FACTS)
    other.load_state_dict(content["model"])
    another = build_optimizer(kind(lr=0.001), other)
    another.load_state_dict(content["optimizer"])
    step(model, optimizer)
    step(other, another)
    assert content["step"] == 1
    for one, two in zip(model.parameters(), other.parameters(), strict=True):
        assert torch.equal(one, two)


def test_checkpoints_are_private(fresh_run: RunDir) -> None:
    model = build_model(CONFIG, FACTS)
    file, _ = save(fresh_run, 1, {"model": model.state_dict()})
    assert (fresh_run.path / file).stat().st_mode & 0o777 == 0o600
    assert fresh_run.checkpoints.stat().st_mode & 0o777 == 0o700


class Bomb:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return Path.touch, (str(self.path),)


def test_code_in_a_checkpoint_is_not_run(fresh_run: RunDir, tmp_path: Path) -> None:
    fresh_run.checkpoints.mkdir()
    torch.save({"step": 1, "model": Bomb(tmp_path / "boom")}, fresh_run.checkpoints / "1.pt")
    with pytest.raises(DltuiError, match="could run code"):
        load(fresh_run, 1)
    assert not (tmp_path / "boom").exists()
