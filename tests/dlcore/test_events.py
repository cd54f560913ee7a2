"""What a run says: written in shortest float32 form, read back the same, and never a stumbling block."""

import json
import math
import struct
from typing import Any, get_args

import numpy
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dlcore.events import (
    ActivationsMeasured,
    AttemptEnded,
    AttemptStarted,
    CheckpointSaved,
    CommandApplied,
    CommandRefused,
    CompilationEnded,
    CompilationStarted,
    DataFetched,
    EpochEnded,
    Evaluated,
    Event,
    FrameSaved,
    GradientsMeasured,
    Layer,
    Prepared,
    StepsEnded,
    Warned,
    decode,
    encode,
    json_schema,
    shortest,
)

LAYER = Layer(name="fc1", text="2 → 8", shape=(8,), activation="relu", parameters=24)
SEEING = Layer(name="conv1", text="3×3", shape=(1, 8, 8), activation="relu", parameters=10, receptive_field=3)
EXAMPLES: list[Event] = [
    AttemptStarted(time="2026-03-04T05:06:07.089+00:00", pid=5, host="höst", kept=3),
    DataFetched(file="images.gz", bytes=5, total=0),
    Prepared(
        device="cpu",
        threads=1,
        task="classification",
        input_shape=(1, 8, 8),
        classes=("T-shirt/top", "한글"),
        layers=(LAYER, SEEING),
        parameters=24,
        training_samples=4,
        validation_samples=0,
        test_samples=4,
        batch_size=4,
        steps_per_epoch=1,
        total_steps=10,
        epochs=10,
        stages=((10, 4, 1),),
        steps_per_second=0.5,
        chance=0.5,
        unknown=("optimizer",),
        chance_loss=0.6875,
    ),
    CompilationStarted(),
    CompilationEnded(used=False, reason="no compiler"),
    StepsEnded(loss=(0.5, 0.25), accuracy=(0.5, 1.0), lr=(0.1, 0.1), samples=8, training_seconds=0.5),
    StepsEnded(loss=(0.5,), r2=(-1.5,), lr=(0.1,), samples=8, training_seconds=0.5),
    GradientsMeasured(
        steps=(1, 2), norms={"fc1": (0.5, 1.5)}, updates={"fc1": (0.25, 0.125)}, every=10, cost=0.0625
    ),
    ActivationsMeasured(
        samples=256,
        mean={"fc1": 0.5},
        deviation={"fc1": 1.5},
        low={"fc1": -1.0},
        high={"fc1": 2.0},
        dead={"fc1": 0.25},
        saturated={"fc2": 0.5},
    ),
    Evaluated(
        split="test",
        epoch=0.5,
        loss=0.5,
        accuracy=0.75,
        top5=1.0,
        precision=(0.5, 1.0),
        recall=(1.0, 0.0),
        f1=(0.75, 0.0),
        samples=4,
        duration=0.125,
        weights=2,
    ),
    Evaluated(split="test", epoch=0.5, loss=0.5, r2=-0.25, mae=0.5, rmse=0.75, samples=4, duration=0.125),
    EpochEnded(epoch=1, loss=0.5, accuracy=0.75, duration=0.125),
    EpochEnded(epoch=1, loss=0.5, r2=0.0, duration=0.125),
    CheckpointSaved(file="checkpoints/1.pt", bytes=1000),
    FrameSaved(file="frames/1.safetensors", bytes=1000),
    CommandApplied(
        id="a",
        command={"kind": "Set", "key": "data.batch_size", "value": 32},
        text="…",
        before=64,
        stages=((1, 64, 3), (9, 32, 5)),
    ),
    CommandRefused(id="a", command={"kind": "Set", "value": [1, {"x": None}]}, reason="no"),
    Warned(message="line\nbreak \x1b[31m"),
    AttemptEnded(reason="failed", message="m", hint="h"),
]


def test_there_is_an_example_of_every_kind() -> None:
    assert {type(event) for event in EXAMPLES} == set(get_args(Event))


@pytest.mark.parametrize("event", EXAMPLES, ids=lambda event: event.kind)
def test_an_event_reads_back_as_it_was(event: Event) -> None:
    event = event.model_copy(update={"seq": 7, "attempt": 2, "step": 3, "seconds": 1.5})
    line = encode(event)
    assert b"\n" not in line
    assert decode(line) == event
    assert json.loads(line)["kind"] == type(event).__name__ == event.kind


@pytest.mark.parametrize("event", EXAMPLES, ids=lambda event: event.kind)
def test_every_field_that_exists_is_written(event: Event) -> None:
    written = {
        name
        for name, field in type(event).model_fields.items()
        if field.is_required() or getattr(event, name) not in (None, (), {})
    }
    assert set(json.loads(encode(event))) == written


