"""What users' data functions return, through `read_custom`, from real files."""

from pathlib import Path
from typing import Any

import numpy
import pytest
import torch

from dlcore.choices.own import CustomData
from dlcore.errors import DataError, DltuiError
from dlcore.training.custom import read_custom
from dlcore.training.own import Own
from dlcore.training.samples import Samples
from dlcore.training.streaming import selected, stream

_START = "import numpy as np, torch, random\nfrom torch.utils.data import *\n"
_POINTS = _START + "x = np.arange(24, dtype=float).reshape(12, 2)\nc = np.arange(12) % 3\n"
_SET = """
class Set(Dataset):
    def __init__(self, pairs, **more):
        self.pairs = pairs
        self.__dict__.update(more)
    def __len__(self): return len(self.pairs)
    def __getitem__(self, index): return self.pairs[index]
"""


def _read(folder: Path, returned: str, *, task: Any = "auto", seed: int = 0, **args: Any) -> Own:
    path = folder / "data.py"
    names = ", ".join(args)
    path.write_text(f"{_POINTS}{_SET}\ndef load({names}):\n    return {returned}\n")
    return read_custom(CustomData(target=f"{path}:load", args=args, task=task), seed)


def _resident(split: Any) -> tuple[torch.Tensor, torch.Tensor]:
    assert isinstance(split, tuple)
    return split


def test_one_pair_of_arrays(tmp_path: Path) -> None:
    own = _read(tmp_path, "x * factor, c", factor=2)
    inputs, targets = _resident(own.training)
    assert torch.equal(inputs, 2 * torch.arange(24.0).reshape(12, 2))
    assert torch.equal(targets, torch.arange(12) % 3)
    assert (own.task, own.test, own.classes, own.names, own.shape) == ("classification", None, 3, (), (2,))
    facts = own.facts
    assert (facts.training, facts.test, facts.shape, facts.classes) == (10, 2, (2,), 3)


def test_two_pairs_of_lists_and_tensors(tmp_path: Path) -> None:
    own = _read(tmp_path, "(x.tolist(), c.tolist()), [torch.tensor(x[:3]), torch.tensor(c[:3])]")
    assert own.test is not None
    assert _resident(own.test)[0].dtype == torch.float32
    assert (own.facts.training, own.facts.test) == (12, 3)


@pytest.mark.parametrize(
    ("returned", "shape", "kind"),
    [
        ("np.zeros((12, 5, 4), np.uint8), c", (1, 5, 4), torch.uint8),
        ("np.zeros((12, 5, 4)), c", (1, 5, 4), torch.float32),
        ("np.zeros((12, 3, 5, 4), np.uint8), c", (3, 5, 4), torch.uint8),
        ("np.ones((12, 4), bool), c", (4,), torch.float32),
        ("np.zeros((12, 4), '>i2')[::-1], c", (4,), torch.float32),
        ("TensorDataset(torch.zeros(12, 4, dtype=torch.bfloat16), torch.tensor(c))", (4,), torch.float32),
        ("torch.zeros(12, 4, requires_grad=True), c", (4,), torch.float32),
    ],
)
def test_inputs(tmp_path: Path, returned: str, shape: tuple[int, ...], kind: torch.dtype) -> None:
    own = _read(tmp_path, returned)
    inputs, _ = _resident(own.training)
    assert (own.shape, tuple(inputs.shape[1:]), inputs.dtype) == (shape, shape, kind)
    assert not inputs.requires_grad


@pytest.mark.parametrize(
    ("targets", "names", "first"),
    [
        ("c - 1", ("-1", "0", "1"), 0),
        ("np.where(c > 0, 1, -1)", ("-1", "1"), 0),
        ("c > 0", ("False", "True"), 0),
        ("['red', 'blue', 'red'] * 4", ("blue", "red"), 1),
        ("np.array(['b', 'a'] * 6, object)", ("a", "b"), 1),
        ("c[:, None]", (), 0),
        ("torch.tensor(c).byte() + 5", ("5", "6", "7"), 0),
    ],
)
def test_labels_become_class_numbers(
    tmp_path: Path, targets: str, names: tuple[str, ...], first: int
) -> None:
    own = _read(tmp_path, f"x, {targets}")
    numbers = _resident(own.training)[1]
    assert (own.names, int(numbers[0]), numbers.dtype, numbers.shape) == (names, first, torch.int64, (12,))
    assert set(numbers.tolist()) == set(range(own.classes))


