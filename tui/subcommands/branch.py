"""`dltui branch`: a new run that goes on from a checkpoint of another, with something changed or nothing."""

import sys
from datetime import UTC, datetime

import click

from dlcore import branch, rundir
from dlcore.changes import told
from dlcore.checkpoints import Nearest
from dlcore.clean import clean
from dlcore.config import RunConfig
from dlcore.rundir import RunDir
from tui.start_warnings import start_warnings
from tui.subcommands.follow import Follow, await_birth
from tui.subcommands.train import DETACH, JSON, SET, say_detached, say_warnings


@click.command("branch")
@click.argument("run")
@click.option(
    "--step",
    type=click.IntRange(min=0),
    metavar="N",
    help="From the checkpoint at or before it; else the newest.",
)
@SET
@DETACH
@JSON
def branch_command(
    run: str, step: int | None, settings: tuple[str, ...], detach: bool, as_json: bool
) -> None:
    """Go on from a checkpoint of a run in a new one beside it, headless.

    The branch has the run's settings as they stood at that step, and those of --set over them: all that
    leaves the shapes of the weights alone. Without --set it repeats its parent, on the CPU to the bit.

    Example: dltui branch latest --step 500 --set optimizer=adam --set optimizer.lr=0.001
    """
    home = rundir.home()
    parent = rundir.find(home, run)
    found = branch.start_at(parent, step)
    config = branch.branched(parent, found.step, settings)
    warnings = start_warnings(home, config.training.device)
    if not as_json:
        say_warnings(warnings)
    child, trainer = branch.start(home, parent, found.step, config, datetime.now(UTC))
    if not as_json:
        _say(parent, found, step, config)
    if detach:
        await_birth(child, trainer)
        say_detached(child, warnings, as_json=as_json)
        return
    if not as_json:
        click.echo(clean(child.id))
    sys.exit(Follow(child, trainer, quiet=as_json, warnings=warnings).to_the_end())


def _say(parent: RunDir, found: Nearest, wanted: int | None, config: RunConfig) -> None:
    """Say where the branch begins, and what it has otherwise."""
    click.echo(clean(f"branch of {parent.id} at step {found.step:,}"))
    if wanted is not None and found.step != wanted:
        nearer = f"; that of step {found.nearer} is nearer: --step {found.nearer}" if found.nearer else ""
        click.echo(f"there is no checkpoint at step {wanted:,}, this is the one before{nearer}", err=True)
    for change in told(branch.config_at(parent, found.step).folded(), config):
        click.echo(clean(f"  {change}"))
