"""A user's own code: found, imported, called; every fault of it told in a sentence."""

import hashlib
import importlib
import importlib.util
import inspect
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from torch.utils.data import Dataset, IterableDataset, TensorDataset

from dlcore.choices.choice import nearest
from dlcore.choices.own import CustomData
from dlcore.clean import clean
from dlcore.errors import DataError, DltuiError
from dlcore.foreign import cure_for
from dlcore.training.faults import described, is_installed
from dlcore.training.labels import is_pair, kind_of, shown
from dlcore.training.memory import shortage
from dlcore.training.own import Own, of_arrays, of_datasets
from dlcore.training.streaming import seeded
from dlcore.training.undisturbed import undisturbed

_PRIVATE = "_dltui_"
_RETURN = "Return (inputs, targets), or ((inputs, targets), (test inputs, test targets)), or torch datasets."
_FORM = "Write package.module:name, or the path of a file and a name: /home/me/net.py:name."


_stamps: dict[str, tuple[int, int]] = {}
"""When each module of the user's own was changed last, and its size, as it was imported."""


def load_target(target: str) -> Callable[..., Any]:
    """Return what "package.module:name" or "path/file.py:name" stands for, importing it.

    Once a file of the user's own code has changed, all of that is imported anew. Raises DltuiError where it
    is not there, cannot be called, or fails as it is imported.
    """
    if cure := cure_for(target):
        raise DltuiError(f"custom: {shown(target)} stands for no code that dltui knows", cure)
    place, _, name = target.strip().rpartition(":")
    if not place or not name:
        raise DltuiError(f"custom: {shown(target)} does not say what to call and where it is", _FORM)
    is_file = place.endswith(".py") or "/" in place
    _forget_changed()
    with _noting(), undisturbed():
        module = _from_file(Path(place)) if is_file else _from_module(place)
    found: Any = module
    for part in name.split("."):
        if not hasattr(found, part):
            known = [word for word in vars(module) if callable(vars(module)[word]) and word[0] != "_"]
            raise DltuiError(f"custom: {shown(place)} has no {shown(part)}", nearest(part, known[:20]))
        found = getattr(found, part)
    if not callable(found):
        kind = type(found).__name__
        raise DltuiError(f"custom: {shown(target)} is of type {kind}, which cannot be called", _FORM)
    return found  # type: ignore[no-any-return]


def call(target: Callable[..., Any], args: Mapping[str, Any], offered: Mapping[str, object]) -> Any:
    """Return what the target returns for `args` and for those `offered` values whose names it takes.

    Raises DltuiError where it takes other arguments, and for whatever it raises.
    """
    name = shown(getattr(target, "__qualname__", type(target).__name__))
    arguments = dict(args)
    try:
        signature = inspect.signature(target)
    except (TypeError, ValueError):  # some builtins have none
        pass
    else:
        arguments = _arguments(name, signature, args, offered)
    try:
        beside = _beside(sys.modules.get(getattr(target, "__module__", None) or ""))
        with beside, _noting(), undisturbed():
            return target(**arguments)
    except DltuiError:
        raise
    except BaseException as error:  # a user's code may raise anything; no key that is pressed comes here
        said, short = described(error), shortage(error)
    if short is not None:
        raise short
    raise DltuiError(f"custom: {said}", f"It came from the call of {name}: mend it there.")


def _arguments(
    name: str, signature: inspect.Signature, args: Mapping[str, Any], offered: Mapping[str, object]
) -> dict[str, Any]:
    parameters = signature.parameters.values()
    named = [each.name for each in parameters if each.kind in (each.POSITIONAL_OR_KEYWORD, each.KEYWORD_ONLY)]
    takes_all = any(each.kind is each.VAR_KEYWORD for each in parameters)
    taken = {key: value for key, value in offered.items() if takes_all or key in named}
    arguments = {**taken, **args}
    try:
        signature.bind(**arguments)
    except TypeError as error:
        accepted = ", ".join(named) if named else "no arguments"
        more = " and any other" if takes_all and named else ""
        raise DltuiError(
            f"custom: {name} cannot be called: {clean(str(error))}",
            f"It takes {accepted}{more}; set them in args.",
        ) from None
    return arguments


