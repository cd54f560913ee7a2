"""Published data without a network, damaged, and from a mirror; and a torchvision that is broken."""

import functools
import os
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from dlcore.datasets.published import MNIST
from dlcore.summary import read_history
from tests.process.laboratory import Laboratory

NO_TORCHVISION = 'raise RuntimeError("operator torchvision::nms does not exist")\n'


@pytest.fixture
def broken_torchvision(laboratory: Laboratory) -> str:
    """A PYTHONPATH with a torchvision that was built for another torch."""
    folder = laboratory.folder / "broken"
    folder.mkdir()
    (folder / "torchvision.py").write_text(NO_TORCHVISION)
    return str(folder)


def test_without_a_network_mnist_fails_with_a_sentence(laboratory: Laboratory) -> None:
    done = laboratory.dltui("run", "mnist e=1", DLTUI_MIRRORS="http://127.0.0.1:9/")
    [line] = done.stderr.splitlines()
    assert done.returncode == 1
    assert line.startswith("dltui: ")
    assert "of MNIST could not be downloaded (127.0.0.1:9: connection refused; " in line
    assert "DLTUI_MIRRORS" in line
    assert "digits, which needs no network" in line
    folder = laboratory.home / "data" / "mnist"
    assert str(folder) in line
    assert list(folder.iterdir()) == []
    assert "failed" in laboratory.dltui("show", "latest").stdout


def test_a_damaged_file_is_named_and_kept(laboratory: Laboratory) -> None:
    folder = laboratory.home / "data" / "mnist"
    folder.mkdir(parents=True)
    for file in MNIST.files:
        (folder / file.name).write_bytes(b"\x1f\x8b damaged")
    done = laboratory.dltui("run", "mnist e=1")
    [line] = done.stderr.splitlines()
    assert done.returncode == 1
    assert f"{folder / MNIST.files[0].name} is not the file that was published: corrupt." in line
    assert "Delete it and start again" in line
    assert sorted(path.name for path in folder.iterdir()) == sorted(file.name for file in MNIST.files)


def test_a_broken_torchvision_is_no_obstacle(laboratory: Laboratory, broken_torchvision: str) -> None:
    training = laboratory.start("run", "digits e=1", PYTHONPATH=broken_torchvision)
    doctor = laboratory.dltui("doctor", PYTHONPATH=broken_torchvision)
    assert doctor.stderr == ""
    assert "cannot be imported: RuntimeError: operator torchvision::nms does not exist" in doctor.stdout
    assert "Install torch and torchvision together" in doctor.stdout
    done = laboratory.finish(training)
    assert (done.returncode, done.stderr) == (0, "")


class Quiet(SimpleHTTPRequestHandler):
    """Serves a folder without a word."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


@pytest.fixture
def mirror(laboratory: Laboratory) -> Iterator[str]:
    """The address of a mirror on this machine with the real MNIST."""
    source = os.environ.get("DLTUI_TEST_MNIST", "")
    if not source:
        pytest.skip("DLTUI_TEST_MNIST does not say where the files of MNIST are")
    served = laboratory.folder / "mirror"
    served.mkdir()
    (served / "mnist").symlink_to(Path(source).absolute())
    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(served))) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


def test_the_real_mnist_comes_from_a_mirror(
    laboratory: Laboratory, mirror: str, broken_torchvision: str
) -> None:
    line = "mnist mlp 128,64 relu he ce momentum lr=.01 m=.9 b=64 n=5000 e=1 seed=0"
    done = laboratory.dltui(
        "run", line, DLTUI_MIRRORS=mirror, no_proxy="127.0.0.1", PYTHONPATH=broken_torchvision
    )
    assert (done.returncode, done.stderr) == (0, "")
    folder = laboratory.home / "data" / "mnist"
    assert sorted(path.name for path in folder.iterdir()) == sorted(file.name for file in MNIST.files)
    history = read_history(laboratory.run())
    assert history.prepared is not None
    assert (history.prepared.training_samples, history.prepared.test_samples) == (4500, 10_000)
    assert (history.final()["test"]["accuracy"] or 0) > 0.7
