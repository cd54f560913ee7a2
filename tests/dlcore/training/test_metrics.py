"""Metrics against scikit-learn, added up over batches of uneven sizes."""

from collections.abc import Iterator

import numpy
import pytest
import torch
from sklearn import metrics as sklearn
from sklearn.exceptions import UndefinedMetricWarning

from dlcore.choices.dataset import Facts, Task
from dlcore.training.metrics import ClassFigures, NumberFigures, build_scorer, predicted

UNEVEN = [1, 7, 30, 2]


def parts(values: torch.Tensor) -> Iterator[torch.Tensor]:
    """The values in batches of uneven sizes; the last takes what is left."""
    yield from torch.split(values, [*UNEVEN, len(values) - sum(UNEVEN)])


def class_figures(classes: int, outputs: torch.Tensor, targets: torch.Tensor) -> ClassFigures:
    figures = ClassFigures(classes)
    for part, wanted in zip(parts(outputs), parts(targets), strict=True):
        figures.add(part, wanted)
    return figures


def drawn(classes: int, units: int, samples: int = 90, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    chance = torch.Generator().manual_seed(seed)
    outputs = torch.randn(samples, units, generator=chance)
    targets = torch.randint(0, classes, (samples,), generator=chance)
    if units > 1:  # right more often than not
        outputs[torch.arange(samples), targets] += 1.0
    return outputs, targets


# -- classes ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize(("classes", "units"), [(2, 2), (2, 1), (3, 3), (9, 9), (10, 10), (23, 23)])
def test_figures_of_classes_are_those_of_scikit_learn(classes: int, units: int, seed: int) -> None:
    outputs, targets = drawn(classes, units, seed=seed)
    found = class_figures(classes, outputs, targets).figures()
    called = (outputs.numpy()[:, 0] > 0) if units == 1 else outputs.numpy().argmax(1)
    precision, recall, f1, _ = sklearn.precision_recall_fscore_support(
        targets.numpy(), called, labels=range(classes), zero_division=0
    )
    assert found["accuracy"] == pytest.approx(sklearn.accuracy_score(targets.numpy(), called), rel=1e-12)
    assert found["precision"] == pytest.approx(precision.tolist(), rel=1e-12)
    assert found["recall"] == pytest.approx(recall.tolist(), rel=1e-12)
    assert found["f1"] == pytest.approx(f1.tolist(), rel=1e-12)
    if classes < 10:
        assert "top5" not in found
        return
    top5 = sklearn.top_k_accuracy_score(targets.numpy(), outputs.numpy(), k=5, labels=range(classes))
    assert found["top5"] == pytest.approx(top5, rel=1e-12)


def test_a_class_that_never_occurs_or_is_never_called_is_zero_as_in_scikit_learn() -> None:
    # True are 0, 1 and 3; called are 0, 1 and 2; class 4 is neither.
    targets = torch.tensor([0, 0, 1, 1, 3, 3] * 10)
    called = torch.tensor([0, 1, 1, 2, 2, 0] * 10)
    outputs = torch.nn.functional.one_hot(called, 5).to(torch.float32)
    found = class_figures(5, outputs, targets).figures()
    precision, recall, f1, _ = sklearn.precision_recall_fscore_support(
        targets.numpy(), called.numpy(), labels=range(5), zero_division=0
    )
    assert found["precision"] == pytest.approx(precision.tolist(), rel=1e-12)
    assert found["recall"] == pytest.approx(recall.tolist(), rel=1e-12)
    assert found["f1"] == pytest.approx(f1.tolist(), rel=1e-12)
    assert (found["precision"][3], found["recall"][2], found["f1"][4]) == (0, 0, 0)


def test_a_batch_of_one_class_alone_counts() -> None:
    figures = ClassFigures(3)
    figures.add(torch.eye(3)[[2, 2]], torch.tensor([2, 2]))
    assert figures.figures() == {
        "accuracy": 1.0,
        "precision": (0.0, 0.0, 1.0),
        "recall": (0.0, 0.0, 1.0),
        "f1": (0.0, 0.0, 1.0),
    }


def test_a_single_output_says_class_one_by_its_sign() -> None:
    assert predicted(torch.tensor([[0.1], [-0.1], [0.0], [1e4]])).tolist() == [1, 0, 0, 1]
    assert predicted(torch.tensor([[0.1, 0.2], [3.0, -5.0]])).tolist() == [1, 0]


# -- numbers ------------------------------------------------------------------------------------------


def number_figures(deviation: torch.Tensor, outputs: torch.Tensor, targets: torch.Tensor) -> dict[str, float]:
    figures = NumberFigures(deviation)
    for part, wanted in zip(parts(outputs), parts(targets), strict=True):
        figures.add(part, wanted)
    return figures.figures()


def by_scikit_learn(outputs: torch.Tensor, targets: torch.Tensor) -> dict[str, float]:
    real, said = targets.double().numpy(), outputs.double().numpy()
    return {
        "r2": sklearn.r2_score(real, said),
        "mae": sklearn.mean_absolute_error(real, said),
        "rmse": sklearn.root_mean_squared_error(real, said),
    }


@pytest.mark.parametrize("targets", [1, 2, 5])
def test_figures_of_numbers_are_those_of_scikit_learn_in_the_targets_own_unit(targets: int) -> None:
    chance = torch.Generator().manual_seed(targets)
    mean = 100 * torch.randn(targets, generator=chance, dtype=torch.float64)
    deviation = 10 * torch.rand(targets, generator=chance, dtype=torch.float64) + 0.1
    wanted = torch.randn(120, targets, generator=chance)
    outputs = wanted + 0.5 * torch.randn(120, targets, generator=chance)
    real = by_scikit_learn(outputs.double() * deviation + mean, wanted.double() * deviation + mean)
    assert number_figures(deviation, outputs, wanted) == pytest.approx(real, rel=1e-9)


def test_worse_than_the_mean_is_a_negative_r2() -> None:
    chance = torch.Generator().manual_seed(4)
    outputs, wanted = torch.randn(2, 80, 1, generator=chance)
    found = number_figures(torch.ones(1), outputs, wanted)
    assert found["r2"] < 0
    assert found == pytest.approx(by_scikit_learn(outputs, wanted), rel=1e-9)


@pytest.mark.parametrize("value", [0.0, 2.5, -1024.0, 0.1])
@pytest.mark.parametrize("error", [0.0, 0.25])
def test_targets_that_are_all_alike(value: float, error: float) -> None:
    """As scikit-learn has it: 1 where they are met, else 0; beside a target that does vary."""
    wanted = torch.full((60, 2), value)
    wanted[:, 1] = torch.arange(60)
    outputs = wanted + error
    found = number_figures(torch.ones(2), outputs, wanted)
    alike = 0.0 if error else 1.0
    other = sklearn.r2_score(wanted[:, 1].numpy(), outputs[:, 1].numpy())
    assert found["r2"] == pytest.approx((alike + other) / 2, rel=1e-6)
    if value != 0.1:  # whose mean is not quite 0.1 in binary, so that scikit-learn divides by nearly nothing
        assert found == pytest.approx(by_scikit_learn(outputs, wanted), rel=1e-6)


@pytest.mark.parametrize("offset", [1e3, 1e6])
def test_targets_far_from_zero_keep_their_spread(offset: float) -> None:
    chance = torch.Generator().manual_seed(6)
    wanted = torch.randn(200, 1, generator=chance) + offset
    outputs = wanted + 0.3 * torch.randn(200, 1, generator=chance)
    assert number_figures(torch.ones(1), outputs, wanted) == pytest.approx(
        by_scikit_learn(outputs, wanted), rel=1e-6
    )


def test_outputs_that_are_not_finite_give_figures_that_are_not() -> None:
    wanted = torch.tensor([[1.0, 2.0], [1.0, 3.0]])
    found = NumberFigures(torch.ones(2))
    found.add(torch.full((2, 2), float("nan")), wanted)
    figures = found.figures()
    assert not any(numpy.isfinite(figures[name]) for name in ("mae", "rmse"))
    assert not figures["r2"] > 0


# -- the step's score ---------------------------------------------------------------------------------


def test_a_step_s_score_is_how_many_were_right() -> None:
    outputs, targets = drawn(4, 4)
    scorer = build_scorer(Facts("classification", (3,), 10, 5, classes=4), torch.ones(1))
    right = sklearn.accuracy_score(targets.numpy(), outputs.numpy().argmax(1), normalize=False)
    assert int(scorer(outputs, targets)) == right
    single, labels = drawn(2, 1)
    scorer = build_scorer(Facts("classification", (3,), 10, 5, classes=2), torch.ones(1))
    right = sklearn.accuracy_score(labels.numpy(), single.numpy()[:, 0] > 0, normalize=False)
    assert int(scorer(single, labels)) == right


def test_a_step_s_r2_is_against_the_variance_of_the_training_targets() -> None:
    chance = numpy.random.default_rng(0)
    training = chance.normal(size=(500, 3)) * [1.0, 20.0, 0.1]
    outputs = training + chance.normal(size=(500, 3)) * [0.5, 5.0, 0.2]
    variance = torch.from_numpy(training.var(0)).to(torch.float32)
    scorer = build_scorer(Facts("regression", (3,), 10, 5, targets=3), variance)

    def score(part: slice) -> float:
        said = torch.from_numpy(outputs[part]).to(torch.float32)
        return float(scorer(said, torch.from_numpy(training[part]).to(torch.float32)))

    # Over the whole training split it is the usual R²; and batches add up to it.
    whole = sklearn.r2_score(training, outputs)
    assert score(slice(0, 500)) / 500 == pytest.approx(whole, rel=1e-4)
    added = score(slice(0, 1)) + score(slice(1, 200)) + score(slice(200, 500))
    assert added / 500 == pytest.approx(whole, rel=1e-4)


def test_a_step_of_one_sample_has_an_r2() -> None:
    """Which scikit-learn refuses, because a sample alone has no variance."""
    scorer = build_scorer(Facts("regression", (3,), 10, 5), torch.tensor([4.0]))
    assert float(scorer(torch.tensor([[1.0]]), torch.tensor([[3.0]]))) == 0.0
    assert float(scorer(torch.tensor([[3.0]]), torch.tensor([[3.0]]))) == 1.0
    with pytest.warns(UndefinedMetricWarning):
        sklearn.r2_score([3.0], [1.0])


@pytest.mark.parametrize("task", ["regression", "classification"])
def test_a_score_holds_no_graph(task: Task) -> None:
    outputs = torch.zeros(2, 1, requires_grad=True)
    targets = torch.ones(2, 1) if task == "regression" else torch.tensor([0, 1])
    facts = Facts(task, (3,), 10, 5, classes=2)
    assert not build_scorer(facts, torch.ones(1))(outputs, targets).requires_grad
