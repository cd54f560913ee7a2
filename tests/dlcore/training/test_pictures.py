"""What a person sees of data before a run: true images, points from all over the set, nothing made up."""

import json
from typing import Any

import numpy
import pytest
import torch
from torch.utils.data import Dataset

from dlcore.choices.dataset import Facts
from dlcore.oneline import parse
from dlcore.training.pictures import picture
from dlcore.training.sources import Source, read


def source_of(line: str, home: Any = None) -> Source:
    return read(parse(line), home, lambda *_: None)


def rows(inputs: torch.Tensor, targets: torch.Tensor, classes: int = 0) -> Source:
    """A table, of classes or of numbers."""
    task: Any = "classification" if classes else "regression"
    facts = Facts(task, tuple(inputs.shape[1:]), len(inputs), 0, classes=classes)
    return Source(facts, (inputs, targets), None)


def images(inputs: torch.Tensor, targets: torch.Tensor, classes: int = 3, peak: float = 255.0) -> Source:
    task: Any = "classification" if classes else "regression"
    facts = Facts(task, tuple(inputs.shape[1:]), len(inputs), 0, classes=classes)
    return Source(facts, (inputs, targets), None, peak)


def test_digits_are_shown_as_they_are_one_of_each_first() -> None:
    source = source_of("digits")
    shown = picture(source)
    assert shown["sort"] == "images"
    assert len(shown["images"]) == 12
    assert [image["label"] for image in shown["images"]][:10] == [str(label) for label in range(10)]
    assert isinstance(source.training, tuple)
    inputs, targets = source.training
    for image in shown["images"]:
        wanted = [(one[0].double() / 16 * 255).round().int().tolist() for one in inputs[:300]]
        assert image["pixels"] in wanted
        assert str(int(targets[wanted.index(image["pixels"])])) == image["label"]


def test_images_of_three_channels_are_colours_and_of_two_are_grey() -> None:
    colour = torch.arange(2 * 3 * 2 * 2, dtype=torch.uint8).reshape(2, 3, 2, 2)
    shown = picture(images(colour, torch.tensor([0, 1])))
    assert shown["images"][0]["pixels"] == [[[0, 4, 8], [1, 5, 9]], [[2, 6, 10], [3, 7, 11]]]
    two = picture(images(colour[:, :2], torch.tensor([0, 1])))
    assert two["images"][1]["pixels"] == [[12, 13], [14, 15]]


def test_images_without_a_known_peak_reach_from_dark_to_light() -> None:
    values = torch.tensor([[-3.0, 1.0], [5.0, -3.0]]).reshape(1, 1, 2, 2).repeat(2, 1, 1, 1)
    shown = picture(images(values, torch.tensor([0, 1]), peak=1.0))
    assert shown["images"][0]["pixels"] == [[0, 128], [255, 0]]
    flat = picture(images(torch.ones(2, 1, 2, 2), torch.tensor([0, 1]), peak=1.0))
    assert flat["images"][0]["pixels"] == [[0, 0], [0, 0]]


@pytest.mark.parametrize(
    ("shape", "shown"),
    [
        ((64, 64), (32, 32)),
        ((64, 32), (32, 16)),
        ((2, 200), (1, 32)),
        ((33, 33), (32, 32)),
        ((32, 8), (32, 8)),
    ],
)
def test_large_images_are_made_smaller(shape: tuple[int, int], shown: tuple[int, int]) -> None:
    pixels = picture(images(torch.full((1, 1, *shape), 200, dtype=torch.uint8), torch.tensor([0])))["images"]
    assert numpy.array(pixels[0]["pixels"]).shape == shown
    assert set(numpy.array(pixels[0]["pixels"]).flatten().tolist()) == {200}


def test_images_with_a_number_to_predict_say_it() -> None:
    shown = picture(images(torch.zeros(2, 1, 2, 2), torch.tensor([[0.12345678], [1e9]]), classes=0))
    assert [image["label"] for image in shown["images"]] == ["0.1235", "1e+09"]


def test_fewer_images_than_there_is_room_for() -> None:
    shown = picture(images(torch.zeros(3, 1, 2, 2, dtype=torch.uint8), torch.tensor([2, 2, 0])))
    assert [image["label"] for image in shown["images"]] == ["0", "2", "2"]


def test_points_in_the_plane_are_themselves() -> None:
    source = source_of("moons data.samples=300")
    assert isinstance(source.training, tuple)
    shown = picture(source)
    assert shown["axes"] == ["x1", "x2"]
    wanted = [
        [*point, label]
        for point, label in zip(source.training[0].tolist(), source.training[1].tolist(), strict=True)
    ]
    assert shown["points"] == wanted


