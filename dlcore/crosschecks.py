"""Combinations that make no sense, each refused with its reason.

Each check looks at the choices it needs and is skipped while one of them is itself wrong,
so that one bad field hides no other error.
"""

from collections.abc import Iterator

from dlcore.choices.architectures import Cnn, Mlp, Perceptron
from dlcore.choices.choice import Choice
from dlcore.choices.losses import AutoLoss, CrossEntropy
from dlcore.errors import Problem


def cross_check(chosen: dict[str, Choice]) -> Iterator[Problem]:
    """Yield what is wrong between the sections in `chosen` (section key → choice)."""
    yield from _output_and_loss(chosen)
    yield from _activation_list(chosen)
    yield from _network_and_data(chosen)
    yield from _held_out(chosen)


def _output_and_loss(chosen: dict[str, Choice]) -> Iterator[Problem]:
    model, loss = chosen.get("model"), chosen.get("loss")
    if not isinstance(model, Perceptron | Mlp | Cnn) or not isinstance(loss, AutoLoss | CrossEntropy):
        return
    if model.output in ("softmax", "sigmoid"):
        yield Problem(
            "model.output",
            f"{model.output} before cross_entropy squashes twice: cross_entropy has its own softmax",
            "Choose linear or auto, or the loss mse.",
        )


def _activation_list(chosen: dict[str, Choice]) -> Iterator[Problem]:
    model = chosen.get("model")
    if isinstance(model, Mlp) and isinstance(model.activation, tuple):
        given, wanted = len(model.activation), len(model.hidden)
        if given != wanted:
            yield Problem(
                "model.activation",
                f"{given} activations for {wanted} hidden layers",
                "Give one for all, or one for each hidden layer.",
            )


def _network_and_data(chosen: dict[str, Choice]) -> Iterator[Problem]:
    model, data = chosen.get("model"), chosen.get("data")
    if not isinstance(model, Cnn) or data is None:
        return
    shape: tuple[int, ...] = data.shape  # type: ignore[attr-defined]  # every data set has one
    if len(shape) != 3:
        yield Problem(
            "model.kind",
            f"cnn needs images, and {data.word()} has rows of {shape[0]} numbers",
            "Choose mlp or perceptron, or the data set digits or mnist.",
        )
        return
    sizes = model.map_sizes(*shape[1:])
    if min(sizes[-1]) < 1:
        before = sizes[-2] if len(sizes) > 1 else shape[1:]
        yield Problem(
            "model.filters",
            f"conv{len(sizes)} with its pooling shrinks a {before[0]}×{before[1]} map to nothing",
            "Use fewer convolutions, a smaller kernel, stride or pool, or padding = same.",
        )


def _held_out(chosen: dict[str, Choice]) -> Iterator[Problem]:
    data = chosen.get("data")
    if data is None:
        return
    samples = min(data.sizes[0], data.limit or data.sizes[0])  # type: ignore[attr-defined]
    share: float = data.validation  # type: ignore[attr-defined]
    held = round(samples * share)
    if share and not 0 < held < samples:
        yield Problem(
            "data.validation",
            f"{share:g} of {samples} samples leaves {held} for validation and {samples - held} to train on",
            "Change validation or limit so that both have some.",
        )
