"""`python -m dlcore.schema FOLDER`: write the published JSON schemas of events, commands and exports."""

import json
import sys
from pathlib import Path
from typing import Any

from dlcore import commands, events
from dlcore.export.layout import json_schemas

SCHEMAS: dict[str, dict[str, Any]] = {
    "events.schema.json": events.json_schema(),
    "commands.schema.json": commands.json_schema(),
    **json_schemas(),
}


def text(schema: dict[str, Any]) -> str:
    """Return a schema as it is published."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    for name, schema in SCHEMAS.items():
        (Path(sys.argv[1]) / name).write_text(text(schema), encoding="utf-8")
