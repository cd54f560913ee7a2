"""`dltui pause`, `continue`, `stop` and `set`: commands to a live run, each with its answer."""

import time
from contextlib import suppress

import click
from pydantic import ValidationError

from dlcore import commands, events, launch, rundir
from dlcore.clean import clean
from dlcore.commands import Command
from dlcore.edits import changed
from dlcore.errors import DltuiError, RunError
from dlcore.events import CommandApplied, CommandRefused
from dlcore.files.journal import Tail
from dlcore.files.lock import lock_holder
from dlcore.reading import is_text, parse_value, read_file
from dlcore.rundir import RunDir
from dlcore.short_keys import SHORT_KEYS

_PATIENCE_SECONDS = 30.0
"""A command waits for the end of a step, or of an evaluation."""


class _RefusedError(RunError):
    """The trainer has heard the command, and does not do it."""


def _tell(wanted: str, command: Command) -> None:
    """Send a command, wait for its answer and print it; raises RunError when it is refused or not heard."""
    run = rundir.find(rundir.home(), wanted)
    news = Tail(run.events, run.events.stat().st_size if run.events.exists() else 0)
    if launch.is_waiting(run):  # should its trainer start meanwhile, it hears the command all the same
        said = _foretold(run, command)
        launch.tell(run, command)
        click.echo(clean(f"{run.id} waits for its turn: {said} as soon as that comes"))
        return
    launch.tell(run, command)
    until = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < until:
        held = lock_holder(run) is not None  # asked first: its last word is written before its lock is free
        answer = _answer(news, command)
        if isinstance(answer, CommandRefused):
            raise _RefusedError(f"{run.id} refused {answer.reason}")
        if answer is not None:
            click.echo(clean(f"{run.id}: {answer.text} at step {answer.step:,}"))
            return
        if not held:
            raise RunError(f"{run.id} ended before it heard the command", f"See: dltui show {run.id}.")
        time.sleep(0.02)
    raise RunError(
        f"{run.id} has not answered for {_PATIENCE_SECONDS:.0f} s", "The command stays in its queue."
    )


def _foretold(run: RunDir, command: Command) -> str:
    """Return what a command makes of a run that waits; raises _RefusedError for what it would refuse."""
    match command:
        case commands.Stop():
            return "it stops"
        case commands.Set():
            return _change_foretold(run, command)
        case _:
            return f"it is told to {command.kind.lower()}"


def _change_foretold(run: RunDir, command: commands.Set) -> str:
    """Return in words what will be changed, behind all that it has been told before."""
    config = read_file(run.config)
    told = map(commands.decode, Tail(run.control).read() if run.control.exists() else ())
    try:
        for earlier in told:
            if isinstance(earlier, commands.Set):
                with suppress(DltuiError):
                    config, _ = changed(config, earlier)
        return changed(config, command)[1]
    except DltuiError as error:
        raise _RefusedError(f"{run.id} refuses {error.message}", error.hint) from None


def _answer(news: Tail, command: Command) -> CommandApplied | CommandRefused | None:
    """Return the answer to a command, if it is among what has come; the rest is of no concern."""
    for line in news.read():
        event = events.decode(line) if command.id.encode() in line else None
        if isinstance(event, CommandApplied | CommandRefused) and event.id == command.id:
            return event
    return None


@click.command("pause")
@click.argument("run")
def pause_command(run: str) -> None:
    """Pause a live run after its present step.

    Example: dltui pause latest
    """
    _tell(run, commands.Pause())


@click.command("continue")
@click.argument("run")
def continue_command(run: str) -> None:
    """Let a paused run go on.

    Example: dltui continue latest
    """
    _tell(run, commands.Continue())


@click.command("stop")
@click.argument("run")
def stop_command(run: str) -> None:
    """Stop a live run after its present step; it is evaluated and its weights are saved.

    Example: dltui stop latest
    """
    _tell(run, commands.Stop())


@click.command("set")
@click.argument("run")
@click.argument("settings", metavar="KEY=VALUE...", nargs=-1, required=True)
def set_command(run: str, settings: tuple[str, ...]) -> None:
    """Change hyperparameters of a live run, one after the other; each is answered.

    Example: dltui set latest optimizer.lr=0.003 schedule=cosine
    """
    asked = [_asked(setting) for setting in settings]
    refused: list[_RefusedError] = []
    for command in asked:
        try:
            _tell(run, command)
        except _RefusedError as error:
            refused.append(error)
    if refused:
        raise RunError("\n".join(map(str, refused)))


def _asked(setting: str) -> commands.Set:
    """Return the command that a `key=value` stands for; a key may be a short form, as in `lr`."""
    key, equals, text = setting.partition("=")
    key = SHORT_KEYS.get(key.strip(), key.strip())
    if not equals or not key:
        raise click.UsageError(f"{setting!r} is not key=value. Write, for example, optimizer.lr=0.003.")
    try:
        return commands.Set(key=key, value=text.strip() if is_text(key) else parse_value(text.strip()))
    except ValidationError:  # TOML has dates, and JSON has none
        raise click.UsageError(f"{text!r} is no value of a hyperparameter.") from None
