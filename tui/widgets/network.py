"""The network in the form, drawn as its layers with shapes and parameter counts."""

from typing import Any

from textual.content import Content
from textual.widget import Widget

from dlcore.clean import clean_lines

_WIDEST = 64
_COLUMN = 11


class Network(Widget):
    """Layers from input to output, one a line, joined where there is room."""

    DEFAULT_CSS = """
    Network { height: 1fr; padding: 0 1; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._answer: dict[str, Any] | None = None
        self._note = "waking the inspector …"

    def show(self, answer: dict[str, Any]) -> None:
        """Show the inspector's answer."""
        self._answer = answer
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
        lines = [_line("input", (_shape(self._answer["input"]),), "", "", width)]
        for layer in self._answer["layers"]:
            shape, parameters = _shape(layer["shape"]), f"{layer['parameters']:,}"
            is_image = len(layer["shape"]) == 3
            texts = (f"{layer['text']} → {shape}", shape) if is_image else (layer["text"],)
            lines.append(_line(layer["name"], texts, layer["activation"], parameters, width))
        total = _line("", ("",), "parameters", f"{self._answer['parameters']:,}", width)
        if 2 * len(lines) + 2 <= self.size.height:
            lines = [*_joined(lines), Content("")]
        return Content("\n").join([*_fitting(lines, self.size.height - 1), total])


def _shape(shape: list[int]) -> str:
    return "×".join(map(str, shape))


def _line(name: str, texts: tuple[str, ...], activation: str, parameters: str, width: int) -> Content:
    """Return one line: with the first of the texts that fits, and without the activation if none does."""
    column = parameters.rjust(_COLUMN) if parameters else ""
    tries = [(text, activation, column) for text in texts]
    tries += [(texts[-1], activation, f" {parameters}"), (texts[-1], "", f" {parameters}")]
    for text, function, number in tries:
        left = Content.assemble((name.ljust(7), "bold $primary"), text)
        right = Content.assemble((function, "$accent"), number)
        gap = width - left.cell_length - right.cell_length
        if gap > 0:
            return Content.assemble(left, " " * gap, right)
    return left


def _joined(lines: list[Content]) -> list[Content]:
    joint = Content("  │").stylize("$secondary")
    joined = [lines[0]]
    for line in lines[1:]:
        joined += [joint, line]
    return joined


def _fitting(lines: list[Content], height: int) -> list[Content]:
    """Return the lines, those in the middle left out where there are too many."""
    if len(lines) <= height or height < 3:
        return lines
    head = height // 2
    tail = height - head - 1
    left_out = Content(f"  ⋮ {len(lines) - head - tail} more").stylize("$secondary")
    return [*lines[:head], left_out, *lines[len(lines) - tail :]]
