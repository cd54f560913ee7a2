"""`dltui resume`: a new attempt at a run, from its last checkpoint."""

import sys

import click

from dlcore import launch, rundir
from dlcore.clean import clean
from dlcore.errors import RunError
from dlcore.foreign import refuse
from dlcore.history import LIVE
from dlcore.process.crashes import bytes_said
from dlcore.rundir import RunDir
from dlcore.summary import read_history, state_of
from tui.start_warnings import device_of, start_warnings
from tui.subcommands.follow import Follow, await_birth
from tui.subcommands.train import DETACH, JSON, say_detached, say_warnings


@click.command("resume")
@click.argument("run")
@DETACH
@JSON
def resume_command(run: str, detach: bool, as_json: bool) -> None:
    """Go on with a stopped, failed or crashed run from its last checkpoint, headless.

    Ctrl-C stops the run gracefully; a second one only leaves it.

    Example: dltui resume latest
    """
    home = rundir.home()
    found = rundir.find(home, run)
    refuse(found, "be resumed")
    attempts = _attempts(found)
    warnings = start_warnings(home, device_of(found))
    if not as_json:
        say_warnings(warnings)
    said = bytes_said(found)
    trainer = launch.resume(home, found)
    if detach:
        await_birth(found, trainer, said)
        say_detached(found, warnings, as_json=as_json)
        return
    if not as_json:
        click.echo(clean(found.id))
    sys.exit(Follow(found, trainer, quiet=as_json, after=attempts, warnings=warnings).to_the_end())


def _attempts(run: RunDir) -> int:
    """Return the number of the last attempt; raises RunError where there is nothing to go on with."""
    history = read_history(run)
    state = state_of(run, history)
    if state in LIVE:
        raise RunError(f"{run.id} is being trained", f"Watch it: dltui attach {run.id}.")
    if state == "finished":
        raise RunError(
            f"{run.id} has finished: there is nothing left to train",
            f"Train it for longer: dltui train {run.config} --set training.epochs=N.",
        )
    return history.attempt
