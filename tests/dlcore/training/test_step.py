"""A training step: torch's own optimizers to the bit, what is optional, and a trial that leaves no trace."""

import pytest
import torch
from torch import nn, optim

from dlcore.choices.optimizers import (
    Adadelta,
    Adagrad,
    Adam,
    AdamW,
    Momentum,
    Nesterov,
    Optimizer,
    RMSprop,
    Sgd,
)
from dlcore.process.cores import available
from dlcore.training.optimizers import build_optimizer
from dlcore.training.step import TrainingStep
from dlcore.training.threads import choose_threads
from tests.dlcore.training.prepared import prepared

Parameters = list[nn.Parameter]


def of_torch(chosen: Optimizer, parameters: Parameters) -> optim.Optimizer:
    """Torch's own object with the same fields."""
    match chosen:
        case Sgd():
            return optim.SGD(parameters, lr=chosen.lr, fused=True)
        case Momentum() | Nesterov():
            nesterov = isinstance(chosen, Nesterov)
            return optim.SGD(
                parameters, lr=chosen.lr, momentum=chosen.momentum, nesterov=nesterov, fused=True
            )
        case Adagrad():
            return optim.Adagrad(parameters, lr=chosen.lr, eps=chosen.eps)
        case Adadelta():
            return optim.Adadelta(parameters, lr=chosen.lr, rho=chosen.rho, eps=chosen.eps)
        case RMSprop():
            return optim.RMSprop(
                parameters, lr=chosen.lr, alpha=chosen.alpha, eps=chosen.eps, momentum=chosen.momentum
            )
        case AdamW():
            betas = (chosen.beta1, chosen.beta2)
            return optim.AdamW(
                parameters,
                lr=chosen.lr,
                betas=betas,
                eps=chosen.eps,
                weight_decay=chosen.weight_decay,
                fused=True,
            )
        case Adam():
            betas = (chosen.beta1, chosen.beta2)
            return optim.Adam(parameters, lr=chosen.lr, betas=betas, eps=chosen.eps, fused=True)


