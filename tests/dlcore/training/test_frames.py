"""Frames of real runs: when they come, what they hold, what they cost, and that they change nothing."""

import errno
import itertools
import math
import os
from pathlib import Path
from typing import Any

import numpy
import pytest
import torch

from dlcore import frames
from dlcore.events import CheckpointSaved, Evaluated, GradientsMeasured
from dlcore.family.branch import branch, config_at
from dlcore.frames import load, path_of, saved
from dlcore.oneline import parse
from dlcore.training import checkpoint
from dlcore.training.compiled import compiled
from dlcore.training.frames import Frames
from dlcore.training.layers import weights_of
from dlcore.training.probes import Budget
from dlcore.training.step import TrainingStep
from tests.conftest import MOMENT
from tests.dlcore.compared import figures, same_weights
from tests.dlcore.trained import Trained, make, train, train_run
from tests.dlcore.training.prepared import prepared
from tests.dlcore.training.test_resuming import kill, resume

LINE = "digits cnn filters=4 norm=batch 12, drop=.3 aug=shift adam n=200 e=4 b=16"
STEPS = 48
PLANNED = [0, 1, 2, 3, 5, 8, 12, 18, 24, 36, 48]
"""Steps that grow by half, and the ends of the epochs."""


HAS_ROOM = Frames._has_room
SHARE = 0.1 * 0.15
"""Of the training time, that frames may take."""


def spare_time(patched: pytest.MonkeyPatch) -> None:
    """Let every frame be made when it is due, however slow the machine."""
    patched.setattr(Frames, "_has_room", lambda made, training_seconds: True)


@pytest.fixture(autouse=True)
def time_to_spare(monkeypatch: pytest.MonkeyPatch) -> None:
    spare_time(monkeypatch)


