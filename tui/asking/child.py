"""What the app lets a process of its own do: a request goes in, answers come out, a line of JSON each."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from typing import Any

_GRACE_SECONDS = 2.0
"""After its input has ended, a tied process has so long to end what it has started."""


async def answers(
    module: str, request: Mapping[str, Any], what: str, *, tied: bool = False
) -> AsyncIterator[dict[str, Any]]:
    """Yield what a module answers to a request; the last answer is always `done`.

    `what` is the subcommand that does the same. Whoever stops listening ends the process. The input of one
    that is `tied` stays open as long as somebody listens, even if the app is killed; it leads a process
    group, and when its input ends it is to end whatever it has started.
    """
    try:
        # -P: a file named like a module in the current folder must not be taken for it.
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", module),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            process_group=0 if tied else None,
        )
    except OSError as error:
        yield {"failed": f"The process did not start: {error.strerror}"}
        yield {"done": True}
        return
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps(request).encode() + b"\n")
    if not tied:
        process.stdin.close()
    is_done = False
    try:
        while not is_done and (line := await process.stdout.readline()):
            answer = json.loads(line)
            is_done = "done" in answer
            if not is_done:
                yield answer
    finally:
        process.stdin.close()
        if not is_done:  # the app is being left, nobody listens, or the process has died
            await _end(process, tied=tied)
        await process.wait()
    if not is_done:
        yield {"failed": f"The process ended before it was done; see dltui {what}."}
    yield {"done": True}


async def _end(process: asyncio.subprocess.Process, *, tied: bool) -> None:
    """End a process; one that is tied has a moment to do so itself, and then its whole group is ended."""
    if not tied:
        with suppress(ProcessLookupError):
            process.kill()
        return
    with suppress(TimeoutError):
        await asyncio.wait_for(process.wait(), _GRACE_SECONDS)
    with suppress(ProcessLookupError, PermissionError):  # nobody is left, as it should be
        os.killpg(process.pid, signal.SIGKILL)
