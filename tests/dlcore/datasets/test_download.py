"""The downloader against a real server on loopback: every way a mirror can be good, absent, slow or lying."""

import gzip
import hashlib
import os
import random
import resource
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from dlcore.datasets.download import fetch
from dlcore.datasets.published import (
    CIFAR10,
    MNIST,
    PUBLISHED,
    Idx,
    PublishedFile,
    PublishedSet,
    data_folder,
    find,
    read_verified,
)
from dlcore.errors import DataError

IMAGES = random.Random(1).randbytes(300_000)  # cannot be packed, so it crosses the wire in several pieces
LABELS = bytes(range(10)) * 100
CONTENTS = {"images-ubyte.gz": IMAGES, "labels-ubyte.gz": LABELS}
PART = "images-ubyte.gz.part"
BOMB = gzip.compress(bytes(20_000_000))
PAGE = b"<!DOCTYPE html><title>Please sign in</title>"


class Server(ThreadingHTTPServer):
    """Serves `files` below paths such as /good or /cut, whose first part says how to misbehave."""

    daemon_threads = False  # server_close waits for the handlers

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files = {name: gzip.compress(content) for name, content in CONTENTS.items()}
        self.closing = threading.Event()
        self.requests: list[str] = []
        self.ranges: list[str | None] = []

    def base(self, behaviour: str) -> str:
        return f"http://127.0.0.1:{self.server_port}/{behaviour}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass

    def log_request(self, code: object = "-", size: object = "-") -> None:
        self.server.requests.append(self.path)
        self.server.ranges.append(self.headers.get("Range"))

    def do_GET(self) -> None:
        _, behaviour, *_, name = self.path.split("/")
        with suppress(ConnectionError):  # the client hangs up as soon as it has seen enough
            getattr(self, f"serve_{behaviour}", self.serve_missing)(self.server.files.get(name, b""))

    def answer(self, body: bytes, length: int | None, location: str = "") -> None:
        self.send_response(302 if location else 200)
        if location:
            self.send_header("Location", location)
        if length is not None:
            self.send_header("Content-Length", str(length))
        self.end_headers()
        self.wfile.write(body)

    def serve_good(self, body: bytes) -> None:
        self.answer(body, len(body))

    def serve_ranged(self, body: bytes, most: int | None = None, shift: int = 0) -> None:
        asked = self.headers.get("Range")
        start = int(asked.removeprefix("bytes=").removesuffix("-")) if asked else 0
        if asked and start >= len(body):
            self.send_error(416)
            return
        self.send_response(206 if asked else 200)
        self.send_header("Content-Length", str(len(body) - start))
        if asked:
            self.send_header("Content-Range", f"bytes {start + shift}-{len(body) - 1}/{len(body)}")
        self.end_headers()
        self.wfile.write(body[start:] if most is None else body[start : start + most])

    def serve_breaking(self, body: bytes) -> None:
        self.serve_ranged(body, most=100_000)

    def serve_trickling(self, body: bytes) -> None:
        self.serve_ranged(body, most=1000)

    def serve_shifted(self, body: bytes) -> None:
        self.serve_ranged(body, shift=1)

    def serve_unsatisfiable(self, body: bytes) -> None:
        if self.headers.get("Range"):
            self.send_error(416)
        else:
            self.serve_good(body)

    def serve_never(self, body: bytes) -> None:
        self.send_error(416)

    def serve_unannounced(self, body: bytes) -> None:
        self.answer(body, None)

    def serve_lingering(self, body: bytes) -> None:
        self.answer(body, len(body))
        self.server.closing.wait(30)

    def serve_chunked(self, body: bytes) -> None:
        self.protocol_version = "HTTP/1.1"
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for piece in (body[:1000], body[1000:], b""):
            self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))

    def serve_unpacked(self, body: bytes) -> None:
        content = gzip.decompress(body)
        self.answer(content, len(content))

    def serve_missing(self, body: bytes) -> None:
        self.send_error(404)

    def serve_broken(self, body: bytes) -> None:
        self.send_error(500)

    def serve_page(self, body: bytes) -> None:
        self.answer(PAGE, len(PAGE))

    def serve_cut(self, body: bytes) -> None:
        self.answer(body[: len(body) // 2], len(body))

    def serve_half(self, body: bytes) -> None:
        self.answer(body[: len(body) // 2], None)

    def serve_corrupt(self, body: bytes) -> None:
        self.answer(body[:-6] + bytes(6), len(body))

    def serve_other(self, body: bytes) -> None:
        self.serve_good(gzip.compress(gzip.decompress(body)[::-1]))

    def serve_longer(self, body: bytes) -> None:
        self.serve_good(gzip.compress(gzip.decompress(body) + b"?"))

    def serve_bomb(self, body: bytes) -> None:
        self.serve_good(BOMB)

    def serve_announced(self, body: bytes) -> None:
        self.answer(b"", 10**12)

    def serve_endless(self, body: bytes) -> None:
        self.answer(body, None)
        while not self.server.closing.is_set():
            self.wfile.write(bytes(65536))

    def serve_slow(self, body: bytes) -> None:
        self.server.closing.wait(30)

    def serve_stalling(self, body: bytes) -> None:
        self.answer(body[:100], len(body))
        self.server.closing.wait(30)

    def serve_dripping(self, body: bytes) -> None:
        self.answer(b"", len(body))
        for position in range(len(body)):
            if self.server.closing.wait(0.02):
                return
            self.wfile.write(body[position : position + 1])

    def serve_moved(self, body: bytes) -> None:
        self.answer(b"", 0, location=self.path.replace("/moved/", "/good/"))

    def serve_circling(self, body: bytes) -> None:
        self.answer(b"", 0, location=self.path)

    def serve_inward(self, body: bytes) -> None:
        self.answer(b"", 0, location="file:///etc/hostname")

    def serve_sideways(self, body: bytes) -> None:
        self.answer(b"", 0, location="ftp://127.0.0.1/images-ubyte.gz")

    def serve_gibberish(self, body: bytes) -> None:
        self.wfile.write(b"SSH-2.0-OpenSSH_9.6\r\n")


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


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def shapes(*addresses: str, contents: dict[str, bytes] = CONTENTS) -> PublishedSet:
    files = tuple(
        PublishedFile(name, len(content), hashlib.sha256(content).hexdigest())
        for name, content in contents.items()
    )
    return PublishedSet("shapes", "Shapes", files, addresses, layouts=("", "MNIST/raw", "raw"))


def silent(name: str, received: int, total: int) -> None:
    pass


def put(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def listing(home: Path) -> list[str]:
    folder = data_folder(home, "shapes")
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


def assert_content(published: PublishedSet, paths: dict[str, Path]) -> None:
    assert {file.name: read_verified(file, paths[file.name]) for file in published.files} == CONTENTS


def test_fetch_brings_every_file_and_reports_progress(server: Server, home: Path) -> None:
    published = shapes(server.base("good/"))
    reports: list[tuple[str, int, int]] = []
    paths = fetch(published, home, lambda *told: reports.append(told), environment={})
    folder = home / "data" / "shapes"
    assert paths == {name: folder / name for name in CONTENTS}
    assert_content(published, paths)
    assert listing(home) == sorted(CONTENTS)
    for name in CONTENTS:
        size = len(server.files[name])
        told = [(received, total) for reported, received, total in reports if reported == name]
        assert told == sorted(told)
        assert told[-1] == (size, size)
        assert {total for _, total in told} == {size}


def test_what_comes_is_private(server: Server, home: Path) -> None:
    old = os.umask(0)
    try:
        paths = fetch(shapes(server.base("good")), home, silent, environment={})
    finally:
        os.umask(old)
    assert {path.stat().st_mode & 0o777 for path in paths.values()} == {0o600}
    folders = (home, home / "data", home / "data" / "shapes")
    assert {folder.stat().st_mode & 0o777 for folder in folders} == {0o700}


@pytest.mark.parametrize("behaviour", ["unannounced", "lingering", "chunked", "unpacked", "moved"])
def test_every_honest_way_to_serve_a_file_will_do(server: Server, home: Path, behaviour: str) -> None:
    published = shapes(server.base(behaviour))
    assert_content(published, fetch(published, home, silent, environment={}))
    assert listing(home) == sorted(CONTENTS)


def test_mirrors_of_the_environment_come_first(server: Server, home: Path) -> None:
    environment = {"DLTUI_MIRRORS": f" {server.base('good/mine/')} ,, {server.base('good/second')}"}
    fetch(shapes(server.base("good/official")), home, silent, environment=environment)
    assert server.requests == [f"/good/mine/shapes/{name}" for name in CONTENTS]


def test_the_next_mirror_is_tried_and_a_failed_one_goes_to_the_end(server: Server, home: Path) -> None:
    published = shapes(server.base("corrupt"), server.base("missing"), server.base("good"))
    assert_content(published, fetch(published, home, silent, environment={}))
    first, second = CONTENTS
    tries = [f"/corrupt/{first}", f"/missing/{first}", f"/good/{first}", f"/good/{second}"]
    assert server.requests == tries
    assert listing(home) == sorted(CONTENTS)


@pytest.mark.parametrize("layout", ["", "MNIST/raw", "raw"])
@pytest.mark.parametrize("packed", [True, False])
def test_files_already_there_are_used_where_they_lie(home: Path, layout: str, packed: bool) -> None:
    published = shapes()
    folder = data_folder(home, "shapes")
    expected = {}
    for name, content in CONTENTS.items():
        path = folder / layout / (name if packed else name.removesuffix(".gz"))
        expected[name] = put(path, gzip.compress(content) if packed else content)
    assert find(published, folder) == expected
    assert fetch(published, home, silent, environment={}) == expected
    assert_content(published, expected)


def test_only_the_missing_file_is_downloaded(server: Server, home: Path) -> None:
    mine = put(data_folder(home, "shapes") / "images-ubyte", b"not looked at")
    paths = fetch(shapes(server.base("good")), home, silent, environment={})
    assert paths["images-ubyte.gz"] == mine
    assert server.requests == ["/good/labels-ubyte.gz"]


FAILURES = {
    "missing": "Not Found (404)",
    "broken": "Internal Server Error (500)",
    "page": "a web page instead of the file",
    "cut": "cut short after",
    "half": "cut short",
    "corrupt": "corrupt",
    "other": "its checksum is wrong",
    "longer": "more than 300,000 bytes of content",
    "bomb": "more than 300,000 bytes of content",
    "announced": "1,000,000,000,000 bytes announced",
    "endless": "more than 365,536 bytes",
    "slow": "timed out",
    "stalling": "timed out",
    "dripping": "less than 1,024 bytes a second",
    "circling": "redirect refused (302)",
    "inward": "redirect refused (302)",
    "sideways": "redirect refused (302)",
    "gibberish": "not a valid address or answer",
    "never": "Requested Range Not Satisfiable (416)",
}
BEGINNINGS = {"cut", "stalling", "dripping"}  # what these bring is the beginning of the file


@pytest.mark.parametrize("behaviour", FAILURES)
def test_a_bad_mirror_is_named_with_its_fault_and_leaves_no_more_than_a_beginning(
    server: Server, home: Path, behaviour: str
) -> None:
    with pytest.raises(DataError) as caught:
        fetch(shapes(server.base(behaviour)), home, silent, timeout=0.3, environment={})
    assert f"127.0.0.1:{server.server_port}: {FAILURES[behaviour]}" in caught.value.message
    assert "images-ubyte.gz of Shapes" in caught.value.message
    assert set(listing(home)) <= ({PART} if behaviour in BEGINNINGS else set())


@pytest.mark.parametrize(
    ("address", "fault"),
    [
        ("file:///etc", "file:///etc/shapes: neither http nor https"),
        ("ftp://127.0.0.1/pub", "127.0.0.1: neither http nor https"),
        ("/srv/mirror", "/srv/mirror/shapes: neither http nor https"),
        ("http://user:secret@127.0.0.1:port", "127.0.0.1:port: not a valid address"),
        ("http://user:secret@[", "[/shapes: not a valid address"),
        ("http://[", "http://[/shapes: not a valid address"),
        ("http://127.0.0.1/a b", "127.0.0.1: not a valid address"),
        ("http://127.0.0.1:FREE", "127.0.0.1:FREE: connection refused"),
        ("https://127.0.0.1:FREE", "127.0.0.1:FREE: connection refused"),
    ],
)
def test_an_address_that_cannot_be_used(
    home: Path, address: str, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("no_proxy", "*")
    port = str(free_port())
    with pytest.raises(DataError) as caught:
        fetch(shapes(), home, silent, environment={"DLTUI_MIRRORS": address.replace("FREE", port)})
    assert fault.replace("FREE", port) in caught.value.message
    assert "secret" not in str(caught.value)
    assert listing(home) == []


def test_a_host_without_a_name(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def resolve(*args: object, **options: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with pytest.raises(DataError, match=r"mirror\.invalid: no such host"):
        fetch(shapes("http://mirror.invalid/"), home, silent, environment={})


def test_the_error_names_every_mirror_and_every_cure(server: Server, home: Path) -> None:
    put(data_folder(home, "shapes") / "images-ubyte.gz", b"")
    contents = {**CONTENTS, "more-ubyte.gz": b"more"}
    published = shapes(server.base("missing"), server.base("page"), contents=contents)
    environment = {"DLTUI_MIRRORS": "ftp://127.0.0.1:21"}
    with pytest.raises(DataError) as caught:
        fetch(published, home, silent, environment=environment)
    host = f"127.0.0.1:{server.server_port}"
    assert caught.value.message == (
        "labels-ubyte.gz of Shapes could not be downloaded (127.0.0.1:21: neither http nor https; "
        f"{host}: Not Found (404); {host}: a web page instead of the file)"
    )
    assert caught.value.hint == (
        f"Put these 2 files into {data_folder(home, 'shapes')}: labels-ubyte.gz, more-ubyte.gz; "
        "or set DLTUI_MIRRORS to an address that serves shapes/labels-ubyte.gz; "
        "or choose the data set digits, which needs no network."
    )


@pytest.mark.parametrize("error", [KeyboardInterrupt, BrokenPipeError])
def test_what_the_report_raises_passes_through_and_what_has_come_is_gone_on_with(
    server: Server, home: Path, error: type[BaseException]
) -> None:
    def interrupt(name: str, received: int, total: int) -> None:
        raise error

    published = shapes(server.base("ranged"))
    with pytest.raises(error):
        fetch(published, home, interrupt, environment={})
    assert listing(home) == [PART]
    kept = (data_folder(home, "shapes") / PART).stat()
    assert 0 < kept.st_size < len(server.files["images-ubyte.gz"])
    assert kept.st_mode & 0o777 == 0o600
    assert_content(published, fetch(published, home, silent, environment={}))
    assert listing(home) == sorted(CONTENTS)
    assert server.ranges == [None, f"bytes={kept.st_size}-", None]


def test_a_broken_connection_is_taken_up_where_it_broke(server: Server, home: Path) -> None:
    published = shapes(server.base("breaking"))
    reports: list[tuple[str, int, int]] = []
    paths = fetch(published, home, lambda *told: reports.append(told), environment={})
    assert_content(published, paths)
    assert listing(home) == sorted(CONTENTS)
    assert server.ranges == [None, "bytes=100000-", "bytes=200000-", "bytes=300000-", None]
    size = len(server.files["images-ubyte.gz"])
    told = [(received, total) for name, received, total in reports if name == "images-ubyte.gz"]
    assert told == sorted(told)
    assert {total for _, total in told} == {size}


def test_a_mirror_that_breaks_off_all_the_time_is_left_for_the_next(server: Server, home: Path) -> None:
    published = shapes(server.base("trickling"), server.base("ranged"))
    assert_content(published, fetch(published, home, silent, environment={}))
    assert server.ranges[:6] == [None, *(f"bytes={number}000-" for number in range(1, 6))]
    assert server.requests[4:6] == ["/trickling/images-ubyte.gz", "/ranged/images-ubyte.gz"]


@pytest.mark.parametrize("behaviour", ["ranged", "breaking", "good", "unsatisfiable", "shifted", "chunked"])
@pytest.mark.parametrize("size", [1, 1000, 1_000_000])
def test_a_beginning_that_does_not_belong_is_replaced(
    server: Server, home: Path, behaviour: str, size: int
) -> None:
    put(data_folder(home, "shapes") / PART, b"?" * size)
    server.files["images-ubyte.gz"] = gzip.compress(IMAGES, 0)
    published = shapes(server.base(behaviour), server.base("good"))
    assert_content(published, fetch(published, home, silent, environment={}))
    assert listing(home) == sorted(CONTENTS)
    assert server.ranges[0] == f"bytes={size}-"


def test_a_beginning_of_another_mirrors_packing_is_replaced(server: Server, home: Path) -> None:
    put(data_folder(home, "shapes") / PART, gzip.compress(IMAGES, 0)[:100_000])
    published = shapes(server.base("ranged"))
    assert_content(published, fetch(published, home, silent, environment={}))
    assert server.ranges == ["bytes=100000-", None, None]


def test_a_file_that_was_complete_but_had_no_name_yet(server: Server, home: Path) -> None:
    put(data_folder(home, "shapes") / PART, server.files["images-ubyte.gz"])
    published = shapes(server.base("ranged"))
    assert_content(published, fetch(published, home, silent, environment={}))
    assert server.ranges == [f"bytes={len(server.files['images-ubyte.gz'])}-", None]


@pytest.mark.parametrize("behaviour", ["missing", "broken", "slow", "circling", "gibberish"])
def test_a_mirror_without_the_file_does_not_cost_what_has_come(
    server: Server, home: Path, behaviour: str
) -> None:
    beginning = server.files["images-ubyte.gz"][:1234]
    part = put(data_folder(home, "shapes") / PART, beginning)
    environment = {"DLTUI_MIRRORS": "ftp://127.0.0.1:21"}
    with pytest.raises(DataError) as caught:
        fetch(shapes(server.base(behaviour)), home, silent, timeout=0.3, environment=environment)
    assert part.read_bytes() == beginning
    assert caught.value.hint.startswith(
        "Start again to go on after the 1,234 bytes that have come; or put these 2 files into "
    )


def test_a_file_in_the_place_of_the_folder(server: Server, home: Path) -> None:
    put(home / "data", b"")
    with pytest.raises(DataError, match="cannot be written to") as caught:
        fetch(shapes(server.base("good")), home, silent, environment={})
    assert str(data_folder(home, "shapes")) in caught.value.message
    assert "DLTUI_HOME" in caught.value.hint
    assert server.requests == []


@pytest.mark.parametrize("mode", [0o500, 0o000])
def test_a_folder_that_may_not_be_written(server: Server, home: Path, mode: int) -> None:
    folder = data_folder(home, "shapes")
    folder.mkdir(parents=True)
    folder.chmod(mode)
    if os.access(folder, os.W_OK):
        pytest.skip("this user may write everywhere")
    try:
        with pytest.raises(DataError, match="cannot be written to: Permission denied"):
            fetch(shapes(server.base("good")), home, silent, environment={})
    finally:
        folder.chmod(0o700)
    assert listing(home) == []


def test_a_disk_without_room_is_not_blamed_on_the_mirror(server: Server, home: Path) -> None:
    published = shapes(server.base("good"), server.base("missing"))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        with pytest.raises(DataError, match="cannot be written to: File too large"):
            fetch(published, home, silent, environment={})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert listing(home) == []


def test_two_at_once_do_not_hurt_each_other(server: Server, home: Path) -> None:
    published = shapes(server.base("good"))
    barrier = threading.Barrier(2)
    results: list[dict[str, Path]] = []

    def download() -> None:
        met = False

        def meet(name: str, received: int, total: int) -> None:
            nonlocal met
            if not met:  # both have begun the first file before either may go on
                met = True
                barrier.wait(30)

        results.append(fetch(published, home, meet, environment={}))

    threads = [threading.Thread(target=download) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(results) == 2
    assert server.requests.count("/good/images-ubyte.gz") == 2
    assert_content(published, results[0])
    assert listing(home) == sorted(CONTENTS)


def labels(each: int) -> bytes:
    return struct.pack(">4BI", 0, 0, 8, 1, 10 * each) + bytes(range(10)) * each


def packed_sums(*addresses: str, packed: bytes) -> PublishedSet:
    """A set of one file of labels, of which only the checksum of the packed file is known."""
    checksum = hashlib.md5(packed, usedforsecurity=False).hexdigest()
    file = PublishedFile("labels-ubyte.gz", 8 + 10 * 100, checksum, "packed", Idx((1000,)))
    return PublishedSet("shapes", "Shapes", (file,), addresses)


def test_a_file_with_a_checksum_of_its_packing_comes_over_the_network_as_published(
    server: Server, home: Path
) -> None:
    packed = server.files["labels-ubyte.gz"] = gzip.compress(labels(100))
    good = packed_sums(server.base("good"), packed=packed)
    with pytest.raises(DataError, match="its checksum is wrong"):
        fetch(replace(good, addresses=(server.base("unpacked"),)), home, silent, environment={})
    [(name, path)] = fetch(good, home, silent, environment={}).items()
    assert (name, path.read_bytes()) == ("labels-ubyte.gz", packed)
    assert read_verified(good.files[0], path) == labels(100)


def test_the_error_names_the_folder_that_an_archive_unpacks_to(home: Path) -> None:
    with pytest.raises(DataError) as caught:
        fetch(replace(CIFAR10, addresses=()), home, silent, environment={})
    assert caught.value.message == (
        "cifar-10-binary.tar.gz of CIFAR-10 could not be downloaded (no mirror is known)"
    )
    assert caught.value.hint == (
        f"Put this file into {data_folder(home, 'cifar10')}: cifar-10-binary.tar.gz "
        "(or its folder cifar-10-batches-bin, unpacked); or set DLTUI_MIRRORS to an address that serves "
        "cifar10/cifar-10-binary.tar.gz; or choose the data set digits, which needs no network."
    )


@pytest.mark.parametrize("known", PUBLISHED, ids=[known.kind for known in PUBLISHED])
def test_without_a_network_every_set_says_what_to_put_where(home: Path, known: PublishedSet) -> None:
    with pytest.raises(DataError) as caught:
        fetch(replace(known, addresses=("http://127.0.0.1:9/",)), home, silent, environment={})
    assert known.title in caught.value.message
    assert str(data_folder(home, known.kind)) in caught.value.hint
    assert all(file.name in caught.value.hint for file in known.files)
    assert "DLTUI_MIRRORS" in caught.value.hint


def test_real_mnist_through_a_mirror(server: Server, home: Path) -> None:
    source = os.environ.get("DLTUI_TEST_MNIST")
    if not source:
        pytest.skip("DLTUI_TEST_MNIST names no folder with the four MNIST files")
    server.files = {file.name: (Path(source) / file.name).read_bytes() for file in MNIST.files}
    published = replace(MNIST, addresses=())
    paths = fetch(published, home, silent, environment={"DLTUI_MIRRORS": server.base("good")})
    assert server.requests == [f"/good/mnist/{file.name}" for file in MNIST.files]
    for file in MNIST.files:
        assert len(read_verified(file, paths[file.name])) == file.size
