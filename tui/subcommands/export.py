"""`dltui export`: summaries of a run as files, or one of them on standard output."""

from pathlib import Path

import click

from dlcore import rundir
from dlcore.clean import clean
from dlcore.errors import DltuiError
from dlcore.export import FORMATS, export, render

_NAMES = ", ".join(form.name for form in FORMATS)


@click.command("export")
@click.argument("run")
@click.option(
    "--format",
    "formats",
    default="markdown",
    show_default=True,
    help=f"By comma: {_NAMES}.",
)
@click.option("-o", "--output", default=".", show_default=True, help="A folder; - is standard output.")
@click.option("--force", is_flag=True, help="Write over files that are there.")
def export_command(run: str, formats: str, output: str, force: bool) -> None:
    """Write summaries of a run, whatever its state.

    Example: dltui export latest --format markdown,json,csv -o results
    """
    found = rundir.find(rundir.home(), run)
    wanted = tuple(word.strip() for word in formats.split(",") if word.strip())
    if output == "-":
        if len(wanted) != 1:
            raise DltuiError(
                f"Standard output takes one format, not {len(wanted)}", "Give one with --format."
            )
        click.echo(render(found, wanted[0]), nl=False)
        return
    for path in export(found, wanted, Path(output), force=force):
        click.echo(clean(str(path)))
