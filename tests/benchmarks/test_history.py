"""The long run that is measured is one that the trainer could have written; what is painted is understood."""

import json
from pathlib import Path

import pytest

from benchmarks.history import _shows_plots, folded
from benchmarks.long_run import CHUNK, PER_EPOCH, lines, make
from dlcore import events
from dlcore.events import Evaluated, GradientsMeasured, StepsEnded
from dlcore.files.journal import unframe
from dlcore.summary import read_history, state_of


@pytest.mark.parametrize("steps", [CHUNK, 5000])
def test_every_line_is_a_whole_event_in_its_place(steps: int) -> None:
    said = []
    for line in lines(steps):
        content = unframe(line.removesuffix(b"\n"))
        assert content is not None
        event = events.decode(content)
        assert event is not None
        said.append(event)
        assert list(json.loads(events.encode(event))) == list(json.loads(content))
    assert [event.seq for event in said] == list(range(len(said)))
    told = [event for event in said if isinstance(event, StepsEnded)]
    assert [event.step for event in told] == list(range(CHUNK, steps + 1, CHUNK))
    assert {len(event.loss) for event in told} == {CHUNK}
    for event in said:
        if isinstance(event, GradientsMeasured):
            assert event.step - CHUNK < event.steps[0] <= event.steps[-1] <= event.step
    assert sum(isinstance(event, Evaluated) for event in said) == steps // PER_EPOCH


def test_the_run_can_be_opened_and_measured(tmp_path: Path) -> None:
    run = make(tmp_path, 10 * CHUNK)
    history = read_history(run)
    assert state_of(run, history) == "finished"
    assert history.step == 10 * CHUNK
    assert history.epoch() == pytest.approx(10 * CHUNK / PER_EPOCH, abs=0.2)
    assert len(history.gradients.latest()) == 3
    found = folded(run, 10 * CHUNK)
    assert found.kilobytes < 200


PLOT = "⣿" * 100


@pytest.mark.parametrize(
    ("state", "plot", "coarse", "complete"),
    [
        ("✓ finished   reading 5 %   epoch 1.0/2   step 5/9", PLOT, True, False),
        ("✓ finished   epoch 2.0/2   step 9/9", PLOT, False, True),
        ("✓ finished   epoch 2.0/2   step 9/9", "", False, False),
        ("", PLOT, False, False),
    ],
)
def test_what_is_on_the_screen(state: str, plot: str, coarse: bool, complete: bool) -> None:
    assert _shows_plots([state, plot], is_complete=False) == coarse
    assert _shows_plots([state, plot], is_complete=True) == complete
