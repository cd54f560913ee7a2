"""Images shifted, mirrored and turned a little, anew in every step: a whole batch at once, on its device."""

import math
from collections.abc import Sequence

import torch
from torch.nn import functional

SHIFT = 0.1
"""The most that an image is shifted, either way, as a share of its side."""
ROTATION = 15.0
"""The most that it is turned, either way, in degrees."""


def augmented(inputs: torch.Tensor, ways: Sequence[str], chance: torch.Generator) -> torch.Tensor:
    """Return images (batch, channels, height, width) moved by chance; what comes in repeats the border.

    Shifts are whole pixels. `chance` is a CPU generator, so that a run does not depend on its device.
    """
    size, _, height, width = inputs.shape
    turned = torch.zeros(size)
    if "rotate" in ways:
        turned = (2 * torch.rand(size, generator=chance) - 1) * math.radians(ROTATION)
    mirrored = torch.ones(size)
    if "flip" in ways:
        mirrored = 1 - 2 * (torch.rand(size, generator=chance) < 0.5).to(torch.float32)
    moved = torch.zeros(size, 2)
    if "shift" in ways:
        most = torch.tensor([max(1, round(SHIFT * width)), max(1, round(SHIFT * height))])
        drawn = torch.rand(size, 2, generator=chance)
        moved = (drawn * (2 * most + 1)).floor() - most
    if "rotate" not in ways and "flip" in ways and "shift" not in ways:
        flip = (mirrored < 0).to(inputs.device)[:, None, None, None]
        return torch.where(flip, inputs.flip(3), inputs)
    cosine, sine = turned.cos(), turned.sin()
    # Rows give the place that a pixel comes from, in units where the picture reaches from −1 to 1.
    rows = torch.stack(
        (
            torch.stack((cosine * mirrored, -sine * height / width, moved[:, 0] * 2 / width), 1),
            torch.stack((sine * mirrored * width / height, cosine, moved[:, 1] * 2 / height), 1),
        ),
        1,
    ).to(inputs.device)
    grid = functional.affine_grid(rows, list(inputs.shape), align_corners=False)
    return functional.grid_sample(inputs, grid, padding_mode="border", align_corners=False)
