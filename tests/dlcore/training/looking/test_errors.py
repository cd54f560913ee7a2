"""Errors of real small runs, against scikit-learn and against plain loops over single samples."""

import json
import math
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy
import pytest
import torch
from sklearn import datasets, metrics
from torch.nn import functional

from dlcore.choices.bundled import BreastCancer, Diabetes, Iris, Wine
from dlcore.choices.dataset import DataChoice
from dlcore.errors import DltuiError
from dlcore.training import inspect
from dlcore.training.looking import errors as looking
from dlcore.training.looking import outputs
from dlcore.training.looking.calibration import calibration, histogram
from dlcore.training.looking.columns import column_names
from dlcore.training.looking.outputs import spread_over
from dlcore.training.opened import Opened, opened
from tests.dlcore.trained import train
from tests.dlcore.training.own_data import write_code, write_csv

DIGITS = "digits mlp 12, adam lr=.003 e=2"
BINARY = "cancer mlp 4, bce adam lr=.01 e=1"
HINGE = "iris mlp 6, hinge adam lr=.01 e=3"
SQUARED = "iris mlp 6, mse adam lr=.01 e=3"
NUMBERS = "diabetes mlp 6, adam lr=.01 e=2"
ReadLine = Callable[[str], str]


@pytest.fixture(scope="module")
def run_of(tmp_path_factory: pytest.TempPathFactory) -> ReadLine:
    """Train what a line says, once; return the folder of the run."""
    home = tmp_path_factory.mktemp("home")
    found: dict[str, str] = {}

    def run(line: str) -> str:
        if line not in found:
            trained = train(home, line)
            assert trained.status == 0
            found[line] = str(trained.run.path)
        return found[line]

    return run


@pytest.fixture(autouse=True)
def _nothing_kept() -> Iterator[None]:
    outputs._kept.clear()
    yield
    outputs._kept.clear()


def ask(what: str, **fields: Any) -> dict[str, Any]:
    """What the inspector answers, through the JSON that it writes."""
    answer = inspect.answer({"ask": what, **fields})
    found = json.loads(json.dumps(answer, allow_nan=False))
    assert isinstance(found, dict)
    return found


def one_by_one(run: Opened) -> tuple[numpy.ndarray[Any, Any], numpy.ndarray[Any, Any]]:
    """Outputs and targets of the watched split, by a plain loop over its samples."""
    name, split = run.watched
    assert not isinstance(split, outputs.Outputs)
    found = []
    with torch.no_grad():
        for inputs in split.inputs:  # type: ignore[union-attr]  # it is in memory
            found.append(run.model(inputs[None].float() * run.data.scale + run.data.shift)[0])
    assert name == "validation"
    return torch.stack(found).double().numpy(), split.targets.numpy()  # type: ignore[union-attr]


def softmax(values: numpy.ndarray[Any, Any]) -> numpy.ndarray[Any, Any]:
    powers = numpy.exp(values - values.max(1, keepdims=True))
    return numpy.asarray(powers / powers.sum(1, keepdims=True))


def expected_calibration_error(confidence: numpy.ndarray[Any, Any], right: numpy.ndarray[Any, Any]) -> float:
    """The same by the book: a sum over ten bins, each open below."""
    error = 0.0
    for low in range(10):
        inside = (confidence > low / 10) & (confidence <= (low + 1) / 10)
        if inside.any():
            error += inside.sum() / len(confidence) * abs(right[inside].mean() - confidence[inside].mean())
    return float(error)


def matrix(answer: dict[str, Any]) -> list[list[int]]:
    classes = len(answer["names"])
    counts = [[0] * classes for _ in range(classes)]
    for true, called, number in answer["cells"]:
        counts[true][called] = number
    return counts


