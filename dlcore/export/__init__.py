"""What came of runs, as files that others can read: a summary, figures, weights, the network.

Every format works on every run, whether it is finished, failed, crashed or still going on, and says which.
Adding one is a line in FORMATS, and a module that makes it of a Report.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from importlib.util import find_spec
from pathlib import Path

from dlcore.errors import DltuiError
from dlcore.export import files
from dlcore.export.csv_ import runs_to_csv, to_csv
from dlcore.export.html_ import runs_to_html, to_html
from dlcore.export.json_ import runs_to_json, to_json
from dlcore.export.markdown import runs_to_markdown, to_markdown
from dlcore.export.onnx_ import to_onnx
from dlcore.export.parquet import runs_to_parquet, to_parquet
from dlcore.export.report import Report, Weights, gather
from dlcore.export.script import to_script
from dlcore.export.tensorboard import to_tensorboard
from dlcore.export.together import Member, member
from dlcore.export.weights import to_safetensors
from dlcore.rundir import RunDir

Written = str | bytes


@dataclass(frozen=True)
class Format:
    """A kind of file: its name on the command line, the ending of its files, and what writes it."""

    name: str
    ending: str
    """Behind the run's id; with a slash the file lies in a folder that is called like the run."""
    about: str
    write: Callable[[Report], Written]
    is_text: bool = True
    extra: str = ""
    """What `pip install 'dltui[…]'` has to bring, if anything."""
    needs: tuple[str, ...] = ()
    """The modules that the extra brings."""
    together: Callable[[Sequence[Member]], Written] | None = None
    """Writes several runs as one file, where the format can."""

    @property
    def missing(self) -> tuple[str, ...]:
        """The modules that are not installed here; nothing is imported to see that."""
        return tuple(name for name in self.needs if find_spec(name) is None)


FORMATS: tuple[Format, ...] = (
    Format("markdown", ".md", "summary to read and mail", to_markdown, together=runs_to_markdown),
    Format("html", ".html", "summary as a page, to print and hand on", to_html, together=runs_to_html),
    Format("json", ".json", "everything but the single steps", to_json, together=runs_to_json),
    Format("csv", ".csv", "a row for each epoch and evaluation", to_csv, together=runs_to_csv),
    Format(
        "parquet", ".parquet", "a row for each step, with types", to_parquet, False,
        extra="parquet", needs=("pyarrow",), together=runs_to_parquet,
    ),
    Format("script", ".py", "a PyTorch script that repeats the run", to_script),
    Format("tensorboard", "/events.out.tfevents.dltui", "figures for TensorBoard", to_tensorboard, False),
    Format("safetensors", ".safetensors", "the weights of a checkpoint", to_safetensors, False),
    Format(
        "onnx", ".onnx", "the network with its weights, checked", to_onnx, False,
        extra="onnx", needs=("onnx", "onnxscript", "onnxruntime"),
    ),
)  # fmt: skip
"""In the order in which they are offered."""


def find_format(name: str) -> Format:
    """Return the format called `name`; raises DltuiError that names all of them."""
    for format_ in FORMATS:
        if format_.name == name:
            return format_
    raise DltuiError(f"There is no export format {name!r}", f"Known: {_known(FORMATS)}.")


def _known(formats: Sequence[Format]) -> str:
    return ", ".join(format_.name for format_ in formats)


def render(run: RunDir, format: str) -> bytes:  # noqa: A002
    """Return the run in one format; texts are UTF-8. Raises DltuiError when that cannot be had."""
    return _content(find_format(format), gather(run))


def render_text(run: RunDir, format: str) -> bytes:  # noqa: A002
    """Return the run in one format that a terminal or a pipe of text can take; raises DltuiError."""
    if not find_format(format).is_text:
        texts = [one for one in FORMATS if one.is_text]
        raise DltuiError(
            f"The format {format} is no text, which standard output would take",
            f"Give a folder with -o, or one of these formats: {_known(texts)}.",
        )
    return render(run, format)


@dataclass(frozen=True)
class Began:
    """A format of a run, or of all runs together, is being made."""

    format: str
    run: str
    """Its id; '' for all runs together."""


@dataclass(frozen=True)
class Placed:
    """A file has been written."""

    format: str
    path: Path


