"""Opens hostile files through the doors of the program, in children with a bound on memory and on time.

`python -m tests.torture.sandbox` imports all that is slow once; each door is opened in a fork of it.
"""

import gc
import importlib
import json
import os
import resource
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

FAULT = 70
"""Exit status of a door that raised anything but a DltuiError."""
SECONDS = 90.0
MEGABYTES = 400


@dataclass(frozen=True)
class Outcome:
    """What came of opening a door; `status` is None where it had to be killed, and below 0 where it died."""

    status: int | None
    output: str
    errors: str

    @property
    def is_refusal(self) -> bool:
        """Whether the program said in one sentence what is wrong, and nothing else."""
        return self.status in (1, 2) and self.errors.startswith("dltui: ") and self.is_sound

    @property
    def is_sound(self) -> bool:
        """Whether it ended by itself, without a traceback and without a raw escape."""
        said = self.output + self.errors
        return self.status in (0, 1, 2) and "Traceback" not in said and "\x1b" not in said


class Sandbox:
    """The process whose forks open the doors."""

    def __init__(self, home: Path) -> None:
        environment = {**os.environ, "DLTUI_HOME": str(home), "TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD": "1"}
        environment |= {"OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": "", "PYTHONWARNINGS": "ignore"}
        environment.pop("TORCHINDUCTOR_CACHE_DIR", None)  # a training in this process may have chosen it
        self.home = home
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.torture.sandbox"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
            cwd=Path(__file__).parents[2],
        )

    def open(
        self, door: str, *words: object, megabytes: int = MEGABYTES, seconds: float = SECONDS
    ) -> Outcome:
        """Open a door (the name of a function below) with these words, and say what came of it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        asked = {"door": door, "words": list(map(str, words)), "megabytes": megabytes, "seconds": seconds}
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        return Outcome(**json.loads(self._process.stdout.readline()))

    def close(self) -> None:
        """End the process."""
        self._process.communicate()


# -- the doors: each runs in a fork ------------------------------------------------------------------------


def command(*words: str) -> None:
    """The command line."""
    from tui.cli import main

    sys.argv = ["dltui", *words]
    main()


def run(folder: str) -> None:
    """Everything that reads a run: as text, as JSON, as exports, in the list, and as the app follows it."""
    from tui.feed import RunFeed

    for words in (
        ("show", folder),
        ("show", folder, "--json"),
        *(("export", folder, "--format", name, "-o", "-") for name in ("markdown", "json", "csv")),
    ):
        try:
            command(*words)
        except SystemExit as done:
            if done.code not in (0, 1, 2):
                raise
    feed = RunFeed(_run_dir(folder))
    for _ in range(3):
        feed.read(5.0)
    assert feed.history.step >= 0


def row(folder: str) -> None:
    """The row of a run in the list."""
    from datetime import UTC, datetime

    from dlcore.runs import run_row

    print(ascii(run_row(_run_dir(folder), datetime.now(UTC))))


def checkpoint(path: str) -> None:
    """A checkpoint, whole or not, and loaded."""
    from dlcore.checkpoints import is_whole
    from dlcore.training.safe_load import load_tensors

    is_whole(Path(path))
    print(sorted(map(str, load_tensors(Path(path)))))


def frame(folder: str) -> None:
    """A frame, as a pane looks at it: the run's folder, in which it is that of step 7."""
    from dlcore.frames import Album

    found = Album(1).open(_run_dir(folder), 7)
    for what in ("gradients", "weights", "activations"):
        for layer in found.layers(what):
            print(ascii(layer), found.histogram(what, layer) is not None)
    print(found.confusion() is not None)


def data(*words: str) -> None:
    """The samples of a data choice, given in the one-line form."""
    from dlcore import rundir
    from dlcore.oneline import parse
    from dlcore.training.sources import read

    source = read(parse(" ".join(words)), rundir.home(), lambda *_: None)
    print(source.facts.training)


def line(path: str) -> None:
    """A configuration in one line, which a file holds here."""
    from dlcore.oneline import parse

    parse(Path(path).read_text(encoding="utf-8"))


def inspector(path: str) -> None:
    """Requests to the inspector, which a file holds here."""
    from dlcore.training.inspect import serve

    with Path(path).open("rb") as requests:
        serve(requests, sys.stdout.buffer)


def compiled_code(home: str) -> None:
    """The folder of compiled code below a home, as it is made or found."""
    from dlcore.errors import DltuiError
    from dlcore.training.compiled import _keep_privately

    os.environ["DLTUI_HOME"] = home
    os.umask(0)
    try:
        _keep_privately()
    except OSError as error:
        raise DltuiError(str(error)) from None
    print(os.environ["TORCHINDUCTOR_CACHE_DIR"])


def _run_dir(folder: str) -> Any:
    from dlcore.rundir import RunDir

    return RunDir(Path(folder))


_DOORS: dict[str, Callable[..., None]] = {
    door.__name__: door
    for door in (command, run, row, checkpoint, frame, data, line, inspector, compiled_code)
}


# -- the process ---------------------------------------------------------------------------------------------


_SLOW = (
    "tui.cli",
    "tui.feed",
    "tui.subcommands.runs",
    "tui.subcommands.export",
    "dlcore.checkpoints",
    "dlcore.frames",
)
_SLOWER = ("dlcore.training.inspect", "dlcore.training.safe_load", "dlcore.training.compiled", "PIL.Image")
"""What is imported before a child has its bound: torch alone takes gigabytes of addresses."""


def _serve() -> None:
    for name in (*_SLOW, *_SLOWER):
        importlib.import_module(name)
    gc.freeze()  # what is imported stays shared: a collection in a child would write to all of its pages
    for asked in sys.stdin:
        print(json.dumps(_opened(**json.loads(asked))), flush=True)


def _opened(door: str, words: list[str], megabytes: int, seconds: float) -> dict[str, Any]:
    with TemporaryFile() as output, TemporaryFile() as errors:
        child = os.fork()
        if not child:
            _be_child(door, words, megabytes, output, errors)
        status = _waited(child, seconds)
        return {"status": status, "output": _text(output), "errors": _text(errors)}


def _be_child(door: str, words: list[str], megabytes: int, output: IO[bytes], errors: IO[bytes]) -> None:
    status = FAULT
    try:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(output.fileno(), 1)
        os.dup2(errors.fileno(), 2)
        _bound(megabytes)
        status = _told(door, words)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _told(door: str, words: list[str]) -> int:
    from dlcore.errors import DltuiError

    try:
        _DOORS[door](*words)
    except SystemExit as done:
        return done.code if isinstance(done.code, int) else 0
    except DltuiError as error:
        print(f"dltui: {error}", file=sys.stderr)
        return error.code
    except BaseException:
        traceback.print_exc()
        return FAULT
    return 0


def _bound(megabytes: int) -> None:
    """Give this process so much memory beside what it has; and no core files."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    statm = Path("/proc/self/statm")
    if statm.exists():  # elsewhere the size of a process says nothing
        size = int(statm.read_text().split()[0]) * resource.getpagesize()
        most = size + megabytes * 1_000_000
        resource.setrlimit(resource.RLIMIT_AS, (most, most))


def _waited(child: int, seconds: float) -> int | None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.005)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return None


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read(100_000).decode(errors="replace")


if __name__ == "__main__":
    _serve()
