"""A script of the user's own under watch: what is told is true, and nothing breaks the script."""

import copy
import io
import math
import os
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from dlcore import StopTraining, commands, launch, watch
from dlcore.commands import Command
from dlcore.errors import RunError
from dlcore.events import (
    ActivationsMeasured,
    AttemptEnded,
    CommandApplied,
    CommandRefused,
    Event,
    GradientsMeasured,
    Prepared,
    StepsEnded,
    Warned,
)
from dlcore.family.lineage import remedied
from dlcore.judged import config_of, findings_of
from dlcore.rundir import RunDir, all_runs
from dlcore.summary import read_history
from dlcore.training.watching import Watch
from dlcore.training.watching_steps import StepFigures
from tests.dlcore.trained import read_events

Step = Callable[[], torch.Tensor]


class Net(nn.Module):
    """Two layers with a relu between them, named as ours are."""

    def __init__(self) -> None:
        super().__init__()
        self.fc1 = nn.Linear(4, 8)
        self.fc1_relu = nn.ReLU()
        self.fc2 = nn.Linear(8, 3)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        outputs: torch.Tensor = self.fc2(self.fc1_relu(self.fc1(inputs)))
        return outputs


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every step is told, and commands are heard at each of them."""
    monkeypatch.setattr(StepFigures, "is_due", lambda self: True)


@pytest.fixture(autouse=True)
def same_seed() -> Iterator[None]:
    torch.manual_seed(0)
    hook = sys.excepthook
    yield
    sys.excepthook = hook


def loop(model: nn.Module, optimizer: torch.optim.Optimizer, batch: int = 5) -> Step:
    """A script's own step: forward, loss, backward, move."""
    chance = torch.Generator().manual_seed(1)

    def step() -> torch.Tensor:
        inputs = torch.randn(batch, 4, generator=chance)
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(inputs), torch.arange(batch) % 3)
        loss.backward()
        optimizer.step()
        return loss

    return step


def begun(**settings: Any) -> tuple[Net, torch.optim.Optimizer, Step, Watch]:
    model = Net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.5)
    return model, optimizer, loop(model, optimizer), watch(model, optimizer, **settings)


def run_of(home: Path) -> RunDir:
    return next(all_runs(home))


def said(run: RunDir, kind: type[Event]) -> list[Any]:
    return [event for event in read_events(run) if isinstance(event, kind)]


def test_a_whole_run(home: Path) -> None:
    _, _, step, run = begun(name="mine", epochs=2, chance=0.4)
    losses, rates = [], []
    with run:
        for _ in range(2):
            for _ in range(6):
                loss = step()
                losses.append(float(loss.detach()))
                rates.append(0.1)
                run.step(loss, accuracy=0.5, samples=5)
            run.evaluated("validation", loss=1.5, accuracy=0.25, samples=7)
            run.epoch()
    there = run_of(home)
    assert there.id == run.id
    history = read_history(there, whole=True)
    assert history.ended is not None
    assert (history.ended.reason, history.step) == ("finished", 12)
    assert [history.loss.value_at(number) for number in range(1, 13)] == pytest.approx(losses)
    assert [history.lr.value_at(number) for number in range(1, 13)] == pytest.approx(rates)
    prepared = history.prepared
    assert prepared is not None
    assert [(layer.name, layer.shape, layer.activation) for layer in prepared.layers] == [
        ("fc1", (8,), "relu"),
        ("fc2", (3,), ""),
    ]
    assert (prepared.input_shape, prepared.batch_size, prepared.parameters) == ((4,), 5, 67)
    assert (prepared.epochs, prepared.steps_per_epoch, prepared.total_steps) == (2, 6, 12)
    assert (prepared.validation_samples, prepared.unknown) == (7, ())
    assert prepared.chance == pytest.approx(0.4)
    assert [(one.epoch, one.step) for one in history.epochs] == [(1, 6), (2, 12)]
    means = [sum(losses[:6]) / 6, sum(losses[6:]) / 6]
    assert [one.loss for one in history.epochs] == pytest.approx(means)
    assert [(one.epoch, one.step, one.accuracy) for one in history.split("validation")] == [
        (1.0, 6, 0.25),
        (2.0, 12, 0.25),
    ]
    assert history.totals()[0] == 60
    assert said(there, ActivationsMeasured)
    config = config_of(there)
    assert (config.name, config.optimizer.kind, config.optimizer.lr) == ("mine", "momentum", 0.1)
    assert config.model.target == "own_script:Net"  # type: ignore[union-attr]
    findings_of(there, history)


