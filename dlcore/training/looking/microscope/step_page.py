"""Step: from the gradient of one weight to its new value, and how far every tensor moves."""

from dataclasses import dataclass
from math import isfinite
from typing import Any

import torch

from dlcore.choices.regularization import Regularization
from dlcore.training.gradients import clip, penalize
from dlcore.training.looking.microscope.chosen import Chosen
from dlcore.training.looking.microscope.frozen import Frozen
from dlcore.training.looking.microscope.optimizer_rules import Memory, rule_of
from dlcore.training.looking.microscope.reach import unravel
from dlcore.training.looking.microscope.written import Part, Written, number, written

Tensors = dict[str, torch.Tensor]


@dataclass(frozen=True)
class Moved:
    """The parameters before and after a step, and the gradients on their way to it."""

    before: Tensors
    after: Tensors
    penalized: dict[str, torch.Tensor | None]
    bounded: dict[str, torch.Tensor | None]


def step_page(frozen: Frozen, chosen: Chosen) -> dict[str, Any]:
    """Return how far each tensor moves, and the chosen weight's step written out."""
    moved = _moved(frozen)
    return {
        "rows": [_row(frozen, name, moved, chosen) for name in moved.before],
        **_weight(frozen, chosen, moved),
        "optimizer": frozen.step.config.optimizer.kind,
        "taken": frozen.step.optimizer.taken,
        "lr": number(_lr(frozen, chosen)),
    }


def _moved(frozen: Frozen) -> Moved:
    """Take the step for a trial: everything is put back."""
    step, chosen = frozen.step, frozen.step.config.regularization
    named = dict(frozen.model.named_parameters())
    before = {name: parameter.detach().clone() for name, parameter in named.items()}
    with step.untouched():
        for name, parameter in named.items():
            piled = frozen.piled[name]
            parameter.grad = None if piled is None else piled.clone()
        penalize(chosen, step.weights, [weight.grad for weight in step.weights])
        penalized = _copies(named)
        clip(chosen, [parameter.grad for parameter in step.parameters])
        bounded = _copies(named)
        step.optimizer.step()
        after = {name: parameter.detach().clone() for name, parameter in named.items()}
    return Moved(before, after, penalized, bounded)


def _copies(named: dict[str, torch.nn.Parameter]) -> dict[str, torch.Tensor | None]:
    return {name: None if one.grad is None else one.grad.detach().clone() for name, one in named.items()}


def _row(frozen: Frozen, name: str, moved: Moved, chosen: Chosen) -> dict[str, Any]:
    update = moved.after[name] - moved.before[name]
    size, weights = torch.linalg.vector_norm(update), torch.linalg.vector_norm(moved.before[name])
    at = int(update.abs().argmax())
    return {
        "name": name,
        "norm": number(size),
        "ratio": number(size / weights) if weights > 0 else None,
        "largest": number(update.flatten()[at]),
        "at": list(unravel(at, update.shape)),
        "chosen": name == chosen.parameter,
    }


def _weight(frozen: Frozen, chosen: Chosen, moved: Moved) -> dict[str, Any]:
    """Return the lines from the gradient to the new value of the chosen weight."""
    old, new = (float(each[chosen.parameter].flatten()[chosen.index]) for each in (moved.before, moved.after))
    found = {"old": number(old), "new": number(new)}
    bounded = moved.bounded[chosen.parameter]
    if bounded is None:
        return {**found, "lines": [], "note": "the loss does not depend on it: it stays where it is"}
    gradient = float(bounded.flatten()[chosen.index])
    if not isfinite(gradient):
        return {**found, "lines": [], "note": "its gradient is not finite: the step ruins it"}
    optimizer = frozen.step.config.optimizer
    memory = _memory(frozen, chosen)
    rule = rule_of(optimizer, _lr(frozen, chosen), old, gradient, memory)
    update = rule[-1]["value"] or 0.0
    lines = [
        *_gradient_lines(frozen, chosen, moved, old),
        *rule,
        written("w new", "w + update", new, old, " + ", update),
    ]
    return {
        **found,
        "lines": lines,
        "memory": {name: number(value) for name, value in memory.items()},
        "note": "",
    }


def _lr(frozen: Frozen, chosen: Chosen) -> float:
    """Return the learning rate of the chosen weight's layer."""
    optimizer = frozen.step.optimizer
    shares = (group.share for group in optimizer.groups if chosen.parameter in group.names)
    return optimizer.lr * next(shares, 1.0)


def _memory(frozen: Frozen, chosen: Chosen) -> Memory:
    found: Memory = {}
    for name, by_parameter in frozen.step.optimizer.state_dict().items():
        tensor = by_parameter[chosen.parameter]
        found[name] = float(tensor.flatten()[chosen.index if tensor.numel() > 1 else 0])
    return found


def _gradient_lines(frozen: Frozen, chosen: Chosen, moved: Moved, old: float) -> list[Written]:
    """Return what becomes of a gradient between the backward pass and the optimizer."""

    def at(tensors: dict[str, torch.Tensor | None]) -> float:
        tensor = tensors[chosen.parameter]
        assert tensor is not None
        return float(tensor.flatten()[chosen.index])

    once, piled = at(frozen.gradients), at(frozen.piled)
    if frozen.passes == 1:
        lines = [written("g", "dL/dw, from the backward pass", once, once)]
    else:
        rule = f"dL/dw, piled up over {frozen.passes} backward passes"
        lines = [written("g", rule, piled, frozen.passes, "·", once)]
    chosen_rules = frozen.step.config.regularization
    penalized, bounded = at(moved.penalized), at(moved.bounded)
    parameter = frozen.model.get_parameter(chosen.parameter)
    is_weight = any(one is parameter for one in frozen.step.weights)
    lines += _penalties(chosen_rules, old, piled, penalized) if is_weight else []
    return lines + _bounds(chosen_rules, moved, penalized, bounded)


def _penalties(chosen: Regularization, old: float, piled: float, penalized: float) -> list[Written]:
    """Return the line of what penalties add; both at once where there are two."""
    sign = float((old > 0) - (old < 0))
    rule = "g"
    shown: list[Part] = [piled]
    if chosen.l1:
        rule, shown = f"{rule} + l1·sign(w)", [*shown, " + ", chosen.l1, "·", sign]
    if chosen.l2:
        rule, shown = f"{rule} + 2·l2·w", [*shown, " + 2·", chosen.l2, "·", old]
    return [written("g", f"{rule}  (penalty)", penalized, *shown)] if chosen.l1 or chosen.l2 else []


def _bounds(chosen: Regularization, moved: Moved, penalized: float, bounded: float) -> list[Written]:
    """Return the lines of clipping: each figure by itself, then the norm of all of them together."""
    lines: list[Written] = []
    gradients = [one for one in moved.penalized.values() if one is not None]
    value = penalized
    if chosen.clip_value:
        most = chosen.clip_value
        gradients = [one.clamp(-most, most) for one in gradients]
        value = max(-most, min(most, penalized))
        lines.append(written("g", f"g, at most {most:g} either way  (clip_value)", value, value))
    if chosen.clip_norm:
        norm = float(
            torch.linalg.vector_norm(torch.stack([torch.linalg.vector_norm(one) for one in gradients]))
        )
        if norm <= chosen.clip_norm:
            rule = f"g: the norm of all gradients is {norm:.4g}, within {chosen.clip_norm:g}  (clip_norm)"
            lines.append(written("g", rule, bounded, value))
        else:
            rule = "g·clip_norm / norm of all gradients"
            lines.append(written("g", rule, bounded, value, "·", chosen.clip_norm, " / ", norm))
    return lines
