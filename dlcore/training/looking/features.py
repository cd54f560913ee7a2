"""What a convolution makes of one sample: its feature maps."""

from typing import Any

import torch
from torch import nn

from dlcore.choices.dataset import Facts
from dlcore.errors import DltuiError
from dlcore.training.known import source_of
from dlcore.training.layers import activation_of, layers_of, listening, norm_of
from dlcore.training.looking.confidence import shares
from dlcore.training.looking.packed import shrunk, signed, unsigned
from dlcore.training.looking.stored import samples_at, stored, unscaled
from dlcore.training.metrics import predicted
from dlcore.training.opened import Opened, opened

_MOST = 64
_SIDE = 48
_IMAGE_SIDE = 32


@torch.no_grad()
def features(path: str, step: int | None = None, layer: int = 0, sample: int = 0) -> dict[str, Any]:
    """Return the maps of a convolution for one sample of the watched split, behind the activation.

    {"layers": names, "layer": index, "samples", "sample", "split", "image": {…}, "label", "predicted",
    "probability", "maps": [signed bytes], "most": what 127 stands for, "width", "height", "total"}. Layer and
    sample wrap around.
    """
    run = opened(path, step)
    convolutions = convolutions_of(run.model)
    if not (run.facts.is_image and convolutions):
        raise DltuiError(
            "This network has no convolution, and so no feature maps",
            "Weights shows what its first layer looks for.",
        )
    name, split = run.watched
    layer, sample = layer % len(convolutions), sample % len(split)
    inputs, targets = samples_at(run.data, split, torch.tensor([sample]))
    maps, outputs = maps_of(run.model, convolutions[layer], inputs)
    small = shrunk(maps[None, :_MOST], _SIDE)[0]
    most = float(maps.abs().max())
    return {
        "step": run.step,
        "layers": convolutions,
        "layer": layer,
        "split": name,
        "samples": len(split),
        "sample": sample,
        "image": image_of(run, inputs),
        **_verdict(run, outputs, targets),
        "total": len(maps),
        "size": list(maps.shape[1:]),
        "height": small.shape[1],
        "width": small.shape[2],
        "most": most,
        "signed": bool(maps.min() < 0),
        "maps": [signed(one, most) for one in small],
    }


def convolutions_of(network: nn.Module) -> list[str]:
    """Return the names of the convolutions on the long way from input to output."""
    return [
        name
        for name, module in layers_of(network).items()
        if isinstance(module, nn.Conv2d) and "shortcut" not in name and "downsample" not in name
    ]


def maps_of(network: nn.Module, layer: str, inputs: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return a layer's maps (channels, height, width) for the first input, and the network's outputs.

    They are what is behind its activation; where that has no module of its own, behind the norm or the layer.
    """
    place = activation_of(network, layer) or norm_of(network, layer) or layer
    heard: list[torch.Tensor] = []
    modules = dict(network.named_modules())
    # A clone, because an activation that works in place would change it afterwards.
    with listening({place: modules[place]}, lambda _, __, output: heard.append(output.detach().clone())):
        outputs = network(inputs)
    if not heard:
        raise DltuiError(f"the network does not use its layer {layer}")
    return heard[-1][0].float(), outputs


def image_of(run: Opened, inputs: torch.Tensor) -> dict[str, Any]:
    """Return the first of the inputs as it was before it was normalized, as bytes."""
    source = source_of(run.config)
    peak = source.peak if source is not None else 1.0
    image = stored(run.data, inputs)[0] / peak
    if peak == 1.0:  # unknown: the darkest and the lightest there is
        image = (image - image.min()) / (image.max() - image.min()).clamp_min(1e-12)
    image = shrunk(image[None], _IMAGE_SIDE)[0]
    image = image if len(image) == 3 else image[:1]
    return {
        "channels": len(image),
        "height": image.shape[1],
        "width": image.shape[2],
        "values": unsigned(image.permute(1, 2, 0)),
    }


def _verdict(run: Opened, outputs: torch.Tensor, targets: torch.Tensor) -> dict[str, Any]:
    facts: Facts = run.facts
    if facts.task == "regression":
        told, said = (f"{float(unscaled(run.data, one).flatten()[0]):.4g}" for one in (targets, outputs))
        return {"label": told, "predicted": said, "probability": None}
    label, guess = int(targets[0]), int(predicted(outputs)[0])
    probability = float(shares(outputs, run.config)[0, guess])
    return {"label": facts.name(label), "predicted": facts.name(guess), "probability": probability}
