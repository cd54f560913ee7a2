"""Open the app on a terminal, and say one line when it has closed."""

import gc
import os
import sys
from typing import TYPE_CHECKING

from dlcore.errors import DltuiError

if TYPE_CHECKING:
    from tui.watching.replay import Replay

_PLAIN = "The terminal is said to take {} only, so curves are drawn with plain characters: see LANG."


def open_app(
    wanted: str | None,
    *,
    mouse: bool = True,
    ascii_only: bool = False,
    read_only: bool = False,
    replay: "Replay | None" = None,
) -> None:
    """Run the app, on a run if one is named, or on a replay; raises DltuiError without a terminal for it."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise DltuiError(
            "The app needs a terminal, and this is none",
            "Over SSH, use ssh -t; without one, use dltui train.",
        )
    if os.environ.get("TERM", "dumb") in ("dumb", "unknown", ""):
        raise DltuiError(
            f"The terminal is of the kind {os.environ.get('TERM') or 'unset'}, which cannot draw",
            "Set TERM, for example to xterm-256color, or use dltui train.",
        )
    gc.disable()  # a sixth of the start, for a look through imports that stay; the app enables it again
    run = None
    if wanted is not None:
        from dlcore import rundir

        run = rundir.find(rundir.home(), wanted)
    from tui.app import DltuiApp

    greeting = "" if ascii_only or _is_unicode() else _PLAIN.format(sys.stdout.encoding)
    app = DltuiApp(
        run,
        read_only=read_only,
        ascii_only=ascii_only or not _is_unicode(),
        greeting=greeting,
        replay=replay,
    )
    last = app.run(mouse=mouse)
    if last is not None:
        from tui.subcommands.words import parting
        from tui.terminal.plain import plain

        print(parting(last) if _is_unicode() else plain(parting(last)))
    if app.return_code:
        sys.exit(app.return_code)


def _is_unicode() -> bool:
    return "utf" in (sys.stdout.encoding or "").lower()
