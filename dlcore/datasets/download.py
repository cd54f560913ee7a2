"""How the files of a published data set get here, from any mirror that has them.

Nothing that comes over the network gets its published name before it has been checked. What had come when a
connection broke off stays, and a Range request (RFC 9110, section 14) brings the rest. Whether the rest
belongs to the beginning is seen from the checksum of the whole, which holds between mirrors and over days,
where an entity tag would not; when it does not belong, the file is brought anew, once.
"""

import os
import re
import socket
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPException, HTTPMessage, HTTPResponse, IncompleteRead, responses
from pathlib import Path
from typing import IO
from urllib import request
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit

from dlcore.datasets.partfile import PartFile
from dlcore.datasets.patience import Patience, PatientHandler
from dlcore.datasets.published import Archive, PublishedFile, PublishedSet, checked_content, data_folder, find
from dlcore.datasets.unpacking import RefusedError
from dlcore.errors import DataError
from dlcore.files.private import private_folder

CHUNK = 64 * 1024
SLOWEST = 1024  # bytes per second; whoever drips slower than this would never finish
REPORT_SECONDS = 0.1
ANSWERS = 5  # of one mirror for one file, each of which must bring it further
PARTIAL_CONTENT = 206
UNSATISFIABLE = 416  # nothing lies beyond the bytes that have come

_PATIENCE = 2
"""So many times as long as a socket may be silent, something whole may take to come."""
_TIMED_OUT = "timed out"

REASONS: tuple[tuple[tuple[type[Exception], ...], str], ...] = (  # the first that fits
    ((TimeoutError,), _TIMED_OUT),
    ((socket.gaierror,), "no such host"),
    ((ConnectionRefusedError,), "connection refused"),
    ((ssl.SSLCertVerificationError,), "its certificate is not trusted"),
    ((ConnectionError, IncompleteRead), "connection broken off"),
    ((HTTPException, ValueError), "not a valid address or answer"),
)

Report = Callable[[str, int, int], object]


class MirrorError(RefusedError):
    """A mirror did not answer, or not to the end: what has come so far is none the worse for it."""


class BrokenOffError(MirrorError):
    """The connection broke; another may hold."""


class NothingLeftError(MirrorError):
    """The mirror has nothing beyond the bytes that have come."""


def fetch(
    published: PublishedSet,
    home: Path,
    report: Report,
    timeout: float = 20.0,
    environment: Mapping[str, str] = os.environ,
) -> dict[str, Path]:
    """The paths of all files of the set, after the missing ones have been downloaded.

    Mirrors named in `DLTUI_MIRRORS` come first. `report` is told the file name, the bytes so far and their
    total (0 when unknown), about ten times a second and at the end of each file. `timeout` is in seconds,
    for connecting and for every wait. What an earlier call had to leave unfinished is gone on with. Raises
    `DataError` when no mirror has the file or the folder cannot be written.
    """
    folder = data_folder(home, published.kind)
    downloader = _Downloader(folder, report, timeout)
    bases = _bases(published, environment)
    refused: set[str] = set()
    for file in published.files:
        if file.name in find(published, folder):
            continue
        _make_folders(home, folder)
        # A mirror that has let us down waits at the end of the queue, so that its time-out is paid once.
        reasons = downloader.download_from_any(file, sorted(bases, key=refused.__contains__))
        refused.update(reasons)
        if file.name not in find(published, folder):
            raise _unavailable(published, file, folder, reasons)
    return find(published, folder)


