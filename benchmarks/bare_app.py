"""The smallest Textual app there is: what `dltui` is compared with when it starts."""

from textual.app import App, ComposeResult
from textual.widgets import Static


class BareApp(App[None]):
    """One line of text."""

    def compose(self) -> ComposeResult:
        """Show it."""
        yield Static("ready")


if __name__ == "__main__":
    BareApp().run()
