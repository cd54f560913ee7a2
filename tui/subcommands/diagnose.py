"""`dltui diagnose`: what is found wrong with a run, its likely cause, and what would cure it."""

import json
from collections.abc import Iterator

import click

from dlcore import rundir
from dlcore.clean import clean
from dlcore.diagnose import Finding
from dlcore.diagnose.silenced import silenced
from dlcore.diagnose.words import known, told, words
from dlcore.family.lineage import Kin
from dlcore.foreign import foreign_of
from dlcore.history import LIVE, RunHistory
from dlcore.judged import findings_of
from dlcore.rundir import RunDir
from dlcore.summary import read_history, state_of
from tui.subcommands.words import remedies


@click.command("diagnose")
@click.argument("run")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list of findings.")
@click.option("--without", "codes", multiple=True, metavar="CODE", help="Switch a rule off, for this once.")
def diagnose_command(run: str, as_json: bool, codes: tuple[str, ...]) -> None:
    """Say what is wrong with a run: since when, by which numbers, why, and what would cure it.

    It judges by what is known by now, whatever the state; a healthy run has no findings.

    Example: dltui diagnose latest --without overfitting
    """
    found = rundir.find(rundir.home(), run)
    without = silenced(rundir.home()) | {known(code) for code in codes}
    history = read_history(found)
    findings = findings_of(found, history, without)
    if as_json:
        click.echo(json.dumps([finding.table() for finding in findings]))
        return
    for line in _text(found, history, findings, without):
        click.echo(clean(line))


def _text(
    run: RunDir, history: RunHistory, findings: tuple[Finding, ...], without: frozenset[str]
) -> Iterator[str]:
    yield f"{run.id}: {_verdict(run, history, len(findings))}"
    if findings:
        yield ""
    config = run.config if foreign_of(run) is None else None
    yield from told(findings, config, history.settings)
    others = [*remedies(Kin(rundir.home(), run).look())]
    if without:
        others.append(f"Switched off: {', '.join(sorted(map(words, without)))}.")
    if findings and others:
        yield ""
    yield from others


def _verdict(run: RunDir, history: RunHistory, number: int) -> str:
    if not history.step:
        return "it has not trained a step yet, so there is nothing to judge."
    by_now = f"at step {history.step:,}" if state_of(run, history) in LIVE else f"in {history.step:,} steps"
    if not number:
        return f"nothing is found wrong {by_now}."
    return f"{'one finding' if number == 1 else f'{number} findings'} {by_now}."