@pytest.mark.parametrize("samples", [10, 400, 401, 700, 1999, 50_000])
def test_points_come_from_all_over_a_sorted_table(samples: int) -> None:
    numbers = torch.arange(samples, dtype=torch.float32)
    classes = (numbers * 5 / samples).floor().to(torch.int64)
    points = picture(rows(torch.stack((numbers, -numbers), 1), classes, 5))["points"]
    assert len(points) == min(samples, 400)
    assert len({point[0] for point in points}) == len(points)
    shares = numpy.bincount([point[2] for point in points], minlength=5) / len(points)
    assert numpy.abs(shares - 0.2).max() < 0.01


def test_many_columns_are_shown_by_their_principal_components() -> None:
    source = source_of("iris")
    assert isinstance(source.training, tuple)
    inputs, targets = (part.numpy() for part in source.training)
    shown = picture(source)
    values = (inputs - inputs.mean(0)) / inputs.std(0)
    variances, directions = numpy.linalg.eigh(values.T @ values / len(values))
    for column, place in ((0, -1), (1, -2)):
        along = values @ directions[:, place]
        drawn = numpy.array([point[column] for point in shown["points"]])
        assert min(numpy.abs(drawn - along).max(), numpy.abs(drawn + along).max()) < 1e-4
        share = round(100 * variances[place] / 4)
        assert shown["axes"][column].endswith(f"principal component ({share} %)")
    assert [point[2] for point in shown["points"]] == targets.tolist()


def test_a_regression_is_drawn_over_its_column_or_the_first_component() -> None:
    source = source_of("regression data.samples=100")
    assert isinstance(source.training, tuple)
    shown = picture(source)
    assert shown["axes"] == ["x", "target"]
    inputs, targets = source.training
    assert [point[:2] for point in shown["points"]] == torch.cat((inputs, targets), 1).tolist()
    assert {point[2] for point in shown["points"]} == {0}
    assert "1st principal component" in picture(source_of("diabetes"))["axes"][0]


@pytest.mark.parametrize("columns", [1, 2, 3])
@pytest.mark.parametrize("classes", [0, 2])
def test_missing_figures_and_constant_columns_leave_no_gaps(columns: int, classes: int) -> None:
    inputs = torch.randn(30, columns)
    inputs[::7, 0] = float("nan")
    inputs[:, -1] = 4.0 if columns == 3 else inputs[:, -1]
    targets = torch.arange(30) % 2 if classes else torch.randn(30, 1)
    shown = picture(rows(inputs, targets, classes))
    assert len(json.loads(json.dumps(shown, allow_nan=False))["points"]) == 30
    if columns == 2 and classes:
        mean = inputs[:, 0].nanmean().item()
        assert [point[0] for point in shown["points"][::7]] == pytest.approx([mean] * 5)


def test_a_column_without_any_figure_is_nothing() -> None:
    shown = picture(rows(torch.full((12, 2), float("nan")), torch.arange(12) % 2, 2))
    assert {tuple(point[:2]) for point in shown["points"]} == {(0.0, 0.0)}


class Streamed(Dataset[Any]):
    """Samples that are read as they are asked for."""

    def __init__(self, size: int, *, regression: bool = False) -> None:
        self.size, self.regression = size, regression
        self.asked: list[int] = []

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, index: int) -> tuple[torch.Tensor, Any]:
        self.asked.append(index)
        target = torch.tensor(index / 2) if self.regression else index % 3
        return torch.full((1, 2, 2), index % 256, dtype=torch.uint8), target


@pytest.mark.parametrize(("size", "shown"), [(10, 10), (11, 11), (12, 12), (1000, 12)])
def test_of_streamed_samples_only_those_that_are_shown_are_read(size: int, shown: int) -> None:
    samples = Streamed(size)
    facts = Facts("classification", (1, 2, 2), size, 0, classes=3)
    found = picture(Source(facts, samples, None, 255.0))["images"]
    assert len(found) == len(set(samples.asked)) == len(samples.asked) == shown
    assert [image["label"] for image in found] == [str(index % 3) for index in samples.asked]
    assert max(samples.asked) >= size * 0.9 - 1


def test_streamed_samples_of_a_regression() -> None:
    facts = Facts("regression", (1, 2, 2), 24, 0)
    found = picture(Source(facts, Streamed(24, regression=True), None, 255.0))["images"]
    assert [image["label"] for image in found] == [f"{index:.4g}" for index in range(12)]
