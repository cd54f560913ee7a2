"""`dltui verify`: run the script of a run, and say whether its losses are those that were recorded."""

import json
import sys

import click

from dlcore import rundir
from dlcore.clean import clean
from dlcore.proof.verify import Verdict, verify


@click.command("verify")
@click.argument("run")
@click.option("--steps", type=click.IntRange(min=1), help="Compare the first steps alone.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object at the end, and nothing else.")
def verify_command(run: str, steps: int | None, as_json: bool) -> None:
    """Prove a run: its PyTorch script is run in a fresh process, and its losses compared bit for bit.

    The exit status is 0 where all is equal, and 1 where anything differs, with what and a likely reason.

    Example: dltui verify latest --steps 500
    """
    found = rundir.find(rundir.home(), run)
    line = _Line(shown=not as_json and sys.stderr.isatty())
    try:
        verdict = verify(found, line.tell, steps)
    finally:
        line.clear()
    _say(verdict, as_json)
    sys.exit(0 if verdict.is_equal else 1)


def _say(verdict: Verdict, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(verdict.table()))
        return
    for sentence in verdict.told():
        click.echo(clean(sentence))


class _Line:
    """The progress in a line that changes, on a terminal; nothing elsewhere."""

    def __init__(self, *, shown: bool) -> None:
        self._shown = shown
        self._text = ""

    def tell(self, steps: int, wanted: int) -> None:
        """Say how far the script is."""
        if self._shown:
            text = f"the script has taken {steps:,} of {wanted:,} steps" if steps else "the script starts"
            if text != self._text:
                click.echo(f"\r{text:<{len(self._text)}}", nl=False, err=True)
                self._text = text

    def clear(self) -> None:
        """Leave nothing of it."""
        if self._text:
            click.echo(f"\r{'':<{len(self._text)}}\r", nl=False, err=True)
            self._text = ""
