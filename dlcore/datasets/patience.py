"""Connections that keep somebody waiting are broken off, however cleverly they drip.

A socket's own timeout begins anew with each byte. Here, what counts is that something whole has come.
"""

import contextlib
import os
import socket
import threading
import time
from functools import partial
from http.client import HTTPConnection, HTTPSConnection
from types import TracebackType
from typing import Any, Self
from urllib import request

_LOOKS = 8
"""How often it is looked, in the time that is allowed."""


class Patience:
    """Watches the newest of some connections while the block lasts, and ends it after too long a wait."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._since = time.monotonic()
        self._line: socket.socket | None = None
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self.is_lost = False
        """Whether a connection was ended."""

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()
        self._take(None)

    def renew(self) -> None:
        """Something has come: begin to count anew."""
        self._since = time.monotonic()

    def watch(self, line: socket.socket) -> None:
        """Watch this connection from now on, also once whoever opened it has closed its own end."""
        self._take(socket.socket(fileno=os.dup(line.fileno())))
        self.renew()

    def _take(self, line: socket.socket | None) -> None:
        with self._lock:
            before, self._line = self._line, line
        if before is not None:
            before.close()

    def _watch(self) -> None:
        while not self._over.wait(self._seconds / _LOOKS):
            if time.monotonic() - self._since > self._seconds:
                with self._lock:
                    if self._line is not None:
                        self.is_lost = True
                        with contextlib.suppress(OSError):  # it has ended by itself
                            self._line.shutdown(socket.SHUT_RDWR)


class _Http(HTTPConnection):
    def __init__(self, *args: Any, patience: Patience, **options: Any) -> None:
        super().__init__(*args, **options)
        self._patience = patience

    def connect(self) -> None:
        super().connect()
        self._patience.watch(self.sock)


class _Https(HTTPSConnection):
    def __init__(self, *args: Any, patience: Patience, **options: Any) -> None:
        super().__init__(*args, **options)
        self._patience = patience

    def connect(self) -> None:
        super().connect()
        self._patience.watch(self.sock)


class PatientHandler(request.HTTPSHandler, request.HTTPHandler):
    """Opens http and https addresses whose connections are watched."""

    def __init__(self, patience: Patience) -> None:
        super().__init__()
        self._patience = patience

    def http_open(self, req: request.Request) -> Any:
        """Open an address without encryption."""
        return self.do_open(partial(_Http, patience=self._patience), req)

    def https_open(self, req: request.Request) -> Any:
        """Open an address with encryption, whose certificate is checked."""
        return self.do_open(partial(_Https, patience=self._patience), req)
