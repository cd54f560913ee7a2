"""What an exception was, in a line, and where in the user's own code it came from; needs no torch."""

import os
import site
import sysconfig
import traceback
from pathlib import Path

from dlcore.clean import clean

_MOST = 300
"""Letters of a message that are shown."""
_INSTALLED = tuple(
    f"{path}{os.sep}"
    for path in {
        *(sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")),
        os.path.dirname(os.__file__),
        site.getusersitepackages(),
        str(Path(__file__).parents[1]),
    }
)
_PACKAGES = {"site-packages", "dist-packages"}


def described(error: BaseException) -> str:
    """Return an exception in a line: its name, its message, and where in the user's code it came from.

    Where the user's code had only put torch's layers together, the layer that failed is named instead.
    """
    said = clean(" ".join(_said(error).split())).rstrip(".")
    said = f"{said[:_MOST]}…" if len(said) > _MOST else said
    name = clean(type(error).__name__)
    place = _line(error) or _layer(error)
    return (f"{name}: {said}" if said else name) + (f", in {place}" if place else "")


def _said(error: BaseException) -> str:
    """Return the message; '' where the exception cannot even say what it is."""
    try:
        return str(error.msg) if isinstance(error, SyntaxError) and error.msg else str(error)
    except Exception:  # the user's own exception fails in turn
        return ""


def _line(error: BaseException) -> str:
    """Return the innermost line that is the user's own, '' where none is."""
    file = error.filename if isinstance(error, SyntaxError) else None
    if isinstance(error, SyntaxError) and isinstance(file, str) and file and not file.startswith("<"):
        return f"{clean(Path(file).name)} line {error.lineno}"
    found = ""
    for frame, line in traceback.walk_tb(error.__traceback__):
        file = frame.f_code.co_filename
        if not is_installed(file):
            found = f"{clean(Path(file).name)} line {line}"
    return found


def is_installed(file: str) -> bool:
    """Whether a source file belongs to Python, to a package, or to this one."""
    return file.startswith((*_INSTALLED, "<")) or not _PACKAGES.isdisjoint(Path(file).parts)


def _layer(error: BaseException) -> str:
    """Return the innermost layer of torch whose forward was at work, as torch writes it."""
    found = ""
    for frame, _ in traceback.walk_tb(error.__traceback__):
        layer = frame.f_locals.get("self")
        if frame.f_code.co_name == "forward" and type(layer).__module__.startswith("torch.nn."):
            found = f"{type(layer).__name__}({clean(layer.extra_repr())})"  # type: ignore[union-attr]
    return found
