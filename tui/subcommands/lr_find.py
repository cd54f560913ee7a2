"""`dltui lr-find`: a band of learning rates for a configuration, from three sweeps over the rates."""

import json
import os
import shlex
import sys
from pathlib import Path
from typing import Any

import click

from dlcore import rundir
from dlcore.clean import clean
from dlcore.config import RunConfig, to_table
from dlcore.errors import DltuiError
from dlcore.family.branch import branched, start_at
from dlcore.lr_band import SWEEPS, Suggestion, place_of, suggested
from dlcore.oneline import parse, print_line
from dlcore.presets import preset as find_preset
from dlcore.reading import checked, read_file, with_settings
from dlcore.rundir import RunDir

Answer = dict[str, Any]
_Start = tuple[RunDir, int]
"""A run, and the step of one of its checkpoints."""
_MOST_DIGITS = 15


@click.command("lr-find")
@click.argument("config", nargs=-1)
@click.option("--preset", metavar="NAME", help="Take the configuration of a preset: see dltui presets.")
@click.option(
    "--set", "settings", multiple=True, metavar="KEY=VALUE", help="Override a key of the configuration."
)
@click.option(
    "--seeds", type=click.IntRange(1, 100), default=1, show_default=True, help="Repeat with so many seeds."
)
@click.option(
    "--run",
    "checkpoint",
    metavar="RUN[@STEP]",
    help="Take a run's configuration and the weights of a checkpoint: its newest, or the nearest to a step.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, with all losses.")
def lr_find_command(
    config: tuple[str, ...],
    preset: str | None,
    settings: tuple[str, ...],
    seeds: int,
    checkpoint: str | None,
    as_json: bool,
) -> None:
    """Find a learning rate for a TOML file, or for one line of shell words (none: all defaults).

    Real training steps are taken while the rate grows from each to the next, three times from the same first
    weights: the first, or those of a checkpoint, from which the optimizer begins anew. Nothing is saved.

    Example: dltui lr-find "mnist mlp 128,64 adam b=64" --seeds 3
    """
    import asyncio

    start = None
    if checkpoint is None:
        chosen = _chosen(config, preset, settings)
    elif config or preset or seeds > 1:
        raise click.UsageError(
            "--run has a configuration and a seed of its own: change it by --set, and leave out"
            " configuration, preset and --seeds."
        )
    else:
        start = _start(checkpoint)
        chosen = branched(*start, settings, is_trained=False)
    found = asyncio.run(_found(chosen, seeds, start))
    suggestions = [suggested(answer["rates"], answer["sweeps"]) for answer in found]
    if as_json:
        told = {"run": start[0].id, "step": start[1]} if start is not None else None
        click.echo(json.dumps(_table(chosen, found, suggestions) | {"start": told}, allow_nan=False))
        return
    if start is not None:
        click.echo(clean(f"from the weights of {start[0].id} at step {start[1]:,}"))
    for line in _told(chosen, found, suggestions):
        click.echo(clean(line))


def _chosen(words: tuple[str, ...], preset: str | None, settings: tuple[str, ...]) -> RunConfig:
    if words and preset:
        raise click.UsageError("Give a configuration or a preset, not both.")
    if len(words) == 1 and (words[0].endswith(".toml") or os.path.isfile(words[0])):
        return read_file(Path(words[0]), settings)
    if preset:
        table = to_table(find_preset(preset)[1])
    else:
        table = to_table(parse(words[0] if len(words) == 1 else shlex.join(words)))
    return checked(with_settings(table, settings), "--set")


def _start(checkpoint: str) -> _Start:
    """Return the run, and the step of the checkpoint that is nearest to the one asked for."""
    name, at, step = checkpoint.rpartition("@") if "@" in checkpoint else (checkpoint, "", "")
    if at and not (step.isascii() and step.isdigit() and len(step) <= _MOST_DIGITS):
        raise click.UsageError(f"{step!r} is no step. Write, for example, --run latest@1000.")
    run = rundir.find(rundir.home(), name)
    return run, start_at(run, int(step) if at else None)


async def _found(config: RunConfig, seeds: int, start: _Start | None) -> list[Answer]:
    """Return what the inspector's sweeps have found for each of so many seeds from the configuration's on."""
    from tui.asking.inspector import Inspector

    inspector = Inspector()
    try:
        return [
            await _sweep(inspector, to_table(config) | {"seed": config.seed + one}, start)
            for one in range(seeds)
        ]
    finally:
        await inspector.close()


async def _sweep(inspector: Any, table: dict[str, Any], start: _Start | None) -> Answer:
    answer: Answer = {}
    given = {"start": {"path": str(start[0].path), "step": start[1]}} if start is not None else {}
    while not answer.get("done"):
        answer = await inspector.ask("lr_range", config=table, begin=not answer, fetch=True, **given)
        if said := answer.get("error"):
            raise DltuiError(str(said))
        if sys.stderr.isatty():
            rate = answer["rates"][max(0, len(answer["sweeps"][-1]) - 1)]
            end = "\r\x1b[K" if answer["done"] else ""
            click.echo(
                f"\r\x1b[Ksweep {len(answer['sweeps'])} of {SWEEPS}, rate {rate:.2g}{end}", nl=False, err=True
            )
    return answer


def _told(config: RunConfig, found: list[Answer], suggestions: list[Suggestion]) -> list[str]:
    """Return what is to be said of one configuration, and, of several seeds, how well they agree."""
    seeds = range(config.seed, config.seed + len(found))
    several = len(found) > 1
    lines = [print_line(config.folded())]
    for seed, suggestion in zip(seeds, suggestions, strict=True):
        name = f"seed {seed}: " if several else ""
        band = suggestion.band
        if band is None:
            lines.append(f"{name}{suggestion.said}")
            continue
        lines.append(f"{name}take lr={band.middle:.2g}, from the band {band.low:.2g} – {band.high:.2g}")
        if not several:
            lr = config.optimizer.lr
            lines += [suggestion.said, f"The configuration has lr={lr:g}: {place_of(lr, band)}."]
    if (factor := _spread(suggestions)) is not None:
        lines.append(f"From seed to seed the rate to take differs by a factor of {factor:.1f} at most.")
    return lines


def _spread(suggestions: list[Suggestion]) -> float | None:
    """Return the highest of the rates to take over the lowest; None of fewer than two."""
    middles = [one.band.middle for one in suggestions if one.band is not None]
    return max(middles) / min(middles) if len(middles) > 1 else None


def _table(config: RunConfig, found: list[Answer], suggestions: list[Suggestion]) -> Answer:
    results = []
    for number, (answer, suggestion) in enumerate(zip(found, suggestions, strict=True)):
        band = suggestion.band
        ends = {"low": band.low, "lr": band.middle, "high": band.high} if band is not None else {"lr": None}
        results.append(
            {
                "seed": config.seed + number,
                **ends,
                "said": suggestion.said,
                "rates": answer["rates"],
                "losses": answer["sweeps"],
            }
        )
    return {
        "config": to_table(config),
        "optimizer": config.optimizer.kind,
        "present": config.optimizer.lr,
        "results": results,
        "spread": _spread(suggestions),
    }
