"""What keeps a network from learning by heart, seen in real short trainings."""

import itertools
import math
from pathlib import Path

import pytest
import torch
from torch import nn

from dlcore.config import plan
from dlcore.events import EpochEnded, Evaluated, StepsEnded
from dlcore.training import checkpoint, chunk
from dlcore.training.augment import augmented
from dlcore.training.seeds import generator
from tests.dlcore.trained import Trained, train
from tests.dlcore.training.prepared import Prepared, batched, prepared, resident

TINY = "iris mlp 3, tanh ce sgd val=0 b=full e=1"


def weights(trained: Trained) -> dict[str, torch.Tensor]:
    """The weights at the end."""
    model: dict[str, torch.Tensor] = checkpoint.load(trained.run, trained.history.step)["model"]
    return model


def cost(start: Prepared, network: nn.Module) -> float:
    """Cross-entropy and penalties over the training split, from their formulas; in double."""
    chosen = start.config.regularization
    inputs, targets = batched(start.data, start.data.training)
    outputs = network(inputs.double())
    true = outputs[torch.arange(len(targets)), targets]
    value = float((outputs.exp().sum(1).log() - true).mean())
    for name, parameter in network.named_parameters():
        if name.endswith("weight"):
            value += chosen.l1 * sum(abs(one) for one in parameter.flatten().tolist())
            value += chosen.l2 * sum(one**2 for one in parameter.flatten().tolist())
    return value


def by_differences(start: Prepared) -> dict[str, torch.Tensor]:
    """The gradient of the cost at the first weights, by moving each weight a little both ways."""
    network, small = start.network().double(), 1e-6
    found = {}
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            flat, gradient = parameter.view(-1), torch.zeros(parameter.numel(), dtype=torch.float64)
            for index in range(len(flat)):
                old = flat[index].item()
                flat[index] = old + small
                above = cost(start, network)
                flat[index] = old - small
                gradient[index] = (above - cost(start, network)) / (2 * small)
                flat[index] = old
            found[name] = gradient.view_as(parameter)
    return found


def step_of(home: Path, line: str, lr: float = 1.0) -> dict[str, torch.Tensor]:
    """What the first step of plain gradient descent took off the weights, by its rate: the gradient."""
    start = {name: value.clone() for name, value in prepared(line).network().state_dict().items()}
    after = weights(train(home, f"{line} lr={lr}"))
    return {name: (start[name] - after[name]).double() / lr for name in start}


# -- penalties ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("penalty", ["l1=.05", "l2=.07", "l1=.02 l2=.3", ""])
def test_penalties_are_terms_of_the_loss_on_weights_and_not_on_biases(home: Path, penalty: str) -> None:
    line = f"{TINY} {penalty}"
    gradient, wanted = step_of(home, line), by_differences(prepared(line))
    assert set(gradient) == {"fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias"}
    for name in wanted:
        torch.testing.assert_close(gradient[name], wanted[name], rtol=1e-4, atol=1e-6)


def test_a_penalty_alone_leaves_biases_and_norms_alone(home: Path) -> None:
    plain = "noise samples=40 cnn filters=2, norm=batch sgd e=1 val=0 b=full"
    gradient, penalized = step_of(home, plain), step_of(home, f"{plain} l1=.1 l2=.5")
    before = prepared(plain).network().state_dict()
    for name, parameter in prepared(plain).network().named_parameters():
        added = penalized[name] - gradient[name]
        decayed = parameter.dim() > 1
        wanted = 0.1 * before[name].sign() + 2 * 0.5 * before[name] if decayed else torch.zeros_like(added)
        torch.testing.assert_close(added, wanted.double(), rtol=1e-4, atol=1e-6)


# -- clipping -----------------------------------------------------------------------------------------


def norm_of_all(gradient: dict[str, torch.Tensor]) -> float:
    return math.sqrt(sum(float(values.square().sum()) for values in gradient.values()))


@pytest.mark.parametrize("share", [0.1, 0.9, 1.1])
def test_clip_norm_bounds_the_norm_of_all_gradients_together(home: Path, share: float) -> None:
    gradient = step_of(home, TINY)
    most = share * norm_of_all(gradient)
    clipped = step_of(home, f"{TINY} clip={most}")
    assert norm_of_all(clipped) == pytest.approx(min(most, norm_of_all(gradient)), rel=1e-4)
    for name, values in clipped.items():  # and keeps the direction
        torch.testing.assert_close(values, gradient[name] * min(share, 1.0), rtol=1e-3, atol=1e-6)


