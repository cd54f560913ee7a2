"""What a run can be told: imperatives, one a line of `control.jsonl`, each with a unique id.

A viewer appends a command and waits for the event that answers it: CommandApplied or CommandRefused.
"""

import json
import math
import uuid
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, TypeAdapter, ValidationError, field_validator

_MOST_BYTES = 1 << 16
"""A command takes a hundred; a key and its value are typed by a person."""


class _Command(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str = Field(default_factory=lambda: uuid.uuid4().hex, min_length=1, max_length=64)
    kind: str


class Pause(_Command):
    """Stand still after the present step."""

    kind: Literal["Pause"] = "Pause"


class Continue(_Command):
    """Go on after a pause."""

    kind: Literal["Continue"] = "Continue"


class Step(_Command):
    """Take so many steps or epochs, then stand still."""

    kind: Literal["Step"] = "Step"
    count: Annotated[int, Field(ge=1, le=10**15)] = 1
    unit: Literal["step", "epoch"] = "step"


class Stop(_Command):
    """Finish the step, evaluate, save a checkpoint and end."""

    kind: Literal["Stop"] = "Stop"


class Set(_Command):
    """Change a hyperparameter: a dotted key of the configuration and its new value, as in the file."""

    kind: Literal["Set"] = "Set"
    key: str
    value: JsonValue
    takes_back: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    """The id of the change that this one takes back, where it is the undoing of one."""

    @field_validator("value")
    @classmethod
    def _in_json(cls, value: JsonValue) -> JsonValue:
        """A configuration has no null."""
        if value is None:
            raise ValueError("null is no value of a hyperparameter")
        return _plain(value)


def _plain(value: JsonValue) -> JsonValue:
    """JSON has no nan and no infinity: they travel as words, and the trainer refuses them as such."""
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


class Checkpoint(_Command):
    """Save a checkpoint after the present step."""

    kind: Literal["Checkpoint"] = "Checkpoint"


Command = Pause | Continue | Step | Stop | Set | Checkpoint
_ADAPTER: TypeAdapter[Command] = TypeAdapter(Annotated[Command, Field(discriminator="kind")])


def encode(command: Command) -> bytes:
    """Return the command as JSON."""
    return json.dumps(as_told(command), separators=(",", ":"), allow_nan=False).encode()


def as_told(command: Command) -> dict[str, Any]:
    """Return the fields of a command, as its line and the event that answers it have them."""
    return command.model_dump(exclude_none=True)


def decode(line: bytes) -> Command | None:
    """Return the command in a line of JSON, or None when it is none."""
    if len(line) > _MOST_BYTES:
        return None
    try:
        return _ADAPTER.validate_json(line)
    except ValidationError:
        return None


def json_schema() -> dict[str, Any]:
    """Return the JSON schema of all commands."""
    return _ADAPTER.json_schema()