@pytest.fixture(scope="module")
def looked_at(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    with pytest.MonkeyPatch.context() as patched:
        spare_time(patched)
        return train(tmp_path_factory.mktemp("looked at"), LINE)


def test_frames_come_at_the_start_at_growing_steps_and_at_epochs(looked_at: Trained) -> None:
    assert looked_at.status == 0
    assert looked_at.history.step == STEPS
    assert [one.step for one in looked_at.history.frames] == PLANNED
    assert list(saved(looked_at.run)) == PLANNED
    for said in looked_at.history.frames:
        path = looked_at.run.path / said.file
        assert path == path_of(looked_at.run, said.step)
        assert path.stat().st_size == said.bytes < 50_000
        assert load(path).step == said.step


@pytest.mark.parametrize("change", ["training.frames_mb=0", "training.probe_budget=0"])
def test_frames_change_no_bit_of_the_training(home: Path, looked_at: Trained, change: str) -> None:
    blind = train(home, f"{LINE} {change}")
    assert not blind.run.frames.exists()
    assert len(blind.history.frames) == 0
    assert figures(blind.run) == figures(looked_at.run)
    assert same_weights(blind.run, looked_at.run, STEPS)
    ends = (checkpoint.load(one.run, STEPS) for one in (blind, looked_at))
    (first, second) = ({**end["model"], **end["chance"]} for end in ends)
    assert first.keys() == second.keys()
    assert all(torch.equal(first[name], second[name]) for name in first)  # the norms' means among them


def test_the_gradients_of_a_frame_are_those_whose_norms_were_told(looked_at: Trained) -> None:
    norms: dict[int, dict[str, float]] = {}
    for event in looked_at.events():
        if isinstance(event, GradientsMeasured):
            for index, step in enumerate(event.steps):
                norms[step] = {layer: values[index] or 0.0 for layer, values in event.norms.items()}
    both = [step for step in PLANNED if step in norms]
    assert len(both) >= 5
    for step in both:
        frame = load(path_of(looked_at.run, step))
        assert frame.layers("gradients") == tuple(norms[step])
        for layer, norm in norms[step].items():
            found = frame.histogram("gradients", layer)
            assert found is not None
            assert math.sqrt(found.total * (found.mean**2 + found.deviation**2)) == pytest.approx(
                norm, rel=1e-3
            )


def test_the_first_frame_has_the_gradients_of_the_first_samples(home: Path) -> None:
    line = "digits mlp 8, tanh sgd lr=.5 n=200 e=1 b=16 regularization.l2=.01"
    trained = train(home, line)
    start = prepared(line)
    step = TrainingStep(start.config, start.network())
    step(*start.data.first(start.data.training, 16))
    frame = load(path_of(trained.run, 0))
    for name, weight in weights_of(step.network).items():
        found = frame.histogram("gradients", name)
        assert found is not None
        assert weight.grad is not None
        assert found.mean == pytest.approx(weight.grad.mean().item(), rel=1e-4, abs=1e-8)
        assert found.deviation == pytest.approx(weight.grad.std(correction=0).item(), rel=1e-4)


def test_the_weights_of_a_frame_are_those_behind_its_step(looked_at: Trained) -> None:
    for step in (0, STEPS):
        weights = checkpoint.load(looked_at.run, step)["model"]
        frame = load(path_of(looked_at.run, step))
        kept = frame.arrays["values/conv1"]
        numpy.testing.assert_array_equal(
            numpy.array(kept.values()), weights["conv1.weight"].flatten().numpy()
        )
        for layer in ("conv1", "fc1", "fc2"):
            found = frame.histogram("weights", layer)
            assert found is not None
            assert found.mean == pytest.approx(weights[f"{layer}.weight"].mean().item(), rel=1e-4, abs=1e-7)


def test_a_frame_has_the_newest_confusion_matrix(looked_at: Trained) -> None:
    told = {
        one.step: one
        for one in looked_at.events()
        if isinstance(one, Evaluated) and one.split == "validation"
    }
    for step in PLANNED:
        found = load(path_of(looked_at.run, step)).confusion()
        assert found is not None
        assert (found.split, found.step) == ("validation", max(at for at in told if at <= step))
        right = sum(row[index] for index, row in enumerate(found.rows))
        assert right / sum(map(sum, found.rows)) == pytest.approx(told[found.step].accuracy, rel=1e-6)
        recall = [row[index] / max(1, sum(row)) for index, row in enumerate(found.rows)]
        assert recall == pytest.approx(told[found.step].recall)


def test_a_regression_has_frames_without_a_confusion_matrix(home: Path) -> None:
    trained = train(home, "diabetes mlp 8, tanh adam e=1")
    frame = load(path_of(trained.run, trained.history.step))
    assert frame.confusion() is None
    assert frame.layers("gradients") == frame.layers("activations") == ("fc1", "fc2")


def test_a_resumed_run_forgets_the_frames_behind_its_start(
    home: Path, monkeypatch: pytest.MonkeyPatch, looked_at: Trained
) -> None:
    run = make(home, parse(f"{LINE} device=cpu training.threads=1"))
    kill(run, monkeypatch, 20)
    there = list(saved(run))
    assert there[-1] == 18
    start = max(
        event.step
        for event in Trained(run, 0, looked_at.history).events()
        if isinstance(event, CheckpointSaved)
    )
    path_of(run, 10**6).write_bytes(b"of a future that did not come")
    trained = resume(run)
    assert trained.status == 0
    assert same_weights(run, looked_at.run, STEPS)
    steps = [one.step for one in trained.history.frames]
    assert steps == sorted(set(steps)) == list(saved(run))
    assert [step for step in steps if step <= start] == [step for step in there if step <= start]
    assert steps[-2:] == [36, 48]
    for step in steps:
        assert (
            load(path_of(run, step)).arrays == load(path_of(looked_at.run, step)).arrays
            or step not in PLANNED
        )


def test_a_branch_begins_with_a_frame_of_its_own(home: Path, looked_at: Trained) -> None:
    child = branch(home, looked_at.run, STEPS, config_at(looked_at.run, STEPS), MOMENT)
    assert not child.frames.exists()
    trained = train_run(child)
    assert [one.step for one in trained.history.frames] == [STEPS]
    frame, parents = (load(path_of(run, STEPS)) for run in (child, looked_at.run))
    for name, one in frame.arrays.items():
        if name != "confusion" and not name.startswith("gradients."):
            assert parents.arrays[name] == one
    assert frame.layers("gradients") == ("conv1", "fc1", "fc2")


def test_a_disk_that_takes_no_frames_is_said_once(
    home: Path, looked_at: Trained, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = []

    def full(*_: Any) -> tuple[str, int]:
        tried.append(1)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(frames, "write_whole", full)
    trained = train(home, LINE)
    assert trained.status == 0
    assert [one.message for one in trained.history.warnings] == [
        "The frame at step 0 cannot be saved (No space left on device): training goes on without it"
    ]
    assert len(tried) == len(PLANNED)  # there may be room later
    assert len(trained.history.frames) == 0
    assert same_weights(trained.run, looked_at.run, STEPS)


def test_a_folder_that_somebody_has_planted_is_left_alone(home: Path, tmp_path: Path) -> None:
    run = make(home, parse("xor e=2 device=cpu training.threads=1"))
    precious = tmp_path / "precious"
    precious.mkdir(mode=0o777)
    precious.chmod(0o777)
    (precious / "99.safetensors").touch()
    run.frames.symlink_to(precious)
    trained = train_run(run)
    assert trained.status == 0
    [warning] = trained.history.warnings
    assert "Others may write to" in warning.message
    assert [path.name for path in precious.iterdir()] == ["99.safetensors"]


def test_frames_stay_within_their_megabytes(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = []

    def kept(run: object, budget: int) -> None:
        given.append(budget)

    monkeypatch.setattr(frames, "prune", kept)
    trained = train(home, "xor e=3 training.frames_mb=7")
    assert given == [7_000_000] * len(trained.history.frames)


class Planner:
    """Frames of a long run that nobody trains: each takes so many seconds."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, fresh_run: Any, seconds: float, steps: int) -> None:
        start = prepared("digits mlp 4, e=1")
        self.budget = Budget(0.1)
        self.clock = 0.0
        recorder: Any = Recorder()
        step = TrainingStep(start.config, start.network())
        self.frames = Frames(fresh_run, recorder, step, steps, self.budget)
        self.seconds = seconds
        monkeypatch.setattr("dlcore.training.frames.time.perf_counter", lambda: self.clock)
        monkeypatch.setattr("dlcore.training.probes.time.perf_counter", lambda: self.clock)
        monkeypatch.setattr(frames, "save", self._save)
        monkeypatch.setattr(frames, "prune", lambda *_: None)

    def _save(self, *_: Any) -> tuple[str, int]:
        self.clock += self.seconds
        return "x", 1

    def run(self, steps: int, epoch: int, step_seconds: float) -> list[int]:
        made = []
        for step in range(1, steps + 1):
            end = -(-step // epoch) * epoch
            look = self.frames.also(None, step, end, step * step_seconds)
            if look is not None:
                look()
            if self.frames.are_due(step):
                self.frames.save(step, blank)
                made.append(step)
        return made


def blank() -> torch.Tensor:
    return torch.zeros(2, 1, 8, 8)


class Recorder:
    def say(self, *_: Any, **__: Any) -> None:
        """Hear nothing."""


def test_frames_cost_their_share_and_come_later_where_they_would_cost_more(
    fresh_run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Frames, "_has_room", HAS_ROOM)
    planner = Planner(monkeypatch, fresh_run, seconds=0.01, steps=40_000)
    made = planner.run(40_000, 1000, 1e-4)
    assert made.pop() == 40_000  # behind the last step nothing is slowed down
    for number, step in enumerate(made[1:], 2):  # what it costs is known once there is one
        assert 0.01 * (number - 1) < SHARE * 1e-4 * step
    spent = 0.01 * len(made)
    assert 0.6 * SHARE * 4.0 < spent <= SHARE * 4.0
    assert planner.budget.cost(4.0) == pytest.approx(spent / 4.0)
    assert planner.budget.seconds == 0.0  # what the other probes may spend is theirs


def test_of_a_very_long_run_there_are_no_more_frames_than_are_kept(
    fresh_run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    planner = Planner(monkeypatch, fresh_run, seconds=0.0, steps=60_000)
    made = planner.run(60_000, 3, 1e-4)
    assert 150 <= len(made) <= frames.MOST
    assert max(after - before for before, after in itertools.pairwise(made)) <= 60_000 / 150 + 3


def test_a_look_of_the_probe_goes_on_beside_a_frame(fresh_run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    planner = Planner(monkeypatch, fresh_run, seconds=0.0, steps=100)
    looked: list[int] = []

    def look() -> None:
        looked.append(1)

    both = planner.frames.also(look, 1, 50, 1.0)
    assert both is not None
    assert both is not look
    both()
    assert looked == [1]
    assert planner.frames.are_due(1)
    planner.frames.save(1, blank)
    planner.frames.save(30, blank)
    assert planner.frames.also(look, 40, 50, 1.0) is look
    assert planner.frames.also(None, 40, 50, 1.0) is None


def test_a_graph_s_gradients_are_kept_and_its_steps_stay_the_same(
    fresh_run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the graph computes, without the minute that it takes to make it one."""
    monkeypatch.setattr("dlcore.training.compiled.torch.compile", lambda whole, **_: whole)
    monkeypatch.setattr("dlcore.training.compiled._keep_privately", lambda: None)
    start = prepared("digits mlp 12,8 tanh drop=.3 ce b=16 e=2 val=0 n=900 adam")
    step = TrainingStep(start.config, start.network())
    batch = start.data.first(start.data.training, 16)
    graph, reason = compiled(step, *batch)
    assert graph is not None, reason
    ends: list[list[torch.Tensor]] = []
    for watched in (False, True):
        with step.untouched():
            torch.manual_seed(7)
            recorder: Any = Recorder()
            made = Frames(fresh_run, recorder, step, 99, Budget(0.1))
            for number in range(1, 6):
                look = made.also(None, number, 99, 1.0) if watched else None
                graph(*batch, look)
                if made.are_due(number):
                    made.save(number, lambda: batch[0])
            ends.append([one.detach().clone() for one in step.parameters])
            ends[-1].append(torch.get_rng_state())
            if watched:
                gradients = {name: one.grad for name, one in weights_of(step.network).items()}
    assert all(torch.equal(one, other) for one, other in zip(*ends, strict=True))
    assert list(saved(fresh_run)) == [1, 2, 3, 5]
    frame = load(path_of(fresh_run, 5))
    for name, gradient in gradients.items():
        found = frame.histogram("gradients", name)
        assert found is not None
        assert gradient is not None
        assert found.mean == pytest.approx(gradient.mean().item(), rel=1e-4, abs=1e-9)
