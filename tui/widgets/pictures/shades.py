"""Colours and letters for figures: signed ones around zero, heights, and shares of a colour.

Blue is positive and orange negative, which people of any colour vision tell apart; zero is nearly what is
behind it. Figures are cut into few shades: equal neighbours cost a line nothing.
"""

from functools import lru_cache

from tui.widgets.pictures.packed import Pixel

_NEUTRAL_DARK, _NEUTRAL_LIGHT = (30, 34, 42), (233, 233, 228)
_POSITIVE_DARK = (_NEUTRAL_DARK, (29, 74, 117), (52, 134, 197), (112, 188, 240), (178, 222, 250))
_NEGATIVE_DARK = (_NEUTRAL_DARK, (104, 55, 12), (191, 101, 12), (240, 152, 44), (253, 206, 132))
_POSITIVE_LIGHT = (_NEUTRAL_LIGHT, (168, 205, 232), (84, 151, 204), (24, 95, 158), (5, 45, 92))
_NEGATIVE_LIGHT = (_NEUTRAL_LIGHT, (245, 205, 155), (226, 146, 62), (176, 88, 8), (98, 44, 0))
_HEIGHTS = (
    (10, 18, 46), (14, 36, 82), (20, 60, 116), (32, 89, 146), (58, 121, 168),
    (96, 152, 188), (140, 182, 204), (184, 208, 218), (222, 232, 234),
)  # fmt: skip
"""From a deep sea to what stands out of it; its lightness grows evenly."""
_LEVELS = 10
"""Shades on either side of zero."""
_PLUS, _MINUS, _RAMP = ".+*#", ",-=%", " .:-=+*#%@"
_SEEN = 0.08
"""A share of the scale below which a letter is a blank."""


def neutral(dark: bool) -> Pixel:
    """Return the colour of zero."""
    return _NEUTRAL_DARK if dark else _NEUTRAL_LIGHT


def foreground(dark: bool) -> Pixel:
    """Return the colour that stands out from all others."""
    return (255, 255, 255) if dark else (0, 0, 0)


def diverging(value: float, dark: bool) -> Pixel:
    """Return the colour of a figure from −1 to 1."""
    return _diverging(round(max(-1.0, min(1.0, value)) * _LEVELS), dark)


def height(share: float) -> Pixel:
    """Return the colour of a height from 0 to 1."""
    return _between(_HEIGHTS, max(0.0, min(1.0, share)))


def mixed(first: Pixel, second: Pixel, share: float) -> Pixel:
    """Return the first colour with a share of the second."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return red, green, blue


def signed_letter(value: float) -> str:
    """Return a letter for a figure from −1 to 1: of its sign, the denser the larger it is."""
    size = min(1.0, abs(value))
    letters = _PLUS if value > 0 else _MINUS
    return " " if size < _SEEN else letters[min(len(letters) - 1, int(size * len(letters)))]


def grey_letter(share: float, dark: bool) -> str:
    """Return a letter for a lightness from 0 to 1."""
    ramp = _RAMP if dark else _RAMP[::-1]
    return ramp[min(len(ramp) - 1, int(max(0.0, share) * len(ramp)))]


def parsed(color: str) -> Pixel:
    """Return a colour that is written as #rrggbb."""
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)


@lru_cache(4 * _LEVELS + 2)
def _diverging(level: int, dark: bool) -> Pixel:
    if dark:
        anchors = _POSITIVE_DARK if level > 0 else _NEGATIVE_DARK
    else:
        anchors = _POSITIVE_LIGHT if level > 0 else _NEGATIVE_LIGHT
    return _between(anchors, abs(level) / _LEVELS)


def _between(anchors: tuple[Pixel, ...], share: float) -> Pixel:
    place = share * (len(anchors) - 1)
    index = min(int(place), len(anchors) - 2)
    return mixed(anchors[index], anchors[index + 1], place - index)
