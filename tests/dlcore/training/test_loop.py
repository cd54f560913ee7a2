"""The loop: what it learns, that it repeats itself bit for bit, and that it says what it did."""

import math
from itertools import pairwise
from pathlib import Path

import pytest
import torch

from dlcore.config import plan
from dlcore.events import EpochEnded, Evaluated, GradientsMeasured, StepsEnded
from dlcore.oneline import parse
from dlcore.training import checkpoint, chunk
from dlcore.training.layers import layers_of
from dlcore.training.losses import build_loss
from tests.dlcore.trained import Trained, train
from tests.dlcore.training.prepared import batched, prepared


def series(trained: Trained) -> tuple[bytes, bytes, bytes]:
    """The figures of every step, bit for bit."""
    history = trained.history
    return history.loss.values.tobytes(), history.score.values.tobytes(), history.lr.values.tobytes()


def weights(trained: Trained) -> dict[str, torch.Tensor]:
    """The weights at the end."""
    model: dict[str, torch.Tensor] = checkpoint.load(trained.run, trained.history.step)["model"]
    return model


def same_weights(one: Trained, other: Trained) -> bool:
    first, second = weights(one), weights(other)
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


# -- what it learns -----------------------------------------------------------------------------------


def test_the_defaults_learn_digits(home: Path) -> None:
    trained = train(home, "")
    assert trained.status == 0
    assert trained.history.step == 210
    final = trained.history.final()
    assert (final["test"]["accuracy"] or 0) > 0.9
    assert (final["validation"]["accuracy"] or 0) > 0.9
    assert (final["train"]["accuracy"] or 0) > 0.9


def test_one_hidden_layer_learns_xor_and_a_perceptron_never_does(home: Path) -> None:
    mlp = train(home, "xor mlp 8, tanh adam lr=.05 e=300")
    assert mlp.history.final()["test"]["accuracy"] == 1.0
    perceptron = train(home, "xor perceptron adam lr=.05 e=300")
    assert len(perceptron.history.evaluations) == 301
    assert all((one.accuracy or 0) <= 0.75 for one in perceptron.history.evaluations)


# -- that it repeats itself ---------------------------------------------------------------------------

SHORT = "digits mlp 16,8 relu he adam drop=.2 n=200 e=4"


