"""What stands behind a unit, module by module: what each makes of its value, and of the gradient to it."""

from dataclasses import dataclass, replace
from typing import Literal

import torch
from torch import nn

from dlcore.training.activations import StepFunction
from dlcore.training.looking.microscope.calls import Call
from dlcore.training.looking.microscope.frozen import Frozen
from dlcore.training.looking.microscope.reach import CONVOLUTIONS, Place, of_unit

Kind = Literal["activation", "dropout", "batch_norm", "layer_norm", "softmax"]
_ACTIVATIONS: dict[type[nn.Module], str] = {
    StepFunction: "step",
    nn.Sigmoid: "sigmoid",
    nn.Tanh: "tanh",
    nn.ReLU: "relu",
    nn.LeakyReLU: "leaky_relu",
    nn.ELU: "elu",
    nn.SELU: "selu",
    nn.GELU: "gelu",
    nn.SiLU: "silu",
    nn.Softplus: "softplus",
    nn.Hardtanh: "hardtanh",
    nn.ReLU6: "relu6",
    nn.Hardswish: "hardswish",
    nn.Hardsigmoid: "hardsigmoid",
    nn.Mish: "mish",
    nn.Softsign: "softsign",
    nn.LogSigmoid: "log sigmoid",
    nn.CELU: "celu",
}
"""Functions of one number, the same for each."""
_FUNCTIONS: dict[str, type[nn.Module]] = {
    "ReluBackward0": nn.ReLU,
    "TanhBackward0": nn.Tanh,
    "SigmoidBackward0": nn.Sigmoid,
    "GeluBackward0": nn.GELU,
    "SiluBackward0": nn.SiLU,
}
"""What autograd calls them."""
_DROPOUTS = (nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d)
_BATCH_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)
_SYMBOLS: dict[Kind, str] = {
    "activation": "a",
    "dropout": "d",
    "batch_norm": "n",
    "layer_norm": "n",
    "softmax": "p",
}


@dataclass(frozen=True)
class Spot:
    """One unit of a layer, in one sample, at one place."""

    call: Call
    unit: int
    sample: int
    place: Place

    def of(self, values: torch.Tensor | None) -> float:
        """Return the figure there, of values of the shape of the layer's output."""
        assert values is not None
        return float(of_unit(self.call, values.detach(), self.unit)[(self.sample, *self.place)])


@dataclass(frozen=True)
class Stage:
    """A module behind a layer, and the call whose output it takes."""

    before: Call
    call: Call
    kind: Kind
    given: str
    """The symbol of what goes in."""

    @property
    def symbol(self) -> str:
        """The symbol of what comes out."""
        return _SYMBOLS[self.kind]


def behind(frozen: Frozen, layer: Call) -> tuple[list[Stage], Call | None]:
    """Return what stands behind a layer and can be written out, and the module that takes it from there.

    There is none behind the last one; nor can it be known behind a function that is no module of torch's.
    """
    stages: list[Stage] = []
    current, given, at = layer, "z", frozen.calls.index(layer)
    while True:
        later = frozen.calls[at + 1 :]
        taker = next((other for other in later if current.hands_to(other)), None)
        if taker is None:
            function = _function(later, current)
            if function is None:
                return stages, None
            stages.append(Stage(current, function, "activation", given))
            current, given = function, _SYMBOLS["activation"]
            continue
        kind = _kind(taker, layer)
        if kind is not None:
            stages.append(Stage(current, taker, kind, given))
            given = _SYMBOLS[kind]
        elif not isinstance(taker.module, nn.Identity):
            return stages, taker
        current, at = taker, frozen.calls.index(taker)


def _function(later: list[Call], call: Call) -> Call | None:
    """Return a function that the network applies by itself, not by a module, as if it were one.

    Autograd has noted how the inputs of the next module were made of the output of this one.
    """
    for other in later:
        node = other.read_from
        kind = _FUNCTIONS.get(node.name()) if node is not None and call.made_by is not None else None
        is_exact = getattr(node, "_saved_approximate", "none") == "none"  # there is a gelu that is not
        if kind is not None and is_exact and node.next_functions[0][0] is call.made_by:
            return replace(
                other,
                name="",
                module=kind(),
                inputs=call.output,
                output=other.inputs,
                read=call.wrote,
                wrote=other.read,
                kept=None,
                made_by=node,
                gradient=other.given_gradient,
            )
    return None


def _kind(call: Call, layer: Call) -> Kind | None:
    module, output = call.module, call.output
    assert layer.output is not None
    if output is None or output.shape != layer.output.shape or call.is_overwritten:
        return None
    if type(module) in _ACTIVATIONS:
        return "activation"
    if isinstance(module, _DROPOUTS):
        return "dropout"
    is_map = isinstance(layer.module, CONVOLUTIONS)
    if isinstance(module, _BATCH_NORMS) and (is_map or output.dim() == 2):
        return "batch_norm"
    if isinstance(module, nn.LayerNorm) and not is_map and len(module.normalized_shape) == 1:
        return "layer_norm"
    if isinstance(module, nn.Softmax) and output.dim() == 2 and module.dim in (1, -1):
        return "softmax"
    return None


def name_of(stage: Stage) -> str:
    """Return what a person calls a stage's function."""
    return _ACTIVATIONS.get(type(stage.call.module), stage.kind.replace("_", " "))
