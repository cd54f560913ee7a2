"""`dltui twins`: runs that differ in one setting, or in their seed, and one sentence on them."""

import json
import shlex
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import click

from dlcore import commands, launch, rundir
from dlcore.changes import with_typed
from dlcore.clean import clean
from dlcore.comparison.verdict import verdict
from dlcore.config import RunConfig
from dlcore.errors import DltuiError
from dlcore.family import twins
from dlcore.family.alike import differing, in_common, labels
from dlcore.family.origin import GroupKind
from dlcore.family.twins import Made
from dlcore.history import LIVE, State
from dlcore.oneline import parse
from dlcore.reading import read_file
from dlcore.rundir import RunDir
from dlcore.runs import RunRow, ended_row, read_facts, run_row
from dlcore.summary import read_history
from tui.start_warnings import start_warnings
from tui.subcommands.follow import await_birth
from tui.subcommands.train import DETACH, JSON, SET, say_warnings

_POLL_SECONDS = 0.2


@click.command("twins")
@click.argument("source", nargs=-1, metavar="LINE|CONFIG|RUN")
@click.option(
    "--vary", metavar="KEY=V1,V2,…", help="The one setting, with 2 to 6 values; lists part them by |."
)
@click.option(
    "--seeds", type=int, metavar="N", help="Each of them with N seeds: its own and those behind it."
)
@SET
@DETACH
@JSON
def twins_command(
    source: tuple[str, ...],
    vary: str | None,
    seeds: int | None,
    settings: tuple[str, ...],
    detach: bool,
    as_json: bool,
) -> None:
    """Train runs that are alike but for one setting, and say in a sentence what came of it.

    They have one seed, one order of batches, and the same first weights where their shapes allow; each has a
    core, and those that find none wait. With --seeds and no --vary a run is repeated, to see how far chance
    alone carries it. Ctrl-C stops them gracefully; a second one only leaves them.

    Example: dltui twins "digits mlp 64,64 e=10" --vary model.activation=relu,sigmoid
    """
    config, of = _source(source)
    if settings:
        config = with_typed(config, settings)
    configs = [config]
    if vary is not None:
        key, equals, values = vary.partition("=")
        if not equals:
            raise click.UsageError(f"{vary!r} is not key=v1,v2. Write, for example, optimizer.lr=0.01,0.03.")
        configs = twins.varied(config, key.strip(), twins.parted(values))
    if seeds is not None:
        configs = twins.repeated(configs, seeds)
    if len(configs) == 1:
        raise click.UsageError("Say in what they differ: --vary model.activation=relu,tanh, or --seeds 3.")
    warnings = start_warnings(rundir.home(), config.training.device)
    if not as_json:
        say_warnings(warnings)
    kind: GroupKind = "twins" if seeds is None else "seeds"
    made = twins.make(rundir.home(), configs, datetime.now(UTC), kind, [of] * len(configs))
    keeper = twins.start(rundir.home(), made)
    if not as_json:
        _say_what_starts(made)
    if detach:
        await_birth(made.runs[0], keeper)
        if as_json:
            click.echo(json.dumps(_table(made, warnings)))
        return
    sys.exit(_Following(made, keeper, quiet=as_json, warnings=warnings).to_the_end())


def _source(words: Sequence[str]) -> tuple[RunConfig, str]:
    """Return what the runs have in common, and the id of the run that it is of; '' for none."""
    if not any(word.strip() for word in words):
        raise click.UsageError(
            "Give a line, a TOML file or a run: dltui twins digits --seeds 3 is the shortest."
        )
    [first, *others] = words
    if not others and first.endswith(".toml"):
        return read_file(Path(first)), ""
    if not others and (first == "latest" or rundir.stamped(first) is not None or Path(first).is_dir()):
        run = rundir.find(rundir.home(), first)
        return twins.base_of(run), run.id
    return parse(first if not others else shlex.join(words)), ""


