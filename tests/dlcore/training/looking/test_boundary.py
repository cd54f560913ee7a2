"""Decisions, confidence and responses over the plane equal a direct forward."""

from collections.abc import Callable
from typing import Any

import pytest
import torch

from dlcore.errors import DltuiError
from dlcore.rundir import RunDir
from dlcore.training.looking.boundary import boundary, grid_around
from dlcore.training.looking.confidence import shares
from dlcore.training.opened import Opened, opened
from tests.dlcore.training.looking.unpacked import close, plain, signed, weights

Learned = Callable[[str], tuple[RunDir, dict[str, Any]]]
MOONS = "moons mlp 6,5 tanh n=200 e=3"


def places(answer: dict[str, Any]) -> torch.Tensor:
    """The middle of each pixel, (rows, columns, 2), the first row at the top."""
    (left, right), (low, high) = answer["x"], answer["y"]
    columns, rows = answer["columns"], answer["rows"]
    x = [left + (right - left) * (column + 0.5) / columns for column in range(columns)]
    y = [high - (high - low) * (row + 0.5) / rows for row in range(rows)]
    return torch.tensor([[[across, up] for across in x] for up in y])


def standard(run: Opened, points: torch.Tensor) -> torch.Tensor:
    """Points normalized with the training split's own mean and deviation."""
    inputs = run.data.training.inputs  # type: ignore[union-attr]
    return (points - inputs.mean(0)) / inputs.std(0, correction=0)


def test_regions_are_those_of_a_plain_forward(learned: Learned) -> None:
    run, state = learned(MOONS)
    answer = boundary(str(run.path), None, 40, 30)
    points = standard(opened(str(run.path)), places(answer))
    hidden = torch.tanh(points @ weights(state, "fc1.weight").T + weights(state, "fc1.bias"))
    second = torch.tanh(hidden @ weights(state, "fc2.weight").T + weights(state, "fc2.bias"))
    sure, chosen = (second @ weights(state, "fc3.weight").T + weights(state, "fc3.bias")).softmax(-1).max(-1)
    shape = answer["rows"], answer["columns"]
    assert (
        plain(answer["classes"], *shape) == chosen
    ).float().mean() > 0.999  # but for rounding at the border
    assert close(plain(answer["confidence"], *shape) / 255, 2 * sure - 1, 1 / 250)


def test_pixels_are_square_and_hold_all_points(learned: Learned) -> None:
    run, _ = learned(MOONS)
    answer = boundary(str(run.path), None, 60, 60)
    side = [
        (answer[axis][1] - answer[axis][0]) / answer[size] for axis, size in (("x", "columns"), ("y", "rows"))
    ]
    assert side[0] == pytest.approx(side[1], rel=0.05)
    assert answer["columns"] <= 60
    assert answer["rows"] % 2 == 0
    xs, ys, labels, right = zip(*answer["points"], strict=True)
    assert answer["x"][0] < min(xs) <= max(xs) < answer["x"][1]
    assert answer["y"][0] < min(ys) <= max(ys) < answer["y"][1]
    assert set(labels) == {0, 1}
    assert answer["accuracy"] == pytest.approx(sum(right) / len(right))


def test_points_are_the_training_samples_in_their_own_unit(learned: Learned) -> None:
    run, _ = learned(MOONS)
    looked = opened(str(run.path))
    found = torch.tensor([point[:2] for point in boundary(str(run.path))["points"]])
    assert torch.allclose(found, looked.data.training.inputs[: len(found)], atol=1e-5)  # type: ignore[union-attr]
    assert len(found) == len(looked.data.training)


def test_responses_of_the_units_of_a_layer(learned: Learned) -> None:
    run, state = learned(MOONS)
    units = boundary(str(run.path), None, 40, 40, 0)["units"]
    second = boundary(str(run.path), None, 40, 40, 1)["units"]
    assert (units["layers"], units["layer"], second["layer"]) == (["fc1", "fc2"], 0, 1)
    assert (units["total"], second["total"]) == (6, 5)
    answer = {**boundary(str(run.path), None, 40, 40), "columns": units["width"], "rows": units["height"]}
    points = standard(opened(str(run.path)), places(answer))
    wanted = torch.tanh(points @ weights(state, "fc1.weight").T + weights(state, "fc1.bias"))
    for tile in units["tiles"]:
        response = wanted[..., tile["unit"]]
        assert tile["most"] == pytest.approx(float(response.abs().max()), rel=1e-4)
        found = signed(tile["values"], units["height"], units["width"]) * tile["most"]
        assert close(found, response, tile["most"] / 120)


