"""`dltui runs` and `dltui show`: what was trained here, as text."""

import json
from contextlib import suppress

import click

from dlcore import figures, rundir
from dlcore.clean import clean
from dlcore.curves.perclass import per_class
from dlcore.curves.series import Series
from dlcore.errors import DltuiError, RunError
from dlcore.export.tables import width
from dlcore.family.lineage import Kin
from dlcore.files import lock
from dlcore.files.disk_use import folder_bytes
from dlcore.files.lock import lock_holder
from dlcore.finding_runs.view import View
from dlcore.foreign import foreign_of
from dlcore.history import RunHistory, State, first_last_ratio
from dlcore.judged import findings_of, judged
from dlcore.labels import read_label
from dlcore.oneline import print_line
from dlcore.process.aftermath import aftermath
from dlcore.reading import read_file
from dlcore.rundir import RunDir
from dlcore.summary import read_history, state_of
from tui.subcommands.run_lines import asked_key, run_json, run_lines
from tui.subcommands.words import found as found_line
from tui.subcommands.words import remedies

_SPARKLINE = 48
_MOST_CLASSES = 20


@click.command("runs")
@click.argument("wanted", nargs=-1, metavar="[RUN]...")
@click.option("--filter", "wants", default="", help='Only such runs: "acc>97% and optimizer=adam".')
@click.option("--sort", default="", help="Sort by a key, the best first: acc, loss, lr, age ...")
@click.option("--reverse", is_flag=True, help="Turn the order around.")
@click.option("--columns", default="", help="Keys by comma, instead of the usual line: name,acc,lr.")
@click.option("--limit", type=click.IntRange(0), help="At most so many runs.")
@click.option("--hidden", is_flag=True, help="Hidden runs as well.")
@click.option("--delete", is_flag=True, help="Delete the runs that are named, for good.")
@click.option("--yes", is_flag=True, help="Do not ask before deleting.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
def runs_command(
    wanted: tuple[str, ...],
    wants: str,
    sort: str,
    reverse: bool,
    columns: str,
    limit: int | None,
    hidden: bool,
    delete: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """List runs, the newest first, and what they take of the disk; or delete some.

    A filter compares keys with = != < <= > >= and ~ (contains), joined by and, or, not and parentheses; keys
    are figures (acc, loss, epochs, age ...) and those of the configuration (lr, optimizer, model.hidden). A
    word alone is looked for in name, tags, id, state, network and data.

    Example: dltui runs --filter "acc>97% and lr<=.01" --sort acc
    """
    if bool(wanted) != delete:
        what = f"Show one run: dltui show {wanted[0]}." if wanted else "Name what to delete: --delete RUN."
        raise click.UsageError(what)
    if delete:
        found = [rundir.find(rundir.home(), name) for name in wanted]
        _delete(list(dict.fromkeys(found)), yes)
        return
    keys = [asked_key(name.strip()) for name in columns.split(",") if name.strip()]
    view = View(
        filter=wants,
        sort=asked_key(sort).name if sort else "",
        is_reversed=reverse,
        shows_hidden=hidden,
    )
    if as_json:
        click.echo(run_json(view, limit))
        return
    for line in run_lines(view, keys, limit):
        click.echo(line)


def _delete(runs: list[RunDir], yes: bool) -> None:
    """Delete runs after asking; none of them where one is being trained."""
    for run in runs:
        if lock_holder(run) is not None:
            raise RunError(f"{run.id} is being trained", f"Stop it first: dltui stop {run.id}.")
    sizes = [folder_bytes(run.path) for run in runs]
    names = runs[0].id if len(runs) == 1 else f"{len(runs)} runs"
    if not yes:
        for run, size in zip(runs, sizes, strict=True) if len(runs) > 1 else ():
            click.echo(clean(f"{run.id}  {figures.size(size)}"))
        click.confirm(clean(f"Delete {names} ({figures.size(sum(sizes))}) for good?"), abort=True)
    for run, size in zip(runs, sizes, strict=True):
        lock.delete(run)
        click.echo(clean(f"deleted {run.id}: {figures.size(size)} freed"))


@click.command("show")
@click.argument("run")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def show_command(run: str, as_json: bool) -> None:
    """Show a run as text: state, findings, figures, sparklines, gradient norms per layer.

    Example: dltui show latest
    """
    found = rundir.find(rundir.home(), run)
    history = read_history(found)
    state = state_of(found, history)
    if as_json:
        click.echo(json.dumps(judged(found, history, state)))
        return
    for line in _text(found, history, state):
        click.echo(clean(line))


def _text(run: RunDir, history: RunHistory, state: State) -> list[str]:
    named = read_label(run).name
    lines = [f"{run.id}  {state}" + (f"  {named}" if named else "")]
    try:
        source = foreign_of(run)
        lines.append(print_line(read_file(run.config).folded()) if source is None else source.told())
    except DltuiError as error:
        lines.append(str(error).replace("\n", " "))
    lines.append(
        f"epoch {history.epoch():.4g}  step {history.step:,}  {figures.duration(history.seconds)}"
        f"  {figures.rate(history.samples_per_second())} samples/s"
    )
    lines += [edit.said for edit in history.edits]
    lines += [f"warning at step {warning.step:,}: {warning.message}" for warning in history.warnings[-3:]]
    if said := aftermath(run, history, state):
        lines.append(said)
    elif history.ended is not None and history.ended.message:
        lines.append(f"{history.ended.message}. {history.ended.hint}")
    lines += _judgement(run, history)
    lines += _final(history)
    for name, series in (("loss", history.loss), (figures.SCORES[history.metric], history.score)):
        lines.append(f"{name:<11} {_sparkline(series)}")
    lines += [
        f"{layer:<11} |dL/dW| {figures.norm(norm)}" for layer, norm in history.gradients.latest().items()
    ]
    ratio = first_last_ratio(history.gradients.latest())
    if ratio is not None:
        lines.append(f"first/last  {figures.ratio(ratio)}")
    lines += _classes(history)
    return [line.rstrip() for line in lines]


def _judgement(run: RunDir, history: RunHistory) -> list[str]:
    """Return a line for each finding, and what has come of remedies."""
    lines: list[str] = []
    with suppress(DltuiError):  # its configuration cannot be read, which is said already
        lines += map(found_line, findings_of(run, history))
    if lines:
        lines.append(f"Causes and remedies: dltui diagnose {run.id}")
    return [*lines, *remedies(Kin(rundir.home(), run).look())]


def _final(history: RunHistory) -> list[str]:
    """Return a line for each split, with the weights that it was evaluated with where those are older."""
    lines = []
    for name, figure in history.final().items():
        parts = [f"loss {figures.loss(figure['loss'])}"]
        parts.append(figures.named_score(figure[history.metric], history.metric))
        parts += [f"top 5 {figures.share(figure['top5'])}"] if "top5" in figure else []
        parts += [f"{key.upper()} {figures.amount(figure[key])}" for key in ("mae", "rmse") if key in figure]
        last = history.latest(name)
        if last is not None and last.weights is not None:
            parts.append(f"(best weights, step {last.weights:,})")
        parts += ["(running mean)"] if name == "train" else []
        lines.append(f"{name:<11} {'  '.join(parts)}")
    return lines


def _classes(history: RunHistory) -> list[str]:
    """Return a line for each class, where there are not too many."""
    found = per_class(history)
    if found is None or len(found.rows) > _MOST_CLASSES:
        return []
    names = [clean(row.name) for row in found.rows]
    room = max(11, *map(width, names))
    title = f"{found.evaluation.split} split"
    lines = [f"{title:<{room}} {'precision':>10} {'recall':>10} {'F1':>10}"]
    for name, row in zip(names, found.rows, strict=True):
        shares = " ".join(f"{figures.share(value):>10}" for value in (row.precision, row.recall, row.f1))
        lines.append(f"{name}{' ' * (room - width(name))} {shares}")
    return lines


def _sparkline(series: Series) -> str:
    return figures.sparkline([column.mean for column in series.columns(_SPARKLINE)], _SPARKLINE)