def _say_what_starts(made: Made) -> None:
    number = len(made.runs)
    turn = "side by side" if made.at_once >= number else f"{made.at_once} at a time"
    common = ", ".join(in_common(made.configs, twins.facts_of(made.configs[0])))
    click.echo(clean(f"{number} runs, {turn}: {common}"))
    for run, config, label in zip(made.runs, made.configs, labels(made.configs), strict=True):
        click.echo(clean(f"  {label}  seed {config.seed}  {run.id}: dltui attach {run.id}"))


def _table(made: Made, warnings: Sequence[str]) -> dict[str, object]:
    """Return what JSON has of the runs."""
    found: dict[str, object] = {
        "groups": [group.id for group in made.groups],
        "differs": list(differing(made.configs)),
        "runs": [run.id for run in made.runs],
        "paths": [str(run.path) for run in made.runs],
    }
    return found | ({"warnings": list(warnings)} if warnings else {})


class _Following:
    """Watches the runs to the last one's end: a line for each that ends, and the sentence behind them."""

    def __init__(
        self, made: Made, keeper: "subprocess.Popen[bytes]", *, quiet: bool, warnings: Sequence[str]
    ) -> None:
        self._made = made
        self._keeper = keeper
        self._quiet = quiet
        self._warnings = warnings
        self._ended: dict[str, State] = {}
        self._interrupts = 0

    def to_the_end(self) -> int:
        """Return the exit status: 0 all done, 1 one of them failed, 130 interrupted."""
        while True:
            try:
                is_over = self._keeper.poll() is not None  # asked first: by then all they say is on the disk
                self._look(is_over=is_over)
                if is_over:
                    break
                time.sleep(_POLL_SECONDS)
            except KeyboardInterrupt:
                if self._interrupted():
                    return 130
        self._conclude()
        if self._interrupts:
            return 130
        return 0 if all(state in ("finished", "stopped") for state in self._ended.values()) else 1

    def _look(self, *, is_over: bool) -> None:
        """Say which runs have ended since."""
        for run, label in zip(self._made.runs, labels(self._made.configs), strict=True):
            if run.id in self._ended or not (is_over or _has_summary(run)):
                continue
            row = run_row(run, datetime.now(UTC))
            if row.state not in LIVE or is_over:
                self._ended[run.id] = row.state
                self._say(label, row)

    def _say(self, label: str, row: RunRow) -> None:
        if not self._quiet:
            click.echo(clean(f"{label}  {row.state} at step {row.steps:,}  best {row.best}  {row.run.id}"))

    def _interrupted(self) -> bool:
        """Stop all gracefully at the first Ctrl-C; at the second return True: leave them alone."""
        self._interrupts += 1
        if self._interrupts > 1:
            click.echo("left running: dltui runs", err=True)
            return True
        for run in self._made.runs:
            if run.id not in self._ended:
                try:
                    launch.tell(run, commands.Stop())
                except DltuiError:  # it has ended by itself meanwhile
                    continue
        click.echo("stopping all of them; Ctrl-C again leaves the runs to themselves", err=True)
        return False

    def _conclude(self) -> None:
        histories = [read_history(run) for run in self._made.runs]
        said = verdict(list(zip(self._made.configs, histories, strict=True)))
        orders = list(dict.fromkeys(one.prepared.order for one in histories if one.prepared is not None))
        if self._quiet:
            states = [self._ended[run.id] for run in self._made.runs]
            told = {"states": states, "orders": orders, "verdict": said}
            click.echo(json.dumps(_table(self._made, self._warnings) | told))
            return
        if len(orders) == 1:
            click.echo(f"one order of batches: sha256 {orders[0]}…")
        click.echo(clean(said))


def _has_summary(run: RunDir) -> bool:
    """Whether a run's `run.json` tells of its end: cheaper than to read its events again and again."""
    facts, _ = read_facts(run)
    return ended_row(run, facts) is not None
