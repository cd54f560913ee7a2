"""Check: the gradient of one weight against a difference of two losses, in double precision."""

import math
from typing import Any

import torch
from torch.func import functional_call

from dlcore.choices.losses import CrossEntropy, Hinge
from dlcore.errors import DltuiError
from dlcore.training.faults import described
from dlcore.training.looking.microscope.calls import as_written
from dlcore.training.looking.microscope.chosen import Chosen
from dlcore.training.looking.microscope.frozen import Frozen, chance_of
from dlcore.training.looking.microscope.reach import unravel
from dlcore.training.looking.microscope.written import number
from dlcore.training.losses import encoded

_PRECISION = 2.0**-52
SENSIBLE = _PRECISION ** (1 / 3)
"""Of a central difference the error by curvature grows as ε², that by rounding as 1/ε: least about here.

(Press et al., Numerical Recipes, section 5.7.)
"""
_AGREES, _SHRINKS, _TRIALS = 1e-4, 20.0, 3
"""Where they do not agree, a kink (as relu has one) may lie within the step: shorter ones are tried."""
_OTHERS = (1e-1, 1e-2, 1e-4, 1e-8, 1e-11)
"""Steps that are too long or too short: they show what is wrong with them."""
_LIGHT = 3_000_000
"""Figures that a forward pass makes, up to which it is run for the other steps too."""


def check_page(frozen: Frozen, chosen: Chosen) -> dict[str, Any]:
    """Return the finite difference at a sensible step, and at others where the network is small.

    Raises DltuiError where the network cannot be computed in double.
    """
    trial = _Trial(frozen, chosen)
    exact = trial.gradient()
    scale = max(1.0, abs(trial.old))
    once = frozen.gradients[chosen.parameter]
    tried = [trial.row(SENSIBLE * scale, exact)]
    while tried[-1]["error"] is not None and tried[-1]["error"] > _AGREES and len(tried) < _TRIALS:
        tried.append(trial.row(tried[-1]["epsilon"] / _SHRINKS, exact))
    is_kinked = tried[-1]["error"] is not None and tried[-1]["error"] <= _AGREES < tried[0]["error"]
    found = tried[-1] if is_kinked else tried[0]
    figures = sum(call.output.numel() for call in frozen.calls if call.output is not None)
    others = [trial.row(share * scale, exact) for share in _OTHERS] if figures <= _LIGHT else []
    piled = frozen.piled[chosen.parameter]
    return {
        **found,
        "kink": tried[0]["epsilon"] if is_kinked else None,
        "old": number(trial.old),
        "loss": number(trial.loss),
        "exact": number(exact),
        "single": None if once is None else number(once.flatten()[chosen.index]),
        "held": None if piled is None else number(piled.flatten()[chosen.index]),
        "noise": number(_PRECISION * abs(trial.loss) / found["epsilon"]),
        "rows": sorted([found, *others], key=lambda row: -row["epsilon"]),
    }


class _Trial:
    """The frozen batch in double, for any value of the chosen weight. The network itself stays as it is."""

    def __init__(self, frozen: Frozen, chosen: Chosen) -> None:
        self._frozen = frozen
        self._name, self._index = chosen.parameter, chosen.index
        self._state = {
            name: tensor.detach().double() if tensor.dtype.is_floating_point else tensor.clone()
            for name, tensor in (*frozen.model.named_parameters(), *frozen.model.named_buffers())
        }
        self.old = float(self._state[self._name].flatten()[self._index])
        outputs = frozen.outputs.detach()
        takes_classes = isinstance(frozen.step.config.loss, CrossEntropy | Hinge) and outputs.shape[1] > 1
        self._targets = frozen.targets if takes_classes else encoded(frozen.targets, outputs).double()
        self.loss = math.nan
        """That of the gradient, once it was computed."""

    def gradient(self) -> float:
        """Return dL/dw by autograd."""
        weights = self._state[self._name].clone().requires_grad_()
        loss = self._computed({**self._state, self._name: weights})
        self.loss = float(loss.detach())
        if not loss.requires_grad:
            return 0.0
        (gradient,) = torch.autograd.grad(loss, weights, allow_unused=True)
        return 0.0 if gradient is None else float(gradient.flatten()[self._index])

    @torch.no_grad()
    def row(self, epsilon: float, exact: float) -> dict[str, Any]:
        """Return the central difference at a step, and how far it is from the gradient."""
        above, below = self._at(self.old + epsilon), self._at(self.old - epsilon)
        difference = (above - below) / (2 * epsilon)
        larger = max(abs(difference), abs(exact))
        error = abs(difference - exact) / larger if larger else 0.0
        return {
            "epsilon": epsilon,
            "above": number(above),
            "below": number(below),
            "difference": number(difference),
            "error": number(error),
        }

    def _at(self, value: float) -> float:
        weights = self._state[self._name].clone()
        weights[unravel(self._index, weights.shape)] = value
        return float(self._computed({**self._state, self._name: weights}))

    def _computed(self, state: dict[str, torch.Tensor]) -> torch.Tensor:
        """Return what the gradients are those of; the same masks are drawn every time."""
        frozen, model = self._frozen, self._frozen.model
        buffers = {name for name, _ in model.named_buffers()}  # which a batch norm changes
        fresh = {name: tensor.clone() if name in buffers else tensor for name, tensor in state.items()}
        with torch.random.fork_rng([]), as_written(model, training=frozen.training):
            torch.manual_seed(chance_of(frozen.opened.config.seed, frozen.batch))
            try:
                outputs = functional_call(model, fresh, (frozen.inputs.double(),))
            except RuntimeError as error:
                raise DltuiError(
                    f"This network cannot be computed in double precision ({described(error)})",
                    "Let it make its tensors in the type of its inputs.",
                ) from None
        loss = frozen.step.criterion(outputs, self._targets)
        return frozen.step.descended(loss, outputs)
