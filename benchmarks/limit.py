"""How near training comes to a step that has nothing else to do: one resident batch, no data work, no eyes.

The limit is that of a PyTorch script with the fused optimizer. dltui's own step on one batch is faster than
that, so the share of that harder limit is on the page too.
"""

import tempfile
from pathlib import Path

from benchmarks import mnist
from benchmarks.programs import Trained, against, figures_table, script
from benchmarks.report import Page, Spread, Target, table
from benchmarks.rounds import Rounds, in_turn
from benchmarks.training_runs import BLIND, CLASSIC, ONE_THREAD, trained

ROUNDS = 9
EPOCHS = 5
OWN, PLAIN = "one batch, dltui's own step", "one batch, a PyTorch script's step"
SEEING, BLINDED = "dltui, eyes on", "dltui, eyes off"
LEAST = {SEEING: 0.86, BLINDED: 0.94}


def measure(rounds: int = ROUNDS) -> Page:
    """Return the tables of this section."""
    mnist.folder()
    line = f"{CLASSIC} {ONE_THREAD} e={EPOCHS}"
    with tempfile.TemporaryDirectory() as scratch:
        home = Path(scratch) / "home"
        mnist.put_into_home(home)

        def fixed(which: str) -> Trained:
            return script("scripts.fixed_batch", str(EPOCHS), which, scratch=home, threads=1)

        found = in_turn(
            {
                OWN: lambda: fixed("own"),
                SEEING: lambda: trained(home, line, watched=False),
                PLAIN: lambda: fixed("torch"),
                BLINDED: lambda: trained(home, f"{line} {BLIND}", watched=False),
            },
            rounds,
        )
    return page(found)


def page(found: Rounds[Trained]) -> Page:
    """Return the page that these rounds make."""
    figures = found.by_program
    rows, targets = [], []
    for name, least in LEAST.items():
        share = against(figures[name], figures[PLAIN])
        targets.append(
            Target(
                f"share of a PyTorch step on one resident batch, {name.removeprefix('dltui, ')}",
                share_text(share),
                f"≥ {least:.2f}",
                share.median >= least,
            )
        )
        rows += [
            (f"{name} / {limit}", share_text(against(figures[name], figures[limit])))
            for limit in (PLAIN, OWN)
        ]
    intro = (
        f"784-128-64-10, batches of 64, one thread, {EPOCHS} epochs in a turn, of which the first does not "
        f"count; nothing is attached. On one batch there is nothing to recognize: its accuracy says that "
        f"it was learned by heart. {found.text()}"
    )
    parts = (intro, figures_table(figures), table(("share", "median (min – max)"), rows))
    return Page("\n\n".join(parts), tuple(targets))


def share_text(share: Spread) -> str:
    """Return a share as text, with its ends."""
    return f"{share.median:.3f} ({share.low:.3f} – {share.high:.3f})"
