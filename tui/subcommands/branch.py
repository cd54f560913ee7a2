"""`dltui branch`: a new run that goes on from a checkpoint of another, with something changed or nothing."""

import sys
from datetime import UTC, datetime

import click

from dlcore import rundir
from dlcore.changes import told
from dlcore.clean import clean
from dlcore.config import RunConfig
from dlcore.family import branch
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
    help="From the checkpoint nearest to it; else the newest.",
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
    begin = branch.start_at(parent, step)
    config = branch.branched(parent, begin, settings)
    warnings = start_warnings(home, config.training.device)
    if not as_json:
        say_warnings(warnings)
    child, trainer = branch.start(home, parent, begin, config, datetime.now(UTC))
    if not as_json:
        _say(parent, begin, step, config, detach=detach)
    if detach:
        await_birth(child, trainer)
        say_detached(child, warnings, as_json=as_json)
        return
    if not as_json:
        click.echo(clean(child.id))
    sys.exit(Follow(child, trainer, quiet=as_json, warnings=warnings).to_the_end())


def _say(parent: RunDir, begin: int, wanted: int | None, config: RunConfig, *, detach: bool) -> None:
    """Say where the branch begins, how long it will train, and what it has otherwise."""
    leave = "" if detach else "; Ctrl-C twice leaves it to itself, as --detach does"
    click.echo(clean(f"branch of {parent.id} from step {begin:,}: {_length(parent, begin, config)}{leave}"))
    if wanted is not None and begin != wanted:
        click.echo(f"there is no checkpoint at step {wanted:,}, this is the nearest", err=True)
    for change in told(branch.config_at(parent, begin).folded(), config):
        click.echo(clean(f"  {change}"))


def _length(parent: RunDir, begin: int, config: RunConfig) -> str:
    """Return how much a branch has before it, in words."""
    if (left := branch.left(parent, begin, config)) is None:
        return f"it trains to the end of epoch {config.training.epochs:,}"
    steps, epochs = left
    counts = ((f"{steps:,}", "step"), (f"{epochs:.3g}", "epoch"))
    said, of_epochs = (f"{count} {what}{'' if count == '1' else 's'}" for count, what in counts)
    return f"{said} left, {of_epochs}"
