"""Where a run computes."""

import torch

from dlcore.errors import DltuiError


def pick_device(wanted: str) -> torch.device:
    """Return the device that a name stands for; `auto` takes a GPU where there is one."""
    if wanted == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    device = torch.device(wanted)
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        number = torch.cuda.device_count()
        raise DltuiError(
            f"training.device = {wanted}: torch sees {number} CUDA device{'' if number == 1 else 's'} here",
            "Choose auto or cpu, or see dltui doctor.",
        )
    if device.type == "mps" and not torch.backends.mps.is_available():
        raise DltuiError("training.device = mps: torch sees no Apple GPU here", "Choose auto or cpu.")
    return device
