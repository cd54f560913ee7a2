"""Training speed of a convolutional network and of a deep one, against the plain script's loop with the same.

The script runs as a user starts it, with torch's own number of threads, and once more with one; dltui
chooses its number of threads by itself. The first 20,000 images are enough: a step costs the same.
"""

import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks import mnist
from benchmarks.programs import Trained, against, at_least, factor, figures_table, script
from benchmarks.report import Page, Target, table
from benchmarks.rounds import Rounds, in_turn
from benchmarks.training_runs import trained

ROUNDS = 7
ONE_THREAD_ROUNDS = 1
IMAGES = 10_000
EPOCHS, PLAIN_EPOCHS = 4, 2
_COMMON = f"ce momentum lr=.01 m=.9 b=64 val=0 device=cpu seed=0 n={IMAGES} e={EPOCHS}"
NETWORKS = (
    # name, plain_script's word for it, dltui's line, least ratio
    (
        "CNN conv16-pool-conv32-pool-fc",
        "cnn",
        f"mnist cnn filters=16,32 model.hidden=[] relu {_COMMON}",
        2.2,
    ),
    ("ten-layer sigmoid MLP", "deep", f"mnist mlp {','.join(['64'] * 10)} sigmoid {_COMMON}", 4.5),
)
DLTUI, PLAIN, ONE = "dltui, app attached", "plain script", "plain script, one thread"


def measure(rounds: int = ROUNDS, one_thread_rounds: int = ONE_THREAD_ROUNDS) -> Page:
    """Return the tables of this section."""
    mnist.folder()
    with tempfile.TemporaryDirectory() as scratch:
        home, folder = Path(scratch) / "home", Path(scratch) / "torchvision"
        mnist.put_into_home(home)
        mnist.put_for_torchvision(folder)

        def plain(network: str, threads: int | None) -> Callable[[], Trained]:
            arguments = (str(folder), str(PLAIN_EPOCHS), network, str(IMAGES))
            return lambda: script("plain_script", *arguments, scratch=home, threads=threads, samples=IMAGES)

        def ours(line: str) -> Callable[[], Trained]:
            return lambda: trained(home, line, watched=True)

        programs: dict[str, Callable[[], Trained]] = {}
        for name, network, line, _ in NETWORKS:
            programs |= {f"{name}: {PLAIN}": plain(network, None), f"{name}: {DLTUI}": ours(line)}
        found = in_turn(programs, rounds)
        single = {f"{name}: {ONE}": plain(network, 1) for name, network, _, _ in NETWORKS}
        one = in_turn(single, one_thread_rounds, patience=0)
    return page(found, one)


def page(found: Rounds[Trained], one: Rounds[Trained]) -> Page:
    """Return the page that these rounds make."""
    figures = found.by_program
    targets: list[Target] = []
    rows: list[tuple[str, str]] = []
    for name, _, _, least in NETWORKS:
        ours = figures[f"{name}: {DLTUI}"]
        value = against(ours, figures[f"{name}: {PLAIN}"])
        targets.append(
            at_least(f"training speed, {name}, against the plain script's loop with the same", value, least)
        )
        rows.append((f"{name}: dltui / plain script as it starts", factor(value)))
        single = one.by_program[f"{name}: {ONE}"]
        rows.append(
            (f"{name}: dltui / plain script, one thread", factor(against(ours[: len(single)], single)))
        )
    parts = (
        _intro(found, one),
        figures_table({**figures, **one.by_program}),
        table(("ratio of speed", "median (min – max)"), rows),
    )
    return Page("\n\n".join(parts), tuple(targets))


def _intro(found: Rounds[Trained], one: Rounds[Trained]) -> str:
    lines = " and ".join(f"`{line}`" for _, _, line, _ in NETWORKS)
    return (
        f"SGD with momentum 0.9 and learning rate 0.01, batches of 64, the first {IMAGES:,} images of "
        f"MNIST, on the CPU; {PLAIN_EPOCHS} epochs of the plain script and {EPOCHS} of dltui in a turn, of "
        f"which the first does not count. dltui is {lines}. {found.text()} "
        f"The plain script with one thread came behind the others: {one.text()}"
    )