# -- classes ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("line", [DIGITS, BINARY, HINGE, SQUARED], ids=["softmax", "sigmoid", "hinge", "mse"])
def test_counts_and_figures_of_classes_are_those_of_scikit_learn(run_of: ReadLine, line: str) -> None:
    path = run_of(line)
    answer = ask("errors", run=path)
    run = opened(path)
    values, targets = one_by_one(run)
    called = (values[:, 0] > 0).astype(int) if values.shape[1] == 1 else values.argmax(1)
    labels = range(run.facts.classes)
    assert matrix(answer) == metrics.confusion_matrix(targets, called, labels=labels).tolist()
    precision, recall, f1, support = metrics.precision_recall_fscore_support(
        targets, called, labels=labels, zero_division=0
    )
    assert answer["precision"] == pytest.approx(precision.tolist())
    assert answer["recall"] == pytest.approx(recall.tolist())
    assert answer["f1"] == pytest.approx(f1.tolist())
    assert answer["support"] == support.tolist()
    assert answer["called"] == numpy.bincount(called, minlength=len(labels)).tolist()
    assert answer["accuracy"] == pytest.approx(metrics.accuracy_score(targets, called))
    assert (answer["split"], answer["step"], answer["complete"]) == ("validation", run.step, True)
    assert answer["samples"] == answer["size"] == len(targets)
    assert answer["names"] == [run.facts.name(label) for label in labels]


def test_calibration_of_softmax_is_by_the_book(run_of: ReadLine) -> None:
    answer = ask("errors", run=run_of(DIGITS))
    values, targets = one_by_one(opened(run_of(DIGITS)))
    shares = softmax(values)
    confidence, right = shares.max(1), shares.argmax(1) == targets
    told = answer["calibration"]
    assert told["error"] == pytest.approx(expected_calibration_error(confidence, right), abs=1e-6)
    assert sum(told["counts"]) == len(targets)
    assert told["mean_confidence"] == pytest.approx(confidence.mean(), abs=1e-6)
    assert told["mean_right"] == pytest.approx(right.mean())
    assert answer["scores"] == "softmax"
    assert answer["margins"] is None


def test_calibration_of_a_single_output_takes_the_likelier_of_both_classes(run_of: ReadLine) -> None:
    answer = ask("errors", run=run_of(BINARY))
    values, targets = one_by_one(opened(run_of(BINARY)))
    second = 1 / (1 + numpy.exp(-values[:, 0]))
    confidence, right = numpy.maximum(second, 1 - second), (second > 0.5) == targets
    told = answer["calibration"]
    assert answer["scores"] == "sigmoid"
    assert told["error"] == pytest.approx(expected_calibration_error(confidence, right), abs=1e-6)
    assert told["counts"][:5] == [0] * 5


def test_squared_errors_train_probabilities_behind_softmax_alone(run_of: ReadLine) -> None:
    answer = ask("errors", run=run_of(SQUARED))
    values, targets = one_by_one(opened(run_of(SQUARED)))
    right = values.argmax(1) == targets
    assert answer["scores"] == "squared"
    assert answer["calibration"]["error"] == pytest.approx(
        expected_calibration_error(values.max(1), right), abs=1e-6
    )
    linear = ask("errors", run=run_of("iris mlp 6, mse out=linear e=1"))
    assert (linear["scores"], linear["calibration"]) == ("margin", None)


def test_hinge_has_margins_and_no_probabilities(run_of: ReadLine) -> None:
    answer = ask("errors", run=run_of(HINGE))
    values, targets = one_by_one(opened(run_of(HINGE)))
    margins = [row[label] - max(numpy.delete(row, label)) for row, label in zip(values, targets, strict=True)]
    assert (answer["scores"], answer["calibration"], answer["loss"]) == ("margin", None, "hinge")
    told = answer["margins"]
    assert sum(told["counts"]) == len(targets)
    zero = round(-told["start"] / told["width"])
    assert sum(told["counts"][: max(zero, 0)]) == sum(margin < 0 for margin in margins)
    true, called, _ = answer["cells"][0]
    own = sorted(
        margin
        for margin, label, row in zip(margins, targets, values, strict=True)
        if label == true and row.argmax() == called
    )
    told = ask("error_samples", run=run_of(HINGE), step=answer["step"], cell=[true, called])
    assert [one["margin"] for one in told["samples"]] == pytest.approx(own[:6], abs=1e-5)


