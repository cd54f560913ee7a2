"""What users' own files hold, and what a configuration is worth in the light of it."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from dlcore.choices.architectures import Cnn, LeNet5, Mlp
from dlcore.choices.dataset import Facts
from dlcore.choices.datasets import DATASETS
from dlcore.choices.losses import CrossEntropy, Huber, MeanAbsoluteError, MeanSquaredError
from dlcore.choices.own import Csv, CustomData, ImageFolder
from dlcore.choices.regularization import Regularization
from dlcore.config import RunConfig
from dlcore.datasets.examine import examine, examined, read_csv, settled
from dlcore.errors import ConfigError, DataError


@pytest.fixture
def flowers(tmp_path: Path) -> Path:
    """Twenty rows: two numbers, a colour, and a species."""
    rows = [f"{i},{i * 2},{'red' if i % 3 else 'blue'},{'ab'[i % 2]}" for i in range(20)]
    return _written(tmp_path / "flowers.csv", ["length,width,colour,species", *rows])


@pytest.fixture
def prices(tmp_path: Path) -> Path:
    """Fifteen rows: a name, a size, and a price."""
    return _written(tmp_path / "prices.csv", ["name,size,price", *(f"n{i},{i},{i * 1.5}" for i in range(15))])


def _written(path: Path, lines: list[str]) -> Path:
    path.write_text("\n".join(lines))
    return path


@pytest.fixture
def pictures(tmp_path: Path) -> Callable[..., Path]:
    """Make a folder of tiny pictures: so many in each class, by path of the class folder."""

    def make(**classes: int) -> Path:
        folder = tmp_path / "pictures"
        for name, number in classes.items():
            inside = folder / name.replace("__", "/")
            inside.mkdir(parents=True)
            for index in range(number):
                Image.new("RGB", (5, 4), (index, 0, 0)).save(inside / f"{index}.png")
        return folder

    return make


def test_a_file_with_classes(flowers: Path) -> None:
    config = RunConfig(data=Csv(file=str(flowers)))
    facts = Facts("classification", (3,), 16, 4, classes=2, names=("a", "b"))
    assert examine(config) == facts
    assert examined(config) == (facts, [])
    assert settled(config, facts).loss == CrossEntropy()


def test_a_file_with_numbers(prices: Path) -> None:
    config = RunConfig(data=Csv(file=str(prices), ignore="name"))
    facts = Facts("regression", (1,), 12, 3)
    assert examined(config) == (facts, [])
    assert settled(config, facts).loss == MeanSquaredError()


def test_columns_are_named_and_ignored_as_they_are_typed(flowers: Path) -> None:
    data = Csv(file=str(flowers), target="colour", ignore=" species , width,")
    table = read_csv(data)
    assert (table.target, table.inputs, table.classes) == ("colour", ("length",), ("blue", "red"))
    facts = examine(RunConfig(data=data))
    assert facts == Facts("classification", (1,), 16, 4, classes=2, names=("blue", "red"))


def test_the_task_can_be_said(flowers: Path) -> None:
    lengths = examine(RunConfig(data=Csv(file=str(flowers), target="length", task="classification")))
    assert lengths is not None
    assert (lengths.task, lengths.classes, lengths.names[:2]) == ("classification", 20, ("0", "1"))


def test_a_path_may_begin_at_home(flowers: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(flowers.parent))
    assert examine(RunConfig(data=Csv(file="~/flowers.csv"))) is not None


def test_pictures_without_a_test_split(pictures: Callable[..., Path]) -> None:
    config = RunConfig(data=ImageFolder(folder=str(pictures(cat=4, dog=6)), size=12))
    facts = Facts("classification", (3, 12, 12), 8, 2, classes=2, names=("cat", "dog"))
    assert examined(config) == (facts, [])
    assert settled(config, facts).data.normalize == "half"


def test_pictures_with_a_test_split_of_their_own(pictures: Callable[..., Path]) -> None:
    folder = pictures(train__cat=4, train__dog=6, test__dog=3)
    config = RunConfig(data=ImageFolder(folder=str(folder), color=False))
    facts = Facts("classification", (1, 32, 32), 10, 3, classes=2, names=("cat", "dog"))
    assert examine(config) == facts


@pytest.mark.parametrize("kind", DATASETS, ids=[kind.word() for kind in DATASETS])
def test_everything_else_is_known_from_its_choice(kind: Any) -> None:
    data = kind()
    if not isinstance(data, Csv | ImageFolder):
        assert examine(RunConfig(data=data)) == data.facts
        assert examined(RunConfig(data=data)) == (data.facts, [])


def test_only_running_it_tells_what_code_returns() -> None:
    config = RunConfig(data=CustomData(target="nowhere:at_all"), loss=Huber())
    assert examined(config) == (None, [])
    assert settled(config, None) == config.resolved()


def test_a_file_that_is_not_there_is_a_problem_of_its_path(tmp_path: Path) -> None:
    config = RunConfig(data=Csv(file=str(tmp_path / "none.csv")))
    with pytest.raises(DataError, match="there is no such file"):
        examine(config)
    facts, (problem,) = examined(config)
    assert facts is None
    assert problem.key == "data.file"
    assert problem.message == f"{tmp_path / 'none.csv'}: there is no such file"
    assert problem.hint == "Give the path of a CSV file in data.file."


@pytest.mark.parametrize("path", ["~nobody-of-that-name/x", "a\0b", "x" * 4096, "."])
def test_no_path_makes_it_fall(path: str) -> None:
    for data, key in ((Csv(file=path), "data.file"), (ImageFolder(folder=path), "data.folder")):
        facts, (problem,) = examined(RunConfig(data=data))
        assert facts is None
        assert problem.key == key


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([], "it is empty"),
        (["a,b", *["1,2"] * 3], "it has 3 rows"),
        (["a,b", *["1,2"] * 12, "1"], "line 14 has 1 cell, the header has 2"),
        (["a,b", *["1,2"] * 12, ",2"], 'line 14 has no value in column "a"'),
    ],
)
def test_a_file_that_is_no_table_is_a_problem_of_its_path(
    tmp_path: Path, lines: list[str], message: str
) -> None:
    path = _written(tmp_path / "x.csv", lines)
    _, (problem,) = examined(RunConfig(data=Csv(file=str(path))))
    assert (problem.key, problem.message) == ("data.file", f"{path}: {message}")
    assert problem.hint.endswith(".")


def test_a_folder_that_is_no_folder_of_images_is_a_problem_of_its_path(
    tmp_path: Path, pictures: Callable[..., Path]
) -> None:
    for folder, message in (
        (tmp_path / "none", "There is no folder"),
        (pictures(cat=2), "holds a single folder (cat)"),
    ):
        facts, (problem,) = examined(RunConfig(data=ImageFolder(folder=str(folder))))
        assert facts is None
        assert problem.key == "data.folder"
        assert message in problem.message


@pytest.mark.parametrize(
    ("change", "keys"),
    [
        ({"loss": CrossEntropy()}, ["loss.kind"]),
        ({"loss": Huber()}, []),
        ({"model": Cnn()}, ["model.kind"]),
        ({"model": Mlp(output="softmax")}, ["model.output"]),
        ({"model": Mlp(output="sigmoid")}, []),
        ({"regularization": Regularization(augment=("flip",))}, ["regularization.augment"]),
        ({"regularization": Regularization(label_noise=0.5)}, ["regularization.label_noise"]),
        ({"loss": CrossEntropy(), "model": Cnn()}, ["loss.kind", "model.kind"]),
    ],
)
def test_a_file_with_numbers_decides_what_goes_with_it(
    prices: Path, change: dict[str, Any], keys: list[str]
) -> None:
    config = replace(RunConfig(data=Csv(file=str(prices), ignore="name")), **change)
    facts, problems = examined(config)
    assert facts == Facts("regression", (1,), 12, 3)
    assert [problem.key for problem in problems] == keys
    if not keys:
        assert settled(config, facts) == config.resolved(facts)
        return
    with pytest.raises(ConfigError) as caught:
        settled(config, facts)
    assert caught.value.problems == tuple(problems)


@pytest.mark.parametrize(
    ("change", "keys"),
    [
        ({}, []),
        ({"loss": MeanAbsoluteError()}, ["loss.kind"]),
        ({"loss": MeanSquaredError(), "model": Mlp(output="softmax")}, []),
        ({"model": Mlp(output="softmax")}, ["model.output"]),
        ({"model": Mlp(norm="batch")}, []),
    ],
)
def test_a_file_with_classes_decides_what_goes_with_it(
    flowers: Path, change: dict[str, Any], keys: list[str]
) -> None:
    config = replace(RunConfig(data=Csv(file=str(flowers))), **change)
    assert [problem.key for problem in examined(config)[1]] == keys


def test_the_rows_of_a_file_decide_over_splits_and_batches(flowers: Path) -> None:
    def keys(**fields: Any) -> list[str]:
        data = Csv(file=str(flowers), **fields)
        return [problem.key for problem in examined(RunConfig(data=data, model=Mlp(norm="batch")))[1]]

    assert keys(validation=0.01) == ["data.validation"]
    assert keys(validation=0, batch_size=5) == ["data.batch_size"], "16 samples by five leave one"
    assert keys(validation=0, batch_size=6) == []


def test_the_size_of_the_pictures_decides_over_the_network(pictures: Callable[..., Path]) -> None:
    folder = str(pictures(cat=10, dog=10))
    small = RunConfig(data=ImageFolder(folder=folder, size=11), model=LeNet5())
    assert [problem.key for problem in examined(small)[1]] == ["model.kind"]
    assert examined(replace(small, data=ImageFolder(folder=folder, size=12)))[1] == []


def test_settling_known_data_checks_nothing_twice() -> None:
    config = RunConfig()
    assert settled(config, config.data.facts) == config.resolved()