def test_floats_are_a_regression_unless_asked(tmp_path: Path) -> None:
    own = _read(tmp_path, "x, c / 2")
    assert (own.task, own.classes, own.targets) == ("regression", 0, 1)
    targets = _resident(own.training)[1]
    assert (targets.dtype, targets.shape) == (torch.float32, (12, 1))
    own = _read(tmp_path, "x, c / 2", task="classification")
    assert (own.names, own.classes) == (("0", "0.5", "1"), 3)
    assert _read(tmp_path, "x, c", task="regression").task == "regression"
    own = _read(tmp_path, "(x, x), (x, x + 1)")
    assert (own.targets, own.facts.targets) == (2, 2)


def test_what_it_draws_is_drawn_from_the_seed(tmp_path: Path) -> None:
    before = torch.get_rng_state()
    drawn = [
        _resident(
            _read(tmp_path, "np.random.rand(12, 2) + torch.rand(12, 2).numpy(), c", seed=seed).training
        )[0]
        for seed in (1, 1, 2)
    ]
    assert torch.equal(drawn[0], drawn[1])
    assert not torch.equal(drawn[0], drawn[2])
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize(
    ("returned", "message"),
    [
        ("None", "returned nothing"),
        ("x, x, c, c", "returned a tuple of 4"),
        ("x", "returned a value of type ndarray"),
        ("x[:11], c", "11 training inputs have 12 targets"),
        ("(x, c), (x, c[:2])", "12 test inputs have 2 targets"),
        ("(x, c), (x[:0], c[:0])", "no test samples"),
        ("x[:9], c[:9]", "there are 9 training samples"),
        ("(x, c), (x[:, :1], c)", "training inputs are 2 each, test inputs 1"),
        ("np.where(x == 7, np.nan, x), c", "row 3 of the training inputs has nan"),
        ("np.where(x == 7, 1e300, x), c", "row 3 of the training inputs has"),
        ("x, np.where(c == 1, np.inf, c)", "row 1 of the targets has"),
        ("x[:, 0], c", "training inputs are 12"),
        ("np.zeros((12, 1, 1, 1, 1)), c", "training inputs are 12×1×1×1×1"),
        ("np.zeros((12, 32, 32, 3)), c", "channels last"),
        ("[['a', 'b']] * 12, c", "are no numbers"),
        ("[[1, 2], [3]] * 6, c", "rows of different lengths"),
        ("x, c * 0 + 4", "one class only: 4"),
        ("x, np.eye(3, dtype=int)[c]", "targets of a classification are 12×3"),
        ("(x, c), (x, c + 1)", "the test targets have the class 3"),
        ("np.zeros((1200, 1)), np.arange(1200)", "1,200 classes, at most 1,000"),
        ("x, [None] * 12", "of type object"),
        ("Set([(1, 2)] * 12)", "input of a sample is a single number"),
        ("Set([1] * 12)", "sample 0 is a value of type int"),
        ("Set([([1.0], c)] * 12)", "a target is 12"),
        ("Set([([1.0], 1)] * 12)", "one class only"),
        ("Set([([1.0], 1), ([1.0], 'a')] * 12)", "some targets are words"),
        ("Set([([1.0], 1)] * 5)", "there are 5 training samples"),
        ("Set([([1.0], 1)] * 12), 3", "returned a tuple of 2"),
        (
            "Set([]).pairs",
            "returned a list of 0",
        ),
        ("type('Endless', (IterableDataset,), {'__iter__': iter})()", "IterableDataset"),
    ],
)
def test_what_no_network_learns_from(tmp_path: Path, returned: str, message: str) -> None:
    with pytest.raises(DataError, match=message) as caught:
        _read(tmp_path, returned)
    assert caught.value.hint.endswith(".")


