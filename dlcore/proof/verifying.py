"""A run verified for the app, in a process of its own: whoever asks can leave, and nothing stays behind.

The request is a line of JSON on standard input: {"run": path}. The answers are lines of JSON on standard
output, as things happen: {"steps": n, "wanted": m}; then {"failed": sentence}, or what came of it: {"equal":
bool, "said": [sentences]}; the last one is {"done": true}. Where the input ends before, nobody waits for it
any more, and the script is ended too.
"""

import json
import os
import select
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dlcore.errors import DltuiError
from dlcore.proof.verify import verify
from dlcore.rundir import RunDir

Say = Callable[[dict[str, Any]], object]


class LeftError(Exception):
    """Nobody waits for the verdict any more."""


def answer(request: dict[str, Any], say: Say, is_left: Callable[[], bool]) -> None:
    """Say what comes of a request; raises LeftError as soon as `is_left`, when the script has ended."""
    told = -1

    def tell(steps: int, wanted: int) -> None:
        nonlocal told
        if is_left():
            raise LeftError
        if steps != told:
            told = steps
            say({"steps": steps, "wanted": wanted})

    try:
        verdict = verify(RunDir(Path(request["run"])), tell)
    except DltuiError as error:
        say({"failed": str(error)})
    except BrokenPipeError:
        raise
    except OSError as error:  # of the folder that the script lies in
        say({"failed": f"The script could not be run: {error.strerror}: {error.filename}"})
    else:
        say({"equal": verdict.is_equal, "said": list(verdict.told())})
    say({"done": True})


def main() -> None:
    """Answer one request, and end."""
    os.umask(0o077)
    request = json.loads(sys.stdin.readline())

    def is_left() -> bool:
        return bool(select.select([sys.stdin], [], [], 0)[0])  # nothing more is said to us but the end

    def say(told: dict[str, Any]) -> None:
        print(json.dumps(told), flush=True)

    try:
        answer(request, say, is_left)
    except (LeftError, BrokenPipeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    main()
