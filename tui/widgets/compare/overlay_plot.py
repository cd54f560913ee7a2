"""A plot with a colour for each of eight runs, and a paler one for the range of each."""

from typing import ClassVar

from tui.drawing.run_marks import COLORS
from tui.widgets.plot import Plot


def _colors(name: str, dark: str, light: str) -> str:
    rule = f"OverlayPlot .plot--curve-{name}"
    return f"{rule} {{ color: {dark}; }}\nApp:light {rule} {{ color: {light}; }}\n"


class OverlayPlot(Plot):
    """Shows the curves of several runs."""

    SCOPED_CSS = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        f"plot--curve-{name}" for look in COLORS for name in (look.role, look.band)
    }
    DEFAULT_CSS = "".join(
        _colors(look.role, look.dark, look.light)
        + _colors(look.band, f"{look.dark} 45%", f"{look.light} 50%")
        for look in COLORS
    )