def test_norms_and_updates_are_those_of_the_step(home: Path, at_once: None) -> None:
    model, _, step, run = begun(total_steps=3)
    wanted = []
    for _ in range(3):
        before = [parameter.detach().clone() for parameter in (model.fc1.weight, model.fc2.weight)]
        run.step(step())
        now = (model.fc1.weight, model.fc2.weight)
        row = []
        for one, old in zip(now, before, strict=True):
            assert one.grad is not None
            row.append((float(one.grad.norm()), float((one.detach() - old).norm() / old.norm())))
        wanted.append(row)
    run.close()
    found = said(run_of(home), GradientsMeasured)
    assert [number for event in found for number in event.steps] == [1, 2, 3]
    for index, name in enumerate(("fc1", "fc2")):
        norms = [one for event in found for one in event.norms[name]]
        updates = [one for event in found for one in event.updates[name]]
        assert norms == pytest.approx([row[index][0] for row in wanted], rel=1e-5)
        assert updates == pytest.approx([row[index][1] for row in wanted], rel=1e-4)


def test_watching_changes_nothing(home: Path) -> None:
    def trained(watching: bool) -> list[torch.Tensor]:
        torch.manual_seed(3)
        model = nn.Sequential(nn.Linear(4, 8), nn.Dropout(0.5), nn.Linear(8, 3))
        optimizer = torch.optim.Adam(model.parameters())
        step = loop(model, optimizer)
        run = watch(model, optimizer, total_steps=20) if watching else None
        for _ in range(20):
            loss = step()
            if run is not None:
                run.step(loss)
        if run is not None:
            run.close()
        hooks = [model._forward_hooks, model._forward_pre_hooks, optimizer._optimizer_step_pre_hooks]
        assert not any(hooks)
        return [parameter.detach() for parameter in model.parameters()]

    assert all(torch.equal(one, other) for one, other in zip(trained(True), trained(False), strict=True))


def test_accumulation_scaling_and_frozen_layers(home: Path, at_once: None) -> None:
    model = Net()
    model.fc1.requires_grad_(False)
    optimizer = torch.optim.SGD(
        [{"params": model.fc1.parameters()}, {"params": model.fc2.parameters()}], lr=0.1
    )
    scaler = torch.amp.GradScaler("cpu", init_scale=1024.0)
    run = watch(model, optimizer)
    for part in range(3):
        loss = model(torch.full((2, 4), float(part))).square().mean()
        scaler.scale(loss).backward()
    unscaled = float(model.fc2.weight.grad.norm()) / 1024  # type: ignore[union-attr]
    scaler.step(optimizer)
    scaler.update()
    run.step(loss)
    run.close()
    (found,) = said(run_of(home), GradientsMeasured)
    assert found.norms == {"fc2": (pytest.approx(unscaled, rel=1e-5),)}


def test_a_fused_optimizer_scales_by_itself(home: Path, at_once: None) -> None:
    model = Net()
    optimizer = torch.optim.Adam(model.parameters(), fused=True)
    scaler = torch.amp.GradScaler("cpu", init_scale=1024.0)
    run = watch(model, optimizer)
    scaler.scale(model(torch.ones(2, 4)).square().mean()).backward()
    unscaled = float(model.fc2.weight.grad.norm()) / 1024  # type: ignore[union-attr]
    scaler.step(optimizer)
    run.step(1.0)
    run.close()
    (found,) = said(run_of(home), GradientsMeasured)
    assert found.norms["fc2"] == (pytest.approx(unscaled, rel=1e-5),)


def test_a_step_with_a_closure(home: Path, at_once: None) -> None:
    model = Net()
    optimizer = torch.optim.LBFGS(model.parameters(), lr=0.5, max_iter=2)
    run = watch(model, optimizer)
    inputs = torch.randn(5, 4)

    def closure() -> float:
        optimizer.zero_grad()
        loss = model(inputs).square().mean()
        loss.backward()
        return float(loss.detach())

    run.step(optimizer.step(closure))
    run.close()
    (found,) = said(run_of(home), GradientsMeasured)
    assert found.norms["fc1"][0] > 0
    assert config_of(run_of(home)).optimizer.kind == "sgd"
    assert any("LBFGS" in warning.message for warning in said(run_of(home), Warned))
    assert "optimizer" in said(run_of(home), Prepared)[-1].unknown


