"""How the weights move, as code: torch's own optimizers."""

from typing import assert_never

from dlcore.choices.architectures import Architecture, CustomModel
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
from dlcore.export.script.part import WIDTH, Part, number, word


def arguments(chosen: Optimizer) -> dict[str, str]:
    """Return what torch calls the settings of an optimizer, but for its learning rate, as code."""
    match chosen:
        case Sgd():
            return {}
        case Momentum():
            return {"momentum": number(chosen.momentum)}
        case Nesterov():
            return {"momentum": number(chosen.momentum), "nesterov": "True"}
        case Adagrad():
            return {"eps": number(chosen.eps)}
        case Adadelta():
            return {"rho": number(chosen.rho), "eps": number(chosen.eps)}
        case RMSprop():
            found = {"alpha": number(chosen.alpha), "eps": number(chosen.eps)}
            return found | ({"momentum": number(chosen.momentum)} if chosen.momentum else {})
        case Adam():
            return {"betas": _betas(chosen), "eps": number(chosen.eps)}
        case AdamW():
            decay = {"weight_decay": number(chosen.weight_decay)}
            return {"betas": _betas(chosen), "eps": number(chosen.eps), **decay}
        case _:
            assert_never(chosen)


def _betas(chosen: Adam | AdamW) -> str:
    return f"({number(chosen.beta1)}, {number(chosen.beta2)})"


def _name(chosen: Optimizer) -> str:
    match chosen:
        case Sgd() | Momentum() | Nesterov():
            return "SGD"
        case Adagrad():
            return "Adagrad"
        case Adadelta():
            return "Adadelta"
        case RMSprop():
            return "RMSprop"
        case Adam():
            return "Adam"
        case AdamW():
            return "AdamW"
        case _:
            assert_never(chosen)


def _is_fused(chosen: Optimizer) -> bool:
    """Whether the run used torch's fused kernel, whose last bits are not those of the plain one."""
    return isinstance(chosen, Sgd | Momentum | Nesterov | Adam | AdamW)


def optimizer(chosen: Optimizer, *, has_shares: bool, is_named: bool = False, is_later: bool = False) -> Part:
    """Return code that makes `optimizer`; with shares, its groups are those that `groups_of` returns.

    `is_named` says that its learning rate has the name `lr`, `is_later` that it takes another one's place.
    """
    settings = arguments(chosen)
    if _is_fused(chosen):
        settings["fused"] = "True"
    first = f"groups_of({shares(chosen)})" if has_shares else "network.parameters()"
    rate = "lr=lr" if is_named else f"lr={number(chosen.lr)}"
    given = ", ".join((first, rate, *(f"{name}={code}" for name, code in settings.items())))
    code = f"optimizer = torch.optim.{_name(chosen)}({given})"
    if len(code) > WIDTH:
        code = f"optimizer = torch.optim.{_name(chosen)}(\n    {given}\n)"
    said = "# Fused is one kernel for all weights: the plain one differs in the last bit.\n"
    return Part(f"{said if _is_fused(chosen) and not is_later else ''}{code}")


def shares(chosen: Optimizer) -> str:
    """Return the code of the table of layers with a rate of their own, each as a share of all others'."""
    rows = (f"{word(name)}: {number(lr)} / {number(chosen.lr)}" for name, lr in chosen.lr_per_layer.items())
    return f"{{{', '.join(rows)}}}"


def groups(model: Architecture) -> Part:
    """Return the function that parts the parameters of the network by the rate that they learn with."""
    return Part(_OF_ANY if isinstance(model, CustomModel) else _OF_OURS)


_OF_OURS = '''def groups_of(shares: dict[str, float]) -> list[dict]:
    """Return the layers with a rate of their own, each with its share of it, and all others."""
    modules = dict(network.named_modules())
    groups, own = [], set()
    for name, share in shares.items():
        norm = modules.get(f"{name}_norm", nn.Identity())  # it belongs to the layer before it
        members = [*modules[name].parameters(), *norm.parameters()]
        own.update(map(id, members))
        groups.append({"params": members, "share": share})
    rest = [parameter for parameter in network.parameters() if id(parameter) not in own]
    return [{"params": rest, "share": 1.0}, *groups] if rest else groups'''

_OF_ANY = '''def groups_of(shares: dict[str, float]) -> list[dict]:
    """Return the layers with a rate of their own, each with its share of it, and all others."""
    modules, parameters = dict(network.named_modules()), dict(network.named_parameters())
    groups, own = [], set()
    for name, share in shares.items():
        members = list(modules[name].parameters()) if name in modules else [parameters[name]]
        own.update(map(id, members))
        groups.append({"params": members, "share": share})
    rest = [parameter for parameter in network.parameters() if id(parameter) not in own]
    return [{"params": rest, "share": 1.0}, *groups] if rest else groups'''