def test_a_data_set_is_streamed_with_its_labels_numbered(tmp_path: Path) -> None:
    own = _read(tmp_path, "Set([(x[i % 12], 'red blue'.split()[i % 2]) for i in range(400)])")
    assert (own.task, own.classes, own.names, own.shape) == ("classification", 2, ("blue", "red"), (2,))
    assert isinstance(own.training, Samples)
    assert (own.facts.training, own.facts.test) == (320, 80)
    held = selected(own.training, torch.arange(300))
    for inputs, targets in stream(held, 100, workers=2):
        assert inputs.shape == (100, 2)
        assert targets.tolist() == [1, 0] * 50


def test_told_classes_and_targets_are_believed_where_they_hold(tmp_path: Path) -> None:
    images = "[(np.full((4, 5), i, np.uint8), i % 2) for i in range(20)]"
    told = "classes=['no', 'yes', 'never'], targets=[i % 2 for i in range(20)]"
    own = _read(tmp_path, f"random_split(Set({images}, {told}), [15, 5])")
    assert (own.classes, own.names, own.shape) == (3, ("no", "yes", "never"), (1, 4, 5))
    assert isinstance(own.test, Samples)
    assert (len(own.training), len(own.test)) == (15, 5)
    values, number = own.training[0]
    assert int(values[0, 0, 0]) % 2 == number
    own = _read(tmp_path, f"Set({images}, targets=['a'] * 20)")
    assert (own.classes, own.names) == (2, ())


def test_a_regression_of_samples_and_its_faults(tmp_path: Path) -> None:
    own = _read(tmp_path, "Set([([1.0, 2], [i, 0.5]) for i in range(12)] + [([1.0, np.nan], [1., 2.]), "
                          "([1.0], [1., 2.]), ([1.0, 2], [1.])])")  # fmt: skip
    assert (own.task, own.targets) == ("regression", 2)
    assert isinstance(own.training, Samples)
    assert own.training[3][1].tolist() == [3, 0.5]
    for index, message in ((12, "not finite"), (13, "sample 13 is 1, the first is 2"), (14, "not 2 finite")):
        with pytest.raises(DataError, match=message):
            own.training[index]


def test_an_unknown_class_in_the_test_is_told(tmp_path: Path) -> None:
    sets = "Set([(x[i], i % 2) for i in range(12)]), Set([(x[0], 5)] * 3{})"
    with pytest.raises(DataError, match="the test targets have the class 5"):
        _read(tmp_path, sets.format(", targets=[5] * 3"))
    own = _read(tmp_path, sets.format(""))
    assert own.test is not None
    with pytest.raises(DataError, match="Sample 0 has the class 5"):
        own.test[0]


def test_pictures_of_pillow(tmp_path: Path) -> None:
    own = _read(tmp_path, "__import__('torchvision').datasets.FakeData(12, (3, 6, 5), 3)")
    assert (own.shape, own.names) == ((3, 6, 5), ())
    assert own.training[0][0].dtype == torch.uint8


def test_a_data_set_that_fails(tmp_path: Path) -> None:
    (tmp_path / "data.py").write_text(
        "from torch.utils.data import Dataset\nclass Load(Dataset):\n    def __len__(self): return 12\n"
        "    def __getitem__(self, index): return [1.0], {0: 0, 1: 1}[index]\n"
    )
    with pytest.raises(DataError, match=r"reading sample 2 failed with KeyError: 2, in data\.py line 4"):
        read_custom(CustomData(target=f"{tmp_path}/data.py:Load"))
    with pytest.raises(DltuiError, match="Load cannot be called"):
        read_custom(CustomData(target=f"{tmp_path}/data.py:Load", args={"width": numpy.pi}))
