"""The first line of every screen: the name of the app, its screens, and what is going on."""

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from dlcore.clean import clean

TABS: tuple[tuple[str, str, str], ...] = (
    ("1", "Setup", "setup"),
    ("2", "Train", "train"),
    ("3", "Inside", "inside"),
    ("4", "Errors", "errors"),
    ("5", "Runs", "runs"),
)


class Header(Widget):
    """One line: `dltui   1 Setup   2 Train   3 Inside …`, and at the right a word about the open run."""

    DEFAULT_CSS = """
    Header {
        dock: top;
        height: 1;
        padding: 0 1;
        background: $panel;
        color: $foreground;
        link-style: none;
        link-color: $secondary;
        link-style-hover: none;
        link-color-hover: $foreground;
        link-background-hover: $boost;
    }
    """
    aside: reactive[str] = reactive("")
    rate: reactive[str] = reactive("")
    """How much goes over the line, for those who want to know."""

    def __init__(self, active: str) -> None:
        super().__init__()
        self._active = active

    def render(self) -> Content:
        """Return the line, the active screen's name lit; names can be clicked."""
        parts: list[Content | str | tuple[str, str]] = [("dltui", "bold $primary"), "  "]
        for key, title, mode in TABS:
            if mode == self._active:
                parts += [" ", (f" {key} {title} ", "bold $background on $primary")]
            else:
                parts += [" ", Content.from_markup(f"[@click=app.show('{mode}')] {key} {title} [/]")]
        line = Content.assemble(*parts)
        rate = Content(f"   {self.rate}" if self.rate else "")
        aside = Content(clean(self.aside))
        room = self.size.width - line.cell_length - rate.cell_length - 2
        aside = aside.truncate(room, ellipsis=True) if room > 8 else Content("")
        shown = Content.assemble(aside, rate).stylize("$secondary")
        gap = " " * max(0, self.size.width - line.cell_length - shown.cell_length)
        return Content.assemble(line, gap, shown) if shown.cell_length else line


def rate_text(bytes_per_second: float) -> str:
    """Write a rate in ten characters, so that what stands beside it stands still."""
    return f"{bytes_per_second / 1000:5.1f} kB/s"
