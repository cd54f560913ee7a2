"""A run is proven by its script in a process of its own; what differs is said, with the likely reason."""

import json
import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from dlcore.errors import DltuiError
from dlcore.files.atomic import read_json, write_json
from dlcore.proof import verify as verifying
from dlcore.proof.verify import verify
from dlcore.rundir import RunDir
from dlcore.summary import read_history
from tests.dlcore.export.script.scripts import made, trained

Pretend = Callable[[str], None]


@pytest.fixture(name="run")
def _run(home: Path) -> RunDir:
    return trained(home, "digits mlp 4, n=100 e=2 b=32")


@pytest.fixture(name="pretend")
def _pretend(monkeypatch: pytest.MonkeyPatch) -> Pretend:
    """Let some code stand for the script: `losses` are those recorded, `out` is the file."""

    def pretend(code: str) -> None:
        def script(report: Any) -> str:
            losses = list(report.history.loss.values)
            last = {
                name: (report.history.split(name)[-1].loss, report.history.split(name)[-1].accuracy)
                for name in ("validation", "test")
            }
            return (
                "import os, sys, time\n"
                f"losses, last = {losses!r}, {last!r}\n"
                'out = open(sys.argv[sys.argv.index("--losses") + 1], "w", buffering=1)\n'
                f"{code}\n"
            )

        monkeypatch.setattr(verifying, "to_script", script)

    return pretend


ALL = "for loss in losses: print(loss, file=out)\nfor name, two in last.items(): print(name, *two, file=out)"


def unheard(steps: int, wanted: int) -> None:
    """Hear of progress, and do nothing."""


def test_a_run_is_proven_by_its_own_script(run: RunDir) -> None:
    heard: list[tuple[int, int]] = []
    verdict = verify(run, lambda steps, wanted: heard.append((steps, wanted)))
    steps = read_history(run).step
    assert verdict.is_equal, list(verdict.told())
    assert (verdict.steps, verdict.differing, verdict.first, verdict.largest) == (steps, 0, None, 0.0)
    figures = [(one.split, one.figure) for one in verdict.evaluations]
    assert figures == [(split, figure) for split in ("validation", "test") for figure in ("loss", "accuracy")]
    assert heard[0] == (0, steps)
    assert heard == sorted(heard)
    assert heard[-1] == (steps, steps)
    (told,) = verdict.told()
    assert told == (
        f"{run.id} is proven: its script's losses of {steps} steps, and the 4 figures of its last "
        "evaluations are equal bit for bit."
    )


def test_what_differs_is_said_with_a_likely_reason(run: RunDir, pretend: Pretend) -> None:
    facts = read_json(run.facts)
    write_json(run.facts, facts | {"versions": {"torch": "0.1", "python": "3", "dltui": "0"}})
    pretend("losses[2] += 0.25\nlosses[4] = float('nan')\nlast['test'] = (9.5, last['test'][1])\n" + ALL)
    verdict = verify(run, unheard)
    assert not verdict.is_equal
    assert (verdict.differing, verdict.first, verdict.largest) == (2, 3, math.inf)
    first, figure, *reasons = verdict.told()
    assert f"differs from its script from step 3 on: in 2 of {verdict.steps} losses" in first
    assert "some are not there on one side" in first
    assert "The last test loss was recorded as" in figure
    assert "the script has 9.5" in figure
    assert reasons[0].startswith("Likely reason: it was trained with torch 0.1, and here is ")
    table = json.loads(json.dumps(verdict.table(), allow_nan=False))
    assert (table["equal"], table["first"], table["largest"]) == (False, 3, None)
    assert [one["equal"] for one in table["evaluations"]] == [True, True, False, True]


def test_a_difference_below_float32_is_none(run: RunDir, pretend: Pretend) -> None:
    pretend("losses = [loss * (1 + 1e-12) for loss in losses]\n" + ALL)
    assert verify(run, unheard).is_equal


def test_some_steps_alone(run: RunDir, pretend: Pretend) -> None:
    pretend('assert sys.argv[sys.argv.index("--steps") + 1] == "3"\nlosses = losses[:3]\n' + ALL)
    verdict = verify(run, unheard, 3)
    assert verdict.is_equal
    assert (verdict.steps, verdict.evaluations) == (3, ())


def test_a_script_that_ends_early_differs(run: RunDir, pretend: Pretend) -> None:
    pretend("for loss in losses[:4]: print(loss, file=out)")
    verdict = verify(run, unheard)
    assert (verdict.first, verdict.largest) == (5, math.inf)


def test_a_script_that_fails_is_told_in_a_sentence(run: RunDir, pretend: Pretend) -> None:
    pretend("raise ValueError('no \\x1b[2J such thing')")
    with pytest.raises(DltuiError) as caught:
        verify(run, unheard)
    assert f"The script of {run.id} ended with status 1: ValueError: no \\x1b[2J such thing" in str(
        caught.value
    )
    pretend("os.kill(os.getpid(), 9)")
    with pytest.raises(DltuiError, match="was ended by SIGKILL"):
        verify(run, unheard)


def test_what_is_no_loss_is_told(run: RunDir, pretend: Pretend) -> None:
    pretend("print('nothing', file=out)")
    with pytest.raises(DltuiError, match="a line that is no loss"):
        verify(run, unheard)


def test_whoever_interrupts_leaves_nothing_behind(
    run: RunDir, pretend: Pretend, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    pretend("print(losses[0], file=out)\ntime.sleep(600)")

    def interrupt(steps: int, wanted: int) -> None:
        if steps:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        verify(run, interrupt)
    assert not list(tmp_path.glob("dltui-verify-*"))
    assert not psutil.Process(os.getpid()).children()


def test_nothing_is_compared_where_there_is_nothing(home: Path) -> None:
    with pytest.raises(DltuiError, match="has not trained a step yet"):
        verify(made(home, "digits mlp 4,"), unheard)


def test_published_data_are_not_fetched(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = made(home, "mnist mlp 4,")
    monkeypatch.setattr(verifying, "_recorded", lambda chapters: [1.0])
    with pytest.raises(DltuiError, match="The files of MNIST are not in"):
        verify(run, unheard)
