"""The viewer's end of the inspector: a child process that knows torch, asked over pipes."""

import asyncio
import json
import sys
from contextlib import suppress
from typing import Any

_READY_SECONDS = 120.0


class Inspector:
    """Starts the inspector once, and asks it one thing at a time. Without it the app goes on."""

    def __init__(
        self, command: tuple[str, ...] = (sys.executable, "-P", "-m", "dlcore.training.inspect")
    ) -> None:
        self._command = command
        self._process: asyncio.subprocess.Process | None = None
        self._ready: asyncio.Task[str] | None = None
        self._lock = asyncio.Lock()
        self._number = 0

    def warm_up(self) -> None:
        """Start the process in the background; torch takes a few seconds."""
        if self._ready is None:
            self._ready = asyncio.create_task(self._start())

    async def _start(self) -> str:
        """Return why the inspector is absent, or '' when it is ready."""
        try:
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                limit=1 << 24,
            )
            assert self._process.stdout is not None
            first = await asyncio.wait_for(self._process.stdout.readline(), _READY_SECONDS)
        except (OSError, TimeoutError) as error:
            return f"the inspector did not start: {error or 'no answer'}"
        return "" if first else "the inspector did not start; see dltui doctor"

    async def ask(self, what: str, **fields: Any) -> dict[str, Any]:
        """Return the answer; {'error': ...} when there is none to be had."""
        self.warm_up()
        assert self._ready is not None
        absent = await asyncio.shield(self._ready)
        if absent or self._process is None:
            return {"error": absent}
        async with self._lock:
            self._number += 1
            return await self._exchange({"id": self._number, "ask": what, **fields})

    async def _exchange(self, request: dict[str, Any]) -> dict[str, Any]:
        process = self._process
        assert process is not None
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(json.dumps(request).encode() + b"\n")
            await process.stdin.drain()
            while line := await process.stdout.readline():
                answer = json.loads(line)
                if isinstance(answer, dict) and answer.get("id") == request["id"]:
                    return answer
        except (OSError, ValueError, RecursionError):
            pass
        return {"error": "the inspector has ended; see dltui doctor"}

    async def close(self) -> None:
        """End the process: it stops when its input does."""
        if self._ready is not None:
            self._ready.cancel()
        if self._process is not None and self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()
