"""Training speed on a GPU: dltui as it is, compiled, in bfloat16, and both; the script's loop; the limit.

Without a GPU there is nothing to measure, and the page says so. `measured` takes the device, so that all of
this runs on a CPU as well.
"""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks import mnist
from benchmarks.limit import share_text
from benchmarks.programs import Trained, against, factor, figures_table, script
from benchmarks.report import Page, table
from benchmarks.rounds import Rounds, in_turn
from benchmarks.training_runs import COMPILED, trained

ROUNDS = 1
IMAGES = 20_480
EPOCHS, PLAIN_EPOCHS = 20, 2
BFLOAT16 = "training.precision=bfloat16"
WAYS = {"eager": "", "compiled": COMPILED, "bfloat16": BFLOAT16, "both": f"{COMPILED} {BFLOAT16}"}
PLAIN, LIMIT = "plain loop", "one batch, a PyTorch script's step"
_COMMON = "relu ce momentum lr=.01 m=.9 val=0 seed=0"


@dataclass(frozen=True)
class Network:
    """What is trained, and on what."""

    name: str
    line: str
    """Without device and epochs."""
    batch_size: int
    images: int
    """Training samples; a number of whole batches."""
    word: str = ""
    """What plain_script calls it; empty where it has no such network, and its loop gets dltui's."""


NETWORKS = (
    Network("MLP b=64", f"mnist mlp 128,64 b=64 n={IMAGES} {_COMMON}", 64, IMAGES, "classic"),
    Network("MLP b=1024", f"mnist mlp 128,64 b=1024 n={IMAGES} {_COMMON}", 1024, IMAGES, "classic"),
    Network(
        "CNN b=64", f"mnist cnn filters=16,32 model.hidden=[] b=64 n={IMAGES} {_COMMON}", 64, IMAGES, "cnn"
    ),
    Network(
        "ResNet b=128",
        f"noise samples={IMAGES * 5 // 4} data.side=32 data.channels=3 resnet b=128 {_COMMON}",
        128,
        IMAGES,
    ),
)


def measure() -> Page:
    """Return the page of this section."""
    import torch  # a second, and of no use to the other sections

    if not torch.cuda.is_available():
        return Page("torch sees no CUDA GPU on this machine, so there is nothing to measure here.")
    page = measured("cuda")
    return Page(f"{torch.cuda.get_device_name()}.\n\n{page.body}")


def measured(
    device: str,
    networks: Sequence[Network] = NETWORKS,
    rounds: int = ROUNDS,
    epochs: tuple[int, int] = (EPOCHS, PLAIN_EPOCHS),
) -> Page:
    """Train everything on a device, dltui and the plain script for so many epochs."""
    with tempfile.TemporaryDirectory() as scratch:
        home, folder = Path(scratch) / "home", Path(scratch) / "torchvision"
        home.mkdir()
        if any(network.word for network in networks):
            mnist.put_into_home(home)
            mnist.put_for_torchvision(folder)
        programs: dict[str, Callable[[], Trained]] = {}
        for network in networks:
            programs |= _programs(network, device, home, folder, epochs)
        found = in_turn(programs, rounds, patience=0)
    return page(found, networks, epochs)


def _programs(
    network: Network, device: str, home: Path, folder: Path, epochs: tuple[int, int]
) -> dict[str, Callable[[], Trained]]:
    """Return what is measured of one network, by name."""

    def on_device(which: str, number: int, threads: int | None) -> Trained:
        arguments = (which, device, str(number), network.line)
        return script("scripts.on_device", *arguments, scratch=home, threads=threads, samples=network.images)

    def plain() -> Trained:
        if not network.word:
            return on_device("loop", epochs[1], None)
        sizes = (str(network.images), device, str(network.batch_size))
        arguments = (str(folder), str(epochs[1]), network.word, *sizes)
        return script("plain_script", *arguments, scratch=home, threads=None, samples=network.images)

    def ours(words: str) -> Callable[[], Trained]:
        line = f"{network.line} device={device} e={epochs[0]} {words}"
        return lambda: trained(home, line, watched=False)

    return {
        f"{network.name}: {PLAIN}": plain,
        f"{network.name}: {LIMIT}": lambda: on_device("limit", epochs[0], 1),
        **{f"{network.name}: {way}": ours(words) for way, words in WAYS.items()},
    }


def page(found: Rounds[Trained], networks: Sequence[Network], epochs: tuple[int, int]) -> Page:
    """Return the page that these rounds make."""
    figures = found.by_program
    rows = []
    for network in networks:
        plain, limit = figures[f"{network.name}: {PLAIN}"], figures[f"{network.name}: {LIMIT}"]
        for way in WAYS:
            ours = figures[f"{network.name}: {way}"]
            rows.append((network.name, way, factor(against(ours, plain)), share_text(against(ours, limit))))
    lines = "; ".join(f"{network.name} `{network.line}`" for network in networks)
    intro = (
        f"{lines}. dltui keeps the data on the device and takes {epochs[0]} epochs of which the first does "
        "not count, nothing is attached; `compiled` is with "
        f"`{COMPILED}`, `bfloat16` with `{BFLOAT16}`. The plain loop is that of the torchvision script, its "
        f"batches moved to the device one by one, {epochs[1]} epochs; where it is given noise, the samples "
        "are in memory already and only put into batches. The limit is a PyTorch step in float32 with the "
        f"fused optimizer on one resident batch: accuracy there is learned by heart. {found.text()}"
    )
    header = ("network", "dltui", "against the plain loop", "share of the limit")
    return Page("\n\n".join((intro, figures_table(figures), table(header, rows))))
