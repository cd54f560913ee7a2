"""Errors: what the network gets wrong, class by class, down to single samples."""

from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from tui.bindings import bindings
from tui.feed import RunFeed
from tui.inspector import Inspector
from tui.screens.lab_screen import LabScreen
from tui.widgets.header import Header
from tui.widgets.key_line import KeyLine


class ErrorsScreen(LabScreen):
    """The confusion matrix, the classes, and the samples behind a cell."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("errors")
    AUTO_FOCUS = None

    def __init__(
        self, feed: Callable[[], RunFeed | None], inspector: Inspector, *, ascii_only: bool = False
    ) -> None:
        super().__init__()
        self._feed = feed
        self._inspector = inspector
        self._ascii_only = ascii_only

    def compose(self) -> ComposeResult:
        """Return the parts, from top to bottom."""
        yield Header("errors")
        yield KeyLine()
