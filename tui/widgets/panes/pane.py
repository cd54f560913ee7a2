"""What all panes of the Inside screen are: one look at a run at the step under the cursor."""

from dataclasses import dataclass
from typing import ClassVar

from textual.widget import Widget

from dlcore.config import RunConfig
from dlcore.history import RunHistory
from dlcore.rundir import RunDir
from tui.asking.inspector import Inspector


@dataclass(frozen=True)
class Moment:
    """A run, and the step that is looked at."""

    run: RunDir
    config: RunConfig
    history: RunHistory
    step: int
    """Training steps finished; what a pane shows is the newest that is known up to there."""
    follows: bool
    """Whether the cursor stands at the newest step and goes on with the run."""

    @property
    def past(self) -> int | None:
        """The step where the cursor stands still; None while it goes on with the run."""
        return None if self.follows else self.step


class Pane(Widget):
    """One look at a run. It names the step of what it shows, which may be before that of the cursor."""

    TITLE: ClassVar[str]
    """A word or two, for the line of panes."""
    BESIDE: ClassVar[str] = ""
    """Title of the pane that is shown beside this one where there is room for two; '' for none."""
    MOVES: ClassVar[str] = ""
    """What the arrows do, in a few words such as '↑ ↓ layer'; '' where `move` does nothing."""

    DEFAULT_CSS = """
    Pane { width: 1fr; height: 1fr; padding: 0 1; }
    """

    def __init__(self, inspector: Inspector, *, ascii_only: bool = False) -> None:
        super().__init__()
        self.inspector = inspector
        self.ascii_only = ascii_only

    def look(self, moment: Moment) -> None:
        """Show a moment; called whenever it changes while the pane is seen, at the pace of frames."""
        raise NotImplementedError

    def move(self, columns: int, rows: int) -> bool:
        """Move what is chosen within the pane (a layer, a unit, a sample); return whether it has any."""
        return False