class Branching(nn.Module):
    """Two layers, one of which only every other batch depends on."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(3)
        self.fc1 = nn.Linear(5, 4)
        self.fc2 = nn.Linear(5, 4)
        self.calls = 0

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        self.calls += 1
        outputs: torch.Tensor = self.fc1(values)
        return outputs + self.fc2(values) if self.calls % 2 else outputs


@pytest.mark.parametrize(
    "chosen",
    [
        Sgd(),
        Momentum(),
        Momentum(momentum=0.0),
        Nesterov(),
        Adagrad(),
        Adadelta(),
        RMSprop(),
        RMSprop(momentum=0.7),
        Adam(),
        AdamW(weight_decay=0.2),
    ],
    ids=lambda one: one.kind,
)
def test_steps_are_those_of_the_objects_of_torch_to_the_bit(chosen: Optimizer) -> None:
    ours, theirs = Branching(), Branching()
    updater, optimizer = build_optimizer(chosen, ours), of_torch(chosen, list(theirs.parameters()))
    for number in range(25):
        inputs = torch.randn(7, 5, generator=torch.Generator().manual_seed(number))
        for network, mover in ((ours, updater), (theirs, optimizer)):
            mover.zero_grad()
            network(inputs).square().mean().backward()
            mover.step()
        for one, other in zip(ours.parameters(), theirs.parameters(), strict=True):
            assert torch.equal(one, other)
    assert updater.taken == 25


def test_penalties_and_bounds_are_those_of_torch() -> None:
    line = "digits mlp 6, sgd lr=.1 regularization.l1=.01 regularization.l2=.02 "
    start = prepared(f"{line} regularization.clip_value=.05 regularization.clip_norm=.2")
    batch = start.data.first(start.data.training, 32)
    step = TrainingStep(start.config, start.network())
    by_hand = start.network()
    loss = nn.functional.cross_entropy(by_hand(batch[0]), batch[1])
    weights = [one for one in by_hand.parameters() if one.dim() == 2]
    whole = loss + sum(0.01 * one.abs().sum() + 0.02 * one.square().sum() for one in weights)
    whole.backward()
    seen: list[float] = []
    step(*batch, lambda: seen.extend(float(one.grad.norm()) for one in step.weights if one.grad is not None))
    assert seen == pytest.approx(
        [float(one.grad.norm()) for one in weights if one.grad is not None], rel=1e-5
    )
    nn.utils.clip_grad_value_(by_hand.parameters(), 0.05)
    nn.utils.clip_grad_norm_(by_hand.parameters(), 0.2)
    for one, other in zip(step.parameters, by_hand.parameters(), strict=True):
        assert other.grad is not None
        assert torch.allclose(one, other - 0.1 * other.grad, atol=1e-7)


def test_a_trial_leaves_no_trace() -> None:
    start = prepared("digits mlp 6, adam drop=.5 model.norm=batch")
    step = TrainingStep(start.config, start.network())
    batch = start.data.first(start.data.training, 16)
    step(*batch)
    kept = [*step.network.state_dict().values(), *step.optimizer.tensors()]
    before, chance = [one.clone() for one in kept], torch.get_rng_state()
    with step.untouched():
        for _ in range(3):
            step(*batch)
        assert not torch.equal(step.parameters[0], before[0])
        assert step.optimizer.taken == 4
    assert all(torch.equal(one, other) for one, other in zip(kept, before, strict=True))
    assert torch.equal(torch.get_rng_state(), chance)
    assert step.optimizer.taken == 1
    assert all(one.grad is None for one in step.parameters)


def test_bfloat16_computes_products_alone() -> None:
    start = prepared("digits cnn 8, training.precision=bfloat16")
    step = TrainingStep(start.config, start.network())
    batch = start.data.first(start.data.training, 16)
    heard: list[torch.dtype] = []
    step.network[0].register_forward_hook(lambda module, given, output: heard.append(output.dtype))  # type: ignore[index]
    loss, outputs = step(*batch)
    assert heard == [torch.bfloat16]
    assert loss.dtype == outputs.dtype == torch.float32
    assert {one.dtype for one in step.parameters} == {torch.float32}
    plain = prepared("digits cnn 8,")
    full, _ = TrainingStep(plain.config, plain.network())(*batch)
    assert float(loss) == pytest.approx(float(full), rel=0.02)
    assert float(loss) != float(full)


def test_small_steps_take_one_thread_and_the_trial_leaves_no_trace() -> None:
    number = torch.get_num_threads()
    try:
        start = prepared("xor mlp 4,")
        step = TrainingStep(start.config, start.network())
        before, chance = [one.clone() for one in step.parameters], torch.get_rng_state()
        assert choose_threads(step, *start.data.first(start.data.training, 4)) == 1
        assert torch.get_num_threads() == 1
        assert all(torch.equal(one, other) for one, other in zip(step.parameters, before, strict=True))
        assert torch.equal(torch.get_rng_state(), chance)
    finally:
        torch.set_num_threads(number)


def test_more_threads_must_earn_their_keep(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock of the trial is ours: a step takes 8 ms with one thread, 5 with two, 4.5 with four."""
    number = torch.get_num_threads()
    clock = [0.0]
    taken = {1: 0.008, 2: 0.005, 4: 0.0045}

    def now() -> float:
        clock[0] += taken[torch.get_num_threads()] / 2  # it is asked before and after
        return clock[0]

    monkeypatch.setattr("dlcore.training.threads.time.perf_counter", now)
    start = prepared("xor mlp 4,")
    step = TrainingStep(start.config, start.network())
    batch = start.data.first(start.data.training, 4)
    try:
        for cores, wanted in ((1, 1), (2, 2), (4, 2)):
            monkeypatch.setattr("dlcore.training.threads.available", lambda cores=cores: cores)
            assert choose_threads(step, *batch) == wanted
            assert torch.get_num_threads() == wanted
    finally:
        torch.set_num_threads(number)
    assert available() >= 1
