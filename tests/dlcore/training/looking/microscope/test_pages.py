"""Forward, loss and backward: every number is what a plain script gives, and what is written out adds up."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from dlcore.rundir import RunDir
from tests.dlcore.training.looking.microscope.plain import (
    CASES,
    MODES,
    Script,
    line_of,
    look,
    near,
    rules,
    worked_out,
)

Learned = Callable[[str], tuple[RunDir, dict[str, Any]]]
each_case = pytest.mark.parametrize("name", CASES)
each_mode = pytest.mark.parametrize(("name", "training"), MODES)


@each_mode
def test_forward_gives_each_modules_figures_and_a_neuron_that_adds_up(
    learned: Learned, name: str, training: bool
) -> None:
    run, state = learned(line_of(CASES[name]))
    script = Script(CASES[name], state, training=training)
    for layer, at in enumerate(script.weighted()):
        answer = look(run, "forward", layer=layer, sample=3, training=training)
        rows, neuron = answer["content"]["rows"], answer["content"]["neuron"]
        for row, output in zip(rows, script.outputs, strict=True):
            assert row["shape"] == list(output.shape)
            for figure in (("min", output.min()), ("mean", output.mean()), ("max", output.max())):
                assert near(row[figure[0]], figure[1], floor=1e-6)
        assert [row["chosen"] for row in rows].index(True) == at
        place = (answer["unit"], *neuron["place"])
        assert near(neuron["value"], script.outputs[at][3][place])
        assert neuron["sum"] + (neuron["bias"] or 0.0) == pytest.approx(neuron["value"], rel=1e-4, abs=1e-5)
        assert all(near(w * x, product) for w, x, product, _ in neuron["terms"])
        sizes = [abs(product) for _, _, product, _ in neuron["terms"]]
        assert sizes == sorted(sizes, reverse=True)
        for number, stage in enumerate(neuron["stages"], at + 1):
            assert near(stage["value"], script.outputs[number][3][place])
            assert worked_out(stage) == pytest.approx(stage["value"], rel=1e-4, abs=1e-6)


@each_case
def test_the_terms_of_a_neuron_are_its_weights_and_inputs(learned: Learned, name: str) -> None:
    run, state = learned(line_of(CASES[name]))
    script = Script(CASES[name], state)
    at = script.weighted()[0]
    layer = script.layer(at)
    answer = look(run, "forward", unit=0, sample=1)
    neuron, weights = answer["content"]["neuron"], layer.weight.detach()[0].flatten()
    inputs = script.given[at][1]
    if isinstance(layer, nn.Conv2d):
        patches = torch.nn.functional.unfold(script.given[at][1:2], 3, padding=1)[0]
        row, column = neuron["place"]
        inputs = patches[:, row * inputs.shape[-1] + column]
    products = weights * inputs.flatten()
    assert neuron["count"] == len(products)
    assert near(neuron["sum"], products.double().sum(), floor=1e-6)
    wanted = products.abs().sort(descending=True).values[: len(neuron["terms"])]
    found = torch.tensor([abs(product) for _, _, product, _ in neuron["terms"]])
    assert torch.allclose(found, wanted, rtol=1e-5, atol=1e-7)


@each_mode
def test_the_loss_is_written_out_for_a_sample_and_is_the_batchs_mean(
    learned: Learned, name: str, training: bool
) -> None:
    run, state = learned(line_of(CASES[name]))
    case = CASES[name]
    script = Script(case, state, training=training)
    summed = "sum" in name
    share = len(script.inputs) if summed else 1
    outputs = script.outputs[-1].detach()
    for sample in (0, 2):
        content = look(run, "loss", sample=sample, training=training)["content"]
        alone = case.loss(outputs[sample : sample + 1], script.targets[sample : sample + 1])
        assert near(content["written"]["value"], alone, floor=1e-6)
        assert worked_out(content["written"]) == pytest.approx(float(alone), rel=1e-4, abs=1e-6)
        assert near(content["mean"], script.loss / share, floor=1e-6)
        first = [row["values"][0] for row in content["rows"]]
        assert torch.allclose(torch.tensor(first), outputs[sample], rtol=1e-5, atol=1e-6)
    if summed:
        assert near(content["summed"], script.loss)
    losses = [
        float(case.loss(outputs[at : at + 1], script.targets[at : at + 1])) for at in range(len(outputs))
    ]
    assert near(content["least"][0], min(losses), floor=1e-6)
    assert losses[content["most"][1]] == pytest.approx(max(losses))


@each_mode
def test_backward_gives_each_tensors_norm_and_the_chain_rule(
    learned: Learned, name: str, training: bool
) -> None:
    run, state = learned(line_of(CASES[name]))
    script = Script(CASES[name], state, training=training)
    parameters = list(script.model.parameters())
    for layer, at in enumerate(script.weighted()):
        answer = look(run, "backward", layer=layer, sample=2, training=training)
        content = answer["content"]
        for row, parameter in zip(content["rows"], parameters, strict=True):
            assert parameter.grad is not None
            assert near(row["norms"][0], parameter.grad.norm(), share=1e-4)
        unit, weight, rule = answer["unit"], answer["weight"], content["rule"]
        module = script.layer(at)
        table = module.bias if answer["is_bias"] else module.weight
        assert table is not None
        told = script.outputs[at].grad
        assert table.grad is not None
        assert told is not None
        whole = table.grad[unit].flatten()[0 if answer["is_bias"] else weight]
        assert near(rule["value"], whole)
        assert rule["sum"] == pytest.approx(rule["value"], rel=1e-4, abs=1e-7)
        for delta, given, product, label in rule["terms"]:
            sample = int(label.removeprefix("sample "))
            alone = torch.zeros_like(told)
            alone[sample] = told[sample]
            (wanted,) = torch.autograd.grad(module(script.given[at].detach()), table, grad_outputs=alone)
            assert near(product, wanted[unit].flatten()[weight])
            if delta is not None:
                assert near(delta, told[sample, unit])
                assert near(given, script.given[at][sample, weight])
        for delta, given, product, _ in rule.get("within", {"terms": []})["terms"]:
            assert near(delta * given, product)


@each_mode
def test_delta_comes_from_what_follows(learned: Learned, name: str, training: bool) -> None:
    run, state = learned(line_of(CASES[name]))
    script = Script(CASES[name], state, training=training)
    for layer, at in enumerate(script.weighted()):
        for sample in (0, 1):
            answer = look(run, "backward", layer=layer, sample=sample, training=training)
            delta = answer["content"]["delta"]
            told = script.outputs[at].grad
            assert told is not None
            wanted = told[sample][(answer["unit"], *delta["place"])]
            assert near(delta["value"], wanted)
            assert delta["lines"][-1]["value"] == pytest.approx(float(wanted), rel=2e-4, abs=1e-7)
            assert "this + what comes another way" not in [line["rule"] for line in delta["lines"]]
            is_last = at == script.weighted()[-1]
            assert (delta.get("from") == "the loss") == is_last
            assert bool(delta.get("terms")) == (not is_last and script.outputs[at].dim() == 2)
            for rule in rules(answer):
                assert worked_out(rule) == pytest.approx(rule["value"], rel=2e-4, abs=1e-7)


def test_the_bias_is_a_weight_whose_input_is_one(learned: Learned) -> None:
    run, state = learned(line_of(CASES["relu"]))
    script = Script(CASES["relu"], state)
    answer = look(run, "backward", layer=1, unit=3, weight=-1)
    assert (answer["is_bias"], answer["parameter"], answer["weights"]) == (True, "fc2.bias", 13)
    bias = script.layer(3).bias
    assert bias is not None
    assert bias.grad is not None
    assert near(answer["content"]["rule"]["value"], bias.grad[3])
    assert {given for _, given, _, _ in answer["content"]["rule"]["terms"]} == {1.0}


def test_dropout_and_batch_norm_say_what_they_do_in_each_mode(learned: Learned) -> None:
    run, _ = learned(line_of(CASES["relu and dropout"]))
    modes = [look(run, "forward", training=mode)["content"]["rows"] for mode in (True, False)]
    notes = [row["note"] for row in modes[0] if row["name"].startswith("dropout")]
    assert all(0 < int(note.removeprefix("drops ").rstrip("%")) < 100 for note in notes)
    assert [row["note"] for row in modes[1] if row["name"].startswith("dropout")] == ["drops nothing"] * 2
    run, state = learned(line_of(CASES["silu and batch norm"]))
    notes = [look(run, "forward", training=mode)["content"]["rows"][2]["note"] for mode in (True, False)]
    assert notes == ["by this batch", "by running mean"]
    trained = look(run, "forward", unit=4)["content"]["neuron"]["stages"][0]
    running = float(state["model"]["fc1_norm.running_mean"][4])
    assert f"evaluation takes {running:.4g}" in trained["note"]
    assert (
        look(run, "forward", unit=4, training=False)["content"]["neuron"]["stages"][0]["parts"][4] == running
    )


def test_forgetting_zero_grad_piles_gradients_up(learned: Learned) -> None:
    run, state = learned(line_of(CASES["relu and dropout"]))
    script = Script(CASES["relu and dropout"], state)
    once = [parameter.grad.norm() for parameter in script.model.parameters() if parameter.grad is not None]
    answer = look(run, "backward", passes=4)
    assert answer["passes"] == 4
    for row, norm in zip(answer["content"]["rows"], once, strict=True):
        assert len(row["norms"]) == 4
        assert all(near(found, times * norm, share=1e-4) for times, found in enumerate(row["norms"], 1))
    assert look(run, "backward", passes=99)["passes"] == 9
    assert look(run, "backward", passes=0)["passes"] == 1
