"""Where the weights start, as code."""

from collections import Counter
from typing import assert_never

from dlcore.choices.activations import (
    ELU,
    GELU,
    SELU,
    Activation,
    Identity,
    LeakyReLU,
    ReLU,
    Sigmoid,
    SiLU,
    Softplus,
    Step,
    Tanh,
)
from dlcore.choices.initializers import (
    DefaultInit,
    He,
    Initializer,
    Lecun,
    Normal,
    Orthogonal,
    Xavier,
    Zeros,
)
from dlcore.export.script.layers import NN, Weighted, function
from dlcore.export.script.part import NOTHING, Part, lines, number, word


def functions(init: Initializer, weighted: tuple[Weighted, ...]) -> Part:
    """Return the function that a gain is computed with, where one has to be."""
    if not isinstance(init, He | Orthogonal):
        return NOTHING
    return _KEEPING if any("gain_of(" in gain_of(one.activation) for one in weighted) else NOTHING


def weights(
    init: Initializer, weighted: tuple[Weighted, ...], *, has_bias: bool, is_dense: bool = False
) -> Part:
    """Return code that draws the weights of `network` anew; nothing for what torch has drawn already.

    `weighted` are its layers in order, `has_bias` says whether any of them has one, and `is_dense` whether
    all are fully connected.
    """
    found = _weights(init, weighted, has_bias=has_bias)
    code = found.code.replace("nn.Linear | nn.Conv2d", "nn.Linear") if is_dense else found.code
    return Part(code, found.imports)


def _weights(init: Initializer, weighted: tuple[Weighted, ...], *, has_bias: bool) -> Part:
    match init:
        case DefaultInit():
            return NOTHING
        case Xavier():
            said = "Glorot and Bengio (2010): uniform with variance 2/(fan_in + fan_out); biases 0."
            return _drawn(said, "nn.init.xavier_uniform_(layer.weight)", has_bias=has_bias)
        case Lecun():
            said = "LeCun et al. (1998): normal with variance 1/fan_in; biases 0."
            code = (_FAN_IN, "nn.init.normal_(layer.weight, std=fan_in**-0.5)")
            return _drawn(said, *code, has_bias=has_bias)
        case Normal():
            said = f"Normal with a deviation of {number(init.std)} in all layers; biases 0."
            return _drawn(said, f"nn.init.normal_(layer.weight, std={number(init.std)})", has_bias=has_bias)
        case Zeros():
            said = "All weights and biases 0: nothing tells the units of a layer apart."
            return _drawn(said, "nn.init.zeros_(layer.weight)", has_bias=has_bias)
        case He():
            said = "He et al. (2015): uniform with variance gain²/fan_in; biases 0."
            gain, before = _gain(weighted)
            drawn = "nn.init.uniform_(layer.weight, -bound, bound)"
            return before + _drawn(said, gain, _FAN_IN, _BOUND, drawn, has_bias=has_bias)
        case Orthogonal():
            said = "Saxe et al. (2013): rows or columns at right angles, times the gain; biases 0."
            gain, before = _gain(weighted)
            drawn = "nn.init.orthogonal_(layer.weight, gain)"
            return before + _drawn(said, gain, drawn, has_bias=has_bias)
        case _:
            assert_never(init)


_FAN_IN = "fan_in = layer.weight[0].numel()  # inputs that one unit adds up"
_BOUND = "bound = gain * (3 / fan_in) ** 0.5  # a uniform figure up to b has variance b²/3"


def _drawn(said: str, *code: str, has_bias: bool) -> Part:
    found = lines(
        f"# {said}",
        "for name, layer in network.named_modules():",
        "    if isinstance(layer, nn.Linear | nn.Conv2d):",
    )
    found += lines(*code).indented(2)
    if has_bias:
        found += lines("        if layer.bias is not None:", "            nn.init.zeros_(layer.bias)")
    return found + Part("", (NN,))


def _gain(weighted: tuple[Weighted, ...]) -> tuple[str, Part]:
    """Return the line that says the gain of the layer `name`, and what it needs before it."""
    gains = {one.name: gain_of(one.activation) for one in weighted}
    before = NOTHING
    counted = Counter(code for code in gains.values() if code != "1.0")
    if not counted:
        return "gain = 1.0  # of the function behind the layer", before
    usual = counted.most_common(1)[0][0]
    others = {code for code in gains.values() if code != usual}
    if others <= {"1.0"}:
        without = [name for name, code in gains.items() if code == "1.0"]
        before += Part(
            f"# What a function takes away, the weights before it make up for.\nusual_gain = {usual}",
            (NN,),
        )
        shortcuts = [name for name in without if name.endswith(".shortcut")]
        tests = [f"name == {word(name)}" for name in without if name not in shortcuts]
        if shortcuts:
            tests.append('name.endswith(".shortcut")')
        condition = " or ".join(tests)
        return (f"gain = 1.0 if {condition} else usual_gain" if tests else "gain = usual_gain"), before
    rows = "".join(f"    {word(name)}: {code},\n" for name, code in gains.items())
    before += Part(
        f"# What a function takes away, the weights before it make up for.\ngains = {{\n{rows}}}", (NN,)
    )
    return "gain = gains[name]", before


def gain_of(activation: Activation | None) -> str:
    """Return the code of the factor by which weights must grow to make up for what a function takes away."""
    match activation:
        case Tanh() | ReLU() | SELU():
            return f'nn.init.calculate_gain("{activation.kind}")'
        case LeakyReLU():
            return f'nn.init.calculate_gain("leaky_relu", {number(activation.slope)})'
        case ELU() | GELU() | SiLU() | Softplus():
            return f"gain_of({function(activation)})"
        case Identity() | Step() | Sigmoid() | None:
            return "1.0"
        case _:
            assert_never(activation)


_KEEPING = Part(
    '''def gain_of(activation: nn.Module) -> float:
    """Return 1/√E[f(z)²] for a standard normal z, which is how He et al. come to √2 for relu."""
    z = torch.linspace(-10, 10, 20_001, dtype=torch.float64)
    density = torch.exp(-z.square() / 2) / math.sqrt(2 * math.pi)
    with torch.no_grad():
        power = float(torch.trapezoid(activation(z).square() * density, z))
    return 1 / math.sqrt(power)''',
    ("import math", NN),
)
