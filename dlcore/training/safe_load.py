"""Files of tensors that somebody else may have written: no code is run, and no memory given beyond reason."""

import pickle
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import psutil
import torch

from dlcore.clean import clean
from dlcore.datasets.unpacking import RefusedError
from dlcore.errors import DltuiError
from dlcore.files.plainfile import open_plain
from dlcore.files.tensorfile import judge

_SHARE = 2
"""Of the memory that is free, a file may take one part in so many."""
_FAULTS = (
    pickle.UnpicklingError, OSError, RuntimeError, ValueError, TypeError, LookupError, AttributeError,
    EOFError, ArithmeticError, AssertionError, MemoryError,
)  # fmt: skip
"""What torch is known to raise on broken files. Its words are not passed on: they quote the file."""
_CURE = "Delete it, and go on from the one before it."


def load_tensors(path: Path, most: int | None = None) -> dict[str, Any]:
    """Return the dictionary of tensors and plain values in a file that `torch.save` wrote.

    `most` is how many bytes it may have; without it, what half of the free memory holds. Tensors come to the
    CPU. Raises DltuiError for anything else that a file of that name can be.
    """
    room = psutil.virtual_memory().available // _SHARE if most is None else most
    try:
        with open_plain(path, follow=False) as file:
            judge(file, room)
            # Said in so many words, because an environment variable can turn the default off.
            content = torch.load(file, map_location="cpu", weights_only=True)
        if not isinstance(content, dict):
            raise RefusedError("it holds no table of tensors")
        _check_backed(_tensors(content))
    except FileNotFoundError:
        raise DltuiError(f"There is no file {clean(str(path))}", "Go on from another checkpoint.") from None
    except RefusedError as refused:
        raise _unusable(path, str(refused)) from None
    except OSError as error:
        raise _unusable(path, _reason(path, error)) from None
    except _FAULTS:
        raise _unusable(path, "what it holds are not tensors as torch writes them") from None
    return content


def _reason(path: Path, error: OSError) -> str:
    if path.is_symlink():
        return "it is a link, and links are not followed"
    return error.strerror or "the system cannot read it"


def _unusable(path: Path, reason: str) -> DltuiError:
    return DltuiError(f"{clean(str(path))} cannot be used: {reason}", _CURE)


def _tensors(content: dict[Any, Any]) -> Iterable[torch.Tensor]:
    """Yield all tensors in nested tables and lists; what stands in several places is looked into once."""
    pending: list[Any] = [content]
    seen: set[int] = set()
    while pending:
        value = pending.pop()
        if id(value) in seen:
            continue
        if isinstance(value, torch.Tensor):
            yield value
        elif isinstance(value, dict):
            pending += [*value, *value.values()]
        elif isinstance(value, list | tuple | set):
            pending += value
        else:
            continue
        seen.add(id(value))


def _check_backed(tensors: Iterable[torch.Tensor]) -> None:
    """Raise where a tensor says that it is larger than its bytes: it would become so when it is copied."""
    for tensor in tensors:
        if tensor.numel() * tensor.element_size() > tensor.untyped_storage().nbytes():
            raise RefusedError("it has a tensor that says that it is larger than it is")


def fitting(
    found: Mapping[str, Any], wanted: Mapping[str, torch.Tensor], what: str
) -> dict[str, torch.Tensor]:
    """Return the tensors found, in the order of those wanted, when names, shapes and types agree.

    `what` says whose they are, as in "the weights". Raises DltuiError that names the first that differs.
    """
    cure = "It is the checkpoint of another network: go on with the configuration that it was made with."
    missing = [name for name in wanted if name not in found]
    strange = [name for name in found if name not in wanted]
    if missing or strange:
        said = (
            f"lacks {_shown(missing[0])}" if missing else f"has {_shown(strange[0])}, which is not known here"
        )
        raise DltuiError(f"The checkpoint {said} among {what}", cure)
    fitted: dict[str, torch.Tensor] = {}
    for name, tensor in wanted.items():
        other = found[name]
        if not isinstance(other, torch.Tensor):
            raise DltuiError(f"The checkpoint has no tensor for {_shown(name)} among {what}", cure)
        if (other.shape, other.dtype) != (tensor.shape, tensor.dtype):
            raise DltuiError(
                f"In {what} of the checkpoint {_shown(name)} is {_kind(other)}, and not {_kind(tensor)}",
                cure,
            )
        fitted[name] = other
    return fitted


def _shown(name: object) -> str:
    return clean(str(name))[:80]


def _kind(tensor: torch.Tensor) -> str:
    """Return shape and type, as in `64×784 float32`."""
    sides = "×".join(map(str, tensor.shape[:8])) or "a single"
    return f"{sides} {str(tensor.dtype).removeprefix('torch.')}"
