"""What a fresh interpreter has loaded after it imported a part of the app: the first frame must be fast."""

import json
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

import tui

HEAVY = {"torch", "torchvision", "numpy", "sklearn"}
ROOT = Path(tui.__file__).parent
MODULES = sorted(
    ".".join(("tui", *path.relative_to(ROOT).with_suffix("").parts)).removesuffix(".__init__")
    for path in ROOT.rglob("*.py")
)
_ASK = """
import importlib, json, sys
watched = set(json.loads(sys.argv[1]))
for name in json.loads(sys.argv[2]):
    importlib.import_module(name)
    print(json.dumps([name, sorted(watched & set(sys.modules))]))
"""
WATCHED = [*HEAVY, "textual", "pydantic", "plotext", "asyncio"]


@cache
def loaded_after(*names: str) -> dict[str, set[str]]:
    """Import modules one after the other; return what of the watched ones was loaded after each."""
    command = [sys.executable, "-c", _ASK, json.dumps(WATCHED), json.dumps(names)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return {name: set(found) for name, found in map(json.loads, done.stdout.splitlines())}


def test_there_is_something_to_import() -> None:
    assert {"tui.cli", "tui.app", "tui.screens.train", "tui.widgets.form", "tui.subcommands.train"} <= set(
        MODULES
    )


def test_no_module_of_the_app_loads_torch_or_numpy() -> None:
    found = loaded_after(*MODULES)
    assert set(found) == set(MODULES)
    assert {name: loaded & HEAVY for name, loaded in found.items() if loaded & HEAVY} == {}


@pytest.mark.parametrize(
    ("module", "unwanted"),
    [
        ("tui.cli", {"textual", "pydantic", "plotext", "asyncio"}),
        ("tui.app", {"pydantic", "plotext"}),
        ("tui.opening", {"textual", "pydantic", "plotext"}),
    ],
)
def test_what_comes_first_loads_only_what_it_needs(module: str, unwanted: set[str]) -> None:
    assert loaded_after(module)[module] & unwanted == set()
