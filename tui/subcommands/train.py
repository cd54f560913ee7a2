"""`dltui train` and `dltui run`: train without the app, and say how it goes."""

import json
import shlex
import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from dlcore import launch, rundir
from dlcore.advice import advise
from dlcore.clean import clean
from dlcore.config import RunConfig, to_table
from dlcore.datasets.examine import examined
from dlcore.oneline import parse, print_line
from dlcore.presets import preset as find_preset
from dlcore.reading import checked, read_file, with_settings
from dlcore.rundir import RunDir
from tui.start_warnings import start_warnings
from tui.subcommands.follow import Follow, await_birth

SET = click.option(
    "--set", "settings", multiple=True, metavar="KEY=VALUE", help="Override a key of the configuration."
)
DETACH = click.option("--detach", is_flag=True, help="Start, say how to attach, and return.")
JSON = click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object at the end, and nothing else."
)


@click.command("train")
@click.argument("config", type=click.Path(path_type=Path), required=False)
@click.option("--preset", metavar="NAME", help="Start from a preset instead of a file: see dltui presets.")
@SET
@DETACH
@JSON
def train_command(
    config: Path | None, preset: str | None, settings: tuple[str, ...], detach: bool, as_json: bool
) -> None:
    """Train from a TOML file (none: all defaults), headless.

    Ctrl-C stops the run gracefully; a second one only leaves it.

    Example: dltui train mnist.toml --set optimizer.lr=0.1 --set training.epochs=3
    """
    if config and preset:
        raise click.UsageError("Give a file or a preset, not both.")
    if config:
        chosen = read_file(config, settings)
    else:
        table = to_table(find_preset(preset)[1]) | {"name": preset} if preset else {}
        chosen = checked(with_settings(table, settings), "--set")
    _train(chosen, detach, as_json)


@click.command("run")
@click.argument("line", nargs=-1)
@SET
@DETACH
@JSON
def run_command(line: tuple[str, ...], settings: tuple[str, ...], detach: bool, as_json: bool) -> None:
    """Train from one line of shell words, headless.

    Example: dltui run "mnist mlp 128,64 relu he ce momentum lr=.01 m=.9 b=64 e=10 seed=0"
    """
    if not any(part.strip() for part in line):
        raise click.UsageError("Give a line: dltui run digits is the shortest.")
    words = line[0] if len(line) == 1 else shlex.join(line)
    config = parse(words)
    _train(
        checked(with_settings(to_table(config), settings), "--set") if settings else config, detach, as_json
    )


def _train(config: RunConfig, detach: bool, as_json: bool) -> None:
    warnings = start_warnings(rundir.home(), config.training.device)
    if not as_json:
        _advise(config)
        say_warnings(warnings)
    run, trainer = launch.launch(rundir.home(), config, datetime.now(UTC))
    if detach:
        await_birth(run, trainer)
        say_detached(run, warnings, as_json=as_json)
        return
    if not as_json:
        click.echo(clean(f"{run.id}  {print_line(config.folded())}"))
    sys.exit(Follow(run, trainer, quiet=as_json, warnings=warnings).to_the_end())


def say_warnings(warnings: list[str]) -> None:
    """Say what deserves attention before a trainer starts; it starts all the same."""
    for warning in warnings:
        click.echo(clean(f"warning: {warning}"), err=True)


def say_detached(run: RunDir, warnings: list[str], *, as_json: bool) -> None:
    """Say how to watch a run that goes on by itself."""
    if as_json:
        told = {"run": run.id, "path": str(run.path)} | ({"warnings": warnings} if warnings else {})
        click.echo(json.dumps(told))
    else:
        click.echo(f"{run.id}: dltui attach {run.id}")


def _advise(config: RunConfig) -> None:
    """Say what could be better, each with the settings that change it; the run starts all the same."""
    facts, _ = examined(config)
    for advice in advise(config, facts):
        settings = " ".join(f"--set {shlex.quote(setting)}" for setting in advice.settings)
        change = f" ({settings})" if settings else ""
        click.echo(clean(f"advice: {advice.message}{change}"), err=True)
