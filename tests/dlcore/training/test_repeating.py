"""The same configuration trains the same, bit for bit; looking and reading as it goes change nothing."""

from pathlib import Path
from typing import Any

import pytest
import torch

from dlcore.events import EpochEnded, Evaluated, GradientsMeasured, StepsEnded
from dlcore.training import checkpoint
from tests.dlcore.trained import Trained, train
from tests.dlcore.training.own_data import write_code, write_csv, write_images

_TIMES = {"duration", "seconds", "seq"}
LINES = (
    "digits mlp 16,8 relu he drop=.3 norm=batch adam n=200 e=3",
    "digits cnn filters=4 elu aug=shift,flip,rotate nesterov n=100 e=2",
    "iris mlp 8, selu lecun adamw regularization.label_noise=.3 e=4 b=16",
    "circles mlp 8,8 res=true gelu orthogonal adadelta batch_growth b=16 schedule.every=2 e=6",
    "diabetes mlp 8, tanh huber rmsprop cosine e=3",
    "regression mlp 8, softplus mae adagrad power e=3 stop=1 b=8",
    "noise resnet model.width=2 data.channels=3 samples=60 momentum one_cycle e=2 clip=.1",
    "breast_cancer perceptron bce sgd performance e=3 l1=1e-3 l2=1e-3",
    "xor mlp 4, tanh hinge adam e=20 seed=7 data.seed=3",
    "digits vgg model.width=2 8, xavier mse n=80 e=1 data.shuffle_pixels=true training.evaluate_every=2",
    "csv mlp 8, silu data.file={folder}/table.csv data.missing=impute e=3 b=16",
    "image_folder lenet5 data.folder={folder}/images data.size=16 e=2 b=16 aug=flip",
    "data=custom mlp 8, data.target={folder}/code.py:Waves adam e=3 b=16",
    "data=custom mlp 8, data.target={folder}/code.py:Shaken adam e=3 b=16",
    "data=custom model=custom data.target={folder}/code.py:points model.target={folder}/code.py:Net e=3 b=16",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table, images and code."""
    folder = tmp_path_factory.mktemp("own")
    write_csv(folder)
    write_images(folder)
    write_code(folder)
    return folder


def figures(trained: Trained) -> dict[str, list[Any]]:
    """All that steps, epochs and evaluations said, but for times and for how steps were told in chunks."""
    history = trained.history
    found: dict[str, list[Any]] = {
        "loss": [history.loss.values.tobytes()],
        "score": [history.score.values.tobytes()],
        "lr": [history.lr.values.tobytes()],
    }
    for event in trained.events():
        assert not (isinstance(event, StepsEnded) and event.nonfinite)
        if isinstance(event, EpochEnded | Evaluated):
            found.setdefault(event.kind, []).append(event.model_dump(exclude=_TIMES))
    return found


def weights(trained: Trained) -> dict[str, torch.Tensor]:
    model: dict[str, torch.Tensor] = checkpoint.load(trained.run, trained.history.step)["model"]
    return model


def same_weights(one: Trained, other: Trained) -> bool:
    first, second = weights(one), weights(other)
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


@pytest.mark.parametrize("line", LINES)
def test_twice_the_same_and_without_looking_too(home: Path, folder: Path, line: str) -> None:
    line = line.format(folder=folder)
    first, second, blind = (train(home, f"{line}{more}") for more in ("", "", " training.probe_budget=0"))
    assert first.status == 0, first.history.ended
    assert first.history.step > 0
    assert len(figures(first)["Evaluated"]) > 1
    for other in (second, blind):
        assert figures(other) == figures(first)
        assert same_weights(other, first)
    looks = [
        [event for event in one.events() if isinstance(event, GradientsMeasured)] for one in (first, blind)
    ]
    assert looks[0]
    assert not looks[1]


@pytest.mark.parametrize("line", LINES)
def test_another_seed_trains_otherwise(home: Path, folder: Path, line: str) -> None:
    line = line.format(folder=folder)
    if "seed=" not in line:
        line = f"{line} seed=0"
    first, other = (train(home, text) for text in (line, line.replace(" seed=", " seed=1")))
    assert figures(first)["loss"] != figures(other)["loss"]
