"""CIFAR-10 as tensors: every pixel where it belongs, and odd records refused."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import torch

from dlcore.datasets.published import CIFAR10, FASHION_MNIST, KMNIST, MNIST, data_folder
from dlcore.errors import DataError
from dlcore.training.cifar import RECORD, read_cifar10, records
from tests.dlcore import archives


class Mirror(BaseHTTPRequestHandler):
    """Serves the small archive."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(archives.PACKED)))
        self.end_headers()
        self.wfile.write(archives.PACKED)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@pytest.fixture
def mirror(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.delenv("DLTUI_MIRRORS", raising=False)
    with ThreadingHTTPServer(("127.0.0.1", 0), Mirror) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


def silent(name: str, received: int, total: int) -> None:
    pass


@pytest.mark.parametrize("number", [1, 3])
def test_every_byte_has_its_place(number: int) -> None:
    images, labels = records(archives.CONTENT[: number * RECORD])
    assert (images.dtype, images.shape) == (torch.uint8, (number, 3, 32, 32))
    assert (labels.dtype, labels.tolist()) == (torch.int64, list(range(number)))
    for index in range(number):
        for channel, row, column in ((0, 0, 0), (0, 0, 1), (0, 1, 0), (1, 0, 0), (2, 31, 31), (1, 7, 19)):
            place = index * RECORD + 1 + channel * 1024 + row * 32 + column
            assert images[index, channel, row, column] == archives.CONTENT[place]
    images += 1  # the tensor is its own


@pytest.mark.parametrize("length", [0, 1, RECORD - 1, RECORD + 1, 10 * RECORD - 1])
def test_a_length_that_is_not_of_whole_records_is_refused(length: int) -> None:
    with pytest.raises(DataError, match=rf"^{length:,} bytes are not a number of CIFAR-10's 3,073-byte"):
        records(archives.CONTENT[:length])


def test_a_label_above_nine_is_refused() -> None:
    content = archives.CONTENT[:RECORD] + b"\x0a" + archives.CONTENT[RECORD + 1 : 4 * RECORD]
    with pytest.raises(DataError, match="record 1 of CIFAR-10 has the label 10, and the last class is 9"):
        records(content)


def test_the_splits_come_from_the_archive(tmp_path: Path, mirror: str) -> None:
    told: list[tuple[str, int, int]] = []
    published = archives.small_cifar10(mirror)
    training, test = read_cifar10(tmp_path, lambda *report: told.append(report), published)
    assert told[-1] == ("cifar-10-binary.tar.gz", len(archives.PACKED), len(archives.PACKED))
    assert training[1].tolist() == list(range(10)) * 5
    assert test[1].tolist() == list(range(10))
    joined = b"".join(
        bytes([label]) + bytes(image.flatten().tolist())
        for images, labels in (training, test)
        for image, label in zip(images, labels.tolist(), strict=True)
    )
    assert joined == archives.CONTENT


def test_the_splits_come_from_the_folder_without_a_network(tmp_path: Path) -> None:
    for name, content in archives.BATCHES.items():
        path = data_folder(tmp_path, "cifar10") / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    training, test = read_cifar10(tmp_path, silent, archives.small_cifar10())
    expected = records(archives.CONTENT)
    assert torch.equal(torch.cat([training[0], test[0]]), expected[0])
    assert torch.equal(torch.cat([training[1], test[1]]), expected[1])


def test_only_an_archive_of_records_is_read(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="too many values"):
        read_cifar10(tmp_path, silent, MNIST)


def test_the_checksums_are_those_that_torchvision_knows() -> None:
    datasets = pytest.importorskip("torchvision.datasets")
    for ours, theirs in ((FASHION_MNIST, datasets.FashionMNIST), (KMNIST, datasets.KMNIST)):
        assert [(file.name, file.checksum) for file in ours.files] == theirs.resources
        assert set(theirs.mirrors) <= set(ours.addresses)
    assert datasets.CIFAR10.url.startswith(CIFAR10.addresses[0])