def test_one_output_means_two_classes(learned: Learned) -> None:
    run, state = learned("circles mlp 4, tanh bce n=100 e=1")
    answer = boundary(str(run.path), None, 20, 20)
    points = standard(opened(str(run.path)), places(answer))
    hidden = torch.tanh(points @ weights(state, "fc1.weight").T + weights(state, "fc1.bias"))
    second = torch.sigmoid(hidden @ weights(state, "fc2.weight").T + weights(state, "fc2.bias"))[..., 0]
    found = plain(answer["confidence"], answer["rows"], answer["columns"]) / 255
    assert close(found, (2 * second - 1).abs(), 1 / 250)
    assert answer["names"] == ["0", "1"]


def test_a_perceptron_has_no_hidden_units(learned: Learned) -> None:
    run, _ = learned("blobs perceptron n=100 e=1")
    answer = boundary(str(run.path))
    assert answer["units"] is None
    assert len(answer["names"]) == 3


def test_a_fitted_curve_and_the_units_along_it(learned: Learned) -> None:
    run, state = learned("regression mlp 5, tanh n=80 e=2")
    looked = opened(str(run.path))
    answer = boundary(str(run.path), None, 50)
    x = torch.linspace(answer["x"][0], answer["x"][1], 50)[:, None]
    hidden = torch.tanh(standard(looked, x) @ weights(state, "fc1.weight").T + weights(state, "fc1.bias"))
    scaled = (hidden @ weights(state, "fc2.weight").T + weights(state, "fc2.bias"))[:, 0]
    wanted = scaled * looked.data.target_deviation + looked.data.target_mean
    assert torch.allclose(torch.tensor(answer["curve"]), wanted, atol=1e-4)
    assert len(answer["points"]) == len(looked.data.training)
    assert (answer["units"]["height"], len(answer["units"]["tiles"])) == (1, 5)


def test_a_number_over_the_plane_is_a_field(learned: Learned) -> None:
    run, _ = learned("regression data.features=2 mlp 5, tanh n=80 e=1")
    answer = boundary(str(run.path), None, 30, 30)
    looked = opened(str(run.path))
    with torch.no_grad():
        said = looked.model(standard(looked, places(answer)).reshape(-1, 2))[:, 0]
    values = said * looked.data.target_deviation + looked.data.target_mean
    low, high = answer["limits"]
    found = plain(answer["values"], answer["rows"] * answer["columns"]) / 255 * (high - low) + low
    assert close(found, values, (high - low) / 250)


def test_more_inputs_are_refused_in_a_sentence(learned: Learned) -> None:
    run, _ = learned("iris mlp 5, tanh e=2")
    with pytest.raises(DltuiError, match=r"two inputs.*iris has 4"):
        boundary(str(run.path))


def test_very_different_units_stretch_the_pixels() -> None:
    points = torch.tensor([[0.0, 0.0], [1.0, 1000.0]])
    grid = grid_around(points, 30, 20)
    assert (grid.columns, grid.rows) == (30, 20)
    assert grid.low[1] < 0 < 1000 < grid.high[1]


@pytest.mark.parametrize("loss", ["mse", "hinge", "cross_entropy", "bce", "mae"])
def test_shares_add_up_whatever_the_loss(learned: Learned, loss: str) -> None:
    config = opened(str(learned(MOONS)[0].path)).config
    from dlcore.choices.losses import LOSSES

    kind = next(one for one in LOSSES if one.model_fields["kind"].default == loss)
    changed = type(config)(**{**config.__dict__, "loss": kind()})
    outputs = torch.tensor([[3.0, -1.0, 0.5], [0.0, 0.0, 0.0], [-9.0, -8.0, -7.0]])
    found = shares(outputs, changed)
    assert torch.allclose(found.sum(1), torch.ones(3, dtype=torch.float64))
    assert (found >= 0).all()
