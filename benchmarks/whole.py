"""A whole run of five epochs, from start-up to finish: dltui as it comes against the plain script."""

import tempfile
from pathlib import Path

from benchmarks import mnist
from benchmarks.programs import Trained, figures_table, script
from benchmarks.report import Page
from benchmarks.rounds import Rounds, in_turn
from benchmarks.training_runs import CLASSIC, trained

ROUNDS = 2
EPOCHS = 5
LINE = f"{CLASSIC} e={EPOCHS}"
PLAIN, DLTUI = "plain script, one thread", "dltui as it comes, app attached"


def measure(rounds: int = ROUNDS) -> Page:
    """Return the table of this section."""
    mnist.folder()
    with tempfile.TemporaryDirectory() as scratch:
        home, folder = Path(scratch) / "home", Path(scratch) / "torchvision"
        mnist.put_into_home(home)
        mnist.put_for_torchvision(folder)
        found = in_turn(
            {
                PLAIN: lambda: script("plain_script", str(folder), str(EPOCHS), scratch=home, threads=1),
                DLTUI: lambda: trained(home, LINE, watched=True),
            },
            rounds,
        )
    return page(found)


def page(found: Rounds[Trained]) -> Page:
    """Return the page that these rounds make; it has no target."""
    intro = (
        f"784-128-64-10, batches of 64, all 60,000 images of MNIST, {EPOCHS} epochs, on the CPU: loading, "
        f"training, an evaluation of the test split after each epoch, saving. dltui is `{LINE}`; the seconds "
        f"are those from start-up to finish. {found.text()}"
    )
    return Page(f"{intro}\n\n{figures_table(found.by_program)}")
