"""A user's own folder of images as a list of files and classes; no image is opened.

Two layouts are known: a folder for each class, or folders `train` and `test` that each hold those.
"""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from dlcore.clean import clean
from dlcore.errors import DataError

EXTENSIONS = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".ppm", ".pgm")
MOST_CLASSES = 1000
MOST_FILES = 5_000_000
DEEPEST = 5
"""Folders inside a class folder are walked so far down."""
MOST_STRANGERS = 20_000
"""So many entries of a class folder are looked at before its first image is given up."""

_HINT = "Give the path of a folder with a folder of images for each class in data.folder."
_UNUSED = frozenset(("val", "valid", "validation"))
_SPLITS = frozenset(("train", "training", "test", "testing")) | _UNUSED

Files = tuple[tuple[Path, int], ...]


@dataclass(frozen=True)
class Images:
    """The image files of both splits with their class numbers; sorted by class, then by name."""

    classes: tuple[str, ...]
    training: Files
    test: Files
    """Empty where the folder has no folder `test`."""


def list_images(folder: Path) -> Images:
    """Return the images in a folder, without walking it again while its class folders are unchanged.

    Raises DataError where it is missing, unreadable, or holds anything but at least two classes of images.
    """
    found = _listed(folder, _stamps(folder))
    if isinstance(found, DataError):
        raise DataError(found.message, found.hint)  # a new one: each raise would lengthen a kept traceback
    return found


def _stamps(folder: Path) -> tuple[tuple[str, int], ...]:
    """Return name and time of change of the folder, its folders and the class folders of its splits."""
    try:
        found = [("", folder.stat().st_mtime_ns)]
    except (OSError, ValueError):
        raise _refused(folder) from None
    inside = _folders(folder)
    if "train" in inside:
        inside += [
            f"{split}/{name}"
            for split in ("train", "test")
            if split in inside
            for name in _folders(folder / split)
        ]
    for name in inside[: 2 * MOST_CLASSES + 3]:  # more are refused anyway
        try:
            found.append((name, (folder / name).stat().st_mtime_ns))
        except OSError:
            raise _refused(folder / name) from None
    return tuple(found)


@lru_cache(maxsize=4)
def _listed(folder: Path, stamps: tuple[tuple[str, int], ...]) -> Images | DataError:
    """Return the images of a folder of that age, or what is wrong with its content."""
    try:
        return _read(folder)
    except DataError as error:
        if error.__suppress_context__:  # permissions change without a trace in the times
            raise
        return DataError(error.message, error.hint)


def _read(folder: Path) -> Images:
    inside = _folders(folder)
    parted = "train" in inside and (set(inside) <= {"train"} | _UNUSED or "test" in inside)
    if parted and not _folders(folder / "train"):
        parted = "test" not in inside  # folders of images called train and test are classes themselves
    if not parted:
        if inside and {name.lower() for name in inside} <= _SPLITS:
            raise DataError(
                f"{_shown(folder)} holds splits, not classes: {', '.join(map(clean, inside))}",
                "Call the folders train and test, and put a folder for each class into both.",
            )
        return Images(tuple(map(clean, inside)), _files(folder, _checked(folder, inside)), ())
    classes = _checked(folder / "train", _folders(folder / "train"))
    training = _files(folder / "train", classes)
    if "test" not in inside:
        return Images(tuple(map(clean, classes)), training, ())
    tested = _folders(folder / "test")
    for name in tested:
        if name not in classes:
            raise DataError(
                f"{_shown(folder / 'test')} has a class {clean(name)}, which the folder train has not",
                "A class can be learned only from images in train: add them, or remove it from test.",
            )
    if not tested:
        raise DataError(f"{_shown(folder / 'test')} has no class folders", _HINT)
    return Images(tuple(map(clean, classes)), training, _files(folder / "test", classes, set(tested)))


def _checked(folder: Path, classes: list[str]) -> list[str]:
    if len(classes) < 2:
        number = f"a single folder ({clean(classes[0])})" if classes else "no folders"
        raise DataError(
            f"{_shown(folder)} holds {number}",
            "Put a folder of images for each class into it, at least two; links to folders are not followed.",
        )
    if len(classes) > MOST_CLASSES:
        raise DataError(
            f"{_shown(folder)} holds {len(classes):,} folders, at most {MOST_CLASSES:,} classes are read",
            _HINT,
        )
    return classes


def _files(folder: Path, classes: list[str], there: set[str] | None = None) -> Files:
    """Return the images of the classes; `there` are those that the folder has, None is all of them."""
    found: list[tuple[Path, int]] = []
    for number, name in enumerate(classes):
        if there is not None and name not in there:
            continue
        before = len(found)
        for path in _walk(folder / name):
            found.append((path, number))
            if len(found) > MOST_FILES:
                raise DataError(
                    f"{_shown(folder)} holds more than {MOST_FILES:,} images",
                    "Take a part of them, or read them with code of your own (data.kind = custom).",
                )
        if len(found) == before:
            raise DataError(
                f"The class folder {_shown(folder / name)} holds no images",
                f"Put images into it ({' '.join(EXTENSIONS)}), or remove it.",
            )
    return tuple(found)


def _walk(folder: Path) -> Iterator[Path]:
    """Yield the images in a folder and the folders inside it, by name."""
    strangers = 0
    pending = [(folder, 0)]
    while pending:
        here, depth = pending.pop()
        inside: list[tuple[Path, int]] = []
        for entry in _entries(here):
            if _is_folder(entry):
                if depth < DEEPEST:
                    inside.append((here / entry.name, depth + 1))
            elif entry.name.lower().endswith(EXTENSIONS):
                strangers = -1
                yield here / entry.name
            if strangers >= 0:
                strangers += 1
            if strangers > MOST_STRANGERS:
                return
        pending += reversed(inside)


def _folders(folder: Path) -> list[str]:
    return [entry.name for entry in _entries(folder) if _is_folder(entry)]


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    """Return what is in a folder and not hidden, by name."""
    try:
        with os.scandir(folder) as entries:
            return sorted((entry for entry in entries if entry.name[0] != "."), key=lambda entry: entry.name)
    except (OSError, ValueError):
        raise _refused(folder) from None


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir(follow_symlinks=False)
    except OSError:
        return False


def _refused(folder: Path) -> DataError:
    """Return what is wrong with a folder that cannot be read."""
    shown = _shown(folder)
    try:
        status = folder.stat()
    except ValueError:
        return DataError(f"{shown} is no path", _HINT)
    except FileNotFoundError:
        return DataError(f"There is no folder {shown}", _HINT)
    except OSError as error:
        return DataError(f"{shown} cannot be read: {error.strerror or clean(str(error))}", _HINT)
    if not stat.S_ISDIR(status.st_mode):
        return DataError(f"{shown} is not a folder", _HINT)
    return DataError(f"{shown} cannot be read", "Give yourself the permission to list it (chmod u+rx).")


def _shown(path: Path) -> str:
    return clean(str(path))
