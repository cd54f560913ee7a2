"""`dltui resume`: a killed trainer's run goes on from its last checkpoint, to its end."""

import json
import os
import signal

from dlcore.events import AttemptStarted
from dlcore.files.lock import lock_holder
from dlcore.process.aftermath import last_checkpoint
from tests.process.laboratory import Laboratory, Watch, end_trainer, read_events
from tests.process.terminal import wait_until

LINE = "digits b=1 e=2"
"""2,588 steps: enough to be killed among them."""


def test_a_killed_run_is_resumed_to_its_end(laboratory: Laboratory) -> None:
    assert laboratory.dltui("run", LINE, "--set", "training.checkpoint_seconds=1", "--detach").returncode == 0
    run = laboratory.run()
    watch = Watch(run)
    watch.until_step(1)
    end_trainer(run)
    died = watch.history.step
    assert watch.state == "crashed"
    kept = last_checkpoint(run, died)
    assert kept is not None
    shown = laboratory.dltui("show", "latest").stdout
    assert f"at step {died:,}, last checkpoint at step {kept:,}. To go on: dltui resume {run.id}" in shown
    done = laboratory.dltui("resume", "latest")
    assert (done.returncode, done.stderr) == (0, "")
    first, goes_on, *_, last = done.stdout.splitlines()
    assert first == run.id
    assert goes_on == f"attempt 2 goes on from step {kept:,}"
    assert last.startswith(f"{run.id}: finished, best ")
    starts = [event for event in read_events(run) if isinstance(event, AttemptStarted)]
    assert [start.step for start in starts] == [0, kept]
    assert Watch(run).history.step == 2588
    again = laboratory.dltui("resume", "latest", "--json")
    assert again.returncode == 2
    assert "there is nothing left to train" in again.stderr


def test_a_resumed_run_is_listed_as_running_and_stops_at_ctrl_c(laboratory: Laboratory) -> None:
    assert laboratory.dltui("run", "digits e=1000000", "--detach").returncode == 0
    run = laboratory.run()
    Watch(run).until_step(1)
    assert laboratory.dltui("stop", run.id).returncode == 0
    wait_until(lambda: lock_holder(run) is None, "it goes on")
    following = laboratory.start("resume", run.id, "--json")
    watch = Watch(run)
    wait_until(lambda: watch.history.attempt == 2 and watch.state == "running", "no second attempt")
    [listed] = json.loads(laboratory.dltui("runs", "--json").stdout)
    assert listed["state"] == "running"
    refused = laboratory.dltui("resume", run.id)
    assert refused.returncode == 2
    assert f"Watch it: dltui attach {run.id}." in refused.stderr
    os.kill(following.pid, signal.SIGINT)
    done = laboratory.finish(following)
    assert done.returncode == 130
    told = json.loads(done.stdout)
    assert (told["run"], told["state"]) == (run.id, "stopped")
    assert told["steps"] == watch.history.step
