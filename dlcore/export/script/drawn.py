"""Data that are drawn with a seed, as code: points in the plane, a curve with noise, and noise alone."""

from typing import assert_never

from dlcore.choices.drawn import Blobs, Circles, Moons, Noise, Regression, Spiral, Xor
from dlcore.export.script.part import Part, joined, lines, number

Drawn = Xor | Moons | Circles | Spiral | Blobs | Regression | Noise


def drawn(data: Drawn) -> Part:
    """Return code that makes `inputs` and `targets`, in no order of classes."""
    match data:
        case Xor():
            return _xor(data)
        case Moons() | Circles() | Blobs():
            return _from_scikit_learn(data)
        case Spiral():
            return _spiral(data)
        case Regression():
            return _curve(data)
        case Noise():
            return _noise(data)
        case _:
            assert_never(data)


def _seed(data: Drawn) -> str:
    """Return what a stream is asked for beside its purpose: nothing where the run's seed is meant."""
    return "" if data.seed == "run" else f", seed={data.seed}"


def _stream(data: Drawn) -> str:
    return f'stream("samples"{_seed(data)})'


def _xor(data: Xor) -> Part:
    corners = "torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])"
    found = lines("# Four points that no straight line can part.")
    if data.samples == 4:
        found += lines(f"inputs = {corners}", "targets = torch.tensor([0, 1, 1, 0])")
    else:
        found += lines(
            f"which = torch.arange({data.samples}) % 4",
            f"inputs = {corners}[which]",
            "targets = torch.tensor([0, 1, 1, 0])[which]",
        )
    if data.noise:
        drawn_noise = f"torch.randn(inputs.shape, generator={_stream(data)})"
        found += lines(f"inputs = inputs + {number(data.noise)} * {drawn_noise}")
    return found


def _from_scikit_learn(data: Moons | Circles | Blobs) -> Part:
    noise, state = number(data.noise), f'seed_for("samples"{_seed(data)}) % 2**32'
    match data:
        case Moons():
            name, said = "make_moons", "Two half-moons that hold each other."
            code = [f"points, labels = make_moons({data.samples}, noise={noise}, random_state=state)"]
        case Circles():
            name, said = "make_circles", "One circle inside another."
            arguments = f"{data.samples}, noise={noise}, factor=0.5, random_state=state"
            code = [f"points, labels = make_circles({arguments})"]
        case Blobs():
            name, said = "make_blobs", "Round clouds of points, one a class."
            arguments = f"{data.samples}, centers={data.classes}, cluster_std={noise}, random_state=state"
            code = [f"points, labels = make_blobs({arguments})"]
        case _:
            assert_never(data)
    return Part(
        "\n".join(
            (
                f"# {said}",
                f"state = {state}  # scikit-learn takes 32 bits",
                *code,
                "inputs = torch.from_numpy(points.astype(np.float32))",
                "targets = torch.from_numpy(labels.astype(np.int64))",
            )
        ),
        ("import numpy as np", f"from sklearn.datasets import {name}"),
    )


def _spiral(data: Spiral) -> Part:
    code = lines(
        "# Arms whose radius grows from 0.1 to 1 while they turn, with noise on both axes.",
        f"chance = {_stream(data)}",
        f"targets = torch.arange({data.samples}) % {data.classes}",
        f"along = torch.rand({data.samples}, generator=chance)",
        f"angle = 2 * math.pi * ({number(data.turns)} * along + targets / {data.classes})",
        "radius = 0.1 + 0.9 * along",
        "inputs = torch.stack((radius * angle.cos(), radius * angle.sin()), dim=1)",
        f"inputs += {number(data.noise)} * torch.randn(inputs.shape, generator=chance)",
    )
    return code + Part("", ("import math",))


def _curve(data: Regression) -> Part:
    start = lines(
        "# Inputs uniform from -2 to 2, and a curve with noise to be predicted from them.",
        f"chance = {_stream(data)}",
        f"inputs = 4 * torch.rand({data.samples}, {data.features}, generator=chance) - 2",
    )
    if data.features > 1:
        along = lines(
            f"direction = torch.randn({data.features}, generator=chance)",
            "along = inputs @ (direction / direction.norm())",
        )
    else:
        along = lines(
            "torch.randn(1, generator=chance)  # a direction, which a single input does not need",
            "along = inputs[:, 0]",
        )
    match data.function:
        case "sine":
            values = "torch.sin(2 * along)"
        case "linear":
            values = "along"
        case "step":
            values = "torch.where(along >= 0, 1.0, -1.0)"
        case _:
            assert_never(data.function)
    noise = f"{number(data.noise)} * torch.randn({data.samples}, generator=chance)"
    return joined((start, along, lines(f"targets = ({values} + {noise}).unsqueeze(1)")))


def _noise(data: Noise) -> Part:
    shape = f"{data.samples}, {data.channels}, {data.side}, {data.side}"
    return lines(
        "# Random pictures with random labels: there is nothing to learn.",
        f"chance = {_stream(data)}",
        f"inputs = torch.randint(0, 256, ({shape}), generator=chance, dtype=torch.uint8)",
        f"targets = torch.randint(0, {data.classes}, ({data.samples},), generator=chance)",
    )
