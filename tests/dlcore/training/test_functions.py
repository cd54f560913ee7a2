import math

import pytest
import torch

from dlcore.choices.activations import ACTIVATIONS, ELU, Activation, LeakyReLU
from dlcore.functions import slope, value
from dlcore.training.activations import build_activation

KINDS: list[Activation] = [
    *(kind.model_validate({}) for kind in ACTIVATIONS),
    LeakyReLU(slope=0.0),
    LeakyReLU(slope=0.3),
    ELU(alpha=0.25),
    ELU(alpha=3.0),
]
NAMES = [repr(kind) for kind in KINDS]
POINTS = [
    0.0,
    *(sign * x for x in (1e-9, 0.01, 0.5, 1, 2.5, 5, 19, 21, 40, 88, 700, 1e3) for sign in (1, -1)),
]


@pytest.mark.parametrize("kind", KINDS, ids=NAMES)
def test_values_and_slopes_are_those_of_torch(kind: Activation) -> None:
    x = torch.tensor(POINTS, dtype=torch.float64, requires_grad=True)
    y = build_activation(kind)(x)
    (gradients,) = torch.autograd.grad(y.sum(), x)
    for point, wanted, steepness in zip(POINTS, y.tolist(), gradients.tolist(), strict=True):
        assert value(kind, point) == pytest.approx(wanted, rel=1e-9, abs=1e-6), point
        assert slope(kind, point) == pytest.approx(steepness, rel=1e-9, abs=1e-6), point


@pytest.mark.parametrize("kind", KINDS, ids=NAMES)
def test_nothing_overflows_far_out(kind: Activation) -> None:
    for point in POINTS:
        assert math.isfinite(value(kind, point))
        assert math.isfinite(slope(kind, point))
