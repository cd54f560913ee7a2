"""MNIST as the arrays that peers' examples start from: floats, normalized once, in memory.

That is kinder than torchvision's data set, which opens and normalizes an image at a time: see
`lightning_trainer.py`, which can do both.
"""

from pathlib import Path

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Labels = npt.NDArray[np.int64]

_IMAGE_HEADER, _LABEL_HEADER = 16, 8


def split(folder: str, name: str) -> tuple[Floats, Labels]:
    """Return images (n, 784) from −1 to 1 and labels (n,) of the split `train` or `t10k`."""
    raw = Path(folder) / "MNIST" / "raw"
    pixels = np.frombuffer((raw / f"{name}-images-idx3-ubyte").read_bytes(), np.uint8, offset=_IMAGE_HEADER)
    labels = np.frombuffer((raw / f"{name}-labels-idx1-ubyte").read_bytes(), np.uint8, offset=_LABEL_HEADER)
    images: Floats = pixels.reshape(-1, 28 * 28).astype(np.float32)
    images /= 127.5
    images -= 1
    return images, labels.astype(np.int64)
