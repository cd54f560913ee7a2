"""Images shifted, mirrored and turned a little in every step, as code: only the ways that a run uses."""

from collections.abc import Sequence

from dlcore.export.script.part import Part, docstring, joined, lines

_FUNCTIONAL = "from torch.nn import functional"
_MATH = "import math"


def augmentation(ways: Sequence[str], name: str = "augmented") -> Part:
    """Return a function of images (batch, channels, height, width) and a generator."""
    if set(ways) == {"flip"}:
        return _flipped(name)
    body = joined(part.indented(1) for part in (_turned(ways), _mirrored(ways), _moved(ways), _grid(ways)))
    said = ", ".join(text for way, text in _SAID.items() if way in ways)
    head = lines(
        f"def {name}(images: torch.Tensor, chance: torch.Generator) -> torch.Tensor:",
        docstring(f"Return images {said}, by chance; what comes in repeats the border."),
        "    size, _, height, width = images.shape",
    )
    return head + body


_SAID = {
    "shift": "shifted by up to a tenth",
    "flip": "mirrored left to right",
    "rotate": "turned by up to 15 degrees",
}


def _flipped(name: str) -> Part:
    return lines(
        f"def {name}(images: torch.Tensor, chance: torch.Generator) -> torch.Tensor:",
        '    """Return images of which each is mirrored left to right, or not, by chance."""',
        "    is_mirrored = torch.rand(len(images), generator=chance) < 0.5",
        "    return torch.where(is_mirrored[:, None, None, None], images.flip(3), images)",
    )


def _turned(ways: Sequence[str]) -> Part:
    if "rotate" not in ways:
        return Part("")
    code = "angles = (2 * torch.rand(size, generator=chance) - 1) * math.radians(15.0)"
    return Part(f"{code}\ncosine, sine = angles.cos(), angles.sin()", (_MATH,))


def _mirrored(ways: Sequence[str]) -> Part:
    if "flip" not in ways:
        return Part("")
    code = "mirrored = 1 - 2 * (torch.rand(size, generator=chance) < 0.5).to(torch.float32)"
    return lines(f"{code}  # −1 or 1")


def _moved(ways: Sequence[str]) -> Part:
    if "shift" not in ways:
        return Part("")
    return lines(
        "most = torch.tensor([max(1, round(0.1 * width)), max(1, round(0.1 * height))])",
        "drawn = torch.rand(size, 2, generator=chance)",
        "moved = (drawn * (2 * most + 1)).floor() - most  # whole pixels",
    )


def _grid(ways: Sequence[str]) -> Part:
    """Return what says for each pixel where it comes from, and takes it from there.

    Without a turn the cosine is 1 and the sine 0, and so on: products with them are left out.
    """
    turns, flips, shifts = ("rotate" in ways, "flip" in ways, "shift" in ways)
    nothing = "torch.zeros(size)"
    across = ["mirrored" if flips else "torch.ones(size)", nothing]
    down = [nothing, "torch.ones(size)"]
    if turns:
        times = " * mirrored" if flips else ""
        across = [f"cosine{times}", "-sine * height / width"]
        down = [f"sine{times} * width / height", "cosine"]
    across.append("moved[:, 0] * 2 / width" if shifts else nothing)
    down.append("moved[:, 1] * 2 / height" if shifts else nothing)
    return Part(
        "# Rows give the place that a pixel comes from; the picture reaches from −1 to 1.\n"
        f"across = torch.stack(({', '.join(across)}), 1)\n"
        f"down = torch.stack(({', '.join(down)}), 1)\n"
        "rows = torch.stack((across, down), 1)\n"
        "grid = functional.affine_grid(rows, list(images.shape), align_corners=False)\n"
        'return functional.grid_sample(images, grid, padding_mode="border", align_corners=False)',
        (_FUNCTIONAL,),
    )
