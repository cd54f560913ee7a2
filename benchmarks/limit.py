"""How near training comes to a step that has nothing else to do: one resident batch, no data work, no eyes.

The limit is that of a PyTorch script with the fused optimizer. dltui's own step on one batch is faster than
that, so the share of that harder limit is on the page too.
"""

import re
import tempfile
from pathlib import Path

from benchmarks import mnist
from benchmarks.programs import printed_by
from benchmarks.report import Page, Spread, Target, ratios, spread, table
from benchmarks.rounds import wait_until_quiet
from benchmarks.training_runs import BLIND, CLASSIC
from dlcore.errors import DltuiError

ROUNDS = 41
SECONDS = 0.8
OWN, PLAIN = "one batch, dltui's own step", "one batch, a PyTorch script's step"
SEEING, BLINDED = "dltui, eyes on", "dltui, eyes off"
LEAST = {SEEING: 0.86, BLINDED: 0.94}
_RUN = f"{CLASSIC} e=1000000 training.evaluate_every=1000000000"
LINES = {SEEING: _RUN, BLINDED: f"{_RUN} {BLIND}"}
_DEADLINE_SECONDS = 280.0
_LINE = re.compile(r"^turn ([\d.]+) (.+)$", re.MULTILINE)


def measure(rounds: int = ROUNDS, seconds: float = SECONDS) -> Page:
    """Return the tables of this section."""
    mnist.folder()
    with tempfile.TemporaryDirectory() as scratch:
        home = Path(scratch) / "home"
        mnist.put_into_home(home)
        wait_until_quiet()
        printed = printed_by("shares", rounds, seconds, home=home, seconds=_DEADLINE_SECONDS)
    return page(read_turns(printed), seconds)


def read_turns(printed: str) -> dict[str, list[float]]:
    """Return the microseconds of a step, round by round, of everything that took turns."""
    found: dict[str, list[float]] = {}
    for microseconds, name in _LINE.findall(printed):
        found.setdefault(name, []).append(float(microseconds))
    if set(found) != {OWN, PLAIN, *LINES} or len({len(one) for one in found.values()}) != 1:
        raise DltuiError("Not everything took its turns", f"It said: {printed[-300:]}")
    return found


def page(turns: dict[str, list[float]], seconds: float) -> Page:
    """Return the page that these turns make."""
    shares = {(name, limit): ratios(turns[limit], turns[name]) for name in LEAST for limit in (PLAIN, OWN)}
    targets = tuple(
        Target(
            f"share of a PyTorch step on one resident batch, {name.removeprefix('dltui, ')}",
            share_text(shares[name, PLAIN]),
            f"≥ {least:.2f}",
            shares[name, PLAIN].median >= least,
        )
        for name, least in LEAST.items()
    )
    rounds = len(turns[PLAIN])
    intro = (
        f"784-128-64-10, batches of 64, one thread; {rounds} rounds, in which all take steps for {seconds} s "
        "in one process, there and back again. dltui is the loop of a real run on all of MNIST, by the clock "
        "of its events, with all that it writes down; nothing is attached, and nothing is evaluated. The "
        "limit is the same batch again and again."
    )
    steps = [
        (name, f"{one.median:.1f} ({one.low:.1f} – {one.high:.1f})")
        for name, one in ((name, spread(values)) for name, values in turns.items())
    ]
    rows = [(f"{name} / {limit}", share_text(share)) for (name, limit), share in shares.items()]
    parts = (intro, table(("", "µs a step"), steps), table(("share", "median (min – max)"), rows))
    return Page("\n\n".join(parts), targets)


def share_text(share: Spread) -> str:
    """Return a share as text, with its ends."""
    return f"{share.median:.3f} ({share.low:.3f} – {share.high:.3f})"
