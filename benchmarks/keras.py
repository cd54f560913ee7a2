"""dltui compiled, with its eyes off, against Keras 3 on JAX: its plain `fit`, two cores each."""

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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
from benchmarks.report import Page
from benchmarks.rounds import Rounds, in_turn
from benchmarks.training_runs import BLIND, CLASSIC, COMPILED, TWO_THREADS, trained

ROUNDS = 7
EPOCHS = 5
PACKAGES = ("keras", "jax")
LINE = f"{CLASSIC} {TWO_THREADS} {COMPILED} {BLIND} e={EPOCHS}"
DLTUI, FIT, QUIET = "dltui compiled, eyes off", "Keras 3 on JAX, fit", "Keras 3 on JAX, fit(verbose=0)"


@contextmanager
def two_cores() -> Iterator[None]:
    """Have all that is started in the block run on two cores alone, where that can be asked for."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(before)[:2])
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def measure(rounds: int = ROUNDS) -> Page:
    """Return the tables of this section."""
    missing = not_installed(PACKAGES)
    if missing:
        return Page(missing)
    mnist.folder()
    with tempfile.TemporaryDirectory() as scratch, two_cores():
        home, folder = Path(scratch) / "home", Path(scratch) / "torchvision"
        mnist.put_into_home(home)
        mnist.put_for_torchvision(folder)
        variables = {"KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu", "KERAS_HOME": str(home / "keras")}

        def fit(*more: str) -> Callable[[], Trained]:
            arguments = (str(folder), str(EPOCHS), *more)
            return lambda: script(
                "scripts.keras_fit", *arguments, scratch=home, threads=2, variables=variables
            )

        # What is compiled is kept for the next time: the first run pays for it, and does not count.
        first = trained(home, LINE, watched=False)
        programs = {
            DLTUI: lambda: trained(home, LINE, watched=False),
            FIT: fit(),
            QUIET: fit("quiet"),
        }
        found = in_turn(programs, rounds)
    return page(found, first)


def page(found: Rounds[Trained], first: Trained) -> Page:
    """Return the page that these rounds make."""
    ours, plain = found.by_program[DLTUI], found.by_program[FIT]
    target = at_least(
        "training speed, compiled and eyes off, against Keras 3 on JAX, two threads each",
        against(ours, plain),
        1.0,
    )
    versions = ", ".join(f"{name} {installed(name)}" for name in PACKAGES)
    intro = (
        "784-128-64-10 with ReLU, SGD with momentum 0.9 and learning rate 0.01, batches of 64, all 60,000 "
        f"images of MNIST, on two cores, {EPOCHS} epochs in a turn, of which the first does not count: "
        f"{versions}. dltui is `{LINE}`, without the app; Keras is benchmarks/scripts/keras_fit.py, with its "
        f"progress bar on a terminal and without. Both measure loss and accuracy. Before the rounds a run of "
        f"dltui took {first.wall:.0f} s in all. {found.text()}"
    )
    return Page("\n\n".join((intro, figures_table(found.by_program))), (target,))
