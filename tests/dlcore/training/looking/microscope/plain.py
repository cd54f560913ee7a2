"""The same networks, losses and steps in plain PyTorch; and rules on a page, computed as they are written."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional

from dlcore.rundir import RunDir
from dlcore.training.looking.microscope.answer import microscope
from dlcore.training.looking.microscope.frozen import chance_of
from tests.dlcore.training.prepared import Prepared, prepared

Loss = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
Build = Callable[[], list[nn.Module]]
CE = functional.cross_entropy


def one_hot(targets: torch.Tensor) -> torch.Tensor:
    return functional.one_hot(targets, 10).float()


def column(targets: torch.Tensor) -> torch.Tensor:
    return targets.float()[:, None]


def dense(*middle: Callable[[int], nn.Module]) -> list[nn.Module]:
    """64 → 12 → 8 → 10 with the same modules behind each hidden layer."""
    layers: list[nn.Module] = [nn.Flatten()]
    for before, units in ((64, 12), (12, 8)):
        layers += [nn.Linear(before, units), *(make(units) for make in middle)]
    return [*layers, nn.Linear(8, 10)]


def cnn(pooling: type[nn.Module], *middle: Callable[[int], nn.Module], bias: bool = True) -> list[nn.Module]:
    """Two blocks of 3 and 4 filters on 8×8 pixels, then 10 outputs."""
    layers: list[nn.Module] = []
    for before, filters in ((1, 3), (3, 4)):
        layers += [nn.Conv2d(before, filters, 3, padding=1, bias=bias), *(make(filters) for make in middle)]
        layers += [pooling(2)]
    return [*layers, nn.Flatten(), nn.Linear(16, 10)]


def relu(_: int) -> nn.Module:
    return nn.ReLU()


def half(_: int) -> nn.Module:
    return nn.Dropout(0.5)


@dataclass(frozen=True)
class Case:
    """What a line says, in plain PyTorch."""

    line: str
    layers: Build
    loss: Loss = CE


CASES = {
    "relu": Case("digits mlp 12,8 relu", lambda: dense(relu)),
    "tanh": Case("digits mlp 12,8 tanh ce smooth=.1", lambda: dense(lambda _: nn.Tanh()),
                 lambda o, t: CE(o, t, label_smoothing=0.1)),
    "sigmoid, sum": Case("digits mlp 12,8 sigmoid red=sum", lambda: dense(lambda _: nn.Sigmoid()),
                         lambda o, t: CE(o, t, reduction="sum")),
    "gelu and dropout": Case("digits mlp 12,8 gelu drop=.5", lambda: dense(lambda _: nn.GELU(), half)),
    "relu and dropout": Case("digits mlp 12,8 relu drop=.5", lambda: dense(relu, half)),
    "silu and batch norm": Case("digits mlp 12,8 silu norm=batch",
                                lambda: dense(nn.BatchNorm1d, lambda _: nn.SiLU())),
    "elu and layer norm": Case("digits mlp 12,8 elu norm=layer",
                               lambda: dense(nn.LayerNorm, lambda _: nn.ELU())),
    "mse behind softmax": Case("digits mlp 12,8 selu mse",
                               lambda: [*dense(lambda _: nn.SELU()), nn.Softmax(1)],
                               lambda o, t: functional.mse_loss(o, one_hot(t))),
    "mae": Case("diabetes mlp 5, leaky_relu mae", lambda: [nn.Linear(10, 5), nn.LeakyReLU(), nn.Linear(5, 1)],
                functional.l1_loss),
    "huber": Case("diabetes mlp 5, softplus huber",
                  lambda: [nn.Linear(10, 5), nn.Softplus(), nn.Linear(5, 1)],
                  functional.huber_loss),
    "hinge": Case("digits mlp 12,8 relu hinge", lambda: dense(relu), functional.multi_margin_loss),
    "bce of each class": Case("digits mlp 12,8 relu bce", lambda: dense(relu),
                              lambda o, t: functional.binary_cross_entropy_with_logits(o, one_hot(t))),
    "cnn": Case("digits cnn filters=3,4 model.hidden=[]", lambda: cnn(nn.MaxPool2d, relu)),
    "cnn with batch norm": Case("digits cnn filters=3,4 model.hidden=[] norm=batch tanh "
                                "model.pooling=average",
                                lambda: cnn(nn.AvgPool2d, nn.BatchNorm2d, lambda _: nn.Tanh(), bias=False)),
    "xor": Case("xor mlp 3, tanh", lambda: [nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 2)]),
    "xor, one neuron": Case("xor perceptron bce", lambda: [nn.Linear(2, 1)],
                            lambda o, t: functional.binary_cross_entropy_with_logits(o, column(t))),
    "xor, hinge": Case("xor mlp 3, tanh hinge", lambda: [nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1)],
                       lambda o, t: (1 - (2 * column(t) - 1) * o).clamp_min(0).mean()),
    "regression": Case("diabetes mlp 5, tanh", lambda: [nn.Linear(10, 5), nn.Tanh(), nn.Linear(5, 1)],
                       functional.mse_loss),
}  # fmt: skip
"""Every loss, most activations, each norm, dropout, and convolutions."""


MODES = [
    *((name, True) for name in CASES),
    *((name, False) for name in CASES if "dropout" in name or "batch norm" in name),
]
"""Each in training mode; in evaluation mode those that it changes."""


def line_of(case: Case) -> str:
    size = "" if case.line.startswith("xor") else " n=60 b=16"
    return f"{case.line}{size} e=3"


@cache
def _prepared(line: str) -> Prepared:
    return prepared(f"{line} device=cpu")


class Script:
    """What a short script computes of a batch at a checkpoint."""

    def __init__(self, case: Case, state: dict[str, Any], *, training: bool = True, batch: int = 0) -> None:
        self.loss_function = case.loss
        self.model = nn.Sequential(*case.layers())
        stored = state["model"].values()
        names = self.model.state_dict()
        self.model.load_state_dict(dict(zip(names, stored, strict=True)))
        data = _prepared(line_of(case))
        split = data.data.training
        size = data.config.data.batch_size
        assert isinstance(size, int)
        self.inputs, self.targets = list(data.data.batches(split, size))[batch]
        self.model.train(training)
        torch.manual_seed(chance_of(data.config.seed, batch))
        values, self.given, self.outputs = self.inputs, [], []
        for module in self.model:
            self.given.append(values)
            values = module(values)
            if values.requires_grad:
                values.retain_grad()
            self.outputs.append(values)
        self.loss = self.loss_function(values, self.targets)
        self.loss.backward()

    def layer(self, at: int) -> nn.Linear | nn.Conv2d:
        """The layer with weights that stands there."""
        found = self.model[at]
        assert isinstance(found, nn.Linear | nn.Conv2d)
        return found

    def weighted(self) -> list[int]:
        """Where the layers with weights stand."""
        return [index for index, one in enumerate(self.model) if isinstance(one, nn.Linear | nn.Conv2d)]


def look(run: RunDir, page: str, **chosen: Any) -> dict[str, Any]:
    """What the inspector answers."""
    return microscope({"run": str(run.path), "page": page, **chosen})


def near(found: float | None, wanted: float | torch.Tensor, share: float = 1e-5, floor: float = 1e-7) -> bool:
    """Whether two numbers agree to five digits."""
    plain = wanted.detach() if isinstance(wanted, torch.Tensor) else wanted
    return found == pytest.approx(float(plain), rel=share, abs=floor)


def rules(answer: Any) -> Iterator[dict[str, Any]]:
    """Every rule that is written out somewhere in an answer."""
    if isinstance(answer, dict):
        if "parts" in answer:
            yield answer
        for each in answer.values():
            yield from rules(each)
    elif isinstance(answer, list):
        for each in answer:
            yield from rules(each)


_SIGNS = {"·": "*", "−": "-", "²": "**2", "e^(": "exp(", "^": "**", "√": "sqrt", "1 /": "1 /"}


def worked_out(rule: dict[str, Any]) -> float:
    """What the numbers of a rule come to, as they are written."""
    text = ""
    for part in rule["parts"]:
        if isinstance(part, str):
            for sign, written in _SIGNS.items():
                part = part.replace(sign, written)
            text += part
        else:
            text += f"({part!r})"
    return float(eval(text, {"__builtins__": {}}, _NAMES))


def _one(function: Callable[[torch.Tensor], torch.Tensor]) -> Callable[[float], float]:
    return lambda value: float(function(torch.tensor(value, dtype=torch.float64)))


_NAMES: dict[str, Any] = {
    "sqrt": math.sqrt, "exp": math.exp, "log": math.log, "max": max, "tanh": math.tanh,
    "gelu": _one(functional.gelu), "silu": _one(functional.silu), "elu": _one(functional.elu),
    "selu": _one(functional.selu), "softplus": _one(functional.softplus),
    "leaky_relu": _one(functional.leaky_relu),
}  # fmt: skip
