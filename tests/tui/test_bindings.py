from collections import Counter

import pytest
from textual.binding import Binding

from tui.app import DltuiApp
from tui.bindings import KEYS, PLACES, Key, Place, bindings, written
from tui.screens.branching import BranchScreen
from tui.screens.compare import CompareScreen
from tui.screens.dialogs import all_keys
from tui.screens.errors import ErrorsScreen
from tui.screens.inside import InsideScreen
from tui.screens.microscope import MicroscopeScreen
from tui.screens.rate_finder import RateFinder
from tui.screens.replay import ReplayScreen
from tui.screens.runs import RunsScreen
from tui.screens.setup import SetupScreen
from tui.screens.train import TrainScreen
from tui.screens.tuning import TuningScreen
from tui.screens.twins import TwinsScreen

OWNERS: dict[Place, type[object]] = {
    "app": DltuiApp,
    "setup": SetupScreen,
    "train": TrainScreen,
    "tuning": TuningScreen,
    "inside": InsideScreen,
    "errors": ErrorsScreen,
    "microscope": MicroscopeScreen,
    "runs": RunsScreen,
    "branch": BranchScreen,
    "twins": TwinsScreen,
    "compare": CompareScreen,
    "rates": RateFinder,
    "replay": ReplayScreen,
}
NAMES = [f"{key.place} {key.key} {key.action}" for key in KEYS]


@pytest.mark.parametrize("key", KEYS, ids=NAMES)
def test_every_key_says_what_it_does(key: Key) -> None:
    assert key.label
    assert key.help.endswith(".")
    assert len(key.help) <= 52, "it stands in one line of the help at 80 columns"


@pytest.mark.parametrize("place", PLACES)
def test_no_key_has_two_meanings_in_one_place(place: Place) -> None:
    everywhere = [key for key in KEYS if key.place in (place, "app")]
    counts = Counter(one for key in everywhere for one in key.key.split(","))
    twice = {one for one, number in counts.items() if number > 1}
    assert twice <= ({"space"} if place == "train" else set())
    if place == "train":
        assert {key.action for key in everywhere if key.key == "space"} == {"pause", "go_on"}


@pytest.mark.parametrize("key", KEYS, ids=NAMES)
def test_every_action_exists_where_its_key_is(key: Key) -> None:
    name = key.action.partition("(")[0]
    assert callable(getattr(OWNERS[key.place], f"action_{name}", None))


@pytest.mark.parametrize("place", PLACES)
def test_the_screens_have_just_these_bindings(place: Place) -> None:
    found = [binding for binding in bindings(place) if isinstance(binding, Binding)]
    assert [binding.key for binding in found] == [key.key for key in KEYS if key.place == place]
    assert found == OWNERS[place].BINDINGS  # type: ignore[attr-defined]


@pytest.mark.parametrize("first", ["", *PLACES])
def test_the_help_names_every_key(first: str) -> None:
    lines = all_keys(first).plain.split("\n")
    for key in KEYS:
        assert any((key.shown or written(key)) in line and key.help in line for line in lines)
    assert max(map(len, lines)) <= 67, "each is a line of the help at 80 columns"
    if first:
        assert lines[1] == PLACES[first]  # type: ignore[index]


def test_keys_are_written_as_keyboards_do() -> None:
    assert written(Key("train", "plus,equals_sign", "x", "x", "x")) == "+ ="
    assert written(Key("train", "minus", "x", "x", "x")) == "-"
    assert written(Key("train", "up,k", "x", "x", "x")) == "up k"