@pytest.fixture(scope="module")
def short(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    return train(tmp_path_factory.mktemp("short"), SHORT)


def test_the_same_configuration_gives_the_same_series(home: Path, short: Trained) -> None:
    again = train(home, SHORT)
    assert series(again) == series(short)
    assert same_weights(again, short)
    assert [(one.loss, one.accuracy) for one in again.history.evaluations] == [
        (one.loss, one.accuracy) for one in short.history.evaluations
    ]


def test_another_seed_gives_another_series(home: Path, short: Trained) -> None:
    assert series(train(home, f"{SHORT} seed=1"))[0] != series(short)[0]


@pytest.mark.parametrize(
    "change",
    ["training.probe_budget=0", "training.evaluate_every=1", "training.evaluate_every=1000", "name=x"],
)
def test_looking_changes_no_weight(home: Path, short: Trained, change: str) -> None:
    other = train(home, f"{SHORT} {change}")
    assert series(other) == series(short)
    assert same_weights(other, short)


def test_without_a_budget_no_gradient_is_looked_at(home: Path, short: Trained) -> None:
    assert len(short.history.gradients.steps) > 0
    assert len(train(home, f"{SHORT} training.probe_budget=0").history.gradients.steps) == 0


@pytest.mark.parametrize("seconds", [0.0, 1e9])
def test_chunk_boundaries_do_not_matter(
    home: Path, short: Trained, seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chunk, "_SECONDS", seconds)
    other = train(home, f"{SHORT} training.frames_mb=0")  # a frame ends a chunk
    assert series(other) == series(short)
    assert same_weights(other, short)
    chunks = [event for event in other.events() if isinstance(event, StepsEnded)]
    assert len(chunks) == (other.history.step if seconds == 0 else 4)  # else one an epoch


def test_the_short_last_batch_of_an_epoch_is_not_looked_at(short: Trained) -> None:
    assert list(short.history.gradients.steps) == [1, 2, 4, 5, 7, 8, 10]  # of three steps an epoch


def test_a_short_last_batch_at_every_tenth_step_puts_the_look_off_and_not_out(home: Path) -> None:
    trained = train(home, "digits perceptron n=300 b=64 e=10 training.probe_budget=1")
    assert trained.history.step == 50
    assert list(trained.history.gradients.steps) == [1, 2, 3, 4, 6, 7, 8, 9, 19, 29, 39, 49]


def test_fewer_epochs_are_the_beginning_of_more(home: Path, short: Trained) -> None:
    half = train(home, SHORT.replace("e=4", "e=2"))
    length = len(half.history.loss) * 4
    assert series(half)[0] == series(short)[0][:length]


def test_the_order_is_a_new_one_in_every_epoch_or_always_the_same(home: Path) -> None:
    still = "digits perceptron sgd lr=1e-30 val=0 n=256 b=64 e=3"
    losses = train(home, still).history.loss.values
    epochs = [tuple(losses[start : start + 4]) for start in (0, 4, 8)]
    assert len(set(epochs)) == 3
    losses = train(home, f"{still} data.shuffle=false").history.loss.values
    assert losses[:4] == losses[4:8] == losses[8:]


# -- one step by hand ---------------------------------------------------------------------------------


@pytest.mark.parametrize("loss", ["ce", "mse"])
@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("l2", [0.0, 0.03])
@pytest.mark.parametrize("model", ["mlp 6,", "cnn filters=4,"])
def test_a_step_is_against_the_gradient_of_the_loss_and_its_penalty(
    home: Path, loss: str, reduction: str, l2: float, model: str
) -> None:
    line = f"digits {model} tanh {loss} sgd lr=.01 loss.reduction={reduction} l2={l2} n=40 val=0 b=full e=1"
    trained = train(home, line)
    start = prepared(line)
    config, data, network = start.config, start.data, start.network()
    before = {name: value.clone() for name, value in network.state_dict().items()}

    batches = list(data.batches(data.training, 40))
    ((inputs, targets),) = batches
    outputs = network(inputs)
    mean = build_loss(config.loss)(outputs, targets)
    terms = outputs.numel() if loss == "mse" else 40
    total = mean * terms if reduction == "sum" else mean
    penalty = sum(layer.weight.square().sum() for layer in layers_of(network).values())
    (total + l2 * penalty).backward()

    after = weights(trained)
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None
        torch.testing.assert_close(after[name], before[name] - 0.01 * parameter.grad, rtol=1e-4, atol=1e-7)
    assert trained.history.loss.values[0] == pytest.approx(mean.item(), rel=1e-5)  # without the penalty
    norms = trained.history.gradients.at(0)
    for name, layer in layers_of(network).items():
        assert layer.weight.grad is not None
        assert norms[name] == pytest.approx(torch.linalg.vector_norm(layer.weight.grad).item(), rel=1e-4)


def test_the_first_weights_are_those_of_a_plain_script_with_the_same_seed(home: Path) -> None:
    trained = train(home, "digits perceptron sgd lr=1e-30 e=1 seed=5")
    torch.manual_seed(5)
    plain = torch.nn.Linear(64, 10)
    assert torch.equal(weights(trained)["fc1.weight"], plain.weight)
    assert torch.equal(weights(trained)["fc1.bias"], plain.bias)


def test_the_learning_rate_follows_its_schedule(home: Path) -> None:
    trained = train(home, "xor perceptron sgd lr=.5 exponential gamma=.1 s=10 e=20")
    assert list(trained.history.lr.values) == pytest.approx([0.5 * 0.1 ** (step / 10) for step in range(20)])


# -- what it says -------------------------------------------------------------------------------------


def test_an_epoch_s_figures_are_the_means_over_its_samples(short: Trained) -> None:
    config = parse(SHORT)
    wanted = plan(config)
    sizes = [64, 64, wanted.training - 128]
    for number, ended in enumerate(short.history.epochs):
        part = slice(3 * number, 3 * number + 3)
        for value, figures in ((ended.loss, short.history.loss), (ended.accuracy, short.history.score)):
            steps = figures.values[part]
            mean = sum(figure * size for figure, size in zip(steps, sizes, strict=True)) / sum(sizes)
            assert value == pytest.approx(mean, rel=1e-5)


def test_an_evaluation_is_of_the_whole_split_without_dropout(home: Path) -> None:
    line = "digits mlp 16, drop=.5 adam e=2 val=.3"
    trained = train(home, line)
    start = prepared(line)
    config, data, network = start.config, start.data, start.network()
    network.load_state_dict(weights(trained))
    network.eval()
    for name, split in (("validation", data.validation), ("test", data.test)):
        inputs, targets = batched(data, split, 7)
        with torch.no_grad():
            outputs = network(inputs)
        last = trained.history.split(name)[-1]
        assert last.loss == pytest.approx(build_loss(config.loss)(outputs, targets).item(), rel=1e-5)
        assert last.accuracy == pytest.approx((outputs.argmax(1) == targets).float().mean().item())
        assert last.samples == len(split)


def evaluated_at(trained: Trained, split: str) -> list[int]:
    return [one.step for one in trained.history.split(split)]


@pytest.mark.parametrize(
    ("options", "validation", "test"),
    [
        ("e=3 b=10", [0, 4, 8, 12], [0, 12]),
        ("e=3 b=10 val=0", [], [0, 4, 8, 12]),
        ("e=3 b=10 training.evaluate_every=5", [0, 5, 10, 12], [0, 12]),
        ("e=3 b=10 training.evaluate_every=4", [0, 4, 8, 12], [0, 12]),
        ("e=3 b=10 training.evaluate_every=6 val=0", [], [0, 6, 12]),
        ("e=3 b=10 training.evaluate_every=100", [0, 12], [0, 12]),
        ("e=1 b=full", [0, 1], [0, 1]),
    ],
)
def test_when_it_evaluates(home: Path, options: str, validation: list[int], test: list[int]) -> None:
    held = "n=40" if "val=0" in options else "n=50 val=.2"
    trained = train(home, f"digits perceptron {held} {options}")
    assert evaluated_at(trained, "validation") == validation
    assert evaluated_at(trained, "test") == test
    for one in trained.history.evaluations:
        assert one.epoch == pytest.approx(one.step / (trained.history.step / int(options[2])))


def test_what_a_run_says_in_which_order(short: Trained) -> None:
    events = short.events()
    kinds = [event.kind for event in events]
    assert [event.seq for event in events] == list(range(len(events)))
    assert {event.attempt for event in events} == {1}
    assert kinds[:2] == ["AttemptStarted", "Prepared"]
    assert kinds[-2:] == ["CheckpointSaved", "AttemptEnded"]
    steps = [event.step for event in events]
    assert steps == sorted(steps)
    assert kinds.count("EpochEnded") == 4
    assert kinds[2:4] == ["Evaluated", "ActivationsMeasured"]  # untrained; later where the budget allows it
    for event, following in pairwise(events):
        if isinstance(event, EpochEnded):
            assert isinstance(following, Evaluated)
        if isinstance(following, GradientsMeasured):
            assert isinstance(event, StepsEnded)
            assert set(following.steps) <= set(range(event.step - len(event.loss) + 1, event.step + 1))


def test_prepared_says_what_will_be(short: Trained) -> None:
    said = short.history.prepared
    assert said is not None
    assert (said.device, said.threads, said.epochs) == ("cpu", 1, 4)
    assert (said.training_samples, said.validation_samples, said.test_samples) == (180, 20, 359)
    assert (said.batch_size, said.steps_per_epoch, said.total_steps) == (64, 3, 12)
    assert [layer.name for layer in said.layers] == ["fc1", "fc2", "fc3"]
    assert said.parameters == 64 * 16 + 16 + 16 * 8 + 8 + 8 * 10 + 10
    assert list(short.history.gradients.figures) == ["fc1", "fc2", "fc3"]


def test_a_loss_that_is_not_finite_ends_the_attempt_and_names_the_first_bad_step(home: Path) -> None:
    trained = train(home, "digits mlp 16, mse out=linear sgd lr=1e6 e=5")
    assert trained.status == 1
    ended = trained.history.ended
    assert ended is not None
    assert ended.reason == "failed"
    losses = trained.history.loss.values
    first = next(step for step, loss in enumerate(losses, 1) if not math.isfinite(loss))
    assert all(math.isfinite(loss) for loss in losses[: first - 1])
    assert ended.message.startswith(f"The loss is not finite since step {first} (it is ")
    assert ended.hint.startswith("Take a learning rate below 1e+06")
    (chunk,) = [event for event in trained.events() if isinstance(event, StepsEnded) and event.nonfinite]
    assert f"loss.{len(chunk.loss) - (chunk.step - first) - 1}" in chunk.nonfinite
    assert [path.name for path in trained.run.checkpoints.iterdir()] == ["0.pt"], (
        "only finite weights are kept"
    )


def test_a_batch_of_one_and_a_short_last_batch(home: Path) -> None:
    trained = train(home, "moons samples=20 val=0 b=5 e=1")
    assert trained.history.totals()[0] == 16
    assert trained.history.step == 4
    one = train(home, "moons samples=20 val=0 b=1 n=3 e=1")
    assert set(one.history.score.values) <= {0.0, 1.0}
