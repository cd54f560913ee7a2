import sys
from pathlib import Path
from typing import Any

import pytest
from torch import nn

from dlcore.errors import DataError, DltuiError
from dlcore.events import AttemptEnded
from dlcore.training.custom import call, load_target
from tests.dlcore.trained import train


def _written(folder: Path, source: str, name: str = "net.py") -> Path:
    path = folder / name
    path.write_text(source)
    return path


def test_a_class_in_a_file_with_a_neighbour(tmp_path: Path) -> None:
    _written(tmp_path, "WIDTH = 7\n", "neighbour_of_net.py")
    path = _written(
        tmp_path,
        "import dataclasses\nfrom torch import nn\nfrom neighbour_of_net import WIDTH\n"
        "@dataclasses.dataclass\nclass Options:\n    width: int = WIDTH\n"
        "class Net(nn.Linear):\n    def __init__(self, shape, outputs, bias=True):\n"
        "        import neighbour_of_net\n        super().__init__(Options().width, outputs, bias)\n"
        "    @classmethod\n    def made(cls): return cls(0, 1)\n",
    )
    before = list(sys.path)
    net = call(load_target(f"{path}:Net"), {"bias": False}, {"shape": (4,), "outputs": 3, "classes": 9})
    assert isinstance(net, nn.Linear)
    assert net.weight.shape == (3, 7)
    assert net.bias is None
    assert call(load_target(f"{path}:Net.made"), {}, {}).out_features == 1
    assert sys.path == before
    assert load_target(f"{path}:Net") is load_target(f" {path}:Net ")
    assert not (tmp_path / "__pycache__").exists()


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    path = _written(tmp_path, "def one(): return 1\n")
    assert call(load_target(f"{path}:one"), {}, {}) == 1
    path.write_text("def one(): return 'one'\n")
    assert call(load_target(f"{path}:one"), {}, {}) == "one"


def test_a_change_beside_the_file_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    _written(tmp_path, "NUMBER = 1\n", "number_that_changes.py")
    _written(
        tmp_path, "def one():\n    from number_that_changes import NUMBER\n    return NUMBER\n", "by_name.py"
    )
    path = _written(tmp_path, "from by_name import one\n")
    for target in (f"{path}:one", "by_name:one"):
        _written(tmp_path, "NUMBER = 1\n", "number_that_changes.py")
        assert call(load_target(target), {}, {}) == 1
        assert load_target(target) is load_target(target)
        _written(tmp_path, "NUMBER = 'one'\n", "number_that_changes.py")
        assert call(load_target(target), {}, {}) == "one"
    (tmp_path / "number_that_changes.py").unlink()
    with pytest.raises(DltuiError, match=r"No module named 'number_that_changes', in by_name\.py line 2"):
        call(load_target("by_name:one"), {}, {})


def test_a_module_by_its_name() -> None:
    assert load_target("collections:OrderedDict")() == {}
    assert isinstance(
        call(load_target("torch.nn:Linear"), {"in_features": 2}, {"out_features": 3}), nn.Linear
    )
    assert call(load_target("builtins:dict"), {"a": 1}, {"offered": 2}) == {"a": 1}  # it has no signature


def test_offered_values_give_way_and_go_where_they_are_taken() -> None:
    def all_of_them(first: int, **others: object) -> tuple[int, dict[str, object]]:
        return first, others

    assert call(all_of_them, {"first": 1}, {"first": 2, "seed": 3}) == (1, {"seed": 3})
    assert call(lambda *, seed: seed, {}, {"seed": 3, "shape": 4}) == 3


