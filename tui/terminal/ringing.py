"""What a terminal is told besides its picture: a bell, a notice for the desktop, through tmux where that is.

A notice is OSC 9, as iTerm2 made it and many terminals take it; through SSH it reaches the desktop that the
terminal stands on. Terminals that know none of it show nothing. All that is sent is made of our own words.
"""

import os
from collections.abc import Mapping
from typing import Any

from textual.app import App

from tui.terminal.driver import TerminalDriver

_BELL = "\x07"
_ESCAPE = "\x1b"
_MOST_LETTERS = 120


def notice(words: str, environment: Mapping[str, str] = os.environ) -> str:
    """Return what shows a notice on the desktop, behind a bell; the words are ours, in plain ASCII."""
    plain = "".join(letter for letter in words if letter.isascii() and letter.isprintable())[:_MOST_LETTERS]
    told = f"{_ESCAPE}]9;{plain}{_BELL}"
    if environment.get("TMUX"):  # which passes on what it is asked to, where allow-passthrough is on
        told = f"{_ESCAPE}Ptmux;{told.replace(_ESCAPE, _ESCAPE * 2)}{_ESCAPE}\\"
    return _BELL + told


def ring(app: App[Any], words: str) -> None:
    """Ring the terminal's bell and show a notice, where there is a terminal."""
    if isinstance(app._driver, TerminalDriver):
        app._driver.write(notice(words))
