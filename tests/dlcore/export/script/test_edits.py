"""Live edits, resumes and branches in scripts: one story, from the first step to the last."""

import math
from pathlib import Path

import pytest

from dlcore.commands import Command, Set, Stop
from dlcore.errors import DltuiError
from dlcore.family.branch import branch, branched
from dlcore.proof import verify
from dlcore.rundir import RunDir
from dlcore.summary import read_history
from tests.conftest import MOMENT
from tests.dlcore.export.script.scripts import (
    assert_equal,
    assert_evaluated,
    bits,
    made,
    run_script,
    script_of,
    steered,
    trained,
)
from tests.dlcore.trained import train_run
from tests.dlcore.training.test_resuming import Killer, resumed

Edits = dict[int, list[tuple[str, object]]]
"""Step → keys with their new values."""
EDITS: dict[str, tuple[str, Edits]] = {
    "lr, momentum and l2": (
        "digits mlp 8, n=200 e=3 b=32",
        {
            2: [("optimizer.lr", 0.05)],
            5: [("optimizer.momentum", 0.5), ("regularization.l2", 0.01)],
            6: [("optimizer.lr", 0.01)],
            13: [("regularization.l2", 0.0)],
        },
    ),
    "schedule and length": (
        "digits mlp 8, n=200 e=3 b=32 cosine",
        {
            3: [("training.epochs", 4)],
            8: [("schedule", {"kind": "power", "steps": 4, "exponent": 1.0, "warmup_steps": 0})],
            20: [("schedule", {"kind": "constant", "warmup_steps": 0})],
        },
    ),
    "a schedule that waits": (
        "digits mlp 8, n=200 e=4 b=32 lr=2",
        {
            4: [("schedule", {"kind": "performance", "factor": 0.1, "patience": 2, "warmup_steps": 0})],
            7: [("schedule.patience", 1), ("training.evaluate_every", 2)],
        },
    ),
    "batches and noise": (
        "digits mlp 8, n=200 e=4 b=32 adam",
        {
            2: [("data.batch_size", 16), ("regularization.label_noise", 0.5)],
            6: [("optimizer.beta1", 0.5), ("optimizer.eps", 1e-4)],
            20: [("data.batch_size", "full"), ("regularization.label_noise", 0.0)],
        },
    ),
    "dropout, clipping and layers": (
        "digits mlp 8,8 n=200 e=3 b=32 rmsprop",
        {
            3: [("model.dropout", 0.4), ("regularization.clip_norm", 0.1)],
            6: [("optimizer.lr_per_layer", {"fc2": 0.02}), ("optimizer.momentum", 0.5)],
            9: [("optimizer.lr", 0.002), ("regularization.clip_value", 0.01)],
            12: [("model.dropout", 0.1), ("optimizer.lr_per_layer", {})],
        },
    ),
    "augmentation and stopping": (
        "digits cnn filters=3 n=120 e=5 b=32 lr=.2",
        {
            2: [("regularization.augment", ["flip"])],
            6: [("regularization.augment", ["shift", "rotate"]), ("training.early_stopping", 1)],
            9: [("regularization.augment", [])],
        },
    ),
}


def commands(edits: Edits) -> dict[int, list[Command]]:
    return {
        step: [Set.model_validate({"key": key, "value": value}) for key, value in changes]
        for step, changes in edits.items()
    }


@pytest.mark.parametrize("name", EDITS)
def test_live_edits_stand_at_their_steps(home: Path, tmp_path: Path, name: str) -> None:
    line, edits = EDITS[name]
    with steered(commands(edits)):
        run = trained(home, line)
    told = [(edit.step, edit.key) for edit in read_history(run, whole=True).edits]
    assert told == [(step, key) for step, changes in edits.items() for key, _ in changes]
    text = script_of(run)
    assert all(f"step {step}: {key}" in text for step, key in told if (step, key) != (8, "schedule"))
    assert_equal(run, run_script(run, tmp_path))


def test_three_live_edits_and_a_resume(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    line = "digits mlp 8, n=200 e=4 b=32 drop=.2"
    edits: Edits = {
        3: [("optimizer.lr", 0.05)],
        8: [("model.dropout", 0.5)],
        14: [("regularization.l1", 1e-3)],
    }
    run = made(home, line)
    with steered(commands(edits)), monkeypatch.context() as patched:
        broken = resumed(run, Killer(patched, every=1), [11, 6])
    assert broken.status == 0, broken.history.ended
    assert broken.history.attempt == 3
    assert [edit.step for edit in broken.history.edits] == [3, 8, 14]
    assert_equal(run, run_script(run, tmp_path))


def test_a_run_that_was_stopped_is_told_as_far_as_it_went(home: Path, tmp_path: Path) -> None:
    with steered({7: [Stop()]}):
        run = trained(home, "digits mlp 8, n=200 e=4 b=32 stop=2")
    assert read_history(run).step == 7
    assert "at step 7, as far as the run went" in script_of(run)
    assert_equal(run, run_script(run, tmp_path))


def branch_of(home: Path, parent: RunDir, step: int, *settings: str) -> RunDir:
    child = branch(home, parent, step, branched(parent, step, settings).resolved(), MOMENT)
    done = train_run(child)
    assert done.status == 0, done.history.ended
    return child


def test_a_branch_trains_its_parent_first(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (
        steered(commands({2: [("optimizer.lr", 0.05)], 9: [("optimizer.lr", 0.001)]})),
        monkeypatch.context() as patch,
    ):
        Killer(patch, every=1)
        parent = trained(home, "digits mlp 8, n=200 e=3 b=32")
    child = branch_of(home, parent, 8, "optimizer.momentum=0.2", "schedule=cosine", "training.epochs=4")
    grandchild = branch_of(home, child, 24, "optimizer=adam", "optimizer.lr=0.01", "training.epochs=6")
    wanted = [*losses(parent)[:8], *losses(child)[8:24], *losses(grandchild)[24:]]
    assert not any(map(math.isnan, wanted))
    found = run_script(grandchild, tmp_path)
    assert bits(found.losses) == bits(wanted)
    assert_evaluated(read_history(grandchild), found)
    with monkeypatch.context() as patch:
        told = f"import sys\nout = open(sys.argv[2], 'w')\nfor loss in {wanted}: print(loss, file=out)"
        patch.setattr(verify, "to_script", lambda report: told)
        verdict = verify.verify(grandchild, lambda steps, of: None)
    assert (verdict.differing, verdict.steps) == (0, len(wanted)), "recorded are those of all three runs"
    text = script_of(grandchild)
    assert "step 2: optimizer.lr" in text
    assert "step 9" not in text, "the parent's later story is another one"
    parent.remove()
    with pytest.raises(DltuiError, match=f"goes on from step 8 of {parent.id}, which is not there"):
        script_of(grandchild)


def test_a_branch_behind_the_end_of_its_parent(home: Path, tmp_path: Path) -> None:
    parent = trained(home, "digits mlp 8, n=200 e=12 b=32 lr=3 stop=1")
    ended = read_history(parent)
    assert ended.taken_back is not None, "it went on to get worse"
    assert ended.step < 12 * 6
    child = branch_of(home, parent, ended.step, "optimizer.lr=0.01", "training.early_stopping=3")
    found = run_script(child, tmp_path)
    assert bits(found.losses) == bits([*losses(parent), *losses(child)[ended.step :]])
    assert_evaluated(read_history(child), found)


def losses(run: RunDir) -> list[float]:
    return list(read_history(run, whole=True).loss.values)
