"""The command line. Each subcommand is imported only when it is used, so that the app opens at once."""

import importlib
import os
import sys
from contextlib import suppress
from pathlib import Path

import click

import dlcore
from dlcore.errors import DltuiError

_SUBCOMMANDS: dict[str, tuple[str, str]] = {
    "train": ("tui.subcommands.train", "Train headless from a TOML file."),
    "run": ("tui.subcommands.train", "Train headless from one line."),
    "resume": ("tui.subcommands.resume", "Go on with a run that broke off or was stopped."),
    "branch": ("tui.subcommands.branch", "Go on from a checkpoint of a run, with something changed."),
    "twins": ("tui.subcommands.twins", "Train runs that differ in one setting, and say what came of it."),
    "attach": ("tui.subcommands.attach", "Open the app on a run."),
    "runs": ("tui.subcommands.runs", "List runs by a filter, or delete some."),
    "show": ("tui.subcommands.runs", "Show one run as text."),
    "label": ("tui.subcommands.label", "Name, tag, hide or comment runs."),
    "diagnose": ("tui.subcommands.diagnose", "Say what is wrong with a run, and what would cure it."),
    "export": ("tui.subcommands.export", "Write summaries of a run."),
    "import": ("tui.subcommands.import_", "Read logs of other programs as runs."),
    "lr-find": ("tui.subcommands.lr_find", "Find a learning rate by three short sweeps."),
    "replay": ("tui.subcommands.replay", "Show a finished run as it went, or record it."),
    "verify": ("tui.subcommands.verify", "Prove a run: its PyTorch script has the same losses."),
    "presets": ("tui.subcommands.presets", "Runs to start from, and what to look for in them."),
    "pause": ("tui.subcommands.control", "Pause a live run."),
    "continue": ("tui.subcommands.control", "Let a paused run go on."),
    "stop": ("tui.subcommands.control", "Stop a live run and save its weights."),
    "set": ("tui.subcommands.control", "Change a hyperparameter of a live run."),
    "doctor": ("tui.subcommands.doctor", "Check what dltui needs here, with cures."),
}
"""Name → the module that holds the command, and its line in the list."""


class _Commands(click.Group):
    """The subcommands, imported one at a time; the list needs none of them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_SUBCOMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _SUBCOMMANDS:
            return None
        module = importlib.import_module(_SUBCOMMANDS[cmd_name][0])
        command: click.Command = getattr(module, f"{cmd_name.replace('-', '_')}_command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in _SUBCOMMANDS.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in _SUBCOMMANDS:
            from dlcore.choices.choice import nearest

            ctx.fail(f"There is no command {args[0]!r}. {nearest(args[0], list(_SUBCOMMANDS))}")
        return super().resolve_command(ctx, args)


@click.group(
    cls=_Commands, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.version_option(dlcore.__version__, prog_name="dltui")
@click.option("--no-mouse", is_flag=True, help="Leave the mouse to the terminal, for selecting text.")
@click.option("--ascii", "ascii_only", is_flag=True, help="Draw with plain characters only.")
@click.pass_context
def dltui(ctx: click.Context, no_mouse: bool, ascii_only: bool) -> None:
    """The laboratory for neural networks that lives in a terminal.

    Without a command it opens the app: choose, train, watch, look inside, export.

    Example: dltui run "digits mlp 64,32 tanh adam e=20"
    """
    if ctx.invoked_subcommand is None:
        from tui.opening import open_app

        open_app(None, mouse=not no_mouse, ascii_only=ascii_only)


def main() -> None:
    """Run the command line. This is an outer door: a fault leaves as one sentence, never as a traceback."""
    os.umask(0o077)  # what we make is nobody else's to read, whatever the shell says
    _open_closed_streams()
    try:
        status = dltui.main(standalone_mode=False)
        sys.stdout.flush()  # what cannot be written is said here, while there is somebody to say it
    except click.exceptions.Abort:
        status = 130
    except click.ClickException as error:
        _show(error)
        status = 2
    except DltuiError as error:
        _say(str(error))
        status = error.code
    except KeyboardInterrupt:
        status = 130
    except BrokenPipeError:  # whoever read our output has gone; click says nothing of it either
        status = 1
    except MemoryError:
        _say("Memory has run out: take less data, or narrower layers.")
        status = 1
    except OSError as error:
        where = f" {Path(os.fsdecode(error.filename))}" if error.filename else ""
        _say(f"The system refused{where}: {error.strerror or error}.")
        status = 1
    finally:
        _let_unwritable_words_go()
    sys.exit(status if isinstance(status, int) else 0)


def _open_closed_streams() -> None:
    """Let nothing stand for each standard stream that was closed before we started, as cron jobs have it."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode))  # noqa: SIM115  # open to the end


def _let_unwritable_words_go() -> None:
    """Leave nothing in a stream that takes nothing: Python would try again at its exit, and complain."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _show(error: click.ClickException) -> None:
    """Say what click says of a mistake; it repeats what was typed, whatever that is."""
    from io import StringIO

    from dlcore.clean import clean_lines

    said = StringIO()
    error.show(said)
    with suppress(OSError):  # whoever would have read it has gone
        click.echo(clean_lines(said.getvalue()), nl=False, err=True)


def _say(text: str) -> None:
    from dlcore.clean import clean

    with suppress(OSError):  # whoever would have read it has gone
        click.echo("dltui: " + "\n".join(clean(line) for line in text.split("\n")), err=True)
