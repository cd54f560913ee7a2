"""The compiled step is the plain step, for every optimizer; where it is not, it is not used."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

from dlcore.choices.architectures import CustomModel
from dlcore.choices.optimizers import (
    OPTIMIZERS,
    AdamW,
    Momentum,
    Optimizer,
    RMSprop,
)
from dlcore.events import CompilationEnded, CompilationStarted
from dlcore.summary import read_history
from dlcore.training.compiled import CompiledStep, compiled
from dlcore.training.step import TrainingStep
from tests.dlcore.trained import read_events
from tests.dlcore.training.prepared import Prepared, prepared
from tests.dlcore.training.test_live import Told, steered

STEPS = 100
BATCH = 16
LINE = f"digits mlp 12,8 tanh ce b={BATCH} e=2 val=0 n=900"


@pytest.fixture(autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Compile into a folder that belongs to this test session."""
    folder = tmp_path_factory.getbasetemp() / "compiled"
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(folder))
    torch._dynamo.reset()  # a trainer compiles once; here one process does it many times


def step_of(start: Prepared) -> TrainingStep:
    return TrainingStep(start.config, start.network())


def walked(start: Prepared, *, compile: bool) -> tuple[list[float], TrainingStep]:  # noqa: A002
    """The losses of the first steps, and the step afterwards; an epoch's last batch is a short one."""
    step = step_of(start)
    take: TrainingStep | CompiledStep = step
    if compile:
        graph, reason = compiled(step, *start.data.first(start.data.training, BATCH))
        assert graph is not None, reason
        take = graph
    torch.manual_seed(1)
    losses: list[float] = []
    while len(losses) < STEPS:
        for inputs, targets in start.data.batches(start.data.training, BATCH):
            step.optimizer.lr = step.config.optimizer.lr * (1 - len(losses) / (2 * STEPS))  # a schedule
            losses.append(float(take(inputs, targets)[0]))
    return losses[:STEPS], step


def assert_alike(start: Prepared) -> None:
    plain, step = walked(start, compile=False)
    graph, other = walked(start, compile=True)
    assert graph == pytest.approx(plain, rel=2e-4, abs=2e-5)
    assert step.optimizer.taken == other.optimizer.taken
    pairs = zip(
        [*step.network.state_dict().values(), *step.optimizer.tensors()],
        [*other.network.state_dict().values(), *other.optimizer.tensors()],
        strict=True,
    )
    for one, two in pairs:
        assert float((one - two).double().norm()) <= 2e-3 * max(float(one.double().norm()), 1e-3)


@pytest.mark.parametrize("kind", OPTIMIZERS)
def test_a_hundred_steps_are_those_of_the_plain_step(kind: type[Optimizer]) -> None:
    start = prepared(LINE)
    assert_alike(replace(start, config=replace(start.config, optimizer=kind())))


@pytest.mark.parametrize(
    "more",
    [
        "drop=.3 model.norm=batch",
        "regularization.l1=1e-4 regularization.l2=1e-3 regularization.clip_norm=.5",
        "regularization.clip_value=.01 loss.reduction=sum lr=.001",
    ],
)
def test_so_they_are_with_everything_else_that_belongs_to_a_step(more: str) -> None:
    start = prepared(f"{LINE} momentum {more}")
    assert_alike(start)


@pytest.mark.parametrize(
    "optimizer",
    [
        Momentum(lr_per_layer={"fc1": 0.002, "fc3": 0.03}),
        RMSprop(momentum=0.5),
        AdamW(weight_decay=0.3, lr_per_layer={"fc2": 0.01}),
    ],
    ids=lambda one: one.kind,
)
def test_so_they_are_with_rates_of_single_layers(optimizer: Optimizer) -> None:
    start = prepared(LINE)
    assert_alike(replace(start, config=replace(start.config, optimizer=optimizer)))


def test_the_trial_leaves_everything_as_it_was() -> None:
    start = prepared(f"{LINE} adam drop=.3 model.norm=batch")
    step = step_of(start)
    torch.manual_seed(5)
    before = [one.clone() for one in (*step.network.state_dict().values(), *step.optimizer.tensors())]
    chance = torch.get_rng_state()
    assert compiled(step, *start.data.first(start.data.training, BATCH))[0] is not None
    after = [*step.network.state_dict().values(), *step.optimizer.tensors()]
    assert all(torch.equal(one, other) for one, other in zip(before, after, strict=True))
    assert torch.equal(torch.get_rng_state(), chance)
    assert step.optimizer.taken == 0


