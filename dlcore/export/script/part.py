"""What a script is put together from: pieces of code with their imports; and how values are written."""

import json
import math
import textwrap
from collections.abc import Iterable
from dataclasses import dataclass

WIDTH = 100
"""Characters of a line of a script, at most; a name or a path that is longer has a longer line."""

_STANDARD = (
    "argparse", "collections", "copy", "csv", "gzip", "hashlib", "importlib", "inspect", "math", "os",
    "pathlib", "random", "sys", "tarfile",
)  # fmt: skip


@dataclass(frozen=True)
class Part:
    """A piece of a script."""

    code: str
    """Whole lines without an end of their own, as they stand at their depth; empty for nothing."""
    imports: tuple[str, ...] = ()
    """Import statements that it needs, one name a statement: `from torch import nn`."""

    def __add__(self, other: "Part") -> "Part":
        """Return one piece behind the other, without a gap."""
        code = "\n".join(code for code in (self.code, other.code) if code)
        return Part(code, self.imports + other.imports)

    def __bool__(self) -> bool:
        return bool(self.code)

    def indented(self, levels: int) -> "Part":
        """Return the same further to the right."""
        return Part(textwrap.indent(self.code, "    " * levels), self.imports)


NOTHING = Part("")


def lines(*code: str) -> Part:
    """Return lines that import nothing."""
    return Part("\n".join(code))


def joined(parts: Iterable[Part], gap: int = 0) -> Part:
    """Return pieces one behind the other, with `gap` empty lines between those that have any code."""
    held = [part for part in parts if part]
    code = ("\n" * (gap + 1)).join(part.code for part in held)
    return Part(code, tuple(one for part in held for one in part.imports))


def imports(part: Part) -> str:
    """Return the import statements of a script as they stand at its head: the standard library's first."""
    plain: dict[str, str] = {}
    chosen: dict[str, set[str]] = {}
    for statement in part.imports:
        module, _, name = statement.removeprefix("from ").partition(" import ")
        if name:
            chosen.setdefault(module, set()).add(name)
        else:
            plain[statement.removeprefix("import ").split()[0]] = statement
    rows = list(plain.items())
    rows += [(module, f"from {module} import {', '.join(sorted(names))}") for module, names in chosen.items()]
    # As isort has it: plain imports before those of names, each by the name of its module.
    rows.sort(key=lambda row: (row[1].startswith("from"), row[0].lower()))
    blocks = ([text for module, text in rows if _is_standard(module) is own] for own in (True, False))
    return "\n\n".join("\n".join(block) for block in blocks if block)


def _is_standard(module: str) -> bool:
    return module.split(".")[0] in _STANDARD


def comment(text: str, width: int = WIDTH) -> Part:
    """Return a text as comment lines."""
    return Part("\n".join(f"# {line}" for line in textwrap.wrap(text, width - 2, break_long_words=False)))


def docstring(text: str, depth: int = 1) -> str:
    """Return a text as what a function says of itself, over several lines where one is too short."""
    pad, quotes = "    " * depth, '"' * 3
    if len(pad) + len(text) + 6 <= WIDTH:
        return f"{pad}{quotes}{text}{quotes}"
    first, *rows = textwrap.wrap(text, WIDTH - len(pad) - 6, break_long_words=False)
    return "\n".join((f"{pad}{quotes}{first}", *(f"{pad}{row}" for row in rows), f"{pad}{quotes}"))


def number(value: float) -> str:
    """Return a number as a person would write it in code; it reads back as the same."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e6:
        return f"{value:.1f}"
    return repr(value)


def word(text: str) -> str:
    """Return a text as a Python literal in double quotation marks."""
    written = json.dumps(text, ensure_ascii=False)
    return written if written.isprintable() else repr(text)


def value(given: object) -> str:
    """Return what a table of the user's own may hold, as a Python literal."""
    match given:
        case str():
            return word(given)
        case bool() | None:
            return repr(given)
        case float() if not math.isfinite(given):
            return f'float("{given}")'
        case int() | float():
            return repr(given)
        case list() | tuple():
            return f"[{', '.join(map(value, given))}]"
        case dict():
            return f"{{{', '.join(f'{value(key)}: {value(item)}' for key, item in given.items())}}}"
        case _:  # a date or a time of a configuration file, which Python calls by the same names
            return repr(given)


def sequence(items: Iterable[str], opening: str, closing: str, depth: int = 0) -> str:
    """Return items in brackets, over as many lines as they need; `depth` is that of the line they begin in.

    The first line is taken to have `opening` alone.
    """
    held = list(items)
    room = WIDTH - 4 * depth
    flat = f"{opening}{', '.join(held)}{closing}"
    if len(flat) <= room:
        return flat
    inside = ", ".join(held)
    pad = "    " * (depth + 1)
    if len(inside) <= room - 4:
        return f"{opening}\n{pad}{inside}\n{'    ' * depth}{closing}"
    rows = "".join(f"{pad}{item},\n" for item in held)
    return f"{opening}\n{rows}{'    ' * depth}{closing}"
