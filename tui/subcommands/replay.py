"""`dltui replay`: a finished run as it went, on the screen or as a file for asciinema."""

import re
import sys
import time
from pathlib import Path

import click

from dlcore import figures, rundir
from dlcore.clean import clean
from dlcore.errors import DltuiError, RunError
from dlcore.files.atomic import write_atomic, write_new
from dlcore.files.lock import lock_holder
from dlcore.rundir import RunDir

_SIZE = re.compile(r"(\d{2,3})x(\d{2,3})")
_LEAST, _MOST = (60, 16), (400, 150)
_COMMAND = "import sys; from tui.cli import main; sys.argv[0] = 'dltui'; main()"


@click.command("replay")
@click.argument("run")
@click.option(
    "--speed", type=click.FloatRange(1, 64), default=1.0, show_default=True, help="Times as fast as it was."
)
@click.option("--cast", "target", metavar="FILE.cast", help="Record it for asciinema instead of showing it.")
@click.option("--size", default="120x40", show_default=True, help="Of the recorded terminal.")
@click.option("--force", is_flag=True, help="Write over a file that is there.")
@click.option("--no-mouse", is_flag=True, help="Leave the mouse to the terminal, for selecting text.")
@click.option("--ascii", "ascii_only", is_flag=True, help="Draw with plain characters only.")
@click.option("--close", "closes", is_flag=True, help="Leave the app when all has been shown.")
def replay_command(
    run: str,
    speed: float,
    target: str | None,
    size: str,
    force: bool,
    no_mouse: bool,
    ascii_only: bool,
    closes: bool,
) -> None:
    """Show a finished run as it went; pauses of it become a second at most. Nothing is written to it.

    Example: dltui replay latest --speed 8 --cast classic.cast
    """
    found = rundir.find(rundir.home(), run)
    if lock_holder(found) is not None:
        raise RunError(f"{found.id} is being trained", f"Watch it live: dltui attach {found.id}.")
    if not found.events.is_file() or not found.events.stat().st_size:
        raise RunError(f"{found.id} has said nothing yet", "There is nothing to replay.")
    if target is not None:
        _record(found, speed, Path(target).expanduser().absolute(), size, force, ascii_only)
        return
    from tui.opening import open_app
    from tui.watching.replay import Replay

    replay = Replay(found, speed, closes)
    open_app(str(found.path), mouse=not no_mouse, ascii_only=ascii_only, read_only=True, replay=replay)


def _record(run: RunDir, speed: float, target: Path, size: str, force: bool, ascii_only: bool) -> None:
    from tui.terminal.asciicast import duration, recorded, written

    columns, rows = _parsed(size)
    if target.exists() and not force:
        raise DltuiError(f"{target} is there already", "Choose another name, or write over it with --force.")
    if not target.parent.is_dir():
        raise DltuiError(f"There is no folder {target.parent}", "Make it first, or choose another one.")
    command = [
        sys.executable,
        "-P",
        "-c",
        _COMMAND,
        "replay",
        str(run.path),
        "--speed",
        f"{speed:g}",
        "--close",
    ]
    click.echo(f"recording at {speed:g} × …", err=True)
    pieces = recorded([*command, *(["--ascii"] if ascii_only else [])], columns, rows)
    title = clean(f"{run.id}, {speed:g} × as fast")
    content = written(pieces, columns, rows, title, int(time.time()))
    try:
        (write_atomic if force else write_new)(target, content)
    except FileExistsError:
        raise DltuiError(f"{target} is there already", "Choose another name.") from None
    except OSError as error:
        raise DltuiError(f"{target} cannot be written: {error.strerror}", "Choose another place.") from None
    said = f"{duration(pieces):.1f} s, {figures.size(len(content))}. Play it: asciinema play {target}"
    click.echo(clean(f"{target}: {said}"))


def _parsed(size: str) -> tuple[int, int]:
    """Return columns and rows; raises DltuiError for what is no size, or one that nothing fits in."""
    found = _SIZE.fullmatch(size)
    columns, rows = (int(found[1]), int(found[2])) if found else (0, 0)
    if not (_LEAST[0] <= columns <= _MOST[0] and _LEAST[1] <= rows <= _MOST[1]):
        raise DltuiError(
            f"--size {size} is no size between {_LEAST[0]}x{_LEAST[1]} and {_MOST[0]}x{_MOST[1]}",
            "Write columns, x and rows, as in 120x40.",
        )
    return columns, rows
