"""`dltui train` and `dltui run`: train without the app, and say how it goes."""

import json
import shlex
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import click

from dlcore import commands, figures, launch, rundir
from dlcore.advice import advise
from dlcore.clean import clean
from dlcore.config import RunConfig, to_table
from dlcore.errors import RunError
from dlcore.events import CompilationEnded, EpochEnded, Evaluated, Event
from dlcore.examine import examined
from dlcore.history import LIVE, Metric, score
from dlcore.oneline import parse, print_line
from dlcore.presets import preset as find_preset
from dlcore.reading import checked, read_file, with_settings
from dlcore.rundir import RunDir
from dlcore.summary import summarize
from tui.feed import RunFeed
from tui.subcommands.words import parting, progress

_POLL_SECONDS = 0.1
_SET = click.option(
    "--set", "settings", multiple=True, metavar="KEY=VALUE", help="Override a key of the configuration."
)
_DETACH = click.option("--detach", is_flag=True, help="Start, say how to attach, and return.")
_JSON = click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object at the end, and nothing else."
)


@click.command("train")
@click.argument("config", type=click.Path(path_type=Path), required=False)
@click.option("--preset", metavar="NAME", help="Start from a preset instead of a file: see dltui presets.")
@_SET
@_DETACH
@_JSON
def train_command(
    config: Path | None, preset: str | None, settings: tuple[str, ...], detach: bool, as_json: bool
) -> None:
    """Train from a TOML file (none: all defaults), headless.

    Ctrl-C stops the run gracefully; a second one only leaves it.

    Example: dltui train mnist.toml --set optimizer.lr=0.1 --set training.epochs=3
    """
    if config and preset:
        raise click.UsageError("Give a file or a preset, not both.")
    if config:
        chosen = read_file(config, settings)
    else:
        table = to_table(find_preset(preset)[1]) | {"name": preset} if preset else {}
        chosen = checked(with_settings(table, settings), "--set")
    _train(chosen, detach, as_json)


@click.command("run")
@click.argument("line", nargs=-1)
@_SET
@_DETACH
@_JSON
def run_command(line: tuple[str, ...], settings: tuple[str, ...], detach: bool, as_json: bool) -> None:
    """Train from one line of shell words, headless.

    Example: dltui run "mnist mlp 128,64 relu he ce momentum lr=.01 m=.9 b=64 e=10 seed=0"
    """
    if not any(part.strip() for part in line):
        raise click.UsageError("Give a line: dltui run digits is the shortest.")
    words = line[0] if len(line) == 1 else shlex.join(line)
    config = parse(words)
    _train(
        checked(with_settings(to_table(config), settings), "--set") if settings else config, detach, as_json
    )


def _train(config: RunConfig, detach: bool, as_json: bool) -> None:
    if not as_json:
        _advise(config)
    run, trainer = launch.launch(rundir.home(), config, datetime.now(UTC))
    if detach:
        _await_birth(run, trainer)
        click.echo(
            json.dumps({"run": run.id, "path": str(run.path)})
            if as_json
            else f"{run.id}: dltui attach {run.id}"
        )
        return
    if not as_json:
        click.echo(clean(f"{run.id}  {print_line(config.folded())}"))
    sys.exit(Follow(run, trainer, quiet=as_json).to_the_end())


def _advise(config: RunConfig) -> None:
    """Say what could be better, each with the settings that change it; the run starts all the same."""
    facts, _ = examined(config)
    for advice in advise(config, facts):
        settings = " ".join(f"--set {shlex.quote(setting)}" for setting in advice.settings)
        change = f" ({settings})" if settings else ""
        click.echo(clean(f"advice: {advice.message}{change}"), err=True)


def _await_birth(run: RunDir, trainer: "subprocess.Popen[bytes]", seconds: float = 20.0) -> None:
    """Wait until the trainer has said its first word; raises RunError when it dies before."""
    until = time.monotonic() + seconds
    while not run.events.exists():
        if trainer.poll() not in (None, 0) or time.monotonic() > until:
            raise RunError(f"The trainer of {run.id} did not start", f"Its log: {run.log}.")
        time.sleep(0.02)


class Follow:
    """Watches a run to its end: a line that changes on a terminal, a line per epoch elsewhere."""

    def __init__(self, run: RunDir, trainer: "subprocess.Popen[bytes]", *, quiet: bool) -> None:
        self._feed = RunFeed(run, on_event=None if quiet else self._say)
        self._trainer = trainer
        self._quiet = quiet
        self._live_line = sys.stdout.isatty() and not quiet
        self._interrupts = 0

    def to_the_end(self) -> int:
        """Return the exit status: 0 done, 1 the run failed, 130 interrupted."""
        while True:
            try:
                self._feed.read(1.0)
                self._draw()
                if self._trainer.poll() is not None:  # all it wrote is on disk by then
                    break
                time.sleep(_POLL_SECONDS)
            except KeyboardInterrupt:
                if self._interrupted():
                    return 130
        self._feed.read(60.0)
        self._clear()
        self._conclude()
        if self._interrupts:
            return 130
        return 0 if self._feed.state in ("finished", "stopped") else 1

    def _interrupted(self) -> bool:
        """Stop gracefully at the first Ctrl-C; at the second return True: leave the run alone."""
        self._interrupts += 1
        run = self._feed.run
        if self._interrupts > 1:
            self._clear()
            click.echo(f"left running: dltui attach {run.id}", err=True)
            return True
        launch.leave(run, commands.Stop())
        self._clear()
        click.echo("stopping after this step; Ctrl-C again leaves the run to itself", err=True)
        return False

    def _say(self, event: Event) -> None:
        """Print a line for each evaluation, the only figures that stay on the terminal."""
        if isinstance(event, CompilationEnded):
            self._clear()
            click.echo(clean(figures.compilation(event.used, event.reason)))
        if isinstance(event, Evaluated):
            history = self._feed.history
            of_watched = event.split == history.watched and event.weights is None
            fresh = history.epochs and history.epochs[-1].step == event.step and of_watched
            running = _train_part(history.epochs[-1], history.metric) if fresh else ""
            back = f" (best weights, step {event.weights:,})" if event.weights is not None else ""
            self._clear()
            click.echo(
                f"epoch {event.epoch:>5.4g}  step {event.step:>7,}{running}"
                f"  {event.split} {_figures(event, history.metric)}{back}"
            )

    def _draw(self) -> None:
        if self._live_line and self._feed.state in LIVE:
            click.echo(f"\r\x1b[K{progress(self._feed.history, self._feed.state)}", nl=False)

    def _clear(self) -> None:
        if self._live_line:
            click.echo("\r\x1b[K", nl=False)

    def _conclude(self) -> None:
        feed = self._feed
        if self._quiet:
            click.echo(json.dumps(summarize(feed.run, feed.history, feed.state)))
            return
        ended = feed.history.ended
        if ended is not None and ended.reason == "failed":
            click.echo(f"dltui: {clean(ended.message)}. {clean(ended.hint)}", err=True)
        elif ended is not None and ended.message:
            click.echo(f"{clean(ended.message)}.")
        elif ended is None:
            click.echo(f"dltui: The trainer has died; its log: {clean(str(feed.run.log))}", err=True)
        click.echo(parting(feed.run))


def _train_part(epoch: EpochEnded, metric: Metric) -> str:
    return f"  train {_figures(epoch, metric)} (running mean)"


def _figures(event: EpochEnded | Evaluated, metric: Metric) -> str:
    return f"loss {figures.loss(event.loss)} {figures.named_score(score(event, metric), metric)}"
