"""The lesson of each preset, seen in the figures of real runs: nothing here knows how it comes about."""

import math
import os
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from dlcore.datasets.published import data_folder
from dlcore.history import RunHistory, first_last_ratio
from dlcore.presets import PRESETS
from tests.dlcore.trained import train

Lab = Callable[[str], RunHistory]
MNIST = os.environ.get("DLTUI_TEST_MNIST")
needs_mnist = pytest.mark.skipif(not MNIST, reason="needs the real MNIST: set DLTUI_TEST_MNIST")
LINES = {name: v.line for found in PRESETS for name, v in zip(found.names, found.variants, strict=True)}
LINES["mnist-cnn, half of it"] = LINES["mnist-cnn"].replace(" e=4 ", " e=2 ")


@pytest.fixture(name="lab", scope="module")
def _lab(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    """Train a preset once, whoever asks."""
    home = tmp_path_factory.mktemp("presets")
    done: dict[str, RunHistory] = {}
    if MNIST:
        data_folder(home, "mnist").parent.mkdir()
        data_folder(home, "mnist").symlink_to(MNIST)

    def trained(name: str) -> RunHistory:
        if name not in done:
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv("DLTUI_HOME", str(home))
                done[name] = train(home, LINES[name]).history
        return done[name]

    return trained


def test_score(history: RunHistory) -> float:
    """Return the last accuracy (or R²) on the test split."""
    last = history.split("test")[-1]
    value = last.accuracy if history.metric == "accuracy" else last.r2
    assert value is not None
    return value


test_score.__test__ = False  # type: ignore[attr-defined]  # a figure, not a test


def losses(history: RunHistory) -> list[float]:
    """Return the training loss of each step."""
    return [column.mean for column in history.loss.columns(max(len(history.loss), 1))]


def watched(history: RunHistory) -> list[float]:
    """Return the losses of the watched split at each evaluation."""
    return [one.loss if one.loss is not None else math.inf for one in history.split(history.watched)]


def ratio(history: RunHistory) -> float:
    """Return the first layer's gradient over the last one's, at the last look."""
    found = first_last_ratio(history.gradients.latest())
    assert found is not None
    return found


@needs_mnist
def test_classic(lab: Lab) -> None:
    history = lab("classic")
    epochs = [epoch.loss or math.nan for epoch in history.epochs]
    assert epochs[0] - epochs[1] > epochs[1] - epochs[-1]  # the first epoch brings most
    assert test_score(history) >= 0.96
    norms = history.gradients.latest().values()
    assert max(norms) < 10 * min(norms)


def test_xor(lab: Lab) -> None:
    accuracies = [one.accuracy or 0.0 for one in lab("xor/perceptron").split("test")]
    assert max(accuracies) <= 0.75
    assert test_score(lab("xor/hidden")) == 1.0


def test_vanishing_and_its_cures(lab: Lab) -> None:
    sigmoid = lab("vanishing/sigmoid")
    assert ratio(sigmoid) < 1e-3
    assert watched(sigmoid)[-1] == pytest.approx(math.log(10), abs=0.05)
    for cure in ("relu", "tanh", "batch-norm"):
        history = lab(f"vanishing/{cure}")
        assert 0.1 < ratio(history) < 20
        assert test_score(history) > 0.9


def test_dead_relu(lab: Lab) -> None:
    dead = lab("dead-relu/relu")
    *_, last = dead.gradients.figures
    assert all(set(norms) == {0.0} for layer, norms in dead.gradients.figures.items() if layer != last)
    assert min(value for value in dead.activations[-1].high.values() if value is not None) <= 0
    assert watched(dead)[-1] == pytest.approx(math.log(2), abs=0.01)
    assert test_score(lab("dead-relu/leaky")) > 0.95


def test_zig_zag(lab: Lab) -> None:
    def rises(history: RunHistory) -> int:
        found = losses(history)
        return sum(after > before for before, after in pairwise(found))

    assert rises(lab("zig-zag/sigmoid")) >= 10
    assert rises(lab("zig-zag/tanh")) <= 1
    assert watched(lab("zig-zag/sigmoid"))[-1] > 2 * watched(lab("zig-zag/tanh"))[-1]


def test_rate(lab: Lab) -> None:
    assert watched(lab("rate/high"))[-1] > 2.25  # chance is 2.30
    assert max(losses(lab("rate/high"))) > 2 * losses(lab("rate/high"))[0]
    assert watched(lab("rate/low"))[-1] > 0.95 * watched(lab("rate/low"))[0]
    assert test_score(lab("rate/right")) > 0.8


def test_saddle(lab: Lab) -> None:
    plain, momentum = losses(lab("saddle/plain")), losses(lab("saddle/momentum"))
    assert plain[-1] == pytest.approx(math.log(2), abs=1e-3)
    assert momentum[-1] < 0.1
    assert momentum[300] < 0.95 * math.log(2)


def test_minimum(lab: Lab) -> None:
    plain, momentum = lab("minimum/plain"), lab("minimum/momentum")
    assert losses(plain)[-1] == pytest.approx(losses(plain)[400], abs=1e-3)
    assert losses(plain)[-1] > 0.1
    assert max(plain.gradients.latest().values()) < 1e-4
    assert losses(momentum)[-1] < 1e-3


def test_overfitting(lab: Lab) -> None:
    plain = lab("overfitting/plain")
    assert losses(plain)[-1] < 0.05
    assert watched(plain)[-1] > 1.7 * min(watched(plain))
    for cure in ("dropout", "l1", "l2"):
        history = lab(f"overfitting/{cure}")
        assert (history.epochs[-1].loss or 0.0) > 3 * (plain.epochs[-1].loss or math.inf)
        assert watched(history)[-1] < 0.8 * watched(plain)[-1]


def test_pixels(lab: Lab) -> None:
    cnn = test_score(lab("pixels/cnn")) - test_score(lab("pixels/cnn-shuffled"))
    mlp = test_score(lab("pixels/mlp")) - test_score(lab("pixels/mlp-shuffled"))
    assert cnn > 0.03
    assert abs(mlp) < 0.03


def test_parameters(lab: Lab) -> None:
    def parameters(name: str) -> int:
        prepared = lab(f"parameters/{name}").prepared
        assert prepared is not None
        return prepared.parameters

    assert parameters("mlp-32") > 10 * parameters("mlp-8")
    assert parameters("mlp-16") > 3 * parameters("mlp-8")
    assert parameters("cnn-8") == parameters("cnn-16") == parameters("cnn-32")


def test_optimizers(lab: Lab) -> None:
    names = ("momentum", "nesterov", "adagrad", "adadelta", "rmsprop", "adam", "adamw")
    start = watched(lab("optimizers/sgd"))[0]
    slowest = watched(lab("optimizers/sgd"))
    for name in names:
        found = watched(lab(f"optimizers/{name}"))
        assert found[0] == start  # the same first weights
        assert found[1] < slowest[1]
        assert found[-1] < slowest[-1]


def test_schedules(lab: Lab) -> None:
    def rates(name: str) -> list[float]:
        history = lab(f"schedules/{name}")
        return [round(column.mean, 6) for column in history.lr.columns(len(history.lr))]

    assert set(rates("constant")) == set(rates("batch-growth")) == {0.2}
    for name in ("power", "exponential", "cosine"):
        assert all(after <= before for before, after in pairwise(rates(name)))
        assert rates(name)[-1] < 0.7 * rates(name)[0]
    assert sorted(set(rates("piecewise"))) == [0.002, 0.02, 0.2]
    assert rates("performance")[-1] < 0.2
    assert max(rates("one-cycle")) == pytest.approx(0.4, rel=1e-3)
    assert rates("one-cycle")[0] < 0.05 > rates("one-cycle")[-1]
    assert rates("warmup")[:60] == pytest.approx([0.2 * (step + 1) / 60 for step in range(60)], abs=1e-6)
    assert lab("schedules/batch-growth").step < 12 * math.ceil(1294 / 32) / 2
    for name in ("power", "exponential", "piecewise", "cosine", "one-cycle"):
        assert jitter(lab(f"schedules/{name}")) < jitter(lab("schedules/constant"))


def jitter(history: RunHistory) -> float:
    """Return how much the validation loss still moves over the last four epochs."""
    last = watched(history)[-4:]
    return max(last) - min(last)


def test_linear(lab: Lab) -> None:
    deep, flat = test_score(lab("linear/identity")), test_score(lab("linear/perceptron"))
    assert deep == pytest.approx(flat, abs=0.03)
    assert test_score(lab("linear/relu")) > 0.97 > flat + 0.05


def test_batches(lab: Lab) -> None:
    full, mini = lab("batches/full"), lab("batches/mini")
    assert full.step == 20
    assert mini.step > 40 * 20
    assert watched(mini)[-1] < 0.2 * watched(full)[-1]


def test_reduction(lab: Lab) -> None:
    mean, divided = losses(lab("reduction/mean")), losses(lab("reduction/sum-divided"))
    assert divided[:20] == pytest.approx(mean[:20], rel=1e-3)
    assert watched(lab("reduction/sum"))[-1] > 4 * watched(lab("reduction/mean"))[-1]


def test_noise(lab: Lab) -> None:
    history = lab("noise")
    assert (history.epochs[-1].accuracy or 0.0) > 0.95
    assert test_score(history) < 0.25


@pytest.mark.parametrize(
    ("name", "least"),
    [("digits", 0.96), ("moons", 0.98), ("circles", 0.98), ("spiral", 0.98), ("iris", 0.93), ("wine", 0.94)],
)
def test_well_tuned(lab: Lab, name: str, least: float) -> None:
    assert test_score(lab(name)) >= least


@needs_mnist
def test_mnist_mlp(lab: Lab) -> None:
    assert test_score(lab("mnist-mlp")) >= 0.98


@needs_mnist
@pytest.mark.timeout(900)  # minutes on a slow machine
def test_mnist_cnn(lab: Lab) -> None:
    """Half of its epochs will do."""
    mlp, cnn = lab("mnist-mlp"), lab("mnist-cnn, half of it")
    assert test_score(cnn) >= 0.99
    assert cnn.prepared is not None
    assert mlp.prepared is not None
    assert cnn.prepared.parameters < mlp.prepared.parameters


def test_diabetes_is_as_good_as_ridge_regression(lab: Lab) -> None:
    assert test_score(lab("diabetes")) >= ridge(0) - 0.03


def ridge(seed: int) -> float:
    """Return the test R² of scikit-learn's ridge regression on the splits of the preset."""
    import torch
    from sklearn.linear_model import RidgeCV

    from dlcore.presets import preset
    from dlcore.training.data import Data, Split, load
    from dlcore.training.sources import read

    _, config = preset("diabetes")
    source = read(config, Path(), lambda *_: None)
    data: Data = load(config.resolved(source.facts), source, torch.device("cpu"))

    def arrays(split: Any) -> tuple[Any, Any]:
        assert isinstance(split, Split)
        return data.normalized(split.inputs).numpy(), split.targets[:, 0].numpy()

    model = RidgeCV(alphas=(0.1, 1.0, 10.0, 100.0)).fit(*arrays(data.training))
    return float(model.score(*arrays(data.test)))


def test_every_preset_has_its_lesson_tested() -> None:
    text = Path(__file__).read_text(encoding="utf-8")
    assert [found.name for found in PRESETS if f'"{found.name}' not in text] == []
