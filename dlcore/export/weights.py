"""safetensors: the weights of a checkpoint, taken out of its file without torch.

A checkpoint is judged before it is read (`dlcore.files.tensorfile`): it can hold nothing but tensors and
plain values. So what is left to do is little: its pickle says of each tensor where its numbers stand, in
which order and of which type, and the numbers themselves are copied as they are.
"""

import io
import math
import pickle
import sys
import zipfile
from array import array
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from dlcore.checkpoints import is_whole, saved
from dlcore.datasets.unpacking import RefusedError
from dlcore.errors import DltuiError
from dlcore.export.report import Report
from dlcore.files.arrays import Array, pack, width
from dlcore.files.plainfile import open_plain
from dlcore.files.tensorfile import judge
from dlcore.foreign import foreign
from dlcore.history import score
from dlcore.oneline import print_line

_KINDS = {
    "BoolStorage": "BOOL", "ByteStorage": "U8", "CharStorage": "I8", "ShortStorage": "I16",
    "IntStorage": "I32", "LongStorage": "I64", "HalfStorage": "F16", "BFloat16Storage": "BF16",
    "FloatStorage": "F32", "DoubleStorage": "F64",
}  # fmt: skip
"""What torch calls a type, and what the format does."""
_LETTERS = {1: "B", 2: "H", 4: "I", 8: "Q"}
"""Python's letter for a number of so many bytes."""
_FAULTS = (
    pickle.UnpicklingError,
    LookupError,
    TypeError,
    ValueError,
    AttributeError,
    EOFError,
    ArithmeticError,
)


@dataclass(frozen=True)
class _Storage:
    """Numbers of one type, in a member of the archive."""

    kind: str
    key: str


@dataclass(frozen=True)
class _Tensor:
    """Where a tensor's numbers stand in its storage; offset and strides count numbers."""

    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def checkpoint_of(report: Report) -> tuple[int, Path]:
    """Return step and file of the checkpoint whose weights are exported; raises DltuiError where none is.

    It is the newest one that is whole, or the best one of those that were kept.
    """
    elsewhere = foreign(report.facts)
    if elsewhere is not None:
        raise DltuiError(f"{report.run.id} has no weights here", elsewhere.without_weights())
    there = saved(report.run)
    if report.weights == "best":
        return _best(report, there)
    for step, path in reversed(there.items()):
        if step <= report.history.step and is_whole(path):
            return step, path
    raise DltuiError(f"{report.run.id} has no checkpoint yet", "Wait for the first one, then export again.")


def _best(report: Report, there: Mapping[int, Path]) -> tuple[int, Path]:
    """Return the checkpoint with the highest score; raises DltuiError where none was evaluated."""
    history = report.history
    scores = {one.step: score(one, history.metric) for one in history.as_it_went(history.watched)}
    if history.taken_back is not None:  # then the last one has the weights of that step
        scores[history.step] = scores.get(history.taken_back)
    ranked = sorted(
        ((value, step) for step, value in scores.items() if value is not None and step in there), reverse=True
    )
    for _, step in ranked:
        if is_whole(there[step]):
            return step, there[step]
    raise DltuiError(
        f"{report.run.id} has no checkpoint of a step at which it was evaluated",
        "Take its newest weights: --weights newest.",
    )


def trained_to(report: Report, step: int) -> int:
    """Return the step whose weights a checkpoint has: at the end the best ones may have been taken back."""
    back = report.history.taken_back
    return back if back is not None and step == report.history.step else step