@pytest.mark.parametrize("line", [DIGITS, BINARY])
def test_the_samples_of_a_cell_are_the_worst_first_as_in_a_plain_loop(run_of: ReadLine, line: str) -> None:
    path = run_of(line)
    answer = ask("errors", run=path)
    values, targets = one_by_one(opened(path))
    if values.shape[1] == 1:
        losses = functional.binary_cross_entropy_with_logits(
            torch.tensor(values[:, 0]), torch.tensor(targets).double(), reduction="none"
        ).numpy()
        called = (values[:, 0] > 0).astype(int)
    else:
        losses = functional.cross_entropy(
            torch.tensor(values), torch.tensor(targets), reduction="none"
        ).numpy()
        called = values.argmax(1)
    wrong = [cell for cell in answer["cells"] if cell[0] != cell[1]]
    most = max(wrong, key=lambda cell: cell[2])
    for true, predicted in (most[:2], [0, 0]):
        mine = [i for i in range(len(targets)) if targets[i] == true and called[i] == predicted]
        told = ask("error_samples", run=path, step=answer["step"], cell=[true, predicted], count=99)
        assert told["total"] == len(mine) == matrix(answer)[true][predicted]
        places = [one["place"] for one in told["samples"]]
        assert sorted(places) == mine
        # Up to rounding, which differs between one sample and a batch.
        assert all(losses[before] >= losses[after] - 1e-6 for before, after in pairwise(places))
        page = ask("error_samples", run=path, step=answer["step"], cell=[true, predicted], first=1, count=1)
        assert page["samples"] == told["samples"][1:2]
        for one, place in zip(told["samples"], places, strict=True):
            assert (one["true"], one["predicted"]) == (true, predicted)
            scores = dict(one["scores"])
            assert max(scores, key=lambda label: scores[label]) == predicted
            assert -math.log(scores[true]) == pytest.approx(losses[place], rel=1e-4, abs=1e-6)


def test_a_sample_of_images_is_its_picture(run_of: ReadLine) -> None:
    run = opened(run_of(DIGITS))
    told = ask("error_samples", run=run_of(DIGITS), step=run.step, cell=[0, 0], count=2)
    for one in told["samples"]:
        stored = run.watched[1].inputs[one["place"], 0].double()  # type: ignore[union-attr]
        assert one["pixels"] == (stored / 16 * 255).round().int().tolist()
        assert "row" not in one


def test_a_sample_of_a_table_is_its_row_with_names_and_deviations(run_of: ReadLine) -> None:
    run = opened(run_of(HINGE))
    true, called, _ = ask("errors", run=run_of(HINGE))["cells"][0]
    told = ask("error_samples", run=run_of(HINGE), step=run.step, cell=[true, called], count=1)
    (one,) = told["samples"]
    known = run.data.training.inputs.double()  # type: ignore[union-attr]
    stored = run.watched[1].inputs[one["place"]].double()  # type: ignore[union-attr]
    off = (stored - known.mean(0)) / known.std(0, correction=0)
    assert [name for name, _, _ in one["row"]] == datasets.load_iris().feature_names
    assert [value for _, value, _ in one["row"]] == pytest.approx(stored.tolist())
    assert [deviations for _, _, deviations in one["row"]] == pytest.approx(off.tolist())


@pytest.mark.parametrize(
    ("choice", "kind"),
    [(Iris(), "iris"), (Wine(), "wine"), (BreastCancer(), "breast_cancer"), (Diabetes(), "diabetes")],
)
def test_columns_are_called_what_scikit_learn_calls_them(choice: DataChoice, kind: str) -> None:
    assert choice.facts is not None
    names = getattr(datasets, f"load_{kind}")().feature_names
    assert list(column_names(choice, choice.facts)) == list(names)


# -- numbers ------------------------------------------------------------------------------------------


