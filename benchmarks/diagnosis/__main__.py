"""`python -m benchmarks.diagnosis dev | held-back | label`: what the findings are worth."""

import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from benchmarks import mnist
from benchmarks.diagnosis import keeping
from benchmarks.diagnosis.candidates import Half
from benchmarks.diagnosis.judging import judged, treated
from benchmarks.diagnosis.labels import KEPT, Labels, candidates
from benchmarks.diagnosis.page import page
from benchmarks.diagnosis.trainers import Trainers
from benchmarks.report import Conditions
from dlcore.errors import DltuiError

Command = Callable[..., Any]
_KEEP = click.option(
    "--keep",
    type=click.Path(file_okay=False, path_type=Path),
    help="Keep the runs in this folder, and train none that is there.",
)
_AT_ONCE = click.option("--jobs", default=2, type=click.IntRange(1), help="Runs trained, or judged, at once.")
_ONLY = click.option("--only", default="", help="Codes and families, as in vanishing_gradient,healthy.")
_EVERY = click.option(
    "--every", default=1, type=click.IntRange(1), help="About one in so many candidates alone."
)


@click.group()
def main() -> None:
    """Measure the findings on trainings whose labels come from their outcomes.

    For example: python -m benchmarks.diagnosis dev --keep /tmp/diagnosis --only vanishing_gradient,healthy
    """


@main.command()
@_KEEP
@_ONLY
@_EVERY
@_AT_ONCE
@click.option("--cure", is_flag=True, help="Take the first remedy of each finding, too.")
def dev(keep: Path | None, only: str, every: int, jobs: int, cure: bool) -> None:
    """Print the report on the half for development, with each miss and each false alarm."""
    click.echo(_report("dev", keep, only, every, jobs, cure=cure))


@main.command("held-back")
@_KEEP
@_AT_ONCE
@click.option(
    "--again", is_flag=True, help="Measure once more; the page says so, and keeps the first result."
)
def held_back(keep: Path | None, jobs: int, again: bool) -> None:
    """Measure the held-back half once, and keep the page in benchmarks/results."""
    with _errors():
        mnist.folder()
        keeping.check(again=again)
    conditions = Conditions()
    text = _report("held-back", keep, "", 1, jobs, cure=True)
    path = keeping.store(text, conditions.text(timed=False))
    click.echo(text)
    click.echo(f"Written to {path}", err=True)


@main.command()
@_KEEP
@_ONLY
@_EVERY
@_AT_ONCE
@click.option("--half", type=click.Choice(["dev", "held-back"]), help="That half alone; the other is left.")
def label(keep: Path | None, only: str, every: int, jobs: int, half: Half | None) -> None:
    """Train all candidates and their twins, and keep the labels with their evidence."""
    with _errors():
        mnist.folder()
    drawn = candidates(_names(only), every)
    chosen = [one for one in drawn if half in (None, one.half)]
    labels = Labels()
    with _trainers(keep, jobs) as trainers:
        labels.make(chosen, trainers)
    for family, reasons in labels.dropped(chosen).items():
        why = ", ".join(f"{reason} {count}" for reason, count in reasons.most_common() if reason)
        click.echo(f"{family}: {reasons['']} of {reasons.total()} labelled; {why}")
    click.echo(", ".join(f"{code or 'healthy'} {count}" for code, count in labels.counts().most_common()))
    if only or every > 1:
        click.echo("Nothing is written: these are not all candidates.", err=True)
        return
    labels.read(KEPT, among=[one for one in drawn if one not in chosen])
    labels.write(KEPT)
    click.echo(f"Written to {KEPT}", err=True)


def _report(half: Half, keep: Path | None, only: str, every: int, jobs: int, *, cure: bool) -> str:
    chosen = candidates(_names(only), every)
    with _trainers(keep, jobs) as trainers:
        own = trainers.home / "labels.json"
        labels = Labels()
        labels.read(KEPT)
        labels.read(own, exactly=True)
        labels.make([one for one in chosen if one.half == half], trainers)
        labels.write(own)
        found = judged(chosen, half, labels, trainers, jobs)
        if cure:
            found = treated(found, labels, trainers)
    return page(found, labels.dropped(chosen), is_treated=cure, says_each=half == "dev").text()


def _names(only: str) -> tuple[str, ...]:
    return tuple(name for name in only.split(",") if name)


@contextmanager
def _errors() -> Iterator[None]:
    """Say what is wrong in a sentence, and end."""
    try:
        yield
    except DltuiError as error:
        click.echo(error, err=True)
        sys.exit(error.code)


@contextmanager
def _trainers(keep: Path | None, jobs: int) -> Iterator[Trainers]:
    """Trainers below a folder that is kept, or below one that is gone at the end."""
    if keep is not None:
        keep.mkdir(mode=0o700, parents=True, exist_ok=True)
        yield Trainers(keep.absolute(), jobs)
        return
    with tempfile.TemporaryDirectory() as scratch:
        yield Trainers(Path(scratch), jobs)


if __name__ == "__main__":
    main()
