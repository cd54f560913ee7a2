"""Training speed: dltui with the app attached, against the plain torchvision + DataLoader script.

Both train the classic network on MNIST, in turn, round after round; a ratio is the median of the
rounds' own ratios. The clock is that of training, with everything that is written down meanwhile, without the
first epoch and without evaluation. The script, whose cost is by the image, has the first 20,000 of them.
"""

import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks import mnist
from benchmarks.programs import Trained, against, at_least, factor, figures_table, script
from benchmarks.report import Page, Spread, Target, ratios, table
from benchmarks.rounds import Rounds, in_turn
from benchmarks.training_runs import CLASSIC, COMPILED, ONE_THREAD, trained

ROUNDS = 7
EPOCHS, PLAIN_EPOCHS, PLAIN_IMAGES = 5, 2, 20_000
LINE = f"{CLASSIC} {ONE_THREAD} e={EPOCHS}"

PLAIN, WATCHED, COMPILED_WATCHED = (
    "plain script, one thread",
    "dltui, app attached",
    "dltui compiled, app attached",
)


def measure(rounds: int = ROUNDS) -> Page:
    """Return the tables of this section."""
    mnist.folder()
    with tempfile.TemporaryDirectory() as scratch:
        home, folder = Path(scratch) / "home", Path(scratch) / "torchvision"
        mnist.put_into_home(home)
        mnist.put_for_torchvision(folder)

        def plain() -> Trained:
            arguments = (str(folder), str(PLAIN_EPOCHS), "classic", str(PLAIN_IMAGES))
            return script("plain_script", *arguments, scratch=home, threads=1, samples=PLAIN_IMAGES)

        # What is compiled is kept for the next time: the first run pays for it, and does not count.
        first = trained(home, f"{LINE} {COMPILED}", watched=False)
        programs: dict[str, Callable[[], Trained]] = {
            PLAIN: plain,
            WATCHED: lambda: trained(home, LINE, watched=True),
            COMPILED_WATCHED: lambda: trained(home, f"{LINE} {COMPILED}", watched=True),
        }
        found = in_turn(programs, rounds)
    return page(found, first)


def page(found: Rounds[Trained], first: Trained) -> Page:
    """Return the page that these rounds make."""
    parts = (_intro(found, first), figures_table(found.by_program), _ratios(found.by_program))
    return Page("\n\n".join(parts), _targets(found.by_program))


def _targets(figures: dict[str, list[Trained]]) -> tuple[Target, ...]:
    plain = figures[PLAIN]
    return (
        at_least(
            "training speed against the plain torchvision + DataLoader script, one thread each, app attached",
            against(figures[WATCHED], plain),
            5.0,
        ),
        at_least("the same with training.compile", against(figures[COMPILED_WATCHED], plain), 5.5),
    )


def _intro(found: Rounds[Trained], first: Trained) -> str:
    return (
        "784-128-64-10 with ReLU, SGD with momentum 0.9 and learning rate 0.01, batches of 64, MNIST, on the "
        f"CPU; in a turn {EPOCHS} epochs of dltui with all 60,000 images and {PLAIN_EPOCHS} of the plain "
        f"script with {PLAIN_IMAGES:,}, of which the first does not count. dltui is `{LINE}`, compiled with "
        f"`{COMPILED}`; it records loss, accuracy and gradient norms. The clock runs from an evaluation's "
        f"end to the epoch's end. Before the rounds a compiled run of {EPOCHS} epochs took "
        f"{first.wall:.0f} s in all. {found.text()}"
    )


def _ratios(figures: dict[str, list[Trained]]) -> str:
    def row(name: str, value: Spread) -> tuple[str, str]:
        return name, factor(value)

    def by_its_own_count(ours: list[Trained]) -> Spread:
        return ratios([one.steps or one.rate for one in ours], [one.rate for one in plain])

    plain, watched, compiled = (figures[name] for name in (PLAIN, WATCHED, COMPILED_WATCHED))
    rows = [
        row("dltui, app attached / plain script", against(watched, plain)),
        row("the same by dltui's own count of its training steps", by_its_own_count(watched)),
        row("dltui compiled, app attached / plain script", against(compiled, plain)),
        row("the same by its own count", by_its_own_count(compiled)),
        row("dltui compiled / not, app attached", against(compiled, watched)),
    ]
    return table(("ratio of speed", "median (min – max)"), rows)
