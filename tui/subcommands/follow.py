"""Following a trainer to its end from the command line: train, run and resume do."""

import json
import subprocess
import sys
import time
from collections.abc import Sequence

import click

from dlcore import commands, figures, launch, rundir
from dlcore.clean import clean
from dlcore.diagnose.silenced import silenced
from dlcore.diagnose.words import told
from dlcore.errors import RunError
from dlcore.events import AttemptStarted, CompilationEnded, EpochEnded, Evaluated, Event, Warned
from dlcore.history import LIVE, Metric, State, score
from dlcore.judged import judged
from dlcore.process.aftermath import aftermath
from dlcore.process.crashes import bytes_said
from dlcore.rundir import RunDir
from tui.feed import RunFeed
from tui.subcommands.words import found, parting, progress
from tui.watching.judging import Judge

_POLL_SECONDS = 0.1


def await_birth(
    run: RunDir, trainer: "subprocess.Popen[bytes]", said: int = 0, seconds: float = 20.0
) -> None:
    """Wait until the trainer has said its first word, behind the bytes of events that were `said` before.

    Raises RunError when it dies before.
    """
    until = time.monotonic() + seconds
    while bytes_said(run) <= said:
        if trainer.poll() not in (None, 0) or time.monotonic() > until:
            raise _unborn(run)
        time.sleep(0.02)


def _unborn(run: RunDir) -> RunError:
    return RunError(f"The trainer of {run.id} did not start", f"Its log: {run.log}.")


class Follow:
    """Watches a run to its end: a line that changes on a terminal, a line per epoch elsewhere."""

    def __init__(
        self,
        run: RunDir,
        trainer: "subprocess.Popen[bytes]",
        *,
        quiet: bool,
        after: int | None = None,
        warnings: Sequence[str] = (),
    ) -> None:
        """`after` is the number of the attempt before a resume; what was said up to it is not said again."""
        self._feed = RunFeed(run, on_event=None if quiet else self._say)
        self._trainer = trainer
        self._quiet = quiet
        self._after = after
        self._warnings = warnings
        self._live_line = sys.stdout.isatty() and not quiet
        self._interrupts = 0
        self._judge = Judge(self._feed, silenced(rundir.home()))
        self._found: set[str] = set()
        """Codes of the findings that were said."""

    def to_the_end(self) -> int:
        """Return the exit status: 0 done, 1 the run failed, 130 interrupted."""
        while True:
            try:
                self._feed.read(1.0)
                self._say_findings()
                self._draw()
                if self._trainer.poll() is not None:  # all it wrote is on disk by then
                    break
                time.sleep(_POLL_SECONDS)
            except KeyboardInterrupt:
                if self._interrupted():
                    return 130
        self._feed.read(60.0)
        self._clear()
        if self._after is not None and self._feed.history.attempt <= self._after:
            raise _unborn(self._feed.run)
        self._conclude()
        if self._interrupts:
            return 130
        return 0 if self._last_state in ("finished", "stopped") else 1

    @property
    def _last_state(self) -> State:
        """What became of the run, now that its trainer is gone: the feed asks its lock only now and then."""
        return self._feed.history.state(held=False)

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
        if self._after is not None and event.attempt <= self._after:
            return
        if isinstance(event, AttemptStarted) and event.attempt > 1:
            self._clear()
            click.echo(f"attempt {event.attempt} goes on from step {event.step:,}")
        if isinstance(event, Warned):
            self._clear()
            click.echo(clean(f"warning at step {event.step:,}: {event.message}"), err=True)
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

    def _say_findings(self) -> None:
        """Print a line for each finding when it appears."""
        if self._quiet:
            return
        for finding in self._judge.look():
            if finding.code not in self._found:
                self._found.add(finding.code)
                self._clear()
                click.echo(found(finding))

    def _draw(self) -> None:
        if self._live_line and self._feed.state in LIVE:
            click.echo(f"\r\x1b[K{progress(self._feed.history, self._feed.state)}", nl=False)

    def _clear(self) -> None:
        if self._live_line:
            click.echo("\r\x1b[K", nl=False)

    def _conclude(self) -> None:
        feed = self._feed
        if self._quiet:
            summary = judged(feed.run, feed.history, self._last_state)
            click.echo(json.dumps(summary | ({"warnings": self._warnings} if self._warnings else {})))
            return
        ended = feed.history.ended
        if ended is not None and ended.reason == "failed":
            click.echo(f"dltui: {clean(ended.message)}. {clean(ended.hint)}", err=True)
        elif ended is not None and ended.message:
            click.echo(f"{clean(ended.message)}.")
        elif ended is None:
            said = aftermath(feed.run, feed.history, self._last_state, self._trainer.returncode)
            click.echo(f"dltui: {clean(said)}", err=True)
        for line in told(self._judge.look(), feed.run.config, feed.history.settings):
            click.echo(clean(line))
        click.echo(parting(feed.run, self._last_state))


def _train_part(epoch: EpochEnded, metric: Metric) -> str:
    return f"  train {_figures(epoch, metric)} (running mean)"


def _figures(event: EpochEnded | Evaluated, metric: Metric) -> str:
    return f"loss {figures.loss(event.loss)} {figures.named_score(score(event, metric), metric)}"