@dataclass(frozen=True)
class _Downloader:
    """Brings files into one folder, each under its published name or not at all."""

    folder: Path
    report: Report
    timeout: float

    def download_from_any(self, file: PublishedFile, bases: list[str]) -> dict[str, str]:
        """Try the base addresses in order until one serves; the reasons of those that did not."""
        reasons = {}
        for base in bases:
            try:
                self.download(file, f"{base.rstrip('/')}/{file.name}")
                break
            except RefusedError as error:
                reasons[base] = str(error)
        return reasons

    def download(self, file: PublishedFile, address: str) -> None:
        """One file from one address, under a temporary name until it has been checked."""
        with _disk(self.folder):
            part = PartFile(self.folder, file.name)
        try:
            self._bring(file, address, part)
            with _disk(self.folder):
                part.publish(self.folder / file.name)
        finally:
            part.release()
        self.report(file.name, part.size, part.size)

    def _bring(self, file: PublishedFile, address: str, part: PartFile) -> None:
        """Complete the part and check it: as it stands at first, and anew if it does not fit together."""
        for answers in (ANSWERS, 1):
            try:
                self._receive(file, address, part, answers)
                checked_content(file, part.path, strict=True)
                return
            except MirrorError:
                raise
            except RefusedError:
                pieced = part.pieced
                with _disk(self.folder):
                    part.clear()
                if not pieced or answers == 1:
                    raise

    def _receive(self, file: PublishedFile, address: str, part: PartFile, answers: int) -> None:
        """Bring the rest, in as many answers as are allowed and bring the file further."""
        while True:
            before = part.size
            answers -= 1
            try:
                self._receive_rest(file, address, part)
                return
            except BrokenOffError:
                if answers == 0 or part.size <= before:
                    raise
                part.pieced = True

    def _receive_rest(self, file: PublishedFile, address: str, part: PartFile) -> None:
        with Patience(_PATIENCE * self.timeout) as patience:
            try:
                self._receive_body(file, address, part, patience)
            except MirrorError:
                if not patience.is_lost:
                    raise
            if patience.is_lost:  # which may look like the end of an answer
                raise MirrorError(_TIMED_OUT)

    def _receive_body(self, file: PublishedFile, address: str, part: PartFile, patience: Patience) -> None:
        start = part.size
        try:
            response = self._open(address, start, patience)
        except NothingLeftError:
            if start:
                return  # it may have been complete already, which the check will tell
            raise
        with response:
            if response.status != PARTIAL_CONTENT and start:  # the mirror knows no ranges
                start = 0
                with _disk(self.folder):
                    part.clear()
            elif response.status == PARTIAL_CONTENT and _first_byte(response) != start:
                raise RefusedError("not the range that was asked for")
            total = start + response.length if response.length else 0
            reported = 0.0
            for piece in _pieces(response, start, file.most, self.timeout):
                patience.renew()
                with _disk(self.folder):
                    part.write(piece)
                if time.monotonic() - reported >= REPORT_SECONDS:
                    reported = time.monotonic()
                    self.report(file.name, part.size, total)

    def _open(self, address: str, start: int, patience: Patience) -> HTTPResponse:
        with _network():
            if urlsplit(address).scheme not in ("http", "https"):
                raise MirrorError("neither http nor https")
            headers = {"Range": f"bytes={start}-"} if start else {}
            response: HTTPResponse = _opener(patience).open(
                request.Request(address, headers=headers), timeout=self.timeout
            )
            patience.renew()
            return response


def _first_byte(response: HTTPResponse) -> int | None:
    """The position at which a partial answer begins, or None when it does not say."""
    match = re.match(r"bytes (\d{1,18})-", response.headers.get("Content-Range", ""), re.ASCII)
    return int(match[1]) if match else None


def _pieces(response: HTTPResponse, start: int, most: int, timeout: float) -> Iterator[bytes]:
    """The body as it arrives, which goes on after `start` bytes and to `most` of them at most.

    Ends with `RefusedError` when it is too long, too slow or cut short.
    """
    declared = response.length  # None when the server does not say
    if declared is not None and start + declared > most:
        raise RefusedError(f"{start + declared:,} bytes announced, at most {most:,} expected")
    received = 0
    marked, mark = time.monotonic(), 0
    while declared is None or received < declared:
        with _network():
            # read1 returns what is there; read would wait for a full chunk, however slowly it drips.
            piece = response.read1(CHUNK if declared is None else min(CHUNK, declared - received))
        if not piece:
            break
        received += len(piece)
        if start + received > most:
            raise RefusedError(f"more than {most:,} bytes")
        yield piece
        elapsed = time.monotonic() - marked
        if elapsed > timeout:
            if received - mark < SLOWEST * elapsed:
                raise MirrorError(f"less than {SLOWEST:,} bytes a second")
            marked, mark = time.monotonic(), received
    if declared is not None and received < declared:
        raise BrokenOffError(f"cut short after {start + received:,} of {start + declared:,} bytes")