def test_a_compiled_network_has_its_own_names(home: Path, at_once: None) -> None:
    model = Net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    compiled = torch.compile(model, backend="eager", fullgraph=True)
    run = watch(compiled, optimizer)  # type: ignore[arg-type]
    step = loop(compiled, optimizer)  # type: ignore[arg-type]
    for _ in range(3):
        run.step(step())
    run.close()
    prepared = said(run_of(home), Prepared)[-1]
    assert [layer.name for layer in prepared.layers] == ["fc1", "fc2"]
    assert not said(run_of(home), ActivationsMeasured)
    assert "compiled" in said(run_of(home), Warned)[0].message
    assert list(said(run_of(home), GradientsMeasured)[0].norms) == ["fc1", "fc2"]


def test_copies_and_files_of_the_network_know_nothing_of_us(home: Path, at_once: None) -> None:
    model, _, step, run = begun()
    for hooked in range(2):  # before the first pass, and while a look is due
        if hooked:
            run.step(step())
        assert model.fc1._forward_hooks
        file = io.BytesIO()
        torch.save(model, file)
        assert b"dlcore" not in file.getvalue().replace(b"tests.dlcore", b"")
        other = copy.deepcopy(model)
        outputs = other(torch.ones(1, 4))
        assert model.fc1._forward_hooks
        assert torch.equal(outputs, model(torch.ones(1, 4)))
    run.close()


def viewer(run: RunDir, *told: tuple[Callable[[list[Event]], bool], Command]) -> threading.Thread:
    """A viewer that says each command once something has been said."""

    def talk() -> None:
        for is_time, command in told:
            while not is_time(read_events(run)):
                if stop.wait(0.01):
                    return
            launch.leave(run, command)

    stop = threading.Event()
    thread = threading.Thread(target=talk, daemon=True)
    thread.start()
    return thread


def applied(kind: str) -> Callable[[list[Event]], bool]:
    return lambda events: any(
        isinstance(event, CommandApplied) and event.command["kind"] == kind for event in events
    )


def steps(count: int) -> Callable[[list[Event]], bool]:
    return lambda events: sum(len(one.loss) for one in events if isinstance(one, StepsEnded)) >= count


def test_it_obeys_where_the_script_lets_it(home: Path, at_once: None) -> None:
    _, optimizer, step, run = begun(obey=True)
    optimizer.add_param_group({"params": [nn.Parameter(torch.zeros(1))], "lr": 0.2})
    there = run_of(home)
    thread = viewer(
        there,
        (steps(1), commands.Pause()),
        (applied("Pause"), commands.Set(key="optimizer.lr", value=0.05)),
        (applied("Set"), commands.Step(count=2)),
        (applied("Step"), commands.Set(key="training.epochs", value=3)),
        (steps(3), commands.Stop()),
    )
    taken = 0
    with run:
        while taken < 100_000:
            run.step(step())
            taken += 1
        raise AssertionError("it was never stopped")
    thread.join(10)
    assert not thread.is_alive()
    rates = [group["lr"] for group in optimizer.param_groups]
    assert rates == pytest.approx([0.05, 0.1])
    history = read_history(there, whole=True)
    assert history.ended is not None
    assert history.ended.reason == "stopped"
    assert history.lr.last() == pytest.approx(0.05)
    (refused,) = said(there, CommandRefused)
    assert "only optimizer.lr" in refused.reason
    words = [event.text for event in said(there, CommandApplied)]
    assert words[:2] == ["paused", "optimizer.lr 0.1 → 0.05, and of one other group in proportion"]
    at = said(there, CommandApplied)[2].step
    assert words[2] == f"on to step {at + 2}"


def test_a_rate_under_a_schedule_changes_in_proportion(home: Path, at_once: None) -> None:
    model = Net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, step_size=1, gamma=0.5)
    run, step = watch(model, optimizer, obey=True), loop(model, optimizer)
    step()
    schedule.step()
    launch.leave(run_of(home), commands.Set(key="optimizer.lr", value=0.2))
    run.step(1.0)
    assert optimizer.param_groups[0]["lr"] == pytest.approx(0.1)
    step()
    schedule.step()
    assert optimizer.param_groups[0]["lr"] == pytest.approx(0.05)
    run.close()
    (edit,) = read_history(run_of(home)).edits
    assert (edit.key, edit.value, edit.before, edit.text) == (
        "optimizer.lr",
        0.2,
        0.1,
        "optimizer.lr 0.1 → 0.2",
    )


