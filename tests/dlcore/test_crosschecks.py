"""Combinations that make no sense: each is refused with its reason, and its neighbours are not."""

from typing import Any

import pytest

from dlcore.reading import read_table


def said(table: dict[str, Any]) -> list[str]:
    return [f"{problem.key}: {problem.message}" for problem in read_table(table).problems]


@pytest.mark.parametrize("model", ["perceptron", "mlp", "cnn"])
@pytest.mark.parametrize("output", ["softmax", "sigmoid"])
@pytest.mark.parametrize("loss", ["auto", "cross_entropy"])
def test_no_squashing_before_cross_entropy(model: str, output: str, loss: str) -> None:
    table = {"model": {"kind": model, "output": output}, "loss": {"kind": loss}}
    assert said(table) == [
        f"model.output: {output} before cross_entropy squashes twice: cross_entropy has its own softmax"
    ]
    assert said({**table, "loss": {"kind": "mse"}}) == []


@pytest.mark.parametrize(("given", "faults"), [(1, 1), (2, 0), (3, 1), (0, 1)])
def test_one_activation_for_each_hidden_layer(given: int, faults: int) -> None:
    found = said({"model": {"hidden": [4, 4], "activation": ["tanh"] * given}})
    assert found == [f"model.activation: {given} activations for 2 hidden layers"] * faults


@pytest.mark.parametrize("data", ["xor", "moons", "circles"])
def test_a_cnn_needs_images(data: str) -> None:
    assert said({"data": {"kind": data}, "model": {"kind": "cnn"}}) == [
        f"model.kind: cnn needs images, and {data} has rows of 2 numbers"
    ]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"filters": [4, 4, 4, 4]}, "conv4 with its pooling shrinks a 1×1 map to nothing"),
        (
            {"filters": [4], "kernel": 9, "padding": "none"},
            "conv1 with its pooling shrinks a 8×8 map to nothing",
        ),
        ({"filters": [4], "pool": 9}, "conv1 with its pooling shrinks a 8×8 map to nothing"),
        ({"filters": [4, 4], "kernel": 3, "padding": "none", "stride": 3, "pool": 1}, "conv2 "),
    ],
)
def test_a_map_does_not_shrink_to_nothing(fields: dict[str, Any], message: str) -> None:
    (found,) = said({"model": {"kind": "cnn", **fields}})
    assert found.startswith(f"model.filters: {message}")


def test_a_map_of_one_pixel_is_something() -> None:
    assert said({"model": {"kind": "cnn", "filters": [4, 4, 4]}}) == []
    assert said({"model": {"kind": "cnn", "filters": [4], "kernel": 8, "padding": "none", "pool": 1}}) == []


@pytest.mark.parametrize(
    ("limit", "validation", "message"),
    [
        (4, 0.1, "0.1 of 4 samples leaves 0 for validation and 4 to train on"),
        (2, 0.9, "0.9 of 2 samples leaves 2 for validation and 0 to train on"),
        (0, 0.0001, "0.0001 of 1438 samples leaves 0 for validation and 1438 to train on"),
        (4, 0.0, None),
        (10, 0.1, None),
        (1, 0.0, None),
    ],
)
def test_both_splits_have_some_samples(limit: int, validation: float, message: str | None) -> None:
    found = said({"data": {"limit": limit, "validation": validation}})
    assert found == ([f"data.validation: {message}"] if message else [])
