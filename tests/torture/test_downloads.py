"""Mirrors that refuse, lie, break off, drip or never end, beside those of the downloader's own tests."""

import gzip
import random
import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from dlcore.datasets.download import fetch
from dlcore.datasets.published import data_folder
from dlcore.errors import DataError
from tests.dlcore.datasets import test_download as bench
from tests.torture.ledger import Promise, chance, fault, times

NAME = "images-ubyte.gz"
SECONDS = 0.4
"""The time-out: what is silent for so long is given up."""
UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f]")


class Handler(bench.Handler):
    """More ways to be a bad mirror, and ways to be an odd one that serves the file all the same."""

    server: "Server"

    def head(self, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def drip(self, content: bytes) -> None:
        """Send something over and over, a byte at a time, each well within the time-out of a socket."""
        while not self.server.closing.is_set():
            for number in range(len(content)):
                if self.server.closing.wait(0.05):
                    return
                self.wfile.write(content[number : number + 1])

    # -- bad ones -------------------------------------------------------------------------------

    def serve_nothing(self, body: bytes) -> None:
        """Hang up without a word."""

    def serve_hanging(self, body: bytes) -> None:
        self.head(Content_Length=str(len(body)))
        self.server.closing.wait(30)

    def serve_dripping_head(self, body: bytes) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\n")
        self.drip(b"X-More: and more\r\n")

    def serve_dripping_status(self, body: bytes) -> None:
        self.drip(b"HTTP/1.1 200 ")

    def serve_dripping_chunk(self, body: bytes) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x=")
        self.drip(b"y")

    def serve_dripping_trailer(self, body: bytes) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n")
        self.drip(b"X-More: and more\r\n")

    def serve_continuing(self, body: bytes) -> None:
        while not self.server.closing.wait(0.05):
            self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def serve_many_headers(self, body: bytes) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\n" + b"X-More: and more\r\n" * 1000)

    def serve_long_header(self, body: bytes) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\nX-More: " + b"y" * 1_000_000)

    def serve_escapes(self, body: bytes) -> None:
        self.wfile.write(b"HTTP/1.1 599 \x1b[2J\x07\x9b31m\r\n\r\n")

    def serve_negative(self, body: bytes) -> None:
        self.head(Content_Length="-5")
        self.wfile.write(body[:1000])

    def serve_short_length(self, body: bytes) -> None:
        self.answer(body, len(body) - 7)

    def serve_long_length(self, body: bytes) -> None:
        self.answer(body, len(body) + 7)

    def serve_bad_chunk(self, body: bytes) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n" + body)

    def serve_cut_chunk(self, body: bytes) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffff\r\n" + body[:100])

    def serve_encoded(self, body: bytes) -> None:
        """Packed once more on the way, which nobody had asked for."""
        packed = gzip.compress(body)
        self.head(Content_Encoding="gzip", Content_Length=str(len(packed)))
        self.wfile.write(packed)

    def serve_empty(self, body: bytes) -> None:
        self.head(204)

    def serve_unasked_part(self, body: bytes) -> None:
        self.head(
            206, Content_Range=f"bytes 10-{len(body) - 1}/{len(body)}", Content_Length=str(len(body) - 10)
        )
        self.wfile.write(body[10:])

    def serve_forbidden(self, body: bytes) -> None:
        self.send_error(403)

    def serve_busy(self, body: bytes) -> None:
        self.send_error(503)

    def serve_proxy(self, body: bytes) -> None:
        self.send_error(407)

    def serve_chain(self, body: bytes) -> None:
        """Redirect on and on, to a new address each time."""
        self.answer(b"", 0, location=f"{self.path.rpartition('/')[0]}/again/{NAME}")

    # -- odd ones that serve it -------------------------------------------------------------------

    def serve_named_encoding(self, body: bytes) -> None:
        """Say of the file as it is published that it is packed, as many servers do."""
        self.head(Content_Encoding="gzip", Content_Length=str(len(body)))
        self.wfile.write(body)

    def serve_wrong_range(self, body: bytes) -> None:
        """Give another part than was asked for; without being asked for one, the file."""
        if not self.headers.get("Range"):
            self.answer(body, len(body))
            return
        self.head(
            206, Content_Range=f"bytes 5-{len(body) - 1}/{len(body)}", Content_Length=str(len(body) - 5)
        )
        self.wfile.write(body[5:])

    def serve_lying_range(self, body: bytes) -> None:
        """Say that it is the part that was asked for, and give another."""
        asked = self.headers.get("Range")
        if not asked:
            self.answer(body, len(body))
            return
        start = int(asked.removeprefix("bytes=").removesuffix("-"))
        self.head(206, Content_Range=f"bytes {start}-{len(body) - 1}/{len(body)}")
        self.wfile.write(body[: len(body) - start])


class Server(bench.Server):
    """Serves as its paths say."""

    def __init__(self) -> None:
        super().__init__()
        self.RequestHandlerClass = Handler

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that hang up are no news."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.closing.set()
        server.shutdown()
        thread.join()


BAD = {
    **bench.FAILURES,
    "nothing": "connection broken off",
    "hanging": "timed out",
    "dripping_head": "timed out",
    "dripping_status": "timed out",
    "dripping_chunk": "timed out",
    "dripping_trailer": "timed out",
    "continuing": "timed out",
    "many_headers": "not a valid address or answer",
    "long_header": "not a valid address or answer",
    "escapes": "error (599)",
    "negative": "cut short",
    "short_length": "cut short",
    "long_length": "cut short after",
    "bad_chunk": "connection broken off",
    "cut_chunk": "connection broken off",
    "encoded": "more than 300,000 bytes of content",
    "empty": "0 bytes of content instead of 300,000",
    "unasked_part": "not the range that was asked for",
    "forbidden": "Forbidden (403)",
    "busy": "Service Unavailable (503)",
    "proxy": "Proxy Authentication Required (407)",
    "chain": "redirect refused (302)",
}
ODD = (
    "named_encoding",
    "wrong_range",
    "lying_range",
    "unannounced",
    "lingering",
    "chunked",
    "unpacked",
    "moved",
)


def _refused(server: Server, home: Path, behaviour: str) -> str:
    """Fetch from one bad mirror; return what is said of it."""
    published = bench.shapes(server.base(behaviour))
    with pytest.raises(DataError) as caught:
        fetch(published, home, bench.silent, timeout=SECONDS, environment={})
    assert not UNPRINTABLE.search(str(caught.value))
    return caught.value.message


@pytest.mark.parametrize("behaviour", BAD)
def test_each_fault_is_told_apart_and_nothing_is_trusted(server: Server, home: Path, behaviour: str) -> None:
    """Its name in the message, no file under its published name; and a good mirror mends it."""
    with fault(Promise.DOWNLOADS):
        said = _refused(server, home, behaviour)
        assert f"127.0.0.1:{server.server_port}: " in said
        assert BAD[behaviour] in said
        assert not set(bench.listing(home)) - {bench.PART}
    with fault(Promise.DOWNLOADS):
        published = bench.shapes(server.base("good"))
        paths = fetch(published, home, bench.silent, environment={})
        bench.assert_content(published, paths)


@pytest.mark.parametrize("behaviour", ODD)
def test_odd_mirrors_bring_it_all_the_same(server: Server, home: Path, behaviour: str) -> None:
    """Also behind a beginning that came from somewhere else."""
    published = bench.shapes(server.base(behaviour))
    for beginning in (b"", b"?" * 5000, server.files[NAME][:5000]):
        with fault(Promise.DOWNLOADS):
            folder = data_folder(home, "shapes")
            if beginning:
                for path in folder.iterdir():
                    path.unlink()
                bench.put(folder / bench.PART, beginning)
            bench.assert_content(published, fetch(published, home, bench.silent, environment={}))


def test_any_queue_of_bad_mirrors_ends_at_a_good_one(server: Server, home: Path) -> None:
    """What one bad mirror leaves behind never spoils what the next one brings."""
    dice = chance("mirrors")
    quiet = [name for name in BAD if BAD[name] not in ("timed out", "less than 1,024 bytes a second")]
    for number in range(times(20, 500)):
        queue = dice.sample(quiet, 3)
        with fault(Promise.DOWNLOADS, len(queue)):
            published = bench.shapes(*map(server.base, queue), server.base("ranged"))
            paths = fetch(published, home / str(number), bench.silent, environment={})
            bench.assert_content(published, paths)


def test_a_file_that_is_damaged_anywhere_is_never_trusted(server: Server, home: Path) -> None:
    """Bits that flip, bytes that are missing or doubled, in an answer or in what had come before."""
    dice, good = chance("damage"), server.files[NAME]
    for number in range(times(60, 3000)):
        with fault(Promise.DOWNLOADS):
            place = home / str(number)
            server.files[NAME] = _damaged(good, dice)
            beginning = _damaged(good, dice)[: dice.randrange(len(good))] if dice.random() < 0.3 else b""
            if beginning:
                bench.put(data_folder(place, "shapes") / bench.PART, beginning)
            published = bench.shapes(server.base("ranged"))
            try:
                paths = fetch(published, place, bench.silent, environment={})
            except DataError:
                assert NAME not in bench.listing(place)
            else:  # the sound halves of both fitted together, or a flipped bit filled a gap between blocks
                assert beginning or gzip.decompress(server.files[NAME]) == gzip.decompress(good)
                bench.assert_content(published, paths)


def _damaged(content: bytes, dice: random.Random) -> bytes:
    """Return the content with something wrong in what is packed: its own names and dates do not matter."""
    position, size = dice.randrange(12, len(content) - 200), dice.randrange(1, 100)
    before, within, after = (
        content[:position],
        content[position : position + size],
        content[position + size :],
    )
    match dice.randrange(4):
        case 0:
            flipped = bytearray(content)
            flipped[position] ^= 1 << dice.randrange(8)
            return bytes(flipped)
        case 1:
            return before + after
        case 2:
            return before + within + within + after
        case _:
            return before + bytes(size) + after if any(within) else before + after
