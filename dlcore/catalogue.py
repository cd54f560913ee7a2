"""`python -m dlcore.catalogue FOLDER`: write catalogue.md, all that can be chosen, from its declarations."""

import sys
from collections.abc import Iterator
from inspect import cleandoc
from pathlib import Path

from dlcore.choices.activations import ACTIVATIONS
from dlcore.choices.choice import Choice, FieldSpec, Settings, fields_of
from dlcore.choices.dataset import DataChoice, Facts
from dlcore.choices.initializers import INITIALIZERS
from dlcore.config import SECTIONS
from dlcore.oneline import SHORT_KINDS, print_value
from dlcore.presets import PRESETS
from dlcore.short_keys import SHORT_KEYS

_LISTS: tuple[tuple[str, str, tuple[type[Choice], ...]], ...] = tuple(
    pair
    for section in SECTIONS
    for pair in [
        (section.title, section.key, section.family),
        *(
            [
                ("Activation", "model.activation", ACTIVATIONS),
                ("Initialization", "model.init", INITIALIZERS),
            ]
            if section.key == "model"
            else []
        ),
    ]
)


def text() -> str:
    """Return the page."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "# What can be chosen"
    yield ""
    yield "Made by `make docs` from the code. A key such as `optimizer.lr` is `lr` in table `[optimizer]`."
    yield "In the one-line form the name of a kind stands alone, and keys have the short forms below."
    for title, key, family in _LISTS:
        yield f"\n## {title}\n"
        shared = _shared(family)
        for kind in family:
            yield from _kind(kind, shared)
        if shared:
            if len(family) > 1:
                yield "Every kind has, unless it says otherwise:\n"
            yield from (_field(spec, key) for spec in shared)
    yield "\n## Short forms of the one-line form\n"
    yield "| short | long |\n|---|---|"
    yield from (f"| `{short}` | `{long}` |" for short, long in (SHORT_KINDS | SHORT_KEYS).items())
    yield "\n## Presets\n"
    for found in PRESETS:
        yield f"**{found.title}.** {found.look_for}\n"
        for name, variant in zip(found.names, found.variants, strict=True):
            yield f"- `{name}`: `{variant.line}`"
        yield ""


def _shared(family: tuple[type[Choice], ...]) -> list[FieldSpec]:
    """Return the fields that all kinds have, with the same default but for one exception at most."""
    first, *others = [list(fields_of(kind)) for kind in family]
    return [spec for spec in first if sum(spec in other for other in others) >= max(len(others) - 1, 0)]


def _kind(kind: type[Choice], shared: list[FieldSpec]) -> Iterator[str]:
    own = [spec for spec in fields_of(kind) if spec not in shared and not spec.hidden]
    if not issubclass(kind, Settings):
        head, _, more = cleandoc(kind.__doc__ or "").partition("\n\n")
        facts = kind.model_validate({}).facts if issubclass(kind, DataChoice) else None
        known = f" *{described(facts)}.*" if facts else ""
        yield f"**{kind.word()}** – {' '.join((head + ' ' + more).split())}{known}\n"
    for spec in own:
        yield _field(spec, "")
    if own:
        yield ""


def _field(spec: FieldSpec, key: str) -> str:
    name = f"{key}.{spec.name}" if key else spec.name
    words = f" ({', '.join(spec.options)})" if spec.options and spec.control != "count" else ""
    return f"- `{name}` = {print_value(spec.default) or '(empty)'}{words}: {spec.help}"


def described(facts: Facts) -> str:
    """Return the facts of data in a line: classification, 1,438 + 359 samples of 1×8×8, 10 classes."""
    shape = "×".join(map(str, facts.shape))
    classes = f", {facts.classes} classes" if facts.task == "classification" else ""
    return f"{facts.task}, {facts.training:,} + {facts.test:,} samples of {shape}{classes}"


if __name__ == "__main__":
    (Path(sys.argv[1]) / "catalogue.md").write_text(text(), encoding="utf-8")
