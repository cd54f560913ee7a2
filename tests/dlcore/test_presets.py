"""The presets as they are told: names, sentences and lines."""

import re

import pytest

from dlcore.advice import advise
from dlcore.errors import DltuiError
from dlcore.oneline import parse, print_line
from dlcore.presets import PRESETS, Preset, preset

ALL = [(found, index) for found in PRESETS for index in range(len(found.variants))]


def test_names_are_unique() -> None:
    names = [full for found in PRESETS for full in found.names]
    assert len(names) == len(set(names))
    assert all(re.fullmatch(r"[a-z0-9-]+(/[a-z0-9-]+)?", name) for name in names)


@pytest.mark.parametrize(("found", "index"), ALL, ids=lambda one: getattr(one, "name", one))
def test_a_preset_is_its_line(found: Preset, index: int) -> None:
    name = found.names[index]
    told, config = preset(name)
    assert told is found
    assert parse(found.variants[index].line) == config
    assert parse(print_line(config)) == config


@pytest.mark.parametrize("found", PRESETS, ids=lambda found: found.name)
def test_what_to_look_for_is_two_sentences(found: Preset) -> None:
    assert found.look_for.endswith(".")
    assert len(re.findall(r"[.](?= [A-Z]|$)", found.look_for.replace("batch-growth", "Batch-growth"))) == 2


def test_a_preset_alone_is_its_first_run() -> None:
    assert preset("xor")[1] == preset("xor/hidden")[1]


def test_an_unknown_preset_names_the_nearest() -> None:
    with pytest.raises(DltuiError, match="Did you mean xor/hidden"):
        preset("xr/hidden")


@pytest.mark.parametrize(
    "name",
    ["digits", "mnist-mlp", "mnist-cnn", "moons", "circles", "spiral", "iris", "wine", "diabetes"],
)
def test_a_well_tuned_preset_gets_no_advice(name: str) -> None:
    config = preset(name)[1]
    assert advise(config, config.data.facts) == ()
