"""`dltui import`: logs of other programs as runs, to be watched and compared here."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from dlcore import rundir
from dlcore.clean import clean
from dlcore.errors import DataError, DltuiError
from dlcore.importing import NONE, SERIES, Following, Imported

_LOOK_SECONDS = 2.0
_MOST_NAMED = 8
"""Names that are not imported and named one by one."""


@click.command("import")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--name", default="", help="What the run is called; several are called by their folders, too.")
@click.option(
    "--map", "mapped", multiple=True, metavar="NAME=SERIES", help=f"One of {', '.join(SERIES)}, {NONE}."
)
@click.option("--follow", is_flag=True, help="Go on while the log grows, until Ctrl-C.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list of the runs.")
def import_command(path: Path, name: str, mapped: tuple[str, ...], follow: bool, as_json: bool) -> None:
    """Read logs of other programs as runs: a folder of TensorBoard's event files, or a CSV file.

    Nothing is written where they lie, and no trainer can be started on them. What each name stands for is
    shown, and --map says it otherwise.

    Example: dltui import lightning_logs/version_0 --map "val_f1=validation_accuracy"
    """
    following = Following(rundir.home(), path, dict(map(_pair, mapped)), name, grows=follow)
    try:
        new = following.read()
        if not follow:
            _check(path, following)
            following.end()
    except BaseException:
        following.give_up()
        raise
    if follow:
        _follow(following, new, as_json=as_json)
    elif not as_json:
        _say(new)
    for log in following.unknown.values() if not as_json else ():
        click.echo(clean(f"not imported: {log.source} ({_named(list(log.columns))})"), err=True)
    if as_json:
        click.echo(json.dumps([_table(one) for one in following.imported.values()]))


def _pair(text: str) -> tuple[str, str]:
    name, equals, series = text.rpartition("=")
    if not equals or not name:
        raise click.UsageError(f"--map {text}: write NAME=SERIES, as in --map 'Loss/dev=validation_loss'")
    return name, series


def _check(path: Path, following: Following) -> None:
    """Raise DataError where nothing could be imported."""
    if following.imported:
        return
    names = [name for log in following.unknown.values() for name in log.columns]
    if not names:
        raise DataError(f"{clean(str(path))} holds no figures", "Only figures over steps can be imported.")
    raise DataError(
        f"{clean(str(path))}: it cannot be told what is a loss or an accuracy among {_named(names)}",
        f"Say it: --map '{clean(names[0])}=train_loss'.",
    )


def _follow(following: Following, new: list[Imported], *, as_json: bool) -> None:
    """Read on until somebody ends it; what was read stays."""
    try:
        while True:
            if not as_json:
                _say(new)
            time.sleep(_LOOK_SECONDS)
            new = following.read()
    except KeyboardInterrupt:
        pass
    except DltuiError:  # what was imported up to here counts
        following.end()
        raise
    following.end()


def _say(new: list[Imported]) -> None:
    for one in new:
        for line in _lines(one):
            click.echo(clean(line))


def _lines(one: Imported) -> Iterator[str]:
    """Yield what has become of a log: its run, and which name stands for what."""
    yield f"{one.run.id}  from {one.log.source} ({one.log.format})"
    width = max(map(len, one.choice.series))
    for series, name in one.choice.series.items():
        column = one.log.columns[name]
        count = "1 figure" if len(column) == 1 else f"{len(column):,} figures"
        yield f"  {series:<{width}}  {name}  ({count})"
    if one.choice.left:
        yield f"  not imported: {_named(list(one.choice.left))}"
    if one.log.others:
        kinds = sorted(set(one.log.others.values()))
        yield f"  no figures: {_named(list(one.log.others))} ({', '.join(kinds[:_MOST_NAMED])})"
    yield from (f"  {sentence}." for sentence in one.log.damage)


def _named(names: list[str]) -> str:
    """Return the first of some names, and how many more there are."""
    more = len(names) - _MOST_NAMED
    return ", ".join(names[:_MOST_NAMED]) + (f" and {more:,} more" if more > 0 else "")


def _table(one: Imported) -> dict[str, Any]:
    return {
        "run": one.run.id,
        "path": str(one.run.path),
        "from": one.log.source,
        "format": one.log.format,
        "series": one.choice.series,
        "left": list(one.choice.left),
        "others": one.log.others,
        "damage": one.log.damage,
    }
