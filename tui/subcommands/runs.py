"""`dltui runs` and `dltui show`: what was trained here, as text."""

import json
from datetime import UTC, datetime

import click

from dlcore import figures, lock, rundir
from dlcore.clean import clean
from dlcore.errors import DltuiError
from dlcore.events import CommandApplied
from dlcore.history import RunHistory, first_last_ratio
from dlcore.oneline import print_line
from dlcore.reading import read_file
from dlcore.rundir import RunDir
from dlcore.runs import RunRow, run_row
from dlcore.series import Series
from dlcore.summary import read_history, state_of, summarize

_SPARKLINE = 48


@click.command("runs")
@click.option("--delete", "wanted", metavar="RUN", help="Delete a run for good.")
@click.option("--yes", is_flag=True, help="Do not ask before deleting.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
def runs_command(wanted: str | None, yes: bool, as_json: bool) -> None:
    """List all runs, the newest first; or delete one.

    Example: dltui runs --delete 20260131T140205123Z-digits-mlp
    """
    if wanted is not None:
        _delete(rundir.find(rundir.home(), wanted), yes)
        return
    now = datetime.now(UTC)
    rows = [run_row(run, now) for run in rundir.all_runs(rundir.home())]
    if as_json:
        click.echo(json.dumps([_fields(row) for row in rows]))
        return
    if not rows:
        click.echo("No runs yet. Start one: dltui, or dltui train.")
    for row in rows:
        accuracy = f"{figures.share(row.accuracy)} {row.split}" if row.accuracy is not None else "–"
        click.echo(
            clean(f"{row.run.id:<44} {row.state:<9} {accuracy:<19} {row.steps:>9,} steps  {row.network}")
        )


def _fields(row: RunRow) -> dict[str, object]:
    names = ("state", "name", "network", "split", "accuracy", "epochs", "steps")
    return {"run": row.run.id, "path": str(row.run.path), **{name: getattr(row, name) for name in names}}


def _delete(run: RunDir, yes: bool) -> None:
    if not yes:
        click.confirm(clean(f"Delete {run.id} ({figures.size(run.bytes_on_disk())}) for good?"), abort=True)
    lock.delete(run)
    click.echo(clean(f"deleted {run.id}"))


@click.command("show")
@click.argument("run")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def show_command(run: str, as_json: bool) -> None:
    """Show a run as text: state, figures, curves as sparklines, gradient norms per layer.

    Example: dltui show latest
    """
    found = rundir.find(rundir.home(), run)
    history = read_history(found)
    summary = summarize(found, history, state_of(found, history))
    if as_json:
        click.echo(json.dumps(summary))
        return
    for line in _text(found, history, summary["state"]):
        click.echo(clean(line))


def _text(run: RunDir, history: RunHistory, state: str) -> list[str]:
    lines = [f"{run.id}  {state}"]
    try:
        lines.append(print_line(read_file(run.config).folded()))
    except DltuiError as error:
        lines.append(str(error).replace("\n", " "))
    lines.append(
        f"epoch {history.epoch():.4g}  step {history.step:,}  {figures.duration(history.seconds)}"
        f"  {figures.rate(history.samples_per_second())} samples/s"
    )
    lines += [
        f"{answer.text} at step {answer.step:,}"
        for answer in history.answers
        if isinstance(answer, CommandApplied) and answer.command.get("kind") == "Set"
    ]
    if history.ended is not None and history.ended.message:
        lines.append(f"{history.ended.message}. {history.ended.hint}")
    for name, figure in history.final().items():
        label = "  (running mean)" if name == "train" else ""
        loss, accuracy = figures.loss(figure["loss"]), figures.share(figure["accuracy"])
        lines.append(f"{name:<11} loss {loss}  accuracy {accuracy}{label}")
    for name, series in (("loss", history.loss), ("accuracy", history.accuracy)):
        lines.append(f"{name:<11} {_sparkline(series)}")
    lines += [
        f"{layer:<11} |dL/dW| {figures.norm(norm)}" for layer, norm in history.gradients.latest().items()
    ]
    ratio = first_last_ratio(history.gradients.latest())
    if ratio is not None:
        lines.append(f"first/last  {figures.ratio(ratio)}")
    return [line.rstrip() for line in lines]


def _sparkline(series: Series) -> str:
    return figures.sparkline([column.mean for column in series.columns(_SPARKLINE)], _SPARKLINE)