def test_it_refuses_where_the_script_does_not_let_it(home: Path, at_once: None) -> None:
    _, _, step, run = begun()
    launch.leave(run_of(home), commands.Stop())
    for _ in range(2):
        run.step(step())
    run.close()
    (refused,) = said(run_of(home), CommandRefused)
    assert "obey=True" in refused.reason
    assert said(run_of(home), AttemptEnded)[0].reason == "finished"


def test_a_stop_ends_any_loop(home: Path, at_once: None) -> None:
    _, _, step, run = begun(obey=True)
    launch.leave(run_of(home), commands.Stop())
    with pytest.raises(StopTraining):
        run.step(step())
    run.close()
    assert said(run_of(home), AttemptEnded)[0].reason == "stopped"


def test_a_loss_that_is_no_number_is_named_and_ends_nothing(home: Path, at_once: None) -> None:
    _, _, step, run = begun(total_steps=30)
    for number in range(1, 31):
        loss = step()
        run.step(loss if number < 12 else loss * math.nan)
    run.close()
    there = run_of(home)
    (warning,) = said(there, Warned)
    assert warning.message == "The loss is not finite since step 12 (it is nan); the script goes on"
    history = read_history(there)
    assert history.step == 30
    assert history.ended is not None
    assert (history.ended.reason, history.ended.message) == (
        "failed",
        "The loss is not finite since step 12 (it is nan)",
    )
    assert [(one.code, one.step) for one in findings_of(there, history)] == [("nan", 12)]


def test_a_network_that_vanishes_is_found(home: Path, at_once: None) -> None:
    layers = [module for _ in range(7) for module in (nn.Linear(4, 4), nn.Sigmoid())]
    model = nn.Sequential(*layers, nn.Linear(4, 3))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    run, step = watch(model, optimizer, total_steps=40, chance=0.4), loop(model, optimizer)
    for _ in range(40):
        run.step(step(), accuracy=0.4)
    run.close()
    history = read_history(run_of(home))
    (found,) = findings_of(run_of(home), history)
    assert (found.code, found.layer) == ("vanishing_gradient", "0")
    assert history.activations[-1].saturated.keys() == {str(number) for number in range(0, 14, 2)}
    assert "layers each of which shrinks the signal" in found.cause
    with pytest.raises(RunError, match="cannot be trained anew: it was watched in your own script"):
        remedied(run_of(home), history.step, found.remedies[0])


def test_exceptions_end_the_run(home: Path) -> None:
    for error, reason in ((KeyboardInterrupt(), "stopped"), (ValueError("no such batch"), "failed")):
        _, _, step, run = begun()
        run.step(step())
        with pytest.raises(type(error)), run:
            raise error
        ended = said(run_of(home), AttemptEnded)[0]
        assert ended.reason == reason
        assert ("ValueError: no such batch" in ended.message) == (reason == "failed")


def test_a_run_that_is_let_go_has_stopped(home: Path) -> None:
    def train() -> None:
        _, _, step, run = begun(total_steps=10)
        for _ in range(4):
            run.step(step())

    train()
    import gc

    gc.collect()
    ended = said(run_of(home), AttemptEnded)[0]
    assert (ended.reason, ended.message) == ("stopped", "The script let go of it at step 4 of 10")


_SCRIPT = """
import torch
from dlcore import watch
model = torch.nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
run = watch(model, optimizer)
for step in range(5):
    loss = model(torch.ones(2, 3)).square().mean()
    loss.backward()
    optimizer.step()
    run.step(loss)
    if step == 3:
        raise RuntimeError("the script's own fault")
"""


def test_a_script_that_fails(home: Path, tmp_path: Path) -> None:
    script = tmp_path / "train.py"
    script.write_text(_SCRIPT)
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, timeout=100, env={**os.environ}
    )
    assert done.returncode == 1
    assert "RuntimeError: the script's own fault" in done.stderr
    assert "dltui" not in done.stderr
    run = run_of(home)
    history = read_history(run)
    assert history.ended is not None
    assert (history.ended.reason, history.step) == ("failed", 4)
    assert history.ended.message == "RuntimeError: the script's own fault, in train.py line 13"
    assert "train-linear" in run.id


