"""How trainers and those who follow them end: killed, asked to, and with Ctrl-C."""

import os
import signal

from dlcore.files.lock import lock_holder
from dlcore.rundir import RunDir
from tests.process.laboratory import Laboratory, Watch, dltui_command
from tests.process.terminal import wait_until

ENDLESS = "digits e=1000000"


def trainer_of(run: RunDir) -> int:
    """Wait for the trainer of a run, and return its process id."""
    wait_until(lambda: lock_holder(run) is not None, "no trainer")
    pid = lock_holder(run)
    assert pid is not None
    return pid


def test_a_killed_trainer_leaves_a_crashed_run(laboratory: Laboratory) -> None:
    following = laboratory.start("run", ENDLESS)
    run = laboratory.run()
    watch = Watch(run)
    trainer = trainer_of(run)
    watch.until_step(1)
    os.kill(trainer, signal.SIGKILL)
    done = laboratory.finish(following)
    assert done.returncode == 1
    assert done.stderr.startswith(
        "dltui: The trainer was killed by the system or by somebody (SIGKILL) at step "
    )
    assert done.stderr.endswith(f". To go on: dltui resume {run.id}; its log: {run.log}\n")
    assert done.stdout.splitlines()[-1].startswith(f"{run.id}: crashed at step {watch.history.step:,}, ")
    assert watch.state == "crashed"
    shown = laboratory.dltui("show", run.id)
    assert shown.returncode == 0
    assert shown.stdout.startswith(f"{run.id}  crashed\n")
    assert f"step {watch.history.step:,}" in shown.stdout
    terminal = laboratory.open("attach", run.id)
    terminal.wait_for("✗ crashed")
    terminal.wait_for("The trainer ended without a word at step ")


def test_the_death_of_a_newborn_trainer_is_told_without_input_and_output(laboratory: Laboratory) -> None:
    command = ["/bin/sh", "-c", 'exec "$0" run digits <&- >&-', dltui_command()]
    following = laboratory.start_program(command)
    run = laboratory.run()
    os.kill(trainer_of(run), signal.SIGKILL)
    done = laboratory.finish(following)
    assert done.returncode == 1
    assert done.stderr.startswith("dltui: The trainer was killed ")
    assert done.stderr.endswith(
        f" at step 0, no checkpoint. To go on: dltui resume {run.id}; its log: {run.log}\n"
    )


def test_ctrl_c_stops_the_run_gracefully(laboratory: Laboratory) -> None:
    terminal = laboratory.open("run", ENDLESS)
    terminal.wait_for("samples/s")
    terminal.send("\x03")
    terminal.wait_for("stopping after this step")
    assert terminal.wait_exit() == 130
    run = laboratory.run()
    assert Watch(run).state == "stopped"
    assert f"{run.id}: stopped, best validation accuracy" in terminal.text
    assert (run.checkpoints / f"{Watch(run).history.step}.pt").exists()
    assert terminal.is_sane()


def test_a_second_ctrl_c_leaves_the_run_to_itself(laboratory: Laboratory) -> None:
    terminal = laboratory.open("run", ENDLESS)
    run = laboratory.run()
    trainer = trainer_of(run)
    terminal.wait_for("starting")
    terminal.send("\x03")  # the trainer is still importing, and cannot stop yet
    terminal.wait_for("stopping after this step")
    terminal.send("\x03")
    assert terminal.wait_exit() == 130
    assert lock_holder(run) == trainer
    assert f"left running: dltui attach {run.id}" in terminal.text


def test_ctrl_c_before_the_trainer_is_there_stops_it_too(laboratory: Laboratory) -> None:
    terminal = laboratory.open("run", ENDLESS)
    terminal.wait_for("digits mlp")
    terminal.send("\x03")
    assert terminal.wait_exit() == 130
    run = laboratory.run()
    assert Watch(run).state == "stopped"
    assert "stopping after this step" in terminal.text
