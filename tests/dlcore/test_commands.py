"""What a run can be told: each with an id of its own, written and read back the same."""

import json
from typing import get_args

import pytest

from dlcore.commands import (
    Checkpoint,
    Command,
    Continue,
    Pause,
    Set,
    Step,
    Stop,
    decode,
    encode,
    json_schema,
)

EXAMPLES: list[Command] = [
    Pause(),
    Continue(),
    Step(),
    Step(count=3, unit="epoch"),
    Stop(),
    Set(key="optimizer.lr", value=0.003),
    Set(key="data.batch_size", value=64),
    Set(key="model.activation", value="tanh"),
    Set(key="model.bias", value=False),
    Set(key="regularization.augment", value=["shift", "flip"]),
    Set(key="schedule", value={"kind": "piecewise", "boundaries": [5, 9]}, takes_back="a"),
    Checkpoint(),
]


def test_there_is_an_example_of_every_kind() -> None:
    assert {type(command) for command in EXAMPLES} == set(get_args(Command))


@pytest.mark.parametrize("command", EXAMPLES, ids=lambda one: one.kind)
def test_a_command_reads_back_as_it_was(command: Command) -> None:
    line = encode(command)
    assert b"\n" not in line
    assert decode(line) == command
    if isinstance(command, Set):
        back = decode(line)
        assert isinstance(back, Set)
        assert type(back.value) is type(command.value)


@pytest.mark.parametrize("word", ["nan", "inf", "-inf"])
def test_a_number_that_json_has_not_travels_as_a_word(word: str) -> None:
    command = Set(key="optimizer.lr", value=float(word))
    back = decode(encode(command))
    assert back == command
    assert isinstance(back, Set)
    assert back.value == word
    inside = Set(key="optimizer.lr_per_layer", value={"fc1": [float(word), 1.0]})
    assert inside.value == {"fc1": [word, 1.0]}


def test_every_command_has_an_id_of_its_own() -> None:
    assert len({Pause().id for _ in range(1000)}) == 1000


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"null",
        b"{}",
        b"\xff",
        b'{"kind":"Dance"}',
        b'{"kind":"Step","count":0}',
        b'{"kind":"Step","count":1.5}',
        b'{"kind":"Step","unit":"year"}',
        b'{"kind":"Set","key":"optimizer.lr"}',
        b'{"kind":"Set","key":"optimizer.lr","value":null}',
        b'{"kind":"Set","key":"optimizer.lr","value":null,"takes_back":"a"}',
        b'{"kind":"Set","key":"optimizer.lr","value":1,"takes_back":""}',
        b'{"kind":"Set","key":"optimizer.lr","value":' + b"[" * 5000 + b"]" * 5000 + b"}",
        b'{"kind":"Pause","id":""}',
        b'{"kind":"Pause","id":"' + b"x" * 65 + b'"}',
    ],
)
def test_what_is_no_command_is_none(line: bytes) -> None:
    assert decode(line) is None


def test_keys_of_a_later_version_are_passed_over() -> None:
    assert decode(b'{"kind":"Pause","id":"a","why":"tea"}') == Pause(id="a")


def test_the_schema_has_every_kind() -> None:
    schema = json_schema()
    assert set(schema["discriminator"]["mapping"]) == {command.kind for command in EXAMPLES}
    assert json.loads(json.dumps(schema)) == schema
