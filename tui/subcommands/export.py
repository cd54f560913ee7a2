"""`dltui export`: runs as files for others, or one of them on standard output."""

from pathlib import Path

import click

from dlcore import rundir
from dlcore.clean import clean
from dlcore.errors import DltuiError
from dlcore.export import FORMATS, Failed, Placed, export, render_text
from dlcore.export.kin import lineage
from dlcore.export.report import Weights
from dlcore.rundir import RunDir

_NAMES = ", ".join(form.name for form in FORMATS)


@click.command("export")
@click.argument("runs", metavar="RUN [RUN …]", nargs=-1, required=True)
@click.option(
    "--lineage", "with_kin", is_flag=True, help="Also what each run descends from, and its branches."
)
@click.option(
    "--format",
    "formats",
    default="markdown",
    show_default=True,
    help=f"By comma: {_NAMES}; or all.",
)
@click.option("-o", "--output", default=".", show_default=True, help="A folder; - is standard output.")
@click.option("--force", is_flag=True, help="Write over files that are there.")
@click.option(
    "--weights",
    type=click.Choice(["newest", "best"]),
    default="newest",
    show_default=True,
    help="The checkpoint for safetensors and onnx: the newest, or the best that was kept.",
)
def export_command(
    runs: tuple[str, ...], with_kin: bool, formats: str, output: str, force: bool, weights: Weights
) -> None:
    """Write runs as files for others, whatever their state; several runs also beside each other.

    Example: dltui export latest --format markdown,json,csv -o results
    """
    found = [rundir.find(rundir.home(), run) for run in runs]
    if with_kin:
        found = [one for run in found for one in lineage(run)]
    wanted = tuple(word.strip() for word in formats.split(",") if word.strip())
    if wanted == ("all",):
        wanted = tuple(form.name for form in FORMATS)
    if output == "-":
        _to_standard_output(found, wanted)
        return
    errors = []
    for happened in export(found, wanted, Path(output), force=force, weights=weights):
        if isinstance(happened, Placed):
            click.echo(clean(str(happened.path)))
        elif isinstance(happened, Failed):
            click.echo(clean(f"dltui: {happened.error}"), err=True)
            errors.append(happened.error)
    if errors:
        click.get_current_context().exit(errors[0].code)


def _to_standard_output(runs: list[RunDir], formats: tuple[str, ...]) -> None:
    """Write one format of one run; raises DltuiError for more, which would run into each other."""
    if len({run.id for run in runs}) != 1:
        raise DltuiError(
            f"Standard output takes one run, not {len(runs)}", "Give a folder with -o, or one run."
        )
    if len(formats) != 1:
        raise DltuiError(f"Standard output takes one format, not {len(formats)}", "Give one with --format.")
    click.echo(render_text(runs[0], formats[0]), nl=False)
