"""What a script looks like: plain PyTorch, only what the run uses, and safe whatever a run is called."""

import ast
from pathlib import Path

import pytest

from dlcore.config import RunConfig
from dlcore.errors import DltuiError
from dlcore.export.script.custom import target
from dlcore.export.script.part import WIDTH, Part, imports, joined, lines, number, sequence, value, word
from dlcore.files.atomic import read_json, write_json
from dlcore.oneline import parse
from dlcore.rundir import RunDir
from tests.dlcore.export.script.scripts import script_of
from tests.dlcore.trained import make

UNUSED = (
    "clip_grad", "augment", "Plateau", "Best", "schedule", "dropout", "alpha=", "autocast", "shares",
    "ResidualBlock", "gain", "one_hot", "label noise", "DEVICE", "from_file", "channels_last", "scale",
)  # fmt: skip


def script(home: Path, line: str) -> str:
    return script_of(make(home, parse(line)))


def test_a_plain_run_has_a_plain_script(home: Path) -> None:
    text = script(home, "digits mlp 32, e=3")
    assert text.startswith('"""digits mlp: a run of dltui as a plain PyTorch script.\n')
    assert not [thing for thing in UNUSED if thing in text]
    assert "optimizer = torch.optim.SGD(network.parameters(), lr=0.01, momentum=0.9, fused=True)" in text
    assert "EPOCHS = 3\nBATCH_SIZE = 64\n" in text
    assert len(text.splitlines()) < 170


@pytest.mark.parametrize(
    "line",
    [
        "digits cnn filters=8,16 norm=batch adam one_cycle warmup=5 aug=shift,flip,rotate drop=.2 stop=2",
        "diabetes mlp 8, gelu he l1=1e-3 l2=1e-3 huber performance",
        "cifar10 resnet model.width=16 he adamw cosine data.normalize=standard",
        "moons mlp 8,8 step res=true e=3",
        "mnist mlp data.shuffle_pixels=true regularization.label_noise=.1 training.precision=bfloat16",
    ],
)
def test_scripts_are_tidy_and_whole(home: Path, line: str) -> None:
    text = script(home, line)
    tree = ast.parse(text)
    imported = {
        name.split(".")[0]
        for node in ast.walk(tree)
        for name in (
            [one.name for one in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert not imported & {"dlcore", "tui", "pydantic"}
    assert imported >= {"torch", "argparse"}
    assert ast.get_docstring(tree)
    assert max(map(len, text.splitlines())) <= WIDTH
    assert all(line == line.rstrip() for line in text.splitlines())
    assert_used(tree)


def assert_used(tree: ast.Module) -> None:
    """Assert that every function, class and import of a script is used in it."""
    defined = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    defined |= {
        (one.asname or one.name).split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for one in node.names
    }
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    used |= {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    known = {"__init__", "forward", "backward", "see", "has_waited_enough"}
    assert not defined - used - known


def test_a_name_cannot_break_out(home: Path) -> None:
    name = '""" \\ \n import os; os.system("x") # \x1b[2J\u202e'
    config = RunConfig()
    general = config.general.model_copy(update={"name": name})
    text = script_of(make(home, RunConfig(general=general)))
    tree = ast.parse(text)
    assert "os.system" in (ast.get_docstring(tree) or "")
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.Call) and "system" in ast.dump(node)]
    assert "\x1b" not in text
    assert "\u202e" not in text


def test_what_is_imported_is_a_name() -> None:
    assert target("a.b:C", "make").imports == ("from a.b import C",)
    assert target("/home/it's.py:C", "make").code.count("it's.py") == 1
    with pytest.raises(DltuiError, match="does not say what to import"):
        target("os, sys; print(1) #:C", "make")


def test_a_run_of_another_program_has_none(fresh_run: RunDir) -> None:
    imported = {"from": "/logs", "format": "csv"}
    write_json(fresh_run.facts, read_json(fresh_run.facts) | {"imported": imported})
    with pytest.raises(DltuiError, match="cannot become a script: it was imported from /logs"):
        script_of(fresh_run)


def test_a_run_without_a_step_has_a_script(fresh_run: RunDir) -> None:
    ast.parse(script_of(fresh_run))


@pytest.mark.parametrize("text", ['"', "a\\b", "\n", "\u202e", "ö", "{x}", "'", "\ud800"])
def test_words_read_back(text: str) -> None:
    assert ast.literal_eval(word(text)) == text
    assert word(text).isprintable()


@pytest.mark.parametrize("given", [1, 0.1, 1e-8, True, "a", [1, "b"], {"a": {"b": [0.5]}}])
def test_values_read_back(given: object) -> None:
    assert ast.literal_eval(value(given)) == given


def test_numbers_are_short_and_exact() -> None:
    assert [number(one) for one in (0.1, 1.0, 1e-10, 3)] == ["0.1", "1.0", "1e-10", "3"]


def test_imports_are_sorted_and_merged() -> None:
    part = Part(
        "",
        (
            "from torch import nn",
            "import math",
            "import torch",
            "from a.b import d",
            "from a.b import c",
            "import math",
        ),
    )
    assert imports(part) == "import math\n\nimport torch\nfrom a.b import c, d\nfrom torch import nn"


def test_long_sequences_are_broken() -> None:
    assert sequence(["1", "2"], "f(", ")") == "f(1, 2)"
    assert sequence(["x" * 50, "y" * 43], "function(", ")") == f"function(\n    {'x' * 50}, {'y' * 43}\n)"
    assert sequence(["x" * 60, "y" * 60], "f(", ")").count("\n") == 3
    assert joined((lines("a"), Part(""), lines("b")), gap=1).code == "a\n\nb"