def test_importing_needs_no_torch() -> None:
    check = "import dlcore, sys; assert callable(dlcore.watch) and 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", check], check=True, timeout=60)


# -- faults of ours ---------------------------------------------------------------------------------------


def test_without_a_home_the_script_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("DLTUI_HOME", str(tmp_path / "file"))
    _, _, step, run = begun()
    for _ in range(3):
        run.step(step(), accuracy=0.5)
    run.evaluated("test", loss=1.0)
    run.epoch()
    run.close()
    assert run.id == ""
    warned = capfd.readouterr().err.strip().splitlines()
    assert len(warned) == 1
    assert warned[0].startswith("dltui: ")
    assert warned[0].endswith("This script is not watched, and goes on.")


def test_a_fault_of_ours_is_one_warning(
    home: Path, at_once: None, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    from dlcore.training.probes import GradientProbe

    def broken(*_: object) -> None:
        raise RuntimeError("a probe fell over")

    model, _, step, run = begun()
    run.step(step())
    monkeypatch.setattr(GradientProbe, "look", broken)
    before = model.fc1.weight.detach().clone()
    for _ in range(3):
        run.step(step())
    run.close()
    assert not torch.equal(before, model.fc1.weight)
    assert not model.fc1._forward_hooks
    warned = capfd.readouterr().err.strip().splitlines()
    assert warned == [
        "dltui: RuntimeError: a probe fell over. This script is no longer watched, and goes on."
    ]
    ended = said(run_of(home), AttemptEnded)[0]
    assert (ended.reason, "a probe fell over" in ended.message) == ("stopped", True)


def test_a_full_disk_ends_nothing(
    home: Path, at_once: None, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    from dlcore.files import disk

    _, _, step, run = begun()
    run.step(step())

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(disk, "write", full)
        for _ in range(5):
            run.step(step())
    run.step(step())
    run.close()
    assert read_history(run_of(home)).step == 7
    assert "The disk is full" in capfd.readouterr().err


def test_a_forked_copy_writes_nothing(home: Path, at_once: None) -> None:
    _, _, step, run = begun()
    run.step(step())
    said_before = run_of(home).events.stat().st_size
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # newer Pythons warn of what is tried here
        child = os.fork()
    if not child:
        run.step(1.0)
        run.epoch()
        run.close()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    assert run_of(home).events.stat().st_size == said_before
    run.step(step())
    run.close()
    assert read_history(run_of(home)).step == 2


def test_other_processes_of_one_training_are_not_watched(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RANK", "1")
    _, _, step, run = begun()
    run.step(step())
    run.close()
    assert not list(all_runs(home))


@pytest.mark.parametrize(
    ("settings", "error"),
    [
        ({"epochs": 0}, "epochs"),
        ({"total_steps": -1}, "total_steps"),
        ({"probe_budget": 2.0}, "probe_budget"),
    ],
)
def test_arguments_that_are_none_are_refused(settings: dict[str, Any], error: str, home: Path) -> None:
    model = Net()
    with pytest.raises(ValueError, match=error):
        watch(model, torch.optim.SGD(model.parameters(), lr=0.1), **settings)
    with pytest.raises(TypeError, match="torch module"):
        watch(settings, torch.optim.SGD(model.parameters(), lr=0.1))  # type: ignore[arg-type]
    assert not list(all_runs(home))


def test_a_regression_without_a_length(home: Path, at_once: None) -> None:
    _, _, step, run = begun()
    run.evaluated("test", loss=torch.tensor(2.0), r2=0.1, mae=1.0)
    for _ in range(12):
        run.step(step(), r2=torch.tensor(0.5))
    run.evaluated("test", loss=1.0, r2=0.75, samples=10)
    run.close()
    history = read_history(run_of(home))
    assert history.prepared is not None
    assert (history.prepared.task, history.metric, history.watched) == ("regression", "r2", "test")
    assert set(history.prepared.unknown) == {"chance", "epochs", "length"}
    assert history.score.last() == 0.5
    assert (history.epoch(), history.seconds_left()) == (0.0, None)
    assert [one.r2 for one in history.split("test")] == pytest.approx([0.1, 0.75])
