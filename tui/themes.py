"""The app's own themes: dark, light, and one whose states the colour-blind tell apart."""

from textual.theme import Theme

DARK = Theme(
    name="dltui-dark",
    primary="#7aa2d2",
    secondary="#8a93a6",
    accent="#8fbcbb",
    warning="#d9b36c",
    error="#e06c75",
    success="#8fbf7f",
    foreground="#d5d9e2",
    background="#14171c",
    surface="#191d23",
    panel="#21262e",
    boost="#252b34",
    dark=True,
    variables={"scrollbar": "#333b47", "scrollbar-background": "#14171c"},
)
LIGHT = Theme(
    name="dltui-light",
    primary="#2f5f98",
    secondary="#5b6472",
    accent="#1f7a78",
    warning="#8a5a00",
    error="#b3261e",
    success="#2e6b2e",
    foreground="#22262d",
    background="#fbfbf9",
    surface="#f3f3f0",
    panel="#e8e8e3",
    boost="#e4e7ea",
    dark=False,
    variables={"scrollbar": "#c9cbc6", "scrollbar-background": "#fbfbf9"},
)
COLORBLIND = Theme(
    name="dltui-colorblind",
    primary="#56b4e9",
    secondary="#999999",
    accent="#56b4e9",
    warning="#f0e442",
    error="#e69f00",
    success="#56b4e9",
    foreground="#e6e6e6",
    background="#111111",
    surface="#181818",
    panel="#242424",
    boost="#2a2a2a",
    dark=True,
    variables={"scrollbar": "#3a3a3a", "scrollbar-background": "#111111"},
)
THEMES: tuple[Theme, ...] = (DARK, LIGHT, COLORBLIND)
