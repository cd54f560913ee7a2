"""Commands to a live run, each answered by an event."""

import math

from dlcore.events import StepsEnded
from dlcore.rundir import RunDir
from tests.process.conftest import Live
from tests.process.laboratory import Laboratory, Watch, read_events

LR = 0.003


def rates(run: RunDir) -> list[float | None]:
    """Return the learning rate of each step."""
    return [rate for event in read_events(run) if isinstance(event, StepsEnded) for rate in event.lr]


def test_a_paused_run_takes_no_step(paused: Live) -> None:
    step = paused.watch.history.step
    for number in range(3):  # each refusal shows that the trainer has looked around once more
        refused = paused.laboratory.dltui("set", paused.run.id, f"data.limit={number + 1}")
        [line] = refused.stderr.splitlines()
        assert refused.returncode == 2
        assert f"{paused.run.id} refused data.limit = {number + 1}" in line
        assert line.endswith("branch from a checkpoint with it, or start a new run")
        answer = paused.watch.history.answers[-1]
        assert (answer.kind, answer.step) == ("CommandRefused", step)
    assert paused.watch.history.step == step
    assert paused.watch.state == "paused"


def test_a_paused_run_goes_on(paused: Live) -> None:
    step = paused.watch.history.step
    done = paused.laboratory.dltui("continue", paused.run.id)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{paused.run.id}: continued at step {step:,}\n"
    paused.watch.until_step(step + 1)
    answer = paused.watch.history.answers[-1]
    assert (answer.kind, answer.command["kind"]) == ("CommandApplied", "Continue")


def test_a_changed_learning_rate_is_used_from_the_next_step_on(paused: Live) -> None:
    step = paused.watch.history.step
    before = rates(paused.run)[-1]
    done = paused.laboratory.dltui("set", "latest", f"optimizer.lr={LR}")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{paused.run.id}: optimizer.lr {before:g} → {LR:g} at step {step:,}\n"
    paused.laboratory.dltui("continue", "latest")
    paused.watch.until_step(step + 1)
    assert before != LR
    assert rates(paused.run)[step - 1 : step + 1] == [before, LR]
    assert set(rates(paused.run)[step:]) == {LR}


def test_several_changes_in_one_go_are_answered_one_by_one(paused: Live) -> None:
    step = paused.watch.history.step
    following = math.ceil(paused.watch.history.epoch() - 1e-9) + 1
    settings = ("m=.5", "data.batch_size=32", "model.bias=false", "warmup=1", "model.dropout=.2")
    done = paused.laboratory.dltui("set", "latest", *settings)
    assert done.returncode == 2
    assert [line.split(" ", 1)[1] for line in done.stdout.splitlines()] == [
        f"optimizer.momentum 0.9 → 0.5 at step {step:,}",
        f"data.batch_size 64 → 32 from epoch {following:,} on at step {step:,}",
        f"schedule.warmup_steps 0 → 1 at step {step:,}",
        f"model.dropout 0 → 0.2 at step {step:,}",
    ]
    assert "refused model.bias = false: cannot change while the run goes on" in done.stderr
    shown = paused.laboratory.dltui("show", "latest").stdout
    assert f"model.dropout 0 → 0.2 at step {step:,}" in shown
    paused.laboratory.dltui("continue", "latest")
    paused.watch.until_step(step + 200)


def test_stop_saves_the_weights_and_ends_the_run(laboratory: Laboratory) -> None:
    started = laboratory.dltui("run", "digits e=1000000", "--detach")
    run = laboratory.run()
    assert started.stdout == f"{run.id}: dltui attach {run.id}\n"
    done = laboratory.dltui("stop", run.id[:10])
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"{run.id}: stopping at step ")
    watch = Watch(run)
    watch.until_state("stopped")
    assert watch.history.answers[-1].command["kind"] == "Stop"
    assert (run.checkpoints / f"{watch.history.step}.pt").exists()
    late = laboratory.dltui("pause", run.id)
    assert late.returncode == 2
    assert "is not being trained" in late.stderr
