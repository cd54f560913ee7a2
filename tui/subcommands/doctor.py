"""`dltui doctor`: what dltui needs here, whether it is there, and what would cure what is not."""

import dataclasses
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from dlcore import rundir
from dlcore.clean import clean
from dlcore.process.session import survival
from tui.checkup.check import Check, State
from tui.checkup.folders import folder_checks
from tui.checkup.installation import installation_checks
from tui.checkup.logout import logout_check
from tui.checkup.machine import INSPECTOR, machine_checks
from tui.checkup.terminal import terminal_checks

_SIGNS: dict[State, str] = {"ok": "✓", "note": "•", "fault": "✗"}
_PLAIN: dict[State, str] = {"ok": "ok", "note": "--", "fault": "!!"}
_NAME = 12


def checks(home: Path, inspector: tuple[str, ...] = INSPECTOR) -> Iterator[Check]:
    """Yield everything that is looked at, the quick things first; `inspector` knows torch."""
    yield from installation_checks()
    yield from terminal_checks(os.environ)
    yield from folder_checks(home)
    yield logout_check(survival())
    yield from machine_checks(inspector)


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of lines.")
@click.pass_context
def doctor_command(ctx: click.Context, as_json: bool) -> None:
    """Check what dltui needs here: Python, torch, devices, the terminal and folders.

    It changes nothing. The exit status is 1 when something keeps dltui from working, else 0.

    Example: dltui doctor --json
    """
    found: list[Check] = []
    for check in checks(rundir.home()):
        found.append(check)
        if not as_json:
            click.echo("\n".join(lines(check, sys.stdout.encoding or "ascii")))
    faults = sum(check.state == "fault" for check in found)
    if as_json:
        rows = [dataclasses.asdict(check) for check in found]
        click.echo(json.dumps({"ok": not faults, "checks": rows}, indent=2))
    ctx.exit(1 if faults else 0)


def lines(check: Check, encoding: str) -> list[str]:
    """Return a check as text: one line, and its cure on a second one; plain where the encoding is."""
    sign = _SIGNS[check.state]
    indent = " " * 2
    if not _can_write("".join(_SIGNS.values()), encoding):
        sign, indent = f"{_PLAIN[check.state]:<2}", " " * 3
    shown = [f"{sign} {check.name:<{_NAME}}  {clean(check.finding)}"]
    if check.cure:
        shown.append(f"{indent}{'':{_NAME}}  {clean(check.cure)}")
    return [line.encode(encoding, "backslashreplace").decode(encoding) for line in shown]


def _can_write(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True