def _bases(published: PublishedSet, environment: Mapping[str, str]) -> list[str]:
    mirrors = [mirror.strip() for mirror in environment.get("DLTUI_MIRRORS", "").split(",")]
    own = [f"{mirror.rstrip('/')}/{published.kind}" for mirror in mirrors if mirror]
    return list(dict.fromkeys((*own, *published.addresses)))


def _make_folders(home: Path, folder: Path) -> None:
    with _disk(folder):
        for path in (home, folder.parent, folder):
            private_folder(path)


def _unavailable(
    published: PublishedSet, file: PublishedFile, folder: Path, reasons: Mapping[str, str]
) -> DataError:
    present = find(published, folder)
    missing = [file.name for file in published.files if file.name not in present]
    these = "this file" if len(missing) == 1 else f"these {len(missing)} files"
    causes = "; ".join(f"{_host(base)}: {reason}" for base, reason in reasons.items())
    unpacked = f" (or its folder {file.form.folder}, unpacked)" if isinstance(file.form, Archive) else ""
    return DataError(
        f"{file.name} of {published.title} could not be downloaded ({causes or 'no mirror is known'})",
        f"{_way_on(folder, file)} {these} into {folder}: {', '.join(missing)}{unpacked}; "
        f"or set DLTUI_MIRRORS to an address that serves {published.kind}/{file.name}; "
        "or choose the data set digits, which needs no network.",
    )


def _way_on(folder: Path, file: PublishedFile) -> str:
    try:
        size = (folder / f"{file.name}.part").stat().st_size
    except OSError:
        return "Put"
    return f"Start again to go on after the {size:,} bytes that have come; or put"


def _host(base: str) -> str:
    """Host and port of an address, without a password; the address itself where it has no host."""
    try:
        host = urlsplit(base).netloc
    except ValueError:
        host = ""
    return (host or base).rpartition("@")[2]


class _HttpRedirects(request.HTTPRedirectHandler):
    """Follows redirects to http and https, and nowhere else."""

    def redirect_request(
        self, req: request.Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> request.Request | None:
        fp.close()  # or the base class reads its body, which may be endless
        if urlsplit(newurl).scheme not in ("http", "https"):
            raise HTTPError(req.full_url, code, msg, headers, fp)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _opener(patience: Patience) -> request.OpenerDirector:
    """An opener that knows http, https and proxies, but neither file: nor ftp:."""
    opener = request.OpenerDirector()
    opener.addheaders = [("User-Agent", "dltui")]
    opener.add_handler(PatientHandler(patience))
    answers = (request.HTTPDefaultErrorHandler, request.HTTPErrorProcessor)
    for handler in (request.ProxyHandler, _HttpRedirects, *answers):
        opener.add_handler(handler())
    return opener


@contextmanager
def _disk(folder: Path) -> Iterator[None]:
    """Any `OSError` inside is the fault of the folder."""
    try:
        yield
    except OSError as error:
        raise DataError(
            f"{folder} cannot be written to: {error.strerror or error}",
            "Make it writable and see that the disk has room, or set DLTUI_HOME to another folder.",
        ) from error


@contextmanager
def _network() -> Iterator[None]:
    """Any fault inside is the mirror's, and becomes a `MirrorError`."""
    try:
        yield
    except HTTPError as error:
        error.close()
        name = "redirect refused" if error.code < 400 else responses.get(error.code, "error")
        kind = NothingLeftError if error.code == UNSATISFIABLE else MirrorError
        raise kind(f"{name} ({error.code})") from None
    except (OSError, HTTPException, ValueError) as error:
        cause = error.reason if isinstance(error, URLError) else error
        broken = isinstance(cause, (ConnectionError, IncompleteRead))
        raise (BrokenOffError if broken else MirrorError)(_reason(cause)) from None


def _reason(cause: BaseException | str) -> str:
    for kinds, reason in REASONS:
        if isinstance(cause, kinds):
            return reason
    text = (cause.strerror if isinstance(cause, OSError) else None) or str(cause)
    return "".join(character for character in text if character.isprintable())[:80]
