"""The step of each optimizer against torch.optim, the check in double, and that nothing is left behind."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from dlcore.errors import DltuiError
from dlcore.oneline import parse
from dlcore.rundir import RunDir
from dlcore.training.looking.microscope.answer import _frozen
from tests.dlcore.training.looking.microscope.plain import (
    CASES,
    MODES,
    Case,
    Script,
    line_of,
    look,
    near,
    rules,
    worked_out,
)
from tests.dlcore.training.test_step import of_torch

Learned = Callable[[str], tuple[RunDir, dict[str, Any]]]
PAGES = ("forward", "loss", "backward", "step", "check")
OPTIMIZERS = {
    "sgd": "sgd lr=.05",
    "momentum": "momentum lr=.02",
    "momentum of zero": "momentum lr=.02 m=0",
    "nesterov": "nesterov lr=.02 l2=.01",
    "adagrad": "adagrad",
    "adadelta": "adadelta",
    "rmsprop": "rmsprop l1=.001 clip=.1",
    "rmsprop with momentum": "rmsprop m=.5",
    "adam": "adam regularization.clip_value=.001",
    "adamw": "adamw decay=.1 one_cycle",
}
TORCH = {
    "momentum": "momentum_buffer",
    "square_sum": "sum",
    "delta_mean": "acc_delta",
    "mean": "exp_avg",
    "step": "step",
}


def remembered(name: str, optimizer: str) -> str:
    """What torch.optim calls what an optimizer remembers."""
    if name == "square_mean":
        return "exp_avg_sq" if optimizer.startswith("adam") else "square_avg"
    return TORCH[name]


@pytest.mark.parametrize(
    ("optimizer", "passes"), [*((name, 1) for name in OPTIMIZERS), ("adam", 3), ("nesterov", 2)]
)
def test_a_step_is_that_of_torch(learned: Learned, optimizer: str, passes: int) -> None:
    case = Case(f"digits mlp 12,8 tanh {OPTIMIZERS[optimizer]}", CASES["tanh"].layers)
    run, state = learned(line_of(case))
    config, script = parse(line_of(case)), Script(case, state)
    parameters = list(script.model.parameters())
    for parameter in parameters:
        assert parameter.grad is not None
        parameter.grad *= passes
    chosen = config.regularization
    for parameter in parameters[::2]:  # the weights; biases are not penalized
        assert parameter.grad is not None
        parameter.grad += chosen.l1 * parameter.detach().sign() + 2 * chosen.l2 * parameter.detach()
    if chosen.clip_value:
        nn.utils.clip_grad_value_(parameters, chosen.clip_value)
    if chosen.clip_norm:
        nn.utils.clip_grad_norm_(parameters, chosen.clip_norm)
    page = look(run, "step", layer=1, passes=passes)
    plain = of_torch(config.optimizer.model_copy(update={"lr": page["content"]["lr"]}), parameters)
    stored = state["optimizer"]
    names = [name for name in state["model"] if name.startswith("fc")]
    plain.load_state_dict(
        {
            **plain.state_dict(),
            "state": {
                number: {remembered(kind, optimizer): stored[kind][name].clone() for kind in stored}
                for number, name in enumerate(names)
            },
        }
    )
    before = [parameter.detach().clone() for parameter in parameters]
    plain.step()
    content = page["content"]
    number = names.index(page["parameter"])
    old, new = (float(each[number].detach().flatten()[_index(page)]) for each in (before, parameters))
    assert content["old"] == old
    assert near(content["new"], new, share=1e-6)
    update = next(line for line in content["lines"] if line["symbol"] == "update")
    assert near(update["value"], new - old, share=1e-3, floor=1e-8)
    for line in content["lines"]:
        assert worked_out(line) == pytest.approx(line["value"], rel=1e-4, abs=1e-9)
    for row, was, now in zip(content["rows"], before, parameters, strict=True):
        moved = (now - was).detach()
        assert near(row["norm"], moved.norm(), share=1e-4)
        assert near(row["largest"], moved.flatten()[moved.abs().argmax()], share=1e-4)
        assert near(row["ratio"], moved.norm() / was.norm(), share=1e-4)


def _index(page: dict[str, Any]) -> int:
    return int(page["unit"] if page["is_bias"] else page["unit"] * (page["weights"] - 1) + page["weight"])


def test_the_learning_rate_is_that_of_the_coming_step(learned: Learned) -> None:
    run, _ = learned("digits mlp 6, sgd lr=.5 exponential s=4 n=64 b=16 e=2 val=0")
    assert near(look(run, "step")["content"]["lr"], 0.5 * 0.1 ** (8 / 4))
    assert near(look(run, "step", step=0)["content"]["lr"], 0.5)


@pytest.mark.parametrize(("name", "training"), MODES)
def test_a_difference_of_losses_is_the_gradient(learned: Learned, name: str, training: bool) -> None:
    run, state = learned(line_of(CASES[name]))
    script = Script(CASES[name], state, training=training)
    for layer in range(len(script.weighted())):
        answer = look(run, "check", layer=layer, training=training)
        content = answer["content"]
        assert content["error"] < 1e-4
        assert content["exact"] == pytest.approx(content["single"], rel=1e-4, abs=1e-7)
        assert near(content["loss"], script.loss, floor=1e-6)
        assert (content["above"] - content["below"]) / 2 / content["epsilon"] == content["difference"]
        sizes = [row["epsilon"] for row in content["rows"]]
        assert sizes == sorted(sizes, reverse=True)
        if content["exact"]:
            assert min(row["error"] for row in content["rows"][-1:]) > content["error"]


def test_a_check_of_a_piled_up_gradient_shows_what_grad_holds(learned: Learned) -> None:
    run, _ = learned(line_of(CASES["relu"]))
    content = look(run, "check", passes=3)["content"]
    assert content["held"] == pytest.approx(3 * content["single"], rel=1e-5)
    assert content["error"] < 1e-4


@pytest.mark.parametrize("name", ["relu and dropout", "cnn with batch norm"])
def test_nothing_is_changed_and_no_generator_is_drawn_from(learned: Learned, name: str) -> None:
    run, state = learned(line_of(CASES[name]))
    look(run, "forward")
    opened = next(iter(_frozen.values())).opened
    files = _files(run.path)
    torch.manual_seed(4)
    generator = torch.get_rng_state()
    for page in PAGES:
        for training in (True, False):
            look(run, page, training=training, passes=2, batch=1)
    assert torch.equal(torch.get_rng_state(), generator)
    assert _files(run.path) == files
    for key, tensor in opened.model.state_dict().items():
        assert torch.equal(tensor, state["model"][key]), key
    assert not any(module.training for module in opened.model.modules())
    assert all(parameter.grad is None for parameter in opened.model.parameters())
    assert not any(module._forward_hooks for module in opened.model.modules())


def _files(path: Path) -> dict[str, bytes]:
    return {str(file): file.read_bytes() for file in sorted(path.rglob("*")) if file.is_file()}


def test_batches_are_those_of_the_data_in_order_and_go_round(learned: Learned) -> None:
    case = CASES["relu"]
    run, state = learned(line_of(case))
    first = look(run, "loss")
    assert (first["batch"], first["batches"], first["samples"]) == (0, 4, 16)
    for batch, samples in ((1, 16), (3, 6)):
        answer = look(run, "loss", batch=batch)
        assert answer["samples"] == samples
        assert near(answer["content"]["mean"], Script(case, state, batch=batch).loss, floor=1e-6)
    assert look(run, "loss", batch=4)["content"] == first["content"]
    assert look(run, "loss", batch=-1)["batch"] == 3
    assert look(run, "loss", sample=16)["sample"] == 0


def test_what_is_chosen_goes_round_and_starts_where_gradients_are_large(learned: Learned) -> None:
    run, state = learned(line_of(CASES["relu"]))
    script = Script(CASES["relu"], state)
    answer = look(run, "forward", layer=-1)
    assert answer["layers"] == ["fc1", "fc2", "fc3"]
    assert answer["layer"] == 2
    gradient = script.layer(5).weight.grad
    assert gradient is not None
    assert answer["unit"] == int(gradient.norm(dim=1).argmax())
    assert answer["weight"] == int(gradient[answer["unit"]].abs().argmax())
    assert look(run, "forward", layer=3, unit=12, weight=65)["unit"] == 0
    assert look(run, "forward", layer=0, unit=0, weight=10)["weight_label"] == "pixel 1,2"
    assert look(run, "forward", layer=1, unit=0, weight=10)["weight_label"] == "input 10"


def test_an_earlier_step_takes_the_checkpoint_before(learned: Learned) -> None:
    run, _ = learned(line_of(CASES["relu"]))
    assert look(run, "forward", step=0)["step"] == 0
    assert look(run, "forward", step=5)["step"] == 0
    assert look(run, "forward")["step"] == 12
    assert look(run, "step", step=0)["content"]["memory"] == {"momentum": 0.0}


def test_weights_beyond_all_measure_are_written_out_all_the_same(learned: Learned) -> None:
    run, _ = learned("digits mlp 8, lr=1e6 n=100 e=1")
    for page in PAGES:
        for sample in range(4):
            answer = json.loads(json.dumps(look(run, page, layer=1, sample=sample), allow_nan=False))
            for rule in rules(answer):
                assert worked_out(rule) == pytest.approx(rule["value"], rel=1e-4, abs=1e-6)


def test_what_is_not_there_is_said(fresh_run: RunDir) -> None:
    with pytest.raises(DltuiError, match="has no checkpoint yet"):
        look(fresh_run, "forward")
    with pytest.raises(DltuiError, match="no page 'sideways'"):
        look(fresh_run, "sideways")
