"""All that is measured on a GPU runs on a CPU as well; without a GPU the page says so."""

import pytest
import torch

from benchmarks import gpu, rounds
from benchmarks.gpu import LIMIT, NETWORKS, PLAIN, WAYS, Network
from benchmarks.programs import Trained, parsed
from benchmarks.rounds import Rounds
from benchmarks.scripts import on_device
from dlcore.config import plan
from dlcore.oneline import parse

LINE = "noise samples=160 data.side=8 data.channels=3 resnet model.width=4 b=32 relu ce val=0 seed=0"
TINY = Network("tiny", LINE, 32, 128)


def test_without_a_gpu_the_page_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    page = gpu.measure()
    assert "no CUDA GPU" in page.text()
    assert page.targets == ()


@pytest.mark.parametrize("network", NETWORKS, ids=lambda network: network.name)
def test_the_images_are_whole_batches(network: Network) -> None:
    steps = plan(parse(network.line))
    assert (steps.training, steps.batch_size) == (network.images, network.batch_size)
    assert network.images % network.batch_size == 0


@pytest.mark.parametrize("which", ["limit", "loop"])
def test_scripts_say_what_is_read(which: str, home: object, capsys: pytest.CaptureFixture[str]) -> None:
    on_device.main(which, "cpu", 2, LINE)
    found = parsed(capsys.readouterr().out, 1.0, 128)
    assert found is not None
    assert found.epochs == 2


@pytest.mark.process
def test_everything_is_measured_on_a_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpu, "WAYS", {way: WAYS[way] for way in ("eager", "bfloat16")})
    monkeypatch.setattr(rounds, "wait_until_quiet", lambda: True)
    page = gpu.measured("cpu", (TINY,), rounds=1, epochs=(2, 2))
    assert page.body.count("| tiny |") == 2
    assert page.body.count("epoch 2") == 4


def test_the_page_has_a_row_for_each_way() -> None:
    rates = {PLAIN: 10.0, LIMIT: 40.0, "eager": 30.0, "compiled": 50.0, "bfloat16": 20.0, "both": 60.0}
    figures = {
        f"tiny: {name}": [Trained(rate=rate, accuracy=0.1, epochs=2, wall=1.0)]
        for name, rate in rates.items()
    }
    page = gpu.page(Rounds(figures, 0, 0), (TINY,), (2, 2))
    assert "| tiny | eager | 3.00 × (3.00 – 3.00) | 0.750 (0.750 – 0.750) |" in page.body
    assert "| tiny | both | 6.00 × (6.00 – 6.00) | 1.500 (1.500 – 1.500) |" in page.body
