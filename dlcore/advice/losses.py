"""Advice on the loss and the output before it."""

from collections.abc import Iterator
from typing import Any

from dlcore.advice.advice import Advice, Case
from dlcore.choices.losses import MeanSquaredError
from dlcore.choices.own import Csv, CustomData


def squared_classes(case: Case) -> Iterator[Advice]:
    """The squared error of classes has its slope where it is least needed."""
    config, facts = case.config, case.facts
    if facts is None or facts.task != "classification" or not isinstance(config.loss, MeanSquaredError):
        return
    output = getattr(config.model, "output", "linear")
    changes: dict[str, Any] = {"loss.kind": "auto"}
    if output in ("softmax", "sigmoid"):
        changes["model.output"] = "auto"
        message = (
            f"mse goes through {output}'s slope p(1 − p): where the network is sure and wrong, with 1 % for "
            "the true class, 1 % of the gradient is left, and cross_entropy keeps all of it"
        )
    else:
        message = (
            f"mse pulls the {facts.classes} outputs back to 0 and 1 also where the right one leads by more, "
            "and cross_entropy only cares which one leads"
        )
    yield Advice("loss.kind", message, changes)


def squashed_numbers(case: Case) -> Iterator[Advice]:
    """A sigmoid reaches only 0–1."""
    config, facts = case.config, case.facts
    if facts is None or facts.task != "regression" or getattr(config.model, "output", "") != "sigmoid":
        return
    scaled = getattr(config.data, "scale_target", False)
    if isinstance(config.data, Csv | CustomData) and not scaled:
        return  # nobody has looked: they may well lie within 0–1
    where = "scaled to mean 0 are" if scaled else "of this data set are"
    message = f"sigmoid gives only 0–1, and most targets {where} outside of it"
    yield Advice("model.output", message, {"model.output": "auto"})
