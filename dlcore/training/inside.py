"""What a network looks like inside, as arrays of a frame: histograms, first weights, and feature maps."""

from array import array

import torch
from torch import nn
from torch.nn import functional

from dlcore.files.arrays import Array
from dlcore.training.histograms import magnitudes, spread_over
from dlcore.training.layers import activation_of, evaluating, layers_of, listening, norm_of, weights_of

Arrays = dict[str, Array]

_MOST_VALUES = 1 << 16
"""Of a layer whose weights are kept as they are; of a larger one, its first units."""
_SAMPLES, _CHANNELS, _SIDE = 4, 16, 32
"""So many samples and channels of a convolution are kept, in squares of at most that side."""
_MOST_MAPS = 1 << 18
"""Bytes of all feature maps together."""


def gradients(weights: dict[str, torch.Tensor]) -> Arrays:
    """Return histograms of dL/dW as a backward pass has left it, by layer."""
    found: Arrays = {}
    for name, weight in weights.items():
        if weight.grad is not None:
            found |= magnitudes(f"gradients.{{}}/{name}", weight.grad)
    return found


@torch.no_grad()
def look(network: nn.Module, inputs: torch.Tensor) -> Arrays:
    """Return histograms of weights and pre-activations, first weights and feature maps for some inputs.

    `inputs` are (samples, *shape). The network is looked at in evaluation mode, and left as it was; so are
    torch's generators, whatever code of the user's own may draw.
    """
    found: Arrays = {}
    for name, weight in weights_of(network).items():
        found |= spread_over(f"weights.{{}}/{name}", weight)
    for name in _pictured(network):
        found |= _values(f"values/{name}", weights_of(network)[name])
    return found | _outputs(network, inputs)


def confusion(table: torch.Tensor) -> Arrays:
    """Return the array of a confusion matrix (classes, classes)."""
    return {"confusion": Array("U32", tuple(table.shape), _bytes(table.to(torch.int32), "<i4"))}


def _pictured(network: nn.Module) -> list[str]:
    """Return the first layer, and the first convolution."""
    layers = layers_of(network)
    convolution = next((name for name, layer in layers.items() if isinstance(layer, nn.Conv2d)), None)
    return list(dict.fromkeys(name for name in (next(iter(layers), None), convolution) if name is not None))


def _values(name: str, weight: torch.Tensor) -> Arrays:
    units = _MOST_VALUES // max(1, weight[0].numel()) if len(weight) else 0
    kept = weight[:units].to(torch.float32)
    return {name: Array("F32", tuple(kept.shape), _bytes(kept, "<f4"))} if units else {}


def _outputs(network: nn.Module, inputs: torch.Tensor) -> Arrays:
    """Return histograms of what each layer hands to its activation, and what convolutions show behind it."""
    layers = layers_of(network)
    modules = dict(network.named_modules())
    before = {norm_of(network, name) or name: name for name in layers}
    convolutions = [name for name, layer in layers.items() if isinstance(layer, nn.Conv2d)]
    after = {activation_of(network, name) or norm_of(network, name) or name: name for name in convolutions}
    histograms: Arrays = {}
    maps: Arrays = {}

    def hear_before(key: str, module: nn.Module, output: torch.Tensor) -> None:
        histograms.update(spread_over(f"activations.{{}}/{before[key]}", output))

    def hear_after(key: str, module: nn.Module, output: object) -> None:
        if isinstance(output, torch.Tensor) and output.dim() == 4 and output.numel():
            maps.update(_maps(after[key], output, _MOST_MAPS // len(convolutions)))

    devices = {inputs.device} if inputs.is_cuda else set()
    with (
        torch.random.fork_rng(devices),
        evaluating(network),
        listening({key: modules[key] for key in before}, hear_before),
        listening({key: modules[key] for key in after}, hear_after),
    ):
        network(inputs)
    return histograms | maps


def _maps(name: str, output: torch.Tensor, most: int) -> Arrays:
    """Return the first maps of (samples, channels, height, width) in at most about so many bytes.

    Each number becomes a byte between the smallest and the largest of all that are kept.
    """
    height, width = (min(side, _SIDE) for side in output.shape[2:])
    samples = min(len(output), _SAMPLES)
    channels = max(1, min(_CHANNELS, most // (samples * height * width)))
    kept = output[:samples, :channels].to(torch.float32).nan_to_num()
    if kept.shape[2:] != (height, width):
        kept = functional.adaptive_avg_pool2d(kept, (height, width))
    low, high = torch.stack((kept.min(), kept.max())).tolist()
    scale = 255 / (high - low) if high > low else 0.0
    levels = ((kept - low) * scale).round().clamp(0, 255).to(torch.uint8)
    return {
        f"maps/{name}": Array("U8", tuple(levels.shape), _bytes(levels, "u1")),
        f"maps.range/{name}": Array.row(array("f", (low, high))),
    }


def _bytes(values: torch.Tensor, kind: str) -> bytes:
    """Return the numbers row by row, the lowest byte of each first."""
    return values.detach().cpu().contiguous().numpy().astype(kind).tobytes()
