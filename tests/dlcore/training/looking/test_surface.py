"""The slice of the loss surface: its plane, the way on it, and losses that equal those of the network."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.nn import functional

from dlcore.checkpoints import saved
from dlcore.errors import DltuiError
from dlcore.rundir import RunDir
from dlcore.training import checkpoint
from dlcore.training.looking import surface as module
from dlcore.training.looking.plane import components, plane_of, random_direction
from dlcore.training.looking.surface import affordable, products, surface
from dlcore.training.opened import opened

Learned = Callable[[str], tuple[RunDir, dict[str, Any]]]
MOONS = "moons mlp 6,5 tanh n=200 e=3"


@pytest.fixture
def way(learned: Learned, tmp_path: Path) -> tuple[RunDir, torch.Tensor]:
    """A run with five checkpoints, and their weights, one vector each."""
    run = RunDir(Path(shutil.copytree(learned(MOONS)[0].path, tmp_path / "run")))
    last = max(saved(run))
    first, end = checkpoint.load(run, 0), checkpoint.load(run, last)
    torch.manual_seed(1)
    for number in range(1, 4):
        state = {**end, "step": number}
        state["model"] = {
            name: value + (1 - number / 4) * (first["model"][name] - value) + 0.05 * torch.randn_like(value)
            for name, value in end["model"].items()
        }
        checkpoint.save(run, number, state)
    vectors = [
        torch.cat([value.flatten() for value in checkpoint.load(run, step)["model"].values()])
        for step in saved(run)
    ]
    return run, torch.stack(vectors)


def whole(run: RunDir, step: int | None = None) -> dict[str, Any]:
    """The slice when all of it is measured."""
    return surface(str(run.path), step, 60.0)


def loss_of(run: RunDir, vector: torch.Tensor) -> float:
    """The mean loss of the training split, computed with weights that are set the plain way."""
    looked = opened(str(run.path))
    before = torch.nn.utils.parameters_to_vector(looked.model.parameters()).detach()
    torch.nn.utils.vector_to_parameters(vector, looked.model.parameters())
    with torch.no_grad():
        inputs, targets = looked.data.first(looked.data.training, len(looked.data.training))
        loss = float(functional.cross_entropy(looked.model(inputs), targets))
    torch.nn.utils.vector_to_parameters(before, looked.model.parameters())
    return loss


def spots(answer: dict[str, Any], axis: str) -> list[float]:
    low, high = answer[axis]
    side = len(answer["grid"])
    return [low + (high - low) * index / (side - 1) for index in range(side)]


def test_the_way_is_projected_and_losses_are_the_network_s(way: tuple[RunDir, torch.Tensor]) -> None:
    run, vectors = way
    answer = whole(run)
    assert answer["steps"] == list(saved(run))
    assert answer["sorts"] == ["path", "path"]
    # The same plane by the textbook: singular vectors of the differences.
    moved = (vectors - vectors[-1]).double()
    _, sizes, axes = torch.linalg.svd(moved[:-1], full_matrices=False)
    wanted = moved @ axes[:2].T
    found = torch.tensor(answer["path"], dtype=torch.float64)
    assert torch.allclose(found.abs(), wanted.abs(), atol=1e-4)
    assert answer["share"] == pytest.approx(float(sizes[:2].square().sum() / sizes.square().sum()), rel=1e-4)
    assert found[0, 0] < 0, "it starts at the left"
    assert found[-1].tolist() == [0, 0]
    assert answer["losses"] == pytest.approx([loss_of(run, one) for one in vectors], rel=1e-4)
    # Any place of the grid, by its coordinates; the origin among them.
    plane, _, _ = plane_of(vectors, opened(str(run.path)))
    xs, ys = spots(answer, "x"), spots(answer, "y")
    origin = min(range(len(ys)), key=lambda at: abs(ys[at])), min(range(len(xs)), key=lambda at: abs(xs[at]))
    assert (ys[origin[0]], xs[origin[1]]) == pytest.approx((0, 0), abs=1e-6)
    assert answer["grid"][origin[0]][origin[1]] == pytest.approx(loss_of(run, vectors[-1]), rel=1e-4)
    for row, column in ((0, 0), (3, 11), (16, 5)):
        weights = vectors[-1] + xs[column] * plane.axes[0] + ys[row] * plane.axes[1]
        assert answer["grid"][row][column] == pytest.approx(loss_of(run, weights), rel=1e-3)
    low = min(value for row in answer["grid"] for value in row)
    assert answer["lowest"][2] == low


def test_all_of_the_way_is_on_the_picture(way: tuple[RunDir, torch.Tensor]) -> None:
    answer = whole(way[0])
    for x, y in answer["path"]:
        assert answer["x"][0] < x < answer["x"][1]
        assert answer["y"][0] < y < answer["y"][1]
    spans = [answer[axis][1] - answer[axis][0] for axis in ("x", "y")]
    assert 0.39 < spans[1] / spans[0] <= 1 / 0.39


def test_the_picture_is_kept_until_there_is_another_checkpoint(way: tuple[RunDir, torch.Tensor]) -> None:
    run, _ = way
    first = whole(run)
    assert whole(run) is first
    earlier = whole(run, 3)
    assert earlier["steps"] == [0, 1, 2, 3]
    assert earlier is not first


def test_it_is_measured_a_part_at_a_time(way: tuple[RunDir, torch.Tensor]) -> None:
    run, _ = way
    first, second = surface(str(run.path), 2, 0.0), surface(str(run.path), 2, 0.0)
    assert first.keys() == {"step", "complete", "done"}
    assert 0 < first["done"] < second["done"] < 1
    parts = whole(run, 2)
    shutil.copytree(run.path, copy := run.path.with_name("again"))
    assert whole(RunDir(copy), 2) == parts


def test_of_large_networks_fewer_checkpoints_are_held(
    way: tuple[RunDir, torch.Tensor], monkeypatch: pytest.MonkeyPatch
) -> None:
    run, vectors = way
    monkeypatch.setattr(module, "_MOST_FIGURES", 4 * vectors.shape[1])
    assert whole(run)["steps"] == [0, 1, 3, max(saved(run))]
    monkeypatch.setattr(module, "_MOST_FIGURES", 1)
    assert whole(run)["steps"] == [0, 2, max(saved(run))]
    assert len(module._weights) == 3
    assert not module._begun


def test_a_damaged_checkpoint_is_left_out(way: tuple[RunDir, torch.Tensor]) -> None:
    run, _ = way
    (run.checkpoints / "2.pt").write_bytes(b"PK")
    last = max(saved(run))
    assert whole(run)["steps"] == [0, 1, 3, last]
    (run.checkpoints / f"{last}.pt").write_bytes(b"PK")
    assert whole(run)["steps"] == [0, 1, 3]


def test_two_checkpoints_give_one_direction_and_one_none(way: tuple[RunDir, torch.Tensor]) -> None:
    run, _ = way
    two = whole(run, 1)
    assert (two["sorts"], two["share"]) == (["path", "random"], pytest.approx(1))
    assert two["path"][0][1] == pytest.approx(0, abs=1e-5)
    one = whole(run, 0)
    assert (one["sorts"], one["share"], one["path"]) == (["random", "random"], None, [[0.0, 0.0]])


def test_random_directions_have_filters_as_long_as_the_network_s(learned: Learned) -> None:
    network = opened(str(learned("digits cnn model.filters=4,6 n=64 b=32 e=2")[0].path)).model
    direction = random_direction(network, torch.Generator().manual_seed(3))
    parts = direction.split([parameter.numel() for parameter in network.parameters()])
    for part, weights in zip(parts, network.parameters(), strict=True):
        if weights.dim() < 2:
            assert not part.any()
        else:
            assert torch.allclose(
                part.reshape(len(weights), -1).norm(dim=1), weights.detach().flatten(1).norm(dim=1), rtol=1e-4
            )


def test_directions_are_orthonormal(way: tuple[RunDir, torch.Tensor]) -> None:
    run, vectors = way
    for number in (1, 2, 5):
        plane, _, _ = plane_of(vectors[-number:], opened(str(run.path)))
        assert torch.allclose(plane.axes @ plane.axes.T, torch.eye(2), atol=1e-5)


def test_a_straight_way_has_one_component() -> None:
    axes, share = components(torch.arange(1.0, 4)[:, None] * torch.ones(3, 7))
    assert len(axes) == 1
    assert share == pytest.approx(1)
    assert components(torch.zeros(2, 7)) == ([], None)


def test_what_costs_too_much_is_coarser_or_refused() -> None:
    assert affordable(1e4, 10_000) == (17, 512)
    coarser = affordable(2e6, 100_000)
    assert coarser[0] < 17
    with pytest.raises(DltuiError, match="too long"):
        affordable(1e8, 100_000)
    with pytest.raises(DltuiError, match="too long"):
        affordable(1e4, 10_000_000)


def test_products_are_counted_at_every_place(learned: Learned) -> None:
    looked = opened(str(learned("digits cnn model.filters=4,6 n=64 b=32 e=2")[0].path))
    inputs, _ = looked.data.first(looked.data.training, 1)
    found = products(looked.model, inputs)
    assert found == 3 * (9 * 4 * 64 + 9 * 4 * 6 * 16) + 6 * 4 * 64 + 64 * 10


def test_a_network_with_norms(learned: Learned) -> None:
    run, _ = learned("moons mlp 6, model.norm=batch n=100 e=2")
    answer = whole(run)
    assert len(answer["grid"]) == 17
    assert answer["lowest"][2] <= min(value for value in answer["losses"] if value is not None) * 1.5