@dataclass(frozen=True)
class Failed:
    """A format could not be had; the others go on."""

    format: str
    """'' where the run itself cannot be read."""
    run: str
    """Its id, or what files of all runs together are called."""
    error: DltuiError


Progress = Began | Placed | Failed


def export(
    runs: Sequence[RunDir],
    formats: Sequence[str],
    folder: Path,
    *,
    force: bool = False,
    weights: Weights = "newest",
) -> Iterator[Progress]:
    """Write each run in each format into `folder`, which is made if missing, and several runs together too.

    Yields what happens. Without `force`, a file that exists is refused before anything is written. A format
    that cannot be had stops no other. Raises DltuiError where nothing of it can be done.
    """
    runs, chosen = _distinct(runs), [find_format(name) for name in dict.fromkeys(formats)]
    if not chosen:
        raise DltuiError("No export format is given", f"Known: {_known(FORMATS)}.")
    if not runs:
        raise DltuiError("No run is given", "List them: dltui runs.")
    joint = [one for one in chosen if one.together is not None] if len(runs) > 1 else []
    stem = folder / joint_name(runs)
    if not force:
        files.check_free(_path(folder / file_name(run), one) for run in runs for one in chosen)
        files.check_free(_path(stem, one) for one in joint)
    return _export(runs, chosen, joint, folder, force, weights)


def _export(
    runs: Sequence[RunDir],
    chosen: Sequence[Format],
    joint: Sequence[Format],
    folder: Path,
    force: bool,
    weights: Weights,
) -> Iterator[Progress]:
    now = datetime.now(UTC)
    members: list[Member] = []
    for run in runs:
        try:
            report = gather(run, weights)
        except DltuiError as error:
            yield Failed("", run.id, error)
            continue
        if joint:
            members.append(member(report, now))
        for one in chosen:
            yield Began(one.name, run.id)
            yield _attempt(one, folder / file_name(run), partial(_content, one, report), force)
    for one in joint if len(members) > 1 else ():
        yield Began(one.name, "")
        yield _attempt(one, folder / joint_name(runs), partial(_joint_content, one, members), force)


def _attempt(one: Format, stem: Path, content: Callable[[], bytes], force: bool) -> Placed | Failed:
    path = _path(stem, one)
    try:
        files.put(path, content(), force=force)
    except DltuiError as error:
        return Failed(one.name, stem.name, error)
    return Placed(one.name, path)


def _content(one: Format, report: Report) -> bytes:
    return _made(one, partial(one.write, report))


def _joint_content(one: Format, members: Sequence[Member]) -> bytes:
    assert one.together is not None
    return _made(one, partial(one.together, members))


def _made(one: Format, make: Callable[[], Written]) -> bytes:
    """Return what a format makes; raises DltuiError where its extra is not there, or does not work."""
    cure = f"Install it: pip install 'dltui[{one.extra}]'."
    if one.missing:
        which = "is" if len(one.missing) == 1 else "are"
        named = ", ".join(one.missing)
        raise DltuiError(f"The format {one.name} needs {named}, which {which} not installed here", cure)
    try:
        content = make()
    except ImportError as error:  # it is there, and made for another version of something
        raise DltuiError(f"What the format {one.name} needs cannot be imported here: {error}", cure) from None
    return content.encode() if isinstance(content, str) else content


def _path(stem: Path, one: Format) -> Path:
    return stem.parent / f"{stem.name}{one.ending}"


def joint_name(runs: Sequence[RunDir]) -> str:
    """Return what the files of several runs are called: how many they are, and the first one's id."""
    return f"{len(runs)}-runs-{file_name(runs[0])}" if runs else ""


def file_name(run: RunDir) -> str:
    """Return what the files of a run are called: its id, without what a shell would take for its own."""
    return re.sub(r"[^\w.+-]+", "-", run.id).lstrip("-.") or "run"


def _distinct(runs: Sequence[RunDir]) -> list[RunDir]:
    """Return the runs, each once; raises DltuiError for two that would have the same files."""
    found: dict[str, RunDir] = {}
    for run in runs:
        other = found.setdefault(file_name(run), run)
        if other.path.resolve() != run.path.resolve():
            raise DltuiError(
                f"Two different runs are called {file_name(run)}", "Export them one by one, to two folders."
            )
    return list(found.values())