@pytest.mark.parametrize(
    ("target", "message", "hint"),
    [
        ("", "does not say what to call", "package.module:name"),
        ("torch.nn.Linear", "does not say what to call", "package.module:name"),
        ("no_such_thing.at_all:Net", "there is no module no_such_thing.at_all", "Install it"),
        ("torch.no_such_part:Net", "there is no module torch.no_such_part", "Install it"),
        ("/no/where.py:Net", "there is no file /no/where.py", "package.module:name"),
        ("collections:OrderedDirt", "collections has no OrderedDirt", "Did you mean OrderedDict?"),
        ("math:pi", "is of type float, which cannot be called", "package.module:name"),
        ("FOLDER:Net", "is not a Python file", "package.module:name"),
    ],
)
def test_what_is_not_there(tmp_path: Path, target: str, message: str, hint: str) -> None:
    with pytest.raises(DltuiError) as caught:
        load_target(target.replace("FOLDER", str(tmp_path)))
    assert message in caught.value.message
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (
            "x = 1\nraise ValueError('bad\\n\\x1b[1m start')\n",
            r"ValueError: bad \x1b[1m start, in net.py line 2",
        ),
        ("\ndef made(:\n", "SyntaxError: invalid syntax, in net.py line 2"),
        ("import no_such_thing\n", "ModuleNotFoundError: No module named 'no_such_thing', in net.py line 1"),
        ("import sys\nsys.exit(4)\n", "SystemExit: 4, in net.py line 2"),
        ("assert False\n", "AssertionError, in net.py line 1"),
        ("import json\njson.loads('{')\n", "in net.py line 2"),  # not where json gave up
    ],
)
def test_faults_of_the_import_are_told_with_their_place(tmp_path: Path, source: str, message: str) -> None:
    path = _written(tmp_path, source)
    for _ in range(2):  # nothing half-imported is left
        with pytest.raises(DltuiError) as caught:
            load_target(f"{path}:made")
        assert caught.value.message.startswith("custom: ")
        assert message in caught.value.message
        assert caught.value.hint.startswith("It came from importing ")
        assert caught.value.__context__ is None


def test_faults_of_a_module_and_of_what_it_imports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    _written(tmp_path, "import no_such_thing\n", "broken_by_import.py")
    with pytest.raises(DltuiError, match=r"No module named 'no_such_thing', in broken_by_import\.py line 1"):
        load_target("broken_by_import:Net")


def test_faults_of_the_call_are_told_with_their_place(tmp_path: Path) -> None:
    path = _written(
        tmp_path,
        "import torch\n\ndef wrong():\n    return torch.nn.Linear(2, -3)\n"
        "def told():\n    from dlcore.errors import DataError\n    raise DataError('No rain', 'Wait.')\n",
    )
    with pytest.raises(
        DltuiError, match=r"^custom: RuntimeError: .*, in net.py line 4\. It came from the call"
    ):
        call(load_target(f"{path}:wrong"), {}, {})
    with pytest.raises(DataError, match="No rain"):
        call(load_target(f"{path}:told"), {}, {})


def test_a_wrong_signature_names_what_is_taken() -> None:
    def network(shape: tuple[int, ...], width: int, *, depth: int = 2) -> None: ...
    def positional(shape: int, /) -> None: ...

    arguments: list[dict[str, Any]] = [{}, {"width": 1, "height": 2}]
    for args in arguments:
        with pytest.raises(DltuiError, match="network cannot be called: ") as caught:
            call(network, args, {"shape": (1,)})
        assert "It takes shape, width, depth" in caught.value.hint
    with pytest.raises(DltuiError, match="takes no arguments"):
        call(positional, {}, {"shape": 1})


FAULTY = """
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(65, 3)
    def forward(self, values): return self.layer(values)

class Leaving(nn.Linear):
    def __init__(self): super().__init__(4, 3)
    def forward(self, values):
        if self.training: raise SystemExit
        return super().forward(values)
"""


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Net", "mat1 and mat2 shapes cannot be multiplied (1x4 and 65x3), in mine.py line 9"),
        ("Leaving", "SystemExit, in mine.py line 14"),
    ],
)
def test_a_fault_of_the_user_s_own_network_is_the_last_word(
    home: Path, tmp_path: Path, name: str, said: str
) -> None:
    path = tmp_path / "mine.py"
    path.write_text(FAULTY)
    trained = train(home, f"iris model=custom model.target={path}:{name} e=1")
    word = trained.events()[-1]
    assert isinstance(word, AttemptEnded)
    assert (trained.status, word.reason) == (1, "failed")
    assert word.message.endswith(said)
    assert word.hint == f"The whole story is in {trained.run.log}."
