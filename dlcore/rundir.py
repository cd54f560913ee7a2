"""A run on disk: its names, its lock, its small files, and the list of all runs.

The run directory is the truth: the trainer writes it, everybody else reads it. Folders have mode 0700
and files 0600, whatever the umask; a folder is made with `mkdir` and never taken over. Who else may look,
and why only look, is said in `dlcore.files.private`.
"""

import os
import re
import shutil
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import platformdirs

from dlcore.errors import RunError
from dlcore.files import disk
from dlcore.files.atomic import write_atomic, write_json
from dlcore.files.private import check_run, make_private, private_folder

SCHEMA = 1
"""Version of the run directory's layout."""

FACTS, LABEL, EVENTS = "run.json", "label.json", "events.jsonl"

_MOST_SET_BACK = timedelta(hours=12)
"""A clock that was wrong by more than that is not followed."""


def home(environment: Mapping[str, str] = os.environ) -> Path:
    """Return where runs and data live: `DLTUI_HOME`, else the platform's user data folder."""
    given = environment.get("DLTUI_HOME", "")
    return _expanded(given) if given else Path(platformdirs.user_data_dir("dltui"))


def _expanded(path: str) -> Path:
    """Return the absolute path; a ~user whom nobody knows is taken for a name (`Path` would raise)."""
    return Path(os.path.expanduser(path)).absolute()


@dataclass(frozen=True, slots=True)
class RunDir:
    """The folder of one run."""

    path: Path

    @property
    def id(self) -> str:
        """The folder's name: UTC time in milliseconds, then a slug of the run's name."""
        return self.path.name

    @property
    def config(self) -> Path:
        """The whole configuration, written once."""
        return self.path / "config.toml"

    @property
    def facts(self) -> Path:
        """What lists say of the run, versions, device, parent and final summary (`run.json`)."""
        return self.path / FACTS

    @property
    def label(self) -> Path:
        """What viewers say of the run: name, tags, notes, hidden."""
        return self.path / LABEL

    @property
    def events(self) -> Path:
        """What the run says."""
        return self.path / EVENTS

    @property
    def control(self) -> Path:
        """What the run is told."""
        return self.path / "control.jsonl"

    @property
    def lock(self) -> Path:
        """Held by the trainer for its whole life."""
        return self.path / "lock"

    @property
    def checkpoints(self) -> Path:
        """The folder of the saved weights."""
        return self.path / "checkpoints"

    @property
    def frames(self) -> Path:
        """The folder of the arrays for looking back."""
        return self.path / "frames"

    @property
    def log(self) -> Path:
        """Everything that the trainer or a library prints."""
        return self.path / "trainer.log"

    def remove(self) -> None:
        """Delete the folder with everything in it."""
        if self.path.is_symlink() or not self.facts.is_file():
            raise RunError(f"{self.path} is not a run", "List the runs: dltui runs.")
        check_run(self.path)
        try:
            shutil.rmtree(self.path)
        except OSError as error:
            raise RunError(f"{self.path} cannot be deleted: {error.strerror}", "Check who owns it.") from None


def slug(name: str) -> str:
    """Return a name that is safe as a part of a folder's name; letters of any script stay."""
    text = unicodedata.normalize("NFKC", name).casefold()
    text = re.sub(r"[^\w]+", "-", text).strip("-_")
    return text.encode()[:60].decode(errors="ignore").strip("-_") or "run"


def create(
    root: Path,
    name: str,
    now: datetime,
    config: str,
    facts: Mapping[str, Any],
    *,
    stamp: datetime | None = None,
) -> RunDir:
    """Make the directory of a new run below `root`/runs, with its configuration and first facts.

    Its id begins with `stamp`, or with `now`. Raises RunError, with nothing left behind, when the place
    cannot be written.
    """
    runs = root / "runs"
    try:
        private_folder(root)
        private_folder(runs)
        run = RunDir(_fresh(runs, f"{_stamp(stamp or now)}-{slug(name)}"))
        try:
            write_atomic(run.config, config.encode())
            write_json(run.facts, {"schema": SCHEMA, "created": now.astimezone(UTC).isoformat(), **facts})
            disk.sync_folder(runs)
        except OSError:
            shutil.rmtree(run.path, ignore_errors=True)
            raise
    except OSError as error:
        is_file = isinstance(error, FileExistsError | NotADirectoryError)
        reason = "a part of that path is a file" if is_file else error.strerror
        raise RunError(
            f"No run can be made in {runs}: {reason}",
            "Make the folder writable, or set DLTUI_HOME to one that is.",
        ) from None
    return run


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%S") + f"{moment.microsecond // 1000:03d}Z"


def after_newest(root: Path, now: datetime) -> datetime:
    """Return `now`, or a time right after that of the newest run where the clock has been set back.

    So the run that was started last is the newest one, whatever the clock says.
    """
    newest = next((made for name in run_ids(root) if (made := stamped(name)) is not None), now)
    return newest + timedelta(milliseconds=1) if now < newest < now + _MOST_SET_BACK else now


def _fresh(runs: Path, name: str) -> Path:
    number = 1
    while True:
        path = runs / (name if number == 1 else f"{name}-{number}")
        try:
            make_private(path)
        except FileExistsError:
            number += 1
        else:
            return path


_ID = re.compile(r"\d{8}T\d{9}Z-.+", re.DOTALL)


def run_ids(root: Path) -> list[str]:
    """Return the ids of the runs below `root`, the newest first; no folder is opened but that of all runs."""
    try:
        with os.scandir(root / "runs") as entries:
            return sorted((entry.name for entry in entries if _ID.fullmatch(entry.name)), reverse=True)
    except OSError:
        return []


def all_runs(root: Path) -> Iterator[RunDir]:
    """Yield the runs below `root`, the newest first."""
    for name in run_ids(root):
        yield RunDir(root / "runs" / name)


def stamped(name: str) -> datetime | None:
    """Return the time that a run's id begins with; None where it is none."""
    try:
        made = datetime.strptime(f"{name[:18]}000", "%Y%m%dT%H%M%S%f")
    except ValueError:
        return None
    return made.replace(tzinfo=UTC)


def find(root: Path, wanted: str) -> RunDir:
    """Return the run that an id, a unique prefix of one, `latest` or a path stands for."""
    if os.sep in wanted or wanted in (".", ".."):
        return _at(_expanded(wanted), wanted)
    runs = list(all_runs(root))
    if wanted == "latest":
        if not runs:
            raise RunError(f"There are no runs in {root / 'runs'}", "Start one: dltui train.")
        return runs[0]
    found = [run for run in runs if run.id == wanted] or [run for run in runs if run.id.startswith(wanted)]
    if not found and (Path(wanted) / "config.toml").is_file():
        return _at(Path(wanted).absolute(), wanted)
    if not found:
        raise RunError(f"There is no run {wanted!r} in {root / 'runs'}", "List them: dltui runs.")
    if len(found) > 1:
        raise RunError(
            f"{len(found)} runs begin with {wanted!r}", f"Give more of the name, as in {found[0].id}."
        )
    return found[0]


def _at(path: Path, wanted: str) -> RunDir:
    run = RunDir(path)
    if not path.is_dir():
        raise RunError(f"There is no folder {wanted}", "List the runs: dltui runs.")
    if not run.config.is_file() or not run.facts.is_file():
        raise RunError(
            f"{wanted} is not a run: it has no config.toml and run.json", "List the runs: dltui runs."
        )
    return run
