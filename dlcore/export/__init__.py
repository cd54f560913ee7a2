"""What came of a run, as files that others can read: Markdown, JSON and CSV.

Every format works on every run, whether it is finished, failed, crashed or still going on, and says which.
"""

import contextlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from dlcore import disk
from dlcore.atomic import give_name, store_beside
from dlcore.errors import DltuiError
from dlcore.export.csv_ import to_csv
from dlcore.export.json_ import to_json
from dlcore.export.markdown import to_markdown
from dlcore.export.report import Report, gather
from dlcore.rundir import RunDir


@dataclass(frozen=True)
class Format:
    """A kind of file: its name on the command line, the ending of its files, and what writes it."""

    name: str
    ending: str
    write: Callable[[Report], str]


FORMATS: tuple[Format, ...] = (
    Format("markdown", ".md", to_markdown),
    Format("json", ".json", to_json),
    Format("csv", ".csv", to_csv),
)


def find_format(name: str) -> Format:
    """Return the format called `name`; raises DltuiError that names all of them."""
    for format_ in FORMATS:
        if format_.name == name:
            return format_
    raise DltuiError(f"There is no export format {name!r}", f"Known: {_known()}.")


def _known() -> str:
    return ", ".join(format_.name for format_ in FORMATS)


def render(run: RunDir, format: str) -> bytes:  # noqa: A002
    """Return the run in one format, in UTF-8; raises DltuiError when the run cannot be read."""
    writer = find_format(format)
    return writer.write(gather(run)).encode()


def export(run: RunDir, formats: Sequence[str], folder: Path, force: bool) -> list[Path]:
    """Write `<run id>.md` and so on into `folder`, which is made if missing; return the files in order.

    All of them or none: without `force`, a file that exists is refused before anything is written, and the
    names are taken in a way that no one else's file can be overwritten. Raises DltuiError.
    """
    chosen = [find_format(name) for name in dict.fromkeys(formats)]
    if not chosen:
        raise DltuiError("No export format is given", f"Known: {_known()}.")
    paths = [folder / f"{run.id}{format_.ending}" for format_ in chosen]
    taken = [path for path in paths if os.path.lexists(path)]
    if taken and not force:
        raise _exists(taken[0])
    report = gather(run)
    contents = [format_.write(report).encode() for format_ in chosen]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _write_all(dict(zip(paths, contents, strict=True)), force)
    except OSError as error:
        raise DltuiError(
            f"{folder} cannot be written: {error.strerror or error}",
            "Make the folder writable, or give another one with -o.",
        ) from None
    return paths


def _exists(path: Path) -> DltuiError:
    return DltuiError(f"{path} exists", "Overwrite it with --force, or give another folder with -o.")


def _write_all(files: dict[Path, bytes], force: bool) -> None:
    temporary: dict[Path, Path] = {}
    placed: list[Path] = []
    try:
        for path, content in files.items():
            temporary[path] = store_beside(path, content)
        for path, source in temporary.items():
            if force:
                disk.replace(source, path)
            else:
                _place(source, path)
                placed.append(path)
    except BaseException:
        for path in placed:
            path.unlink(missing_ok=True)
        raise
    finally:
        for source in temporary.values():
            source.unlink(missing_ok=True)
    for folder in {path.parent for path in files}:
        with contextlib.suppress(OSError):  # some network folders cannot be synced; the files are there
            disk.sync_folder(folder)


def _place(source: Path, path: Path) -> None:
    """Give the file its name unless the name is taken by now; raises DltuiError then."""
    try:
        give_name(source, path)
    except FileExistsError:
        raise _exists(path) from None