def test_clip_value_bounds_each_gradient_by_itself(home: Path) -> None:
    gradient = step_of(home, TINY)
    largest = max(float(values.abs().max()) for values in gradient.values())
    most = largest / 4
    clipped = step_of(home, f"{TINY} regularization.clip_value={most}")
    for name, values in clipped.items():
        torch.testing.assert_close(values, gradient[name].clamp(-most, most), rtol=1e-4, atol=1e-6)
    assert max(float(values.abs().max()) for values in clipped.values()) == pytest.approx(most, rel=1e-4)


def test_both_clip_each_gradient_first_and_penalties_with_them(home: Path) -> None:
    line = f"{TINY} l2=.5"
    bounded = {name: values.clamp(-0.05, 0.05) for name, values in step_of(home, line).items()}
    share = 0.1 / norm_of_all(bounded)
    assert share < 1
    clipped = step_of(home, f"{line} regularization.clip_value=.05 clip=.1")
    for name, values in clipped.items():
        torch.testing.assert_close(values, share * bounded[name], rtol=1e-3, atol=1e-6)


# -- dropout ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", ["mlp 16,", "cnn filters=2,"])
def test_dropout_is_on_in_training_and_off_in_evaluation(home: Path, model: str) -> None:
    still = f"digits n=50 {model} sgd lr=1e-30 b=full e=4 data.shuffle=false"
    plain, trained = train(home, still), train(home, f"{still} drop=.5")
    assert len(set(plain.history.loss.values)) == 1
    assert len(set(trained.history.loss.values)) == 4  # other units are silent in every step
    assert not set(trained.history.loss.values) & set(plain.history.loss.values)
    for split in ("validation", "test"):
        losses = {one.loss for one in (*trained.history.split(split), *plain.history.split(split))}
        assert len(losses) == 1  # the weights hardly move, and evaluation silences none


# -- label noise --------------------------------------------------------------------------------------


@pytest.mark.parametrize("share", [0.1, 0.5, 1.0])
def test_label_noise_draws_its_share_of_the_training_labels_anew(share: float) -> None:
    line = "digits val=.2"
    clean, noisy = prepared(line).data, prepared(f"{line} regularization.label_noise={share}").data
    before, after = resident(clean.training), resident(noisy.training)
    assert torch.equal(after.inputs, before.inputs)
    drawn = round(share * len(before))
    changed = int((after.targets != before.targets).sum())
    # One in ten draws the label that it had; within five deviations.
    assert abs(changed - 0.9 * drawn) < 5 * math.sqrt(0.9 * 0.1 * drawn)
    assert changed < drawn
    for untouched, same in ((clean.validation, noisy.validation), (clean.test, noisy.test)):
        assert torch.equal(resident(untouched).targets, resident(same).targets)
        assert torch.equal(resident(untouched).inputs, resident(same).inputs)
    if share == 1.0:  # they have become a uniform draw
        counts = torch.bincount(after.targets, minlength=10).double()
        even = len(after) / 10
        assert float((counts - even).abs().max()) < 5 * math.sqrt(even * 0.9)


def test_label_noise_follows_the_seed() -> None:
    line = "digits regularization.label_noise=.3"
    first = resident(prepared(line).data.training).targets
    assert torch.equal(resident(prepared(line).data.training).targets, first)
    assert not torch.equal(resident(prepared(f"{line} seed=1").data.training).targets, first)


# -- early stopping -----------------------------------------------------------------------------------

OVERFITS = "digits n=120 mlp 32, adam lr=.02 b=16 regularization.label_noise=.4"


def watched_loss(line: str, split: str, model: dict[str, torch.Tensor]) -> tuple[float, float]:
    """Cross-entropy and accuracy of given weights on a split."""
    start = prepared(line)
    network = start.network()
    network.load_state_dict(model)
    network.eval()
    data = start.data
    inputs, targets = batched(data, data.validation if split == "validation" else data.test)
    with torch.no_grad():
        outputs = network(inputs).double()
    true = outputs[torch.arange(len(targets)), targets]
    right = (outputs.argmax(1) == targets).double().mean()
    return float((outputs.exp().sum(1).log() - true).mean()), float(right)


