"""What a fresh interpreter has loaded after it imported a part of the app: the first frame must be fast."""

import json
import os
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
LATER = {
    *HEAVY,
    "plotext",
    "psutil",
    "dlcore.events",
    "dlcore.export",
    "dlcore.history",
    "dlcore.launch",
    "dlcore.presets",
    "dlcore.summary",
    "tui.feed",
    "tui.watching.latest",
    "tui.screens.runs",
    "tui.screens.train",
    "tui.subcommands",
}
"""Setup needs none of these to be shown and used; each is imported when something of it is asked for."""
_OPEN = """
import asyncio, json, sys
from tui.app import DltuiApp

async def open_setup():
    app = DltuiApp()
    async with app.run_test(size=(120, 40)):
        while app.current_mode != "setup" or app.focused is None:
            await asyncio.sleep(0.005)
        print(json.dumps([name for name in json.loads(sys.argv[1]) if name in sys.modules]))

asyncio.run(open_setup())
"""


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


@pytest.mark.usefixtures("home")
def test_the_form_is_there_before_anything_that_it_does_not_show() -> None:
    command = [sys.executable, "-c", _OPEN, json.dumps(sorted(LATER))]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert json.loads(done.stdout) == []


@pytest.mark.parametrize(("given", "expected"), [({}, "1000"), ({"TEXTUAL_FPS": "30"}, "30")])
def test_what_a_key_changes_waits_for_no_sixtieth(given: dict[str, str], expected: str) -> None:
    command = [
        sys.executable,
        "-c",
        "import tui.opening, tui.app, textual.constants; print(textual.constants.MAX_FPS)",
    ]
    rest = {name: value for name, value in os.environ.items() if name != "TEXTUAL_FPS"}
    done = subprocess.run(command, check=True, capture_output=True, text=True, env={**rest, **given})
    assert done.stdout.strip() == expected
