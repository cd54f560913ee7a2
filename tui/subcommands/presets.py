"""`dltui presets`: runs to start from, each with what to look for."""

import json
from typing import Any

import click

from dlcore.presets import PRESETS, Preset, preset

_WIDTH = 14


@click.command("presets")
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of lines.")
def presets_command(name: str | None, as_json: bool) -> None:
    """List the presets, or tell one: what to look for, and the line of each of its runs.

    Example: dltui presets xor; then dltui train --preset xor/perceptron
    """
    chosen = (preset(name)[0],) if name else PRESETS
    if as_json:
        tables = [_table(one) for one in chosen]
        click.echo(json.dumps(tables[0] if name else tables, ensure_ascii=False))
    elif name:
        click.echo(_told(chosen[0]))
    else:
        for one in chosen:
            runs = f"  ({len(one.variants)} runs)" if len(one.variants) > 1 else ""
            click.echo(f"{one.name:<{_WIDTH}}{one.title}{runs}")
        click.echo("\nWhat to look for: dltui presets NAME. Train one: dltui train --preset NAME.")


def _told(found: Preset) -> str:
    lines = [found.title, "", click.wrap_text(found.look_for, 100), ""]
    width = max(map(len, found.names))
    for full, variant in zip(found.names, found.variants, strict=True):
        lines.append(f"{full:<{width}}  {variant.line}")
    lines += ["", f"Train one: dltui train --preset {found.names[0]}"]
    return "\n".join(lines)


def _table(found: Preset) -> dict[str, Any]:
    runs = [
        {"name": full, "line": variant.line}
        for full, variant in zip(found.names, found.variants, strict=True)
    ]
    return {"name": found.name, "title": found.title, "look_for": found.look_for, "runs": runs}
