"""What a run says: facts in the past tense, one a line of `events.jsonl`.

Every event has `seq` (0, 1, 2 … over the whole file), `attempt` (1, 2 …), `kind`, `step` (training steps
finished so far) and `seconds` (monotonic, since the attempt started). Figures are written in the
shortest form that gives the same float32; one that is not finite is `null`, and `nonfinite` says which:
{"loss.3": "nan"}. `json_schema()` publishes all of it.
"""

import json
import math
import struct
from functools import lru_cache
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

Number = float | None
"""A measured figure; None stands for one that was not finite, or that does not exist."""
Count = Annotated[int, Field(ge=0, le=10**15)]
"""How many there are of something: far more than anybody has, so that no file can ask for the impossible."""
Step = Count
Finite = Annotated[float, Field(allow_inf_nan=False)]
Shape = Annotated[tuple[Count, ...], Field(max_length=64)]
Unknown = Literal["optimizer", "network", "lr", "score", "chance", "epochs", "length"]
"""What may not be known of a run that another program trains, and what is then written as if by default."""
_MOST_BYTES = 4 << 20
"""A longer line says nothing that we would say; its numbers would take a hundred megabytes."""


_Some = Annotated[int, Field(ge=1, le=10**9)]
Stages = Annotated[tuple[tuple[_Some, _Some, _Some], ...], Field(max_length=1 << 14)]
"""Epochs in a row with the same batch size: how many epochs, samples in a batch, and steps in each epoch."""