@pytest.mark.parametrize("split", ["validation", "test"])
@pytest.mark.parametrize("patience", [1, 3])
def test_it_stops_after_the_patience_and_keeps_the_best_weights(
    home: Path, patience: int, split: str
) -> None:
    line = f"{OVERFITS} val={0.3 if split == 'validation' else 0} stop={patience} e=40"
    trained = train(home, line)
    *seen, last = trained.history.split(split)
    losses = [float(one.loss or math.nan) for one in seen[1:]]  # without the untrained one
    best = min(losses)
    epoch = losses.index(best) + 1
    assert len(losses) == len(trained.history.epochs) == epoch + patience < 40
    assert all(one.weights is None for one in seen)

    # The last evaluation is of the best weights, and so is the checkpoint.
    per_epoch = trained.history.step // len(losses)
    assert (last.step, last.weights) == (trained.history.step, epoch * per_epoch)
    assert last.loss == best
    loss, accuracy = watched_loss(line, split, weights(trained))
    assert loss == pytest.approx(best, rel=1e-5)
    tested = trained.history.split("test")[-1]
    assert tested.weights == last.weights
    assert tested.accuracy == pytest.approx(watched_loss(line, "test", weights(trained))[1])
    if split == "test":
        assert last.accuracy == pytest.approx(accuracy)

    ended = trained.history.ended
    assert ended is not None
    assert (ended.reason, ended.message) == (
        "finished",
        f"Stopped early after epoch {epoch + patience}. The weights of epoch {epoch} are kept, "
        f"which had the lowest {split} loss",
    )


@pytest.mark.parametrize("patience", [1, 100])
def test_a_run_that_ends_by_itself_takes_the_best_back_and_was_not_stopped(home: Path, patience: int) -> None:
    """The last epoch leaves nothing to stop, even where the patience has just run out."""
    line = f"{OVERFITS} val=.3"
    losses = [float(one.loss or math.nan) for one in train(home, f"{line} e=12").history.split("validation")]
    best = next(epoch for epoch in range(1, 12) if losses[epoch + 1] >= losses[epoch])  # falling until there
    trained = train(home, f"{line} e={best + 1} stop={patience}")
    ended = trained.history.ended
    assert ended is not None
    assert ended.message == f"The weights of epoch {best} are kept, which had the lowest validation loss"
    last = trained.history.split("validation")[-1]
    assert last.loss == losses[best]
    assert last.weights == best * trained.history.step // (best + 1)


def test_where_the_last_weights_are_the_best_nothing_is_taken_back(home: Path) -> None:
    trained = train(home, "digits n=200 perceptron sgd lr=.01 val=.3 e=3 stop=2")
    losses = [float(one.loss or math.nan) for one in trained.history.split("validation")]
    assert losses == sorted(losses, reverse=True)
    assert len(losses) == 4
    assert all(one.weights is None for one in trained.history.evaluations)
    assert trained.history.ended is not None
    assert trained.history.ended.message == ""


def test_the_best_may_lie_within_an_epoch(home: Path) -> None:
    line = f"{OVERFITS} val=.3 stop=2 e=30 training.evaluate_every=2"
    trained = train(home, line)
    seen = [one for one in trained.history.split("validation") if one.weights is None and one.step]
    best = min(seen, key=lambda one: one.loss or math.nan)
    last = trained.history.split("validation")[-1]
    assert (last.weights, last.loss) == (best.step, best.loss)
    steps = plan(prepared(line).config).steps_per_epoch
    assert trained.history.step == steps * math.ceil(best.step / steps + 2)
    assert watched_loss(line, "validation", weights(trained))[0] == pytest.approx(best.loss, rel=1e-5)


WORSENS = "digits n=60 mlp 16, adam lr=.3 val=.3 e=4 regularization.label_noise=1"
"""The watched loss is never again as low as before the first step."""


def test_the_untrained_network_is_never_the_best(home: Path) -> None:
    trained = train(home, f"{WORSENS} stop=50")
    untrained, *seen = [float(one.loss or math.nan) for one in trained.history.split("validation")]
    assert untrained < min(seen)
    loss = watched_loss(WORSENS, "validation", weights(trained))[0]
    assert loss == pytest.approx(min(seen), rel=1e-5)


