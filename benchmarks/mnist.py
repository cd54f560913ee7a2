"""The real MNIST: where it is, how torchvision wants it, and a mirror on loopback that serves it."""

import gzip
import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from dlcore.datasets.published import MNIST, data_folder
from dlcore.errors import DataError

VARIABLE = "DLTUI_TEST_MNIST"
FILES = tuple(file.name for file in MNIST.files)


def folder() -> Path:
    """Return the folder with the four published files; raises DataError when it is not there."""
    given = os.environ.get(VARIABLE, "")
    hint = f"Set it to a folder that holds {', '.join(FILES)}."
    if not given:
        raise DataError(f"The benchmarks run on the real MNIST, and {VARIABLE} is not set", hint)
    path = Path(given).expanduser().absolute()
    missing = [name for name in FILES if not (path / name).is_file()]
    if missing:
        raise DataError(f"{VARIABLE} = {given} lacks {', '.join(missing)}", hint)
    return path


def put_into_home(home: Path) -> None:
    """Copy the files to where dltui keeps its data."""
    target = data_folder(home, MNIST.kind)
    target.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        shutil.copyfile(folder() / name, target / name)


def put_for_torchvision(root: Path, images: int = 60_000) -> None:
    """Unpack the files to where `torchvision.datasets.MNIST(root)` looks for them, the first images alone."""
    target = root / "MNIST" / "raw"
    target.mkdir(parents=True)
    for name in FILES:
        with gzip.open(folder() / name) as packed, (target / name.removesuffix(".gz")).open("wb") as unpacked:
            shutil.copyfileobj(packed, unpacked)
    shorten(target / "train-images-idx3-ubyte", 16, images, 28 * 28)
    shorten(target / "train-labels-idx1-ubyte", 8, images, 1)


def shorten(file: Path, header: int, items: int, size: int) -> None:
    """Leave so many items of so many bytes in an IDX file, which says their number behind four bytes."""
    content = file.read_bytes()
    file.write_bytes(content[:4] + items.to_bytes(4, "big") + content[8 : header + items * size])


class Mirror(ThreadingHTTPServer):
    """Serves `/mnist/<file>` on a free port of 127.0.0.1 and remembers what it was asked for."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Files)
        self.files = folder()
        self.served: list[str] = []

    @property
    def address(self) -> str:
        """What `DLTUI_MIRRORS` is set to."""
        return f"http://127.0.0.1:{self.server_port}/"


class _Files(SimpleHTTPRequestHandler):
    server: Mirror

    def translate_path(self, path: str) -> str:
        """Return the file that a request is for; every other path leads to nothing."""
        name = path.removeprefix(f"/{MNIST.kind}/")
        return str(self.server.files / (name if name in FILES else "missing"))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Print nothing; keep the path."""
        self.server.served.append(self.path)


@contextmanager
def mirror() -> Iterator[Mirror]:
    """Serve the files for as long as the block lasts."""
    server = Mirror()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
