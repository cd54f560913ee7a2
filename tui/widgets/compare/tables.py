"""Tables of runs as text: what differs and what came of it, a column a run; a key against a result."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from textual.content import Content

from dlcore.clean import clean
from dlcore.comparison.results import results
from tui.comparison import Comparison
from tui.widgets.shortening import ellipsized

_GAP = 2
_MOST_KEY, _LEAST_VALUE, _MOST_VALUE = 28, 9, 30


@dataclass(frozen=True)
class Heading:
    """What stands above a column: the mark of a run, and its name."""

    mark: str
    name: str
    color: str


@dataclass(frozen=True)
class Line:
    """One line of a table: a key, and what each run has; without values it is a heading."""

    key: str
    values: tuple[str, ...] = ()


def lines_of(comparison: Comparison) -> list[Line]:
    """Return the keys in which runs differ, and below them what came of each."""
    members = comparison.members
    found = comparison.differences()
    came = zip(*(results(one.history) for one in members), strict=True)
    return [
        Line("What differs" if found else "No setting differs."),
        *(Line(one.key, one.texts) for one in found),
        Line("What came of it"),
        Line("state", tuple(one.feed.state for one in members)),
        *(Line(row[0].name, tuple(one.text for one in row)) for row in came),
    ]


def columns_of(headings: Sequence[Heading], lines: Sequence[Line], chosen: int, width: int) -> Content:
    """Return a table with a column a run: as many as there is room for, the chosen one among them."""
    key_width = min(_MOST_KEY, max((cell_len(clean(line.key)) for line in lines), default=0))
    wanted = [_wanted(heading, lines, index) for index, heading in enumerate(headings)]
    seen = _seen(wanted, chosen, width - key_width - _GAP)
    widths = {index: wanted[index] for index in seen}
    parts: list[Content] = []
    left = len(headings) - len(seen)
    more = f"{left} more" if left else ""
    parts.append(
        _row(Content(_fitted(more, key_width)).stylize("$secondary"), _titles(headings, widths, chosen))
    )
    for line in lines:
        if not line.values:
            parts.append(Content(clean(line.key)).stylize("bold"))
            continue
        alike = len(set(line.values)) == 1
        cells = [
            Content(_fitted(clean(line.values[index]), size)).stylize(
                "bold" if index == chosen else "$secondary" if alike else "$foreground"
            )
            for index, size in widths.items()
        ]
        parts.append(_row(Content(_fitted(clean(line.key), key_width)).stylize("$secondary"), cells))
    return Content("\n").join(parts)


def _wanted(heading: Heading, lines: Sequence[Line], index: int) -> int:
    texts = [f"  {clean(heading.name)}", *(clean(line.values[index]) for line in lines if line.values)]
    return max(_LEAST_VALUE, min(_MOST_VALUE, max(map(cell_len, texts))))


def _seen(wanted: Sequence[int], chosen: int, room: int) -> range:
    """Return the columns that fit, from the first one on that leaves room for the chosen one."""
    first = 0
    while True:
        last, left = first, room
        while last < len(wanted) and left >= wanted[last]:
            left -= wanted[last] + _GAP
            last += 1
        if chosen < last or first >= chosen:
            return range(first, max(last, first + 1))
        first += 1


def _titles(headings: Sequence[Heading], widths: dict[int, int], chosen: int) -> list[Content]:
    found = []
    for index, size in widths.items():
        heading = headings[index]
        style = f"bold {heading.color}" + (" underline" if index == chosen else "")
        found.append(Content(_fitted(f"{heading.mark} {clean(heading.name)}", size)).stylize(style))
    return found


def _row(key: Content, cells: Sequence[Content]) -> Content:
    return Content(" " * _GAP).join([key, *cells])


def _fitted(text: str, width: int) -> str:
    """Cut or fill a text to a number of cells; one that is cut ends in an ellipsis."""
    text = ellipsized(text, width)
    return text + " " * (width - cell_len(text))


@dataclass(frozen=True)
class Pair:
    """One run's value of a key, and its result."""

    mark: str
    name: str
    color: str
    value: str
    result: str
    is_chosen: bool


def pairs_of(titles: tuple[str, str], pairs: Sequence[Pair], width: int, height: int) -> Content:
    """Return a line a run: mark, value, result and name; those around the chosen one where room is short."""
    values = max([cell_len(clean(titles[0])), *(cell_len(clean(pair.value)) for pair in pairs)])
    value = max(6, min(values, width // 2 - 6))
    result = max([cell_len(titles[1]), *(cell_len(pair.result) for pair in pairs)])
    name = width - value - result - 2 - 2 * _GAP
    heading = f"  {_fitted(clean(titles[0]), value)}  {_fitted(titles[1], result)}"
    lines = [Content(f"{heading}  {'run' if name > 3 else ''}").stylize("bold")]
    seen = _around(pairs, height - 1)
    for pair in seen:
        text = f" {_fitted(clean(pair.value), value)}  {_fitted(pair.result, result)}"
        called = _fitted(clean(pair.name), name) if name > 3 else ""
        style = "bold" if pair.is_chosen else "$foreground"
        lines.append(
            Content.assemble((pair.mark, f"bold {pair.color}"), (text, style), (f"  {called}", "$secondary"))
        )
    if len(seen) < len(pairs):
        lines.append(Content(f"  {len(pairs) - len(seen)} more: ↑ ↓").stylize("$secondary"))
    return Content("\n").join(lines)


def _around(pairs: Sequence[Pair], room: int) -> Sequence[Pair]:
    """Return what there is room for, the chosen one among it; a line is left for saying what is missing."""
    if len(pairs) <= room:
        return pairs
    room = max(room - 1, 1)
    chosen = next((at for at, pair in enumerate(pairs) if pair.is_chosen), 0)
    first = max(0, min(chosen - room // 2, len(pairs) - room))
    return pairs[first : first + room]
