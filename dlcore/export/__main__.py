"""`python -m dlcore.export`: exports away from an app, which goes on answering keys meanwhile.

The request is a line of JSON on standard input: {"runs": [paths], "formats": [names], "folder": path,
"force": bool}. The answers are lines of JSON on standard output, as things happen: {"began": format, "run":
id}, {"placed": path, "format": name}, {"failed": sentence, "format": name}; the last one is {"done": true}.
"""

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dlcore.errors import DltuiError
from dlcore.export import Began, Failed, Placed, export
from dlcore.export.files import NameTakenError
from dlcore.rundir import RunDir


def answers(request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield what happens while a request is carried out."""
    runs = [RunDir(Path(path)) for path in request["runs"]]
    try:
        for happened in export(runs, request["formats"], Path(request["folder"]), force=request["force"]):
            match happened:
                case Began():
                    yield {"began": happened.format, "run": happened.run}
                case Placed():
                    yield {"placed": str(happened.path), "format": happened.format}
                case Failed():
                    yield {"failed": _told(happened.error), "format": happened.format}
    except DltuiError as error:
        yield {"failed": _told(error), "format": ""}
    yield {"done": True}


def _told(error: DltuiError) -> str:
    """Return an error in words of an app, which has no options."""
    if isinstance(error, NameTakenError):
        return f"{error.path} exists. Choose to overwrite files, or another folder."
    return str(error)


def main() -> None:
    """Answer one request, and end; whoever asked may have gone meanwhile."""
    os.umask(0o077)
    for answer in answers(json.loads(sys.stdin.readline())):
        try:
            print(json.dumps(answer), flush=True)
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    main()