class _Event(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    seq: Count = 0
    attempt: Count = 1
    kind: str
    step: Step = 0
    seconds: Finite = 0.0
    nonfinite: dict[str, str] = {}
    resumed: tuple[tuple[Step, Count], ...] = ()
    """For each attempt behind the first, the step that it went on from and how many events still counted.

    Every event says so: a reader who missed lines knows what no longer counts.
    """

    def resumed_since(self, attempt: int) -> tuple[int, int] | None:
        """Return behind which step, and how many events, nothing counts of what was said up to an attempt.

        None where the event is of that attempt, and all counts.
        """
        later = self.resumed[max(0, attempt - 1) : max(0, self.attempt - 1)]
        return (min(step for step, _ in later), min(kept for _, kept in later)) if later else None


class AttemptStarted(_Event):
    """A trainer took the run: at its birth, or at a resume that continues from `step`."""

    kind: Literal["AttemptStarted"] = "AttemptStarted"
    time: str
    """UTC, ISO 8601: a label for people; durations come from `seconds`."""
    pid: Count
    host: str
    kept: Count | None = None
    """How many of the events before it still count: those up to the checkpoint that it continues from."""


class DataFetched(_Event):
    """A part of the data set arrived from the network."""

    kind: Literal["DataFetched"] = "DataFetched"
    file: str
    bytes: Count
    total: Count
    """Bytes of the whole file; 0 when the server does not say."""


class Layer(BaseModel):
    """One layer with weights, as a person would name it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: str
    text: str
    """What it is, as in '784 → 128' or '3×3, 16 filters'."""
    shape: Shape
    """Shape of its output for one sample."""
    activation: str
    """What follows it: the name of the function, or '' for none."""
    parameters: Count
    pooling: str = ""
    """What pooling follows it, as in 'max 2×2 of 16×28×28'; '' for none."""
    receptive_field: Count | None = None
    """Side of the square of input pixels that one unit of a convolution sees, at most."""


class Prepared(_Event):
    """Data and network stand; training is about to begin."""

    kind: Literal["Prepared"] = "Prepared"
    device: str
    threads: Count
    task: Literal["classification", "regression"] = "classification"
    input_shape: Shape = ()
    """Shape of one sample."""
    classes: tuple[str, ...] = ()
    """Names of the classes, where they have any beside their numbers."""
    layers: tuple[Layer, ...]
    parameters: Count
    training_samples: Count
    validation_samples: Count
    test_samples: Count
    batch_size: Count
    steps_per_epoch: Count
    """Of the first epoch; there are fewer later when the batch grows."""
    total_steps: Count
    epochs: Count
    stages: Stages = ()
    """The same in detail: a batch may grow, and what was changed live before a resume is in it too."""
    steps_per_second: Finite = 0.0
    """No more than so many, in slow motion; 0 is as many as there can be."""
    chance: Number = None
    """Score of the best constant answer: the share of the largest class in the training split, or R² 0."""
    chance_loss: Number = None
    """Loss of the best constant answer, where there is one: the entropy of the classes, in nats."""
    order: str = ""
    """The first 16 hex digits of the SHA-256 of the order of its batches: twins have the same."""
    unknown: tuple[Unknown, ...] = ()
    """What nobody may conclude anything from: a watched script or a log does not say everything."""


class CompilationStarted(_Event):
    """The whole training step is being made one graph, which can take a minute."""

    kind: Literal["CompilationStarted"] = "CompilationStarted"


class CompilationEnded(_Event):
    """The graph stands and does what the plain step does; or it is not used, and the run goes on plainly."""

    kind: Literal["CompilationEnded"] = "CompilationEnded"
    used: bool
    reason: str = ""
    """Why it is not used."""


class StepsEnded(_Event):
    """A chunk of training steps, the last of them `step`; the lists have one figure a step."""

    kind: Literal["StepsEnded"] = "StepsEnded"
    loss: tuple[Number, ...]
    """Mean loss of the batch, before the update, without the l1 and l2 penalties."""
    accuracy: tuple[Number, ...] = ()
    """Share of the batch that was right, before the update; in a classification."""
    r2: tuple[Number, ...] = ()
    """1 − mean squared error / variance of the training targets, before the update; in a regression."""
    lr: tuple[Number, ...]
    samples: Count
    """Training samples seen since the attempt began."""
    training_seconds: Finite
    """Time spent in training steps since the attempt began: no start-up, evaluation or pause."""


class GradientsMeasured(_Event):
    """Euclidean norm of dL/dW of each layer, at some steps of a chunk."""

    kind: Literal["GradientsMeasured"] = "GradientsMeasured"
    steps: tuple[Step, ...]
    norms: dict[str, tuple[Number, ...]]
    """Layer name → one norm for each of `steps`; layers in the order of the network."""
    updates: dict[str, tuple[Number, ...]] = {}
    """Layer name → norm of the update over the norm of the weights before it, for each of `steps`."""
    every: Count
    """Steps from one look to the next, at present."""
    cost: Finite
    """Share of the training time that looking has taken so far."""


class ActivationsMeasured(_Event):
    """What the layers hand to their activations, over some samples of the watched split; by layer name."""

    kind: Literal["ActivationsMeasured"] = "ActivationsMeasured"
    samples: Count
    mean: dict[str, Number]
    deviation: dict[str, Number]
    low: dict[str, Number]
    """One value in twenty is smaller than this."""
    high: dict[str, Number]
    """One value in twenty is larger than this."""
    dead: dict[str, Number] = {}
    """Share of units behind a relu that no sample made positive, neither now nor at the two looks before."""
    saturated: dict[str, Number] = {}
    """Share of values where a sigmoid or tanh has less than a twentieth of its steepest slope."""


class Evaluated(_Event):
    """A whole split was evaluated, in evaluation mode: accuracy for classes, R² for a regression."""

    kind: Literal["Evaluated"] = "Evaluated"
    split: Literal["validation", "test"]
    epoch: Finite
    loss: Number
    accuracy: Number = None
    top5: Number = None
    """Share whose class was among the five likeliest; from ten classes on."""
    precision: tuple[Number, ...] = ()
    """Of each class: how many of those called it are of it; likewise recall and F1."""
    recall: tuple[Number, ...] = ()
    f1: tuple[Number, ...] = ()
    r2: Number = None
    mae: Number = None
    """Mean absolute error, and root mean squared error, in the target's own unit."""
    rmse: Number = None
    samples: Count
    duration: Finite
    """Seconds."""
    weights: Step | None = None
    """The step whose weights were taken back for this evaluation, when they are not those of `step`."""


class EpochEnded(_Event):
    """All training samples were seen once more; the figures are running means over the epoch's steps."""

    kind: Literal["EpochEnded"] = "EpochEnded"
    epoch: Count
    loss: Number
    accuracy: Number = None
    r2: Number = None
    duration: Finite
    """Seconds, evaluation not included."""


class CheckpointSaved(_Event):
    """Weights and everything a resume needs are on disk."""

    kind: Literal["CheckpointSaved"] = "CheckpointSaved"
    file: str
    bytes: Count


class FrameSaved(_Event):
    """What the network looks like inside is on disk: histograms, first weights, feature maps, confusion."""

    kind: Literal["FrameSaved"] = "FrameSaved"
    file: str
    bytes: Count


class CommandApplied(_Event):
    """A command took effect at `step`; or, where an attempt makes a change of an earlier one again, anew."""

    kind: Literal["CommandApplied"] = "CommandApplied"
    id: str
    command: dict[str, Any]
    """Of a change, in the form in which it is kept: `schedule` and `lr_per_layer` as whole tables."""
    text: str
    before: Any = None
    """What the key of a change held until then, as in the configuration file."""
    stages: Stages = ()
    """How long the run is now, where that is otherwise than before."""


class CommandRefused(_Event):
    """A command could not be obeyed."""

    kind: Literal["CommandRefused"] = "CommandRefused"
    id: str
    command: dict[str, Any]
    reason: str


class Warned(_Event):
    """Something deserves attention and does not stop the run."""

    kind: Literal["Warned"] = "Warned"
    message: str


class AttemptEnded(_Event):
    """The trainer is done: it finished, was stopped, or failed with `message`."""

    kind: Literal["AttemptEnded"] = "AttemptEnded"
    reason: Literal["finished", "stopped", "failed"]
    message: str = ""
    hint: str = ""


Event = (
    AttemptStarted
    | DataFetched
    | Prepared
    | CompilationStarted
    | CompilationEnded
    | StepsEnded
    | GradientsMeasured
    | ActivationsMeasured
    | Evaluated
    | EpochEnded
    | CheckpointSaved
    | FrameSaved
    | CommandApplied
    | CommandRefused
    | Warned
    | AttemptEnded
)
_float32 = struct.Struct("f").pack
_TIMES = ("seconds", "training_seconds", "duration")
"""Durations are written to the nanosecond: a float32 would be coarse after a day."""
_ADAPTER: TypeAdapter[Event] = TypeAdapter(Annotated[Event, Field(discriminator="kind")])


def encode(event: Event) -> bytes:
    """Return the event as JSON: numbers in shortest float32 form, non-finite ones as null and flagged."""
    flags: dict[str, str] = {}
    exact = {"nonfinite", "command", "before", *_TIMES}
    fields = _plain(event.model_dump(exclude=exact), "", flags)
    fields |= {name: round(getattr(event, name), 9) for name in _TIMES if hasattr(event, name)}
    if hasattr(event, "command"):  # what was asked for stays as it was asked, to the last digit
        fields["command"] = event.command
    for name in [name for name, value in fields.items() if value in (None, []) and name not in flags]:
        if not type(event).model_fields[name].is_required():
            del fields[name]  # what does not exist is left out; it reads back as the same
    if isinstance(event, CommandApplied) and event.before is not None:
        fields["before"] = event.before
    if flags:
        fields["nonfinite"] = flags
    return json.dumps(fields, separators=(",", ":"), allow_nan=False, ensure_ascii=False).encode()


def decode(line: bytes) -> Event | None:
    """Return the event in a line of JSON, or None when it is none that this version knows."""
    if len(line) > _MOST_BYTES:
        return None
    try:
        return _ADAPTER.validate_json(line)
    except ValidationError:
        return None


def json_schema() -> dict[str, Any]:
    """Return the JSON schema of all events."""
    return _ADAPTER.json_schema()


def _plain(value: Any, path: str, flags: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item, f"{path}.{key}" if path else key, flags) for key, item in value.items()}
    if isinstance(value, tuple | list):
        if set(map(type, value)) == {float} and math.isfinite(sum(value)):  # then each of them is
            return list(map(shortest, value))
        return [_plain(item, f"{path}.{index}", flags) for index, item in enumerate(value)]
    if isinstance(value, float):
        if math.isfinite(value):
            return shortest(value)
        flags[path] = str(value)
        return None
    return value


def shortest(value: float) -> float:
    """Return the float with the fewest decimal digits that rounds to the same float32.

    A value beyond the range of float32 comes back as it is.
    """
    return _shortest(value) if value else value  # a zero has a sign, which is no part of a key


@lru_cache(1024)  # a learning rate, and shares of a batch, come again and again
def _shortest(value: float) -> float:
    try:
        wanted = _float32(value)
    except OverflowError:
        return value
    found = float(f"{value:.9g}")
    for digits in (8, 7, 6):  # most figures need eight or nine
        shorter = float(f"{value:.{digits}g}")
        if _float32(shorter) != wanted:
            break
        found = shorter
    return found
