"""What training programs print is read as they print it, and told against what was wanted."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks import plain_script
from benchmarks.mnist import shorten
from benchmarks.programs import (
    Trained,
    against,
    at_least,
    figures_table,
    installed,
    not_installed,
    parsed,
    rate,
    script,
)
from benchmarks.report import Spread
from benchmarks.scripts import arrays, sklearn_classifier
from benchmarks.scripts.measured import Epochs
from dlcore.errors import DltuiError


def trained(rate: float) -> Trained:
    return Trained(rate=rate, accuracy=0.97, epochs=3, wall=5.0, threads=1)


@pytest.fixture
def mnist(tmp_path: Path) -> str:
    """A folder like torchvision's, with a hundred images of each split."""
    raw = tmp_path / "MNIST" / "raw"
    raw.mkdir(parents=True)
    random = np.random.default_rng(0)
    for name in ("train", "t10k"):
        images = random.integers(0, 256, (100, 28, 28), dtype=np.uint8)
        labels = random.integers(0, 10, 100, dtype=np.uint8)
        images[0, 0, 0], images[0, 0, 1] = 0, 255
        header = (0x803, 100, 28, 28)
        (raw / f"{name}-images-idx3-ubyte").write_bytes(np.array(header, ">i4").tobytes() + images.tobytes())
        header_ = np.array((0x801, 100), ">i4").tobytes()
        (raw / f"{name}-labels-idx1-ubyte").write_bytes(header_ + labels.tobytes())
    return str(tmp_path)


def test_first_epoch_does_not_count() -> None:
    assert rate([100.0, 2.0, 4.0], 60) == 20


def test_peers_lines_behind_a_progress_bar_are_read(capsys: pytest.CaptureFixture[str]) -> None:
    epochs = Epochs()
    epochs.seconds = [9.0, 1.0, 3.0]
    print(
        "\x1b[1m938/938\x1b[0m \x1b[32m━━━━\x1b[0m \x1b[1m1s\x1b[0m accuracy: 0.9696 - loss: 0.0980", end=""
    )
    epochs.tell(0.9675, 2)
    found = parsed(capsys.readouterr().out.replace("\n", "\r\n"), 12.5, 60_000)
    assert found == Trained(rate=30_000, accuracy=0.9675, epochs=3, wall=12.5, threads=2)


@pytest.mark.parametrize(
    "lines", ["", "epoch 1  training 1.0 s\ntest accuracy 0.9", "epoch 1  training 1.0 s\n" * 2]
)
def test_too_little_is_nothing(lines: str) -> None:
    assert parsed(lines, 1.0, 60_000) is None


@pytest.mark.parametrize("network", plain_script.NETWORKS)
def test_plain_script_says_what_is_read(network: str, mnist: str, capsys: pytest.CaptureFixture[str]) -> None:
    plain_script.main(mnist, 2, network, 70)
    found = parsed(capsys.readouterr().out, 1.0, 70)
    assert found is not None
    assert found.epochs == 2
    assert found.threads


def test_the_classifiers_epochs_are_timed(mnist: str, capsys: pytest.CaptureFixture[str]) -> None:
    sklearn_classifier.main(mnist, 3)
    found = parsed(capsys.readouterr().out, 1.0, 100)
    assert found is not None
    assert found.epochs == 3


def test_arrays_are_normalized_floats(mnist: str) -> None:
    images, labels = arrays.split(mnist, "train")
    assert images.shape == (100, 784)
    assert images.dtype == np.float32
    assert (images[0, 0], images[0, 1]) == (-1, 1)
    assert labels.dtype == np.int64


def test_a_shortened_split_says_so(mnist: str) -> None:
    raw, (before, classes) = Path(mnist) / "MNIST" / "raw", arrays.split(mnist, "train")
    shorten(raw / "train-images-idx3-ubyte", 16, 40, 28 * 28)
    shorten(raw / "train-labels-idx1-ubyte", 8, 40, 1)
    images, labels = arrays.split(mnist, "train")
    assert (images == before[:40]).all()
    assert (labels == classes[:40]).all()
    counts = [int.from_bytes(file.read_bytes()[4:8], "big") for file in sorted(raw.glob("train-*"))]
    assert counts == [40, 40]


@pytest.mark.process
def test_a_program_that_fails_tells_its_last_words(tmp_path: Path) -> None:
    with pytest.raises(DltuiError, match=r"scripts\.sklearn_classifier failed: .*No such file"):
        script("scripts.sklearn_classifier", "nowhere", "2", scratch=tmp_path, threads=1)


def test_a_ratio_is_that_of_the_rounds() -> None:
    ours, theirs = [trained(10), trained(30)], [trained(5), trained(10)]
    assert against(ours, theirs) == Spread(2.5, 2, 3)


def test_a_target_is_met_or_not() -> None:
    met = at_least("this", Spread(2.0, 1.0, 3.0), 2.0)
    assert (met.measured, met.wanted, met.met) == ("2.00 × (1.00 – 3.00)", "≥ 2.0 ×", True)
    missed = at_least("this", Spread(0.96, 0.9, 1.0), 0.97)
    assert (missed.wanted, missed.met) == ("≥ 0.97 ×", False)


def test_peers_that_are_not_there_are_named() -> None:
    assert installed("nobody-makes-this") is None
    assert not_installed(["torch"]) == ""
    assert "is nobody-makes-this:" in not_installed(["torch", "nobody-makes-this"])


def test_a_fault_is_told_before_a_note() -> None:
    fine = Trained(rate=1, accuracy=0.5, epochs=2, wall=1, note="18 kB/s")
    wrong = Trained(rate=1, accuracy=0.5, epochs=2, wall=1, fault="the app did not stay")
    assert figures_table({"dltui": [fine]}).endswith("| 18 kB/s |")
    assert figures_table({"dltui": [wrong, fine]}).endswith("| **the app did not stay** |")
