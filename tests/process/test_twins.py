"""Twins and branches as a shell starts them: real trainers in turn, which need neither viewer nor keeper."""

import json
import os
import signal
from pathlib import Path

from dlcore.files.atomic import read_json
from dlcore.files.lock import lock_holder
from dlcore.process.cores import available
from dlcore.rundir import RunDir
from dlcore.summary import read_history
from dlcore.training import checkpoint
from tests.process.laboratory import Laboratory
from tests.process.terminal import wait_until

LINE = "digits mlp 8, e=2 n=300 device=cpu"


def test_twins_have_one_beginning_and_one_order_and_get_a_verdict(laboratory: Laboratory) -> None:
    done = laboratory.dltui("twins", LINE, "--vary", "model.activation=relu,sigmoid", "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["states"] == ["finished", "finished"]
    assert found["differs"] == ["model.activation"]
    [order] = found["orders"]
    runs = [RunDir(Path(path)) for path in found["paths"]]
    groups = [read_json(run.facts)["group"] for run in runs]
    of_each = {"id": found["groups"][0], "kind": "twins", "differs": ["model.activation"], "order": order}
    assert groups == [of_each] * 2
    first, second = (checkpoint.load(run, 0)["model"] for run in runs)
    assert all(tensor.equal(second[name]) for name, tensor in first.items()), "one initial state"
    scores = [one.best() for one in map(read_history, runs)]
    for best in scores:
        assert best is not None
        assert best.accuracy is not None
        assert f"{100 * best.accuracy:.2f} %" in found["verdict"]

    branched = laboratory.dltui("branch", runs[0].id, "--step", "3", "--set", "optimizer=adam", "--json")
    assert branched.returncode == 0, branched.stderr
    child = json.loads(branched.stdout)["run"]
    assert read_json(laboratory.home / "runs" / child / "run.json")["parent"] == {
        "run": runs[0].id,
        "step": 0,
        "changes": ["optimizer momentum → adam"],
        "is_fresh": True,
    }


def test_the_queue_needs_nobody_and_what_waits_is_taken(laboratory: Laboratory) -> None:
    line = LINE.replace("e=2", "e=100000")
    all_cores = f"training.threads={available()}"
    started = laboratory.dltui("twins", line, "--seeds", "2", "--set", all_cores, "--detach", "--json")
    assert started.returncode == 0, started.stderr
    first, second = (RunDir(Path(path)) for path in json.loads(started.stdout)["paths"])
    wait_until(lambda: lock_holder(first) is not None, "the first run was not trained")
    wait_until(lambda: lock_holder(second) is not None, "the keeper does not hold the run that waits")
    trainer, keeper = lock_holder(first), lock_holder(second)
    assert trainer is not None
    assert keeper is not None
    assert trainer != keeper
    assert not second.events.exists(), "there is room for one only"
    os.kill(trainer, signal.SIGKILL)
    wait_until(second.events.exists, "the next one was not started when the first was killed")
    wait_until(lambda: lock_holder(second) not in (None, keeper), "the second run has no trainer")
    os.kill(keeper, signal.SIGKILL)
    assert laboratory.dltui("stop", second.id).returncode == 0
    wait_until(lambda: lock_holder(second) is None, "the trainer needs its keeper")
    assert laboratory.dltui("show", second.id).stdout.startswith(f"{second.id}  stopped")


def test_a_run_that_waits_is_told_to_stop_at_once(laboratory: Laboratory) -> None:
    line = LINE.replace("e=2", "e=100000")
    all_cores = f"training.threads={available()}"
    started = laboratory.dltui("twins", line, "--seeds", "2", "--set", all_cores, "--detach", "--json")
    first, second = (RunDir(Path(path)) for path in json.loads(started.stdout)["paths"])
    wait_until(lambda: lock_holder(second) is not None, "the keeper does not hold the run that waits")
    stopped = laboratory.dltui("stop", second.id)
    assert (stopped.returncode, stopped.stderr) == (0, "")
    assert stopped.stdout == (f"{second.id} waits for its turn: it stops as soon as that comes\n")
    wait_until(lambda: lock_holder(first) is not None, "the first run was not trained")
    assert laboratory.dltui("stop", first.id).returncode == 0
    wait_until(
        lambda: second.events.exists() and lock_holder(second) is None,
        "its turn did not come, or not its end",
    )
    ended = read_history(second)
    assert ended.ended is not None
    assert ended.ended.reason == "stopped"
    assert ended.step < 1000, "it stopped at its first look around"