def to_safetensors(report: Report) -> bytes:
    """Return the file: the tensors by their names in torch, and metadata on where they come from."""
    step, path = checkpoint_of(report)
    try:
        with open_plain(path, follow=False) as file:
            judge(file, sys.maxsize)
            arrays = read_weights(file)
    except (RefusedError, OSError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise DltuiError(f"{path} cannot be used: {reason}", "Delete it, and export again.") from None
    line = print_line(report.config).encode(errors="backslashreplace").decode()
    notes = {"format": "pt", "run": report.run.id, "step": str(trained_to(report, step)), "line": line}
    return pack(arrays, notes)


def read_weights(file: BinaryIO) -> dict[str, Array]:
    """Return the tensors of the network in a checkpoint that has been judged; raises RefusedError.

    Two names of one tensor, as where weights are shared, each get their own copy: the format knows no other.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            root = archive.namelist()[0].partition("/")[0]
            if archive.read(f"{root}/byteorder").strip() != b"little":
                raise RefusedError("its numbers have the highest byte first")
            state = _Pickled(archive.read(f"{root}/data.pkl")).load()
            contents: dict[str, bytes] = {}
            arrays = {}
            for name, tensor in state["model"].items():
                if not isinstance(tensor, _Tensor) or len(tensor.shape) != len(tensor.strides):
                    raise RefusedError("it holds no weights of a network")
                key = tensor.storage.key
                contents[key] = contents.get(key) or archive.read(f"{root}/data/{key}")
                arrays[str(name)] = _copied(contents[key], tensor)
            return arrays
    except _FAULTS:
        raise RefusedError("it holds no weights of a network") from None


class _Pickled(pickle.Unpickler):
    """Reads the list of tensors. It can name nothing but what is here: nothing of torch, and no code."""

    def __init__(self, content: bytes) -> None:
        super().__init__(io.BytesIO(content))

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _rebuilt
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch", "Size"):
            return tuple
        if module == "torch" and name in _KINDS:
            return _KINDS[name]
        raise pickle.UnpicklingError(name)

    def persistent_load(self, pid: Any) -> _Storage:
        _, kind, key, *_ = pid
        return _Storage(str(kind), str(key))


def _rebuilt(
    storage: _Storage, offset: int, shape: tuple[int, ...], strides: tuple[int, ...], *_: Any
) -> _Tensor:
    return _Tensor(storage, int(offset), tuple(map(int, shape)), tuple(map(int, strides)))


def _copied(content: bytes, tensor: _Tensor) -> Array:
    """Return a tensor's numbers row by row, whatever the order in memory: images may have channels last."""
    size = width(tensor.storage.kind)
    number = math.prod(tensor.shape)
    reach = tensor.offset + sum((side - 1) * stride for side, stride in _sides(tensor)) + 1 if number else 0
    is_wider = any(side > 1 and stride < 1 for side, stride in _sides(tensor))
    if is_wider or reach * size > len(content) or min((tensor.offset, *tensor.shape)) < 0:
        raise RefusedError("it has a tensor that says that it is larger than it is")
    if not number or tensor.strides == _row_by_row(tensor.shape):
        start = tensor.offset * size
        return Array(tensor.storage.kind, tensor.shape, content[start : start + number * size])
    numbers = array(_LETTERS[size])
    numbers.frombytes(content[: len(content) // size * size])
    ordered = array(_LETTERS[size])
    for place in _places(tensor):
        ordered.extend(numbers[place])
    return Array(tensor.storage.kind, tensor.shape, ordered.tobytes())


def _sides(tensor: _Tensor) -> Iterator[tuple[int, int]]:
    return zip(tensor.shape, tensor.strides, strict=True)


def _row_by_row(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the strides of numbers that stand row by row."""
    strides: list[int] = []
    step = 1
    for side in reversed(shape):
        strides.append(step)
        step *= side
    return tuple(reversed(strides))


def _places(tensor: _Tensor) -> Iterator[slice]:
    """Yield where each row's numbers stand, in order; dimensions that run on evenly count as one row."""
    sides = [one for one in _sides(tensor) if one[0] != 1]
    while len(sides) > 1 and sides[-2][1] == sides[-1][0] * sides[-1][1]:
        (outer, _), (inner, stride) = sides[-2:]
        sides[-2:] = [(outer * inner, stride)]
    *outer_sides, (length, stride) = sides or [(1, 1)]
    starts = [tensor.offset]
    for side, step in outer_sides:
        starts = [start + index * step for start in starts for index in range(side)]
    for start in starts:
        yield slice(start, start + (length - 1) * stride + 1, stride)