def test_the_untrained_network_s_loss_reduces_no_rate(home: Path) -> None:
    trained = train(home, f"{WORSENS} performance schedule.factor=.5 schedule.patience=1")
    untrained, first, *_ = [float(one.loss or math.nan) for one in trained.history.split("validation")]
    assert untrained < first
    per_epoch = trained.history.step // 4
    assert list(trained.history.lr.values[: 2 * per_epoch]) == pytest.approx([0.3] * 2 * per_epoch)


# -- schedules that look at the run -------------------------------------------------------------------


@pytest.mark.parametrize("every", ["epoch", "3"])
@pytest.mark.parametrize("patience", [1, 2])
def test_the_rate_falls_exactly_when_the_recorded_losses_say_so(
    home: Path, patience: int, every: str
) -> None:
    line = f"{OVERFITS} val=.3 e=14 performance schedule.factor=.3 schedule.patience={patience}"
    trained = train(home, f"{line} training.evaluate_every={every}")
    looks = {one.step: float(one.loss or math.nan) for one in trained.history.split("validation") if one.step}
    wanted, lr, best, waited, reduced = [], 0.02, math.inf, 0, 0
    for step in range(trained.history.step):
        if step in looks:
            waited = 0 if looks[step] < best else waited + 1
            best = min(best, looks[step])
            if waited == patience:
                lr, waited, reduced = 0.3 * lr, 0, reduced + 1
        wanted.append(lr)
    assert reduced >= 2
    assert list(trained.history.lr.values) == pytest.approx(wanted, rel=1e-6)


def test_the_batch_really_grows(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunk, "_SECONDS", 0.0)  # an event for every step
    line = "digits n=200 val=0 perceptron b=16 e=7 batch_growth"
    trained = train(home, f"{line} schedule.factor=2 schedule.every=2 schedule.most=50")
    assert trained.status == 0
    seen = [event.samples for event in trained.events() if isinstance(event, StepsEnded)]
    sizes = [after - before for before, after in itertools.pairwise([0, *seen])]
    epochs = [event for event in trained.events() if isinstance(event, EpochEnded)]
    ends = [event.step for event in epochs]
    by_epoch = [sizes[start:stop] for start, stop in itertools.pairwise([0, *ends])]
    assert by_epoch == [
        *[[16] * 12 + [8]] * 2,
        *[[32] * 6 + [8]] * 2,
        *[[50] * 4] * 3,
    ]
    said = trained.history.prepared
    assert said is not None
    assert said.total_steps == trained.history.step == 2 * 13 + 2 * 7 + 3 * 4
    looks = [event.epoch for event in trained.events() if isinstance(event, Evaluated)]
    assert looks == pytest.approx(range(8))


# -- augmentation -------------------------------------------------------------------------------------


@pytest.mark.parametrize("ways", ["shift", "flip", "rotate", "shift,flip,rotate"])
@pytest.mark.parametrize("model", ["mlp 8,", "cnn filters=4,"])
def test_training_pictures_are_augmented_and_those_of_evaluations_never(
    home: Path, ways: str, model: str
) -> None:
    still = f"digits n=60 val=.2 {model} sgd lr=1e-30 b=full e=3 data.shuffle=false"
    line = f"{still} aug={ways}"
    plain, trained = train(home, still), train(home, line)
    for split in ("validation", "test"):
        looks = (*trained.history.split(split), *plain.history.split(split))
        assert len({one.loss for one in looks}) == 1

    # Each epoch's only batch is the normalized pictures, moved by the generator of that epoch.
    start = prepared(line)
    network = start.network()
    inputs, targets = batched(start.data, start.data.training)
    wanted = []
    for epoch in (1, 2, 3):
        moved = augmented(inputs, ways.split(","), generator(start.config.seed, "augment", epoch))
        with torch.no_grad():
            wanted.append(nn.functional.cross_entropy(network(moved), targets).item())
    assert list(trained.history.loss.values) == pytest.approx(wanted, rel=1e-5)
    assert len({*wanted, plain.history.loss.values[0]}) == 4


def test_an_augmented_run_repeats_itself(home: Path) -> None:
    line = "digits n=100 cnn filters=4, e=2 aug=shift,rotate"
    first, again = train(home, line), train(home, line)
    assert first.history.loss.values.tobytes() == again.history.loss.values.tobytes()
