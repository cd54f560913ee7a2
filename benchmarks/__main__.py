"""`python -m benchmarks [SECTION ...]`: measure, print a page for each section, and keep it in results/."""

import signal
import sys
from collections.abc import Callable

import click

from benchmarks import (
    accuracy,
    attached,
    checkpoints,
    edits,
    gpu,
    growth,
    history,
    keras,
    keys,
    limit,
    line,
    memory,
    networks,
    peers,
    presets,
    probes,
    rates,
    report,
    runs,
    speed,
    start,
    watch,
    whole,
)
from benchmarks import filter as filtering
from dlcore.errors import DltuiError

SECTIONS: dict[str, tuple[str, Callable[[], str | report.Page]]] = {
    "speed": ("Training speed", speed.measure),
    "attached": ("The app attached", attached.measure),
    "whole": ("A whole run", whole.measure),
    "peers": ("Training speed against peers", peers.measure),
    "keras": ("Training speed against Keras on JAX", keras.measure),
    "networks": ("Training speed of other networks", networks.measure),
    "limit": ("Share of the limit", limit.measure),
    "probes": ("Cost of the probes", probes.measure),
    "watch": ("Watching a script of one's own", watch.measure),
    "checkpoints": ("Cost of checkpoints", checkpoints.measure),
    "growth": ("How cost grows", growth.measure),
    "gpu": ("Training speed on a GPU", gpu.measure),
    "accuracy": ("Accuracy of the classic run", accuracy.measure),
    "presets": ("Accuracy of the presets", presets.measure),
    "rates": ("The learning-rate finder", rates.measure),
    "start": ("Time to start", start.measure),
    "memory": ("Memory", memory.measure),
    "history": ("The history of a long run", history.measure),
    "line": ("Bytes over the line", line.measure),
    "keys": ("From key to paint", keys.measure),
    "edits": ("From key to a change", edits.measure),
    "runs": ("Thousands of runs", runs.measure),
    "filter": ("Filtering thousands of runs", filtering.measure),
}
UNTIMED = ("accuracy", "presets", "rates", "memory", "line")
"""Sections whose figures do not depend on how fast the machine is."""


@click.command()
@click.argument("sections", nargs=-1, type=click.Choice(tuple(SECTIONS)))
def main(sections: tuple[str, ...]) -> None:
    """Measure the SECTIONS named, or all of them, on the MNIST in the folder DLTUI_TEST_MNIST.

    For example: python -m benchmarks speed accuracy
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what was started is ended on the way out
    failed = False
    for section in sections or SECTIONS:
        title, measure = SECTIONS[section]
        conditions = report.Conditions()
        try:
            found = measure()
            body = found if isinstance(found, str) else found.text()
        except DltuiError as error:
            click.echo(f"{section}: {error}", err=True)
            failed = True
            continue
        text = f"# {title}\n\n{conditions.text(timed=section not in UNTIMED)}\n\n{body}\n"
        click.echo(text)
        click.echo(f"Written to {report.store(section, text)}", err=True)
    sys.exit(failed)


if __name__ == "__main__":
    main()