def test_what_is_looked_at_are_the_gradients_before_they_are_bounded() -> None:
    start = prepared(f"{LINE} sgd regularization.clip_norm=1e-3 regularization.l2=.01")
    batch = start.data.first(start.data.training, BATCH)
    seen: list[list[torch.Tensor]] = []
    for compile_it in (False, True):
        step = step_of(start)
        take = compiled(step, *batch)[0] if compile_it else step
        assert take is not None

        def look(step: TrainingStep = step) -> None:
            found = [weight.grad for weight in step.weights]
            seen.append([one.clone() for one in found if one is not None])

        take(*batch, look)
    for one, two in zip(*seen, strict=True):
        assert float(one.norm()) > 1e-3
        assert torch.allclose(one, two, rtol=1e-4, atol=1e-7)


class Stubborn(nn.Module):
    """A network that no graph can hold: it looks at its values while it computes."""

    def __init__(self) -> None:
        super().__init__()
        self.fc1 = nn.Linear(64, 10)

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        if float(values.mean()) > 100:
            values = -values
        outputs: torch.Tensor = self.fc1(values.flatten(1))
        return outputs


class Idle(nn.Module):
    """A network with a weight that its output does not depend on."""

    def __init__(self) -> None:
        super().__init__()
        self.fc1 = nn.Linear(64, 10)
        self.idle = nn.Linear(4, 4)

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        outputs: torch.Tensor = self.fc1(values.flatten(1))
        return outputs


@pytest.mark.parametrize(
    ("network", "reason"), [(Stubborn(), ""), (Idle(), "does not do what the plain step does")]
)
def test_what_cannot_be_a_graph_is_not_used_and_says_why(network: nn.Module, reason: str) -> None:
    start = prepared(f"{LINE} adamw")
    step = TrainingStep(start.config, network)
    graph, said = compiled(step, *start.data.first(start.data.training, BATCH))
    assert graph is None
    assert said
    assert reason in said
    assert "\n" not in said


def test_images_that_are_laid_out_otherwise_are_learned_from_all_the_same() -> None:
    """The batch of the trial was laid out as it is stored; augmentation may bring another layout."""
    start = prepared(f"digits cnn 4, momentum b={BATCH}")
    inputs, targets = start.data.first(start.data.training, BATCH)
    other = inputs.repeat(1, 1, 1, 2)[..., ::2].contiguous().transpose(2, 3).contiguous().transpose(2, 3)
    losses = []
    for is_compiled in (False, True):
        step = step_of(start)
        take = compiled(step, inputs, targets)[0] if is_compiled else step
        assert take is not None
        losses.append([float(take(batch, targets)[0]) for batch in (inputs, other, inputs, other)])
    assert other.stride() != inputs.stride()
    assert losses[1] == pytest.approx(losses[0], rel=1e-4)


class Moody(nn.Module):
    """A user's network that does otherwise after a while."""

    def __init__(self) -> None:
        super().__init__()
        self.fc1 = nn.Linear(64, 10)
        self.mood = 1.0

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        outputs: torch.Tensor = self.fc1(values.flatten(1)) * self.mood
        return outputs


def test_a_network_of_the_user_s_own_may_change_its_mind() -> None:
    start = prepared(f"{LINE} momentum")
    config = replace(start.config, model=CustomModel(target="own.py:Moody"))
    batch = start.data.first(start.data.training, BATCH)
    losses: list[list[float]] = []
    for is_compiled in (False, True):
        torch.manual_seed(0)
        network = Moody()
        step = TrainingStep(config, network)
        take = compiled(step, *batch)[0] if is_compiled else step
        assert take is not None
        losses.append([])
        for network.mood in (1.0, 1.0, -3.0, -3.0):
            losses[-1].append(float(take(*batch)[0]))
    assert losses[1] == pytest.approx(losses[0], rel=1e-4)


def test_a_run_says_that_it_compiles_and_again_where_a_change_makes_it_another_graph(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rate is handed to the graph at each step; a penalty stands in it."""
    told: Told = {4: [("optimizer.lr", 0.5), ("regularization.l2", 0.1)], 6: [("optimizer.lr", 0.2)]}
    losses = []
    for compile_it in ("false", "true"):
        line = f"perceptron sgd lr=.1 e=1 training.compile={compile_it}"
        run, status = steered(home, monkeypatch, line, told, [])
        assert status == 0
        losses.append(list(read_history(run).loss.values))
    assert losses[1] == pytest.approx(losses[0], rel=1e-3)
    said = [event for event in read_events(run) if isinstance(event, CompilationStarted | CompilationEnded)]
    assert [(type(event), event.step) for event in said] == [
        (CompilationStarted, 0),
        (CompilationEnded, 0),
        (CompilationStarted, 4),
        (CompilationEnded, 4),
    ]
    assert [event.used for event in said if isinstance(event, CompilationEnded)] == [True, True]
