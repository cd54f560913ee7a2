"""Training speed against what else one would train this network with, each in its own documentation's way.

The programs are in `scripts/`. Network, data, batch size and optimizer are the same for all, and so is the
clock: training steps alone, from the second epoch on. All have one thread, and a terminal of their own.
"""

import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks import mnist
from benchmarks.programs import (
    Trained,
    against,
    at_least,
    figures_table,
    installed,
    not_installed,
    script,
)
from benchmarks.report import Page, Target
from benchmarks.rounds import Rounds, in_turn
from benchmarks.training_runs import CLASSIC, ONE_THREAD, trained

ROUNDS = 7
IMAGES = 40_000
EPOCHS, PEER_EPOCHS = 3, 2
LINE = f"{CLASSIC} {ONE_THREAD} n={IMAGES} e={EPOCHS}"

DLTUI = "dltui, app attached"
PEERS = (
    # name, distribution, program, least ratio
    ("Lightning Trainer", "lightning", "lightning_trainer", 2.0),
    ("skorch", "skorch", "skorch_net", 1.3),
    ("Lightning Fabric", "lightning", "fabric_loop", 1.2),
    ("scikit-learn's MLPClassifier", "scikit-learn", "sklearn_classifier", 1.0),
)
VARIANTS = (
    ("Lightning Trainer, no progress bar", "lightning", "lightning_trainer", ("quiet", str(PEER_EPOCHS))),
    ("Lightning Trainer, torchvision's data set", "lightning", "lightning_trainer", ("torchvision", "2")),
)


def measure(rounds: int = ROUNDS) -> Page:
    """Return the tables of this section."""
    mnist.folder()
    with tempfile.TemporaryDirectory() as scratch:
        home, folder = Path(scratch) / "home", Path(scratch) / "torchvision"
        mnist.put_into_home(home)
        mnist.put_for_torchvision(folder, IMAGES)

        def peer(program: str, epochs: str = str(PEER_EPOCHS), *more: str) -> Callable[[], Trained]:
            arguments = (str(folder), epochs, *more)
            name = f"scripts.{program}"
            return lambda: script(name, *arguments, scratch=home, threads=1, samples=IMAGES)

        programs = {DLTUI: lambda: trained(home, LINE, watched=True)}
        programs |= {name: peer(program) for name, package, program, _ in PEERS if installed(package)}
        variants = {
            name: peer(program, epochs, word)
            for name, package, program, (word, epochs) in VARIANTS
            if installed(package)
        }
        found = in_turn(programs, rounds)
        once = in_turn(variants, 1, patience=0) if variants else None
    return page(found, once)


def page(found: Rounds[Trained], once: Rounds[Trained] | None) -> Page:
    """Return the page that these rounds make."""
    packages = dict.fromkeys(package for _, package, _, _ in PEERS)
    parts = [_intro(found, tuple(packages)), figures_table(found.by_program)]
    if once is not None:
        parts += [f"Once, for comparison. {once.text()}", figures_table(once.by_program)]
    parts.append(not_installed(packages))
    return Page("\n\n".join(filter(None, parts)), _targets(found.by_program))


def _targets(figures: dict[str, list[Trained]]) -> tuple[Target, ...]:
    ours = figures[DLTUI]
    return tuple(
        at_least(f"training speed against {name}, one thread each", against(ours, figures[name]), least)
        for name, _, _, least in PEERS
        if name in figures
    )


def _intro(found: Rounds[Trained], packages: tuple[str, ...]) -> str:
    versions = ", ".join(f"{name} {installed(name)}" for name in packages if installed(name))
    return (
        "784-128-64-10 with ReLU, SGD with momentum 0.9 and learning rate 0.01, batches of 64, the first "
        f"{IMAGES:,} images of MNIST as normalized floats in memory, on the CPU; in a turn {EPOCHS} epochs "
        f"of dltui and {PEER_EPOCHS} of the others, of which the first does not count: {versions}. dltui is "
        f"`{LINE}`; it records loss, accuracy and gradient norms with the app attached. The others do what "
        f"they do unless told otherwise; what each was told is in benchmarks/scripts. {found.text()}"
    )
