"""`dltui attach`: open the app on a run."""

import sys
from datetime import UTC, datetime

import click

from dlcore import rundir
from dlcore.clean import clean
from dlcore.errors import RunError
from dlcore.history import LIVE
from dlcore.runs import run_row


@click.command("attach")
@click.argument("run", required=False)
@click.option("--read-only", is_flag=True, help="Watch without being able to steer.")
@click.option("--no-mouse", is_flag=True, help="Leave the mouse to the terminal, for selecting text.")
@click.option("--ascii", "ascii_only", is_flag=True, help="Draw with plain characters only.")
def attach_command(run: str | None, read_only: bool, no_mouse: bool, ascii_only: bool) -> None:
    """Open the app on a run: an id, a unique prefix, `latest` or a path.

    Without one: the live run if there is one, a list to pick from if there are several, else the latest.

    Example: dltui attach latest
    """
    from tui.opening import open_app

    open_app(run or _picked(), mouse=not no_mouse, read_only=read_only, ascii_only=ascii_only)


def _picked() -> str:
    now = datetime.now(UTC)
    runs = list(rundir.all_runs(rundir.home()))
    if not runs:
        raise RunError(f"There are no runs in {rundir.home() / 'runs'}", "Start one: dltui, or dltui train.")
    live = [row for row in (run_row(run, now) for run in runs[:200]) if row.state in LIVE]
    if len(live) < 2 or not sys.stdin.isatty():
        return live[0].run.id if live else runs[0].id
    for number, row in enumerate(live, 1):
        click.echo(clean(f"{number:>3}  {row.state}  {row.best}  {row.name}  {row.run.id}"))
    number = click.prompt("Which run", type=click.IntRange(1, len(live)), default=1)
    return live[number - 1].run.id