def test_a_regression_is_told_in_the_unit_of_its_targets(run_of: ReadLine) -> None:
    path = run_of(NUMBERS)
    answer = ask("errors", run=path)
    run = opened(path)
    outputs_, targets = one_by_one(run)
    mean, deviation = float(run.data.target_mean), float(run.data.target_deviation)
    got, wanted = outputs_[:, 0] * deviation + mean, targets[:, 0] * deviation + mean
    assert answer["r2"] == pytest.approx(metrics.r2_score(wanted, got), abs=1e-6)
    assert answer["mae"] == pytest.approx(metrics.mean_absolute_error(wanted, got), rel=1e-5)
    assert answer["rmse"] == pytest.approx(metrics.root_mean_squared_error(wanted, got), rel=1e-5)
    assert answer["bias"] == pytest.approx((got - wanted).mean(), rel=1e-4)
    pairs = sorted(zip(wanted.tolist(), got.tolist(), strict=True))
    assert numpy.array(sorted(answer["points"])) == pytest.approx(numpy.array(pairs), rel=1e-4)
    assert sum(answer["residuals"]["counts"]) == len(wanted)
    order = numpy.argsort(-abs(got - wanted), kind="stable")
    assert numpy.array(answer["worst"])[:, 0] == pytest.approx(wanted[order], rel=1e-5)
    told = ask("error_samples", run=path, step=answer["step"], cell=None, first=2, count=3)
    assert told["total"] == len(wanted)
    assert [one["place"] for one in told["samples"]] == order[2:5].tolist()
    assert [one["predicted"] for one in told["samples"]] == pytest.approx(got[order[2:5]].tolist(), rel=1e-4)
    assert [name for name, _, _ in told["samples"][0]["row"]] == datasets.load_diabetes().feature_names


# -- data of the user's own ----------------------------------------------------------------------------


def test_a_csv_file_with_its_own_names(tmp_path: Path, run_of: ReadLine) -> None:
    path = run_of(f"data=csv data.file={write_csv(tmp_path)} data.missing=impute mlp 4, e=1 val=.3")
    answer = ask("errors", run=path)
    assert len(answer["names"]) == 3
    true, called, _ = answer["cells"][0]
    (one, *_) = ask("error_samples", run=path, step=answer["step"], cell=[true, called])["samples"]
    assert {"width", "height"} <= {name for name, _, _ in one["row"]}


def test_a_user_s_own_stream_with_two_numbers_to_predict(tmp_path: Path, run_of: ReadLine) -> None:
    line = f"data=custom data.target={write_code(tmp_path)}:Pictures mlp 4, e=1 val=.3"
    path = run_of(line)
    first, second = (ask("errors", run=path, target=target) for target in (0, 1))
    assert (first["targets"], second["name"]) == (2, "target 2")
    assert first["points"] != second["points"]
    (one, *_) = ask("error_samples", run=path, step=first["step"], cell=None, target=1)["samples"]
    assert numpy.array(one["pixels"]).shape == (12, 12)
    with pytest.raises(DltuiError, match="no target 3"):
        looking.errors(path, None, 2)


# -- slices, and what cannot be had ---------------------------------------------------------------------


def test_a_slow_network_is_told_slice_by_slice(run_of: ReadLine, monkeypatch: pytest.MonkeyPatch) -> None:
    path = run_of(DIGITS)
    whole = ask("errors", run=path)
    outputs._kept.clear()
    monkeypatch.setattr(outputs, "SLICE_SECONDS", 0.0)
    monkeypatch.setattr(outputs, "_BATCH", 50)
    parts = [ask("errors", run=path, step=whole["step"])]
    while not parts[-1]["complete"]:
        parts.append(ask("errors", run=path, step=whole["step"]))
    assert [one["samples"] for one in parts] == [50, 100, whole["size"]]
    assert min(sum(row) for row in matrix(parts[0])) >= 1, "every class is among the first"
    assert {**parts[-1], "calibration": None} == {**whole, "calibration": None}
    monkeypatch.setattr(outputs, "ALL_SECONDS", 0.0)
    outputs._kept.clear()
    given_up = ask("errors", run=path)
    assert given_up["complete"]
    assert given_up["samples"] == 50