def _from_module(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        theirs = f"{name}.".startswith(f"{error.name}.")  # else one that it imports is missing
        said = "" if theirs else described(error)
    except BaseException as error:  # a user's code may raise anything
        said = described(error)
    if said:
        raise DltuiError(f"custom: {said}", f"It came from importing {shown(name)}: mend it there.")
    raise DltuiError(
        f"custom: there is no module {shown(name)}",
        "Install it into the environment of dltui, or give the path of a file: /home/me/net.py:name.",
    )


def _from_file(path: Path) -> ModuleType:
    """Return the module of a file under a name that nothing else has; a changed file is a new module."""
    shown = clean(str(path))
    try:
        path = path.expanduser().resolve()
        changed = path.stat().st_mtime_ns
    except FileNotFoundError:
        raise DltuiError(f"custom: there is no file {shown}", _FORM) from None
    except (OSError, ValueError, RuntimeError) as error:
        raise DltuiError(f"custom: {shown} cannot be read: {clean(str(error))}", _FORM) from None
    name = (
        _PRIVATE + hashlib.blake2b(f"{path}\0{changed}".encode(errors="replace"), digest_size=8).hexdigest()
    )
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None or not path.is_file():
        raise DltuiError(f"custom: {shown} is not a Python file", _FORM)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # before it runs: dataclasses look their own module up
    try:
        with _beside(module):
            spec.loader.exec_module(module)
        return module
    except BaseException as error:  # a user's code may raise anything
        said = described(error)
        del sys.modules[name]
    raise DltuiError(f"custom: {said}", f"It came from importing {shown}: mend it there.")


@contextmanager
def _noting() -> Iterator[None]:
    """Note which modules of the user's own are imported inside, so that a change of theirs is noticed."""
    before = set(sys.modules)
    try:
        yield
    finally:
        for name in sys.modules.keys() - before:
            file = getattr(sys.modules[name], "__file__", None) or ""
            if file.endswith(".py") and not is_installed(file):
                _stamps[name] = _stamp(file)


def _forget_changed() -> None:
    """Forget what was imported of the user's own code when any file of it is not what it was."""
    loaded = {name: sys.modules[name] for name in _stamps if name in sys.modules}
    if any(_stamp(str(module.__file__)) != _stamps[name] for name, module in loaded.items()):
        for name in loaded:
            del sys.modules[name]
        _stamps.clear()
        importlib.invalidate_caches()


def _stamp(file: str) -> tuple[int, int]:
    try:
        status = os.stat(file)
    except OSError:
        return 0, 0
    return status.st_mtime_ns, status.st_size


@contextmanager
def _beside(module: ModuleType | None) -> Iterator[None]:
    """Let a module from a file import what lies beside it, and leave no compiled files there."""
    if module is None or not module.__name__.startswith(_PRIVATE):
        yield
        return
    folder, wrote = str(Path(str(module.__file__)).parent), sys.dont_write_bytecode
    sys.path.insert(0, folder)
    sys.dont_write_bytecode = True
    try:
        yield
    finally:
        sys.dont_write_bytecode = wrote
        if folder in sys.path:
            sys.path.remove(folder)


def read_custom(data: CustomData, seed: int = 0) -> Own:
    """Return the data of a user's function, which may take `seed`; what it draws itself is drawn from that.

    Raises DltuiError where it cannot be called, DataError where it returns what no network can learn from.
    """
    with seeded(seed), undisturbed():
        returned = call(load_target(data.target), data.args, {"seed": seed})
        training, test = _parts(returned)
        if _is_dataset(training):
            return of_datasets(training, test, data.task)
        return of_arrays(training, test, data.task)


def _parts(returned: Any) -> tuple[Any, Any]:
    """Return the training set and the test set or None; each a data set or a pair of arrays."""
    fault = DataError(f"custom: the function returned {kind_of(returned)}", _RETURN)
    returned = _arrays_of(returned)
    if _is_dataset(returned):
        return returned, None
    if not isinstance(returned, (tuple, list)) or len(returned) != 2:
        raise fault
    first, second = map(_arrays_of, returned)
    if _is_dataset(first):
        if second is not None and not _is_dataset(second):
            raise fault
        return first, second
    if is_pair(first) and (second is None or is_pair(second)):
        return first, second
    if first is None or second is None or _is_dataset(second):
        raise fault
    return (first, second), None


def _arrays_of(value: Any) -> Any:
    if isinstance(value, TensorDataset) and len(value.tensors) == 2:
        return value.tensors  # in memory already: nothing to stream
    return value


def _is_dataset(value: Any) -> bool:
    if isinstance(value, IterableDataset):
        raise DataError(
            "custom: an IterableDataset has no order to shuffle",
            "Return a data set with __getitem__ and __len__.",
        )
    return isinstance(value, Dataset)
