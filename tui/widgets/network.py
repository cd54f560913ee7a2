"""The network in the form, drawn as its layers with shapes and parameter counts."""

from typing import Any

from rich.cells import cell_len
from textual.content import Content
from textual.widget import Widget

from dlcore.clean import clean, clean_lines
from tui.widgets.pictures.fitting import fitting

_WIDEST = 64
_COLUMN = 11
_NAME = 7
_ROOMY = 56
"""From so many cells on, all names have room in a column of their own."""


class Network(Widget):
    """Layers from input to output, one a line, joined where there is room."""

    DEFAULT_CSS = """
    Network { height: 1fr; padding: 0 1; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._answer: dict[str, Any] | None = None
        self._endings: tuple[str, ...] = ()
        self._note = "waking the inspector …"

    def show(self, answer: dict[str, Any], endings: tuple[str, ...] = ()) -> None:
        """Show the inspector's answer; below it the first of the `endings` that fits."""
        self._answer, self._endings = _cleaned(answer), endings
        self._note = str(answer.get("error", ""))
        self.refresh()

    def say(self, note: str) -> None:
        """Show a sentence instead of a network."""
        self._answer, self._note = None, note
        self.refresh()

    def render(self) -> Content:
        """Return the drawing, as tall as there is room for."""
        if self._note or self._answer is None:
            return Content(clean_lines(self._note)).stylize("$secondary")
        width = min(self.size.width, _WIDEST)
        names = self._names(width)
        lines = [_line("input".ljust(names), (_shape(self._answer["input"]),), "", "", width)]
        for layer in self._answer["layers"]:
            parameters = f"{layer['parameters']:,}"
            name = f"{layer['name']} "
            name += " " * (names - cell_len(name))
            lines.append(_line(name, _texts(layer), layer["activation"], parameters, width))
            if pooling := layer.get("pooling"):
                window = pooling.partition(" of ")[0]
                lines.append(_line(" " * names, (f"{window} → {_shape(layer['shape'])}",), "", "", width))
        total = _line("", ("",), "parameters", f"{self._answer['parameters']:,}", width)
        below = [*self._ending(width), total]
        if 2 * len(lines) + len(below) + 1 <= self.size.height:
            lines = [*_joined(lines), Content("")]
        return Content("\n").join([*fitting(lines, self.size.height - len(below)), *below])

    def _names(self, width: int) -> int:
        """Return the cells that names take, the blank behind them included."""
        assert self._answer is not None
        longest = max((cell_len(layer["name"]) for layer in self._answer["layers"]), default=0) + 1
        return max(_NAME, longest) if width >= _ROOMY else _NAME

    def _ending(self, width: int) -> list[Content]:
        fits = [text for text in self._endings if cell_len(text) <= width]
        return [Content(fits[0]).stylize("$secondary")] if fits else []


def _cleaned(answer: dict[str, Any]) -> dict[str, Any]:
    """Return an answer whose words may be shown: a network of the user's own names its layers as it likes."""
    layers = [
        {key: clean(value) if isinstance(value, str) else value for key, value in layer.items()}
        for layer in answer.get("layers", ())
    ]
    return answer | {"layers": layers}


def _texts(layer: dict[str, Any]) -> tuple[str, ...]:
    """Return what a layer is, the longest first: with the shape of its maps and what a unit of them sees."""
    if len(layer["shape"]) != 3:
        return (layer["text"],)
    pooling = layer.get("pooling", "")
    shape = pooling.rpartition(" ")[2] or _shape(layer["shape"])
    texts = (f"{layer['text']} → {shape}", shape)
    if field := layer.get("receptive_field"):
        return (f"{texts[0]}, sees {field}×{field}", f"{shape}, sees {field}×{field}", *texts)
    return texts


def _shape(shape: list[int]) -> str:
    return "×".join(map(str, shape))


def _line(name: str, texts: tuple[str, ...], activation: str, parameters: str, width: int) -> Content:
    """Return one line: with the first of the texts that fits, and without the activation if none does."""
    column = parameters.rjust(_COLUMN) if parameters else ""
    tries = [(text, activation, column) for text in texts]
    tries += [(texts[-1], activation, f" {parameters}"), (texts[-1], "", f" {parameters}")]
    for text, function, number in tries:
        left = Content.assemble((name, "bold $primary"), text)
        right = Content.assemble((function, "$accent"), number)
        gap = width - left.cell_length - right.cell_length
        if gap > 0:
            return Content.assemble(left, " " * gap, right)
    return left.truncate(width, ellipsis=True)


def _joined(lines: list[Content]) -> list[Content]:
    joint = Content("  │").stylize("$secondary")
    joined = [lines[0]]
    for line in lines[1:]:
        joined += [joint, line]
    return joined
