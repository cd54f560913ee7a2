"""The pages in their order, and what turns an answer into one of them."""

from collections.abc import Callable
from typing import Any

from tui.widgets.microscope import backward, check, forward, loss, step
from tui.widgets.microscope.board import Lines

PAGES: tuple[tuple[str, Callable[[dict[str, Any], int, int], Lines]], ...] = (
    ("forward", forward.lines),
    ("loss", loss.lines),
    ("backward", backward.lines),
    ("step", step.lines),
    ("check", check.lines),
)