def test_the_examples_have_every_field() -> None:
    for kind in get_args(Event):
        fields = set().union(*(json.loads(encode(event)) for event in EXAMPLES if isinstance(event, kind)))
        assert fields == set(kind.model_fields) - {"nonfinite", "resumed"}


def test_what_is_not_a_number_is_no_missing_figure() -> None:
    event = Evaluated(split="test", epoch=0.5, loss=1.0, r2=math.nan, samples=4, duration=0.125)
    table = json.loads(encode(event))
    assert table["r2"] is None
    assert table["nonfinite"] == {"r2": "nan"}
    assert "accuracy" not in table


def test_a_line_of_before_there_were_regressions_is_a_classification() -> None:
    said = {**json.loads(encode(EXAMPLES[2])), "seq": 0}
    for name in ("task", "input_shape", "classes"):
        del said[name]
    event = decode(json.dumps(said).encode())
    assert isinstance(event, Prepared)
    assert (event.task, event.input_shape, event.classes) == ("classification", (), ())


def test_numbers_that_are_not_finite_are_null_and_flagged() -> None:
    event = StepsEnded(
        loss=(1.0, math.nan, math.inf), accuracy=(), lr=(-math.inf,), samples=0, training_seconds=0
    )
    table = json.loads(encode(event))
    assert table["loss"] == [1.0, None, None]
    assert table["lr"] == [None]
    assert table["nonfinite"] == {"loss.1": "nan", "loss.2": "inf", "lr.0": "-inf"}
    back = decode(encode(event))
    assert isinstance(back, StepsEnded)
    assert back.loss == (1.0, None, None)
    assert back.nonfinite == table["nonfinite"]


def test_flags_name_the_layer() -> None:
    event = GradientsMeasured(steps=(1,), norms={"fc1": (math.nan,)}, every=10, cost=0)
    assert json.loads(encode(event))["nonfinite"] == {"norms.fc1.0": "nan"}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.1, "0.1"),
        (float(numpy.float32(0.1)), "0.1"),
        (1 / 3, "0.33333333"),
        (float(numpy.float32(1 / 3)), "0.33333334"),
        (2.302585092994046, "2.3025851"),
        (16777216.0, "16777216.0"),
        (1e300, "1e+300"),
        (1e-40, "1e-40"),
        (0.0, "0.0"),
        (-0.0, "-0.0"),
        (3.4028234663852886e38, "3.4028235e+38"),
    ],
)
def test_the_shortest_form_by_hand(value: float, text: str) -> None:
    assert repr(shortest(value)) == text


@settings(max_examples=500, derandomize=True)
@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
@example(1.1754943508222875e-38)
@example(1.401298464324817e-45)
@example(16777217.0)
@example(-0.0)
def test_the_shortest_form_is_the_same_float32_and_no_longer_than_numpy_s(value: float) -> None:
    short = shortest(value)
    assert struct.pack("f", short) == struct.pack("f", value)
    if abs(value) >= 2**-126:  # smaller ones have fewer digits than six
        assert len(f"{short:.9g}") <= len(f"{float(str(numpy.float32(value))):.9g}")


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"null",
        b"5",
        b"[]",
        b"{}",
        b"{",
        b"\xff",
        b'{"kind":"WeightsPainted","seq":1}',
        b'{"kind":5}',
        b'{"kind":"Warned"}',
        b'{"kind":"Warned","message":5}',
        b'{"kind":"Warned","message":"m","step":-1}',
        b'{"kind":"AttemptEnded","reason":"bored"}',
        b'{"kind":"StepsEnded","loss":["x"],"accuracy":[],"lr":[],"samples":0,"training_seconds":0}',
        b'{"kind":"Warned","message":"m","seq":' + b"9" * 5000 + b"}",
        b"[" * 100_000,
    ],
)
def test_what_is_no_known_event_is_none(line: bytes) -> None:
    assert decode(line) is None


def test_keys_of_a_later_version_are_passed_over() -> None:
    line = b'{"kind":"Warned","message":"m","colour":"red","seq":1}'
    assert decode(line) == Warned(message="m", seq=1)


def test_the_schema_has_every_kind() -> None:
    schema: dict[str, Any] = json_schema()
    assert set(schema["discriminator"]["mapping"]) == {event.kind for event in EXAMPLES}
    assert json.loads(json.dumps(schema)) == schema


def test_durations_and_commands_are_exact() -> None:
    asked = {"kind": "Set", "key": "optimizer.lr", "value": 0.123456789012}
    before = {"kind": "power", "exponent": 0.123456789}
    applied = CommandApplied(id="a", command=asked, text="", before=before, seconds=864_000.123456)
    decoded = decode(encode(applied))
    assert isinstance(decoded, CommandApplied)
    assert (decoded.command, decoded.before) == (asked, before)
    assert decoded.seconds == 864_000.123456