def test_answers_are_kept_for_a_few_checkpoints(run_of: ReadLine, monkeypatch: pytest.MonkeyPatch) -> None:
    path = run_of(DIGITS)
    step = ask("errors", run=path)["step"]

    def refused(*_: Any) -> None:
        raise AssertionError("it was opened again")

    monkeypatch.setattr(outputs, "opened", refused)
    assert ask("errors", run=path, step=step)["step"] == step


def test_outputs_that_are_no_numbers_are_counted_and_come_first(run_of: ReadLine) -> None:
    for line in (DIGITS, NUMBERS):
        before = ask("errors", run=run_of(line))
        (kept,) = outputs._kept.values()
        kept.outputs = kept.outputs.clone()
        kept.outputs[3] = math.nan
        after = ask("errors", run=run_of(line), step=before["step"])
        assert (before["not_finite"], after["not_finite"]) == (0, 1)
        cell = None
        if line == DIGITS:
            assert sum(after["calibration"]["counts"]) == after["samples"] - 1
            cell = [int(kept.targets[3]), int(kept.outputs[3].argmax())]
        told = ask("error_samples", run=run_of(line), step=before["step"], cell=cell)["samples"][0]
        assert told["place"] == int(kept.places[3])
        assert told["predicted"] is None if cell is None else told["scores"][0][1] is None
        outputs._kept.clear()


def test_a_run_without_a_checkpoint_is_an_answer(run_of: ReadLine) -> None:
    with pytest.raises(DltuiError, match="has no checkpoint up to step -1"):
        looking.errors(run_of(DIGITS), -1)


@pytest.mark.parametrize(("size", "most"), [(1, 9), (2, 9), (10, 10), (97, 50), (60_000, 10_000)])
def test_samples_are_picked_evenly_from_the_first_on(size: int, most: int) -> None:
    places = spread_over(size, most).tolist()
    assert len(set(places)) == len(places) == min(size, most)
    assert set(places) <= set(range(size))
    for length in (len(places) // 3, len(places)):
        begun = sorted(places[:length])
        gaps = [after - before for before, after in pairwise(begun)]
        assert not gaps or max(gaps) <= 4 * size / length + 1


def test_bins_of_calibration_are_open_below() -> None:
    sure = torch.tensor([0.1, 0.5, 0.9, 1.0], dtype=torch.float64)
    told = calibration(sure, torch.tensor([True, False, True, True]))
    assert told["counts"] == [1, 0, 0, 0, 1, 0, 0, 0, 1, 1]
    assert told["error"] == pytest.approx((0.9 + 0.5 + 0.1 + 0.0) / 4)
    assert told["right"][0] == 1.0


@pytest.mark.parametrize(
    ("values", "start", "width", "counts"),
    [
        ([-3.0, -1.0, 1.0, 3.5], -3.0, 1.0, [1, 0, 1, 0, 1, 0, 1]),
        ([5.0, 5.0], 5.0, 0.1, [2]),
        ([0.0], 0.0, 0.01, [1]),
        ([], 0.0, 1.0, []),
        ([math.nan, 2.0], 2.0, 0.1, [1]),
    ],
)
def test_histograms_have_round_bins(
    values: list[float], start: float, width: float, counts: list[int]
) -> None:
    told = histogram(torch.tensor(values))
    assert told["counts"] == counts
    assert (told["start"], told["width"]) == pytest.approx((start, width))


def test_far_values_stand_in_open_bins() -> None:
    values = torch.cat((torch.linspace(-1, 1, 1000), torch.tensor([-1e6, 1e6])))
    told = histogram(values)
    assert (told["below"], told["above"]) == (True, True)
    assert sum(told["counts"]) == 1002
    assert len(told["counts"]) <= 12
