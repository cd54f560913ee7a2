"""Image files as tensors: read, turned upright, cut to a square and scaled; at once or one by one."""

import os
import struct
import threading
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy
import torch
from torch.utils.data import Dataset

from dlcore.choices.own import ImageFolder
from dlcore.clean import clean
from dlcore.errors import DataError
from dlcore.files.plainfile import open_plain

if TYPE_CHECKING:
    from PIL import Image

Files = tuple[tuple[Path, int], ...]
Progress = Callable[[int, int], object]

_REPLACE = "Replace the file, or remove it."
_FORMATS = ("PNG", "JPEG", "BMP", "GIF", "WEBP", "PPM", "TIFF")
"""What a file may be, whatever its name: others hold programs, which pillow would have others run (EPS)."""
_MOST_PIXELS = 64_000_000
"""So many are decoded at the same time; each takes some ten bytes meanwhile."""
_BLOCK = 64
"""Images that a thread decodes before progress is told."""
_BROKEN = (
    OSError, SyntaxError, ValueError, TypeError, LookupError, EOFError, ArithmeticError, AssertionError,
    NotImplementedError, RuntimeError, AttributeError, MemoryError, struct.error, zlib.error,
)  # fmt: skip
"""What the decoders are known to raise on broken files: PNG says SyntaxError, TIFF tags struct.error."""


class _Room:
    """Lets the threads of this process decode only so many pixels at a time."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._taken = 0
        self._changed = threading.Condition()

    @contextmanager
    def taken(self, pixels: int) -> Iterator[None]:
        """Wait until there is room for so many; an image of more than all of it has it to itself."""
        pixels = min(pixels, self._most)
        with self._changed:
            self._changed.wait_for(lambda: self._taken + pixels <= self._most)
            self._taken += pixels
        try:
            yield
        finally:
            with self._changed:
                self._taken -= pixels
                self._changed.notify_all()


_room = _Room(_MOST_PIXELS)


class ImageFiles(Dataset[tuple[torch.Tensor, int]]):
    """Images read when asked for: (uint8 tensor (channels, size, size), class number)."""

    portable = True
    """It may be sent to a process that shares nothing with this one."""

    def __init__(self, files: Files, size: int, color: bool) -> None:
        _pillow()
        self.paths = [str(path) for path, _ in files]
        self.targets = torch.tensor([number for _, number in files], dtype=torch.int64)
        self.size = size
        self.color = color

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        return decode(self.paths[index], self.size, self.color), int(self.targets[index])

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "paths": "\0".join(self.paths)}  # one string: far faster to send than many

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, paths=state["paths"].split("\0"))


def read_images(
    files: Files, data: ImageFolder, progress: Progress | None = None
) -> ImageFiles | tuple[torch.Tensor, torch.Tensor]:
    """Return all images as (uint8 (n, channels, size, size), int64 (n,)) where they fit into `data.memory`.

    Else the files, to be read as they are needed. `progress(images so far, images in all)` is told meanwhile,
    and what it raises ends the reading. Raises DataError naming the first file that is no image.
    """
    images = ImageFiles(files, data.size, data.color)
    channels = 3 if data.color else 1
    if len(files) * channels * data.size**2 > data.memory * 1_000_000:
        return images
    pixels = torch.empty((len(files), channels, data.size, data.size), dtype=torch.uint8)

    def read(start: int) -> int:
        stop = min(start + _BLOCK, len(files))
        for index in range(start, stop):
            pixels[index] = images[index][0]
        return stop

    executor = ThreadPoolExecutor(max_workers=min(os.cpu_count() or 1, 16))
    try:
        for done in executor.map(read, range(0, len(files), _BLOCK)):
            if progress is not None:
                progress(done, len(files))
    finally:
        executor.shutdown(cancel_futures=True)
    return pixels, images.targets


def decode(path: str, size: int, color: bool) -> torch.Tensor:
    """Return an image's middle square, scaled: uint8 (3 or 1, size, size); raises DataError naming it."""
    pillow = _pillow()
    bombs = (pillow.DecompressionBombError, pillow.DecompressionBombWarning)
    try:
        with open_plain(path) as file, pillow.open(file, formats=_FORMATS) as image:
            most = pillow.MAX_IMAGE_PIXELS
            if most is not None and image.width * image.height > most:
                raise pillow.DecompressionBombError
            image.draft(
                image.mode, (2 * size, 2 * size)
            )  # a JPEG is decoded at the least scale that is enough
            with _room.taken(image.width * image.height):
                pixels = _square(image, size, color)
    except bombs:
        raise DataError(
            f"{clean(path)} has too many pixels to be opened safely",
            "Scale the image down, or remove the file.",
        ) from None
    except FileNotFoundError:
        raise DataError(f"{clean(path)} is gone", "Start again: the folder has changed.") from None
    except PermissionError:
        raise DataError(f"{clean(path)} may not be read", "Give yourself the permission.") from None
    except pillow.UnidentifiedImageError:
        raise DataError(f"{clean(path)} is no image that can be read", _REPLACE) from None
    except _BROKEN as error:
        said = f"{clean(path)} cannot be read as an image: {_reason(error, path)}"
        raise DataError(said, _REPLACE) from None
    return torch.from_numpy(pixels).reshape(size, size, -1).permute(2, 0, 1).contiguous()


def _square(image: "Image.Image", size: int, color: bool) -> "numpy.ndarray[Any, numpy.dtype[numpy.uint8]]":
    """Return the middle square of an image, upright: a new array (size, size[, 3])."""
    from PIL import Image, ImageOps

    upright = ImageOps.exif_transpose(image)
    if upright.mode.startswith("I"):  # 16 bits a pixel, which a plain conversion would cut off at 255
        wide = numpy.asarray(upright).astype(numpy.int64).clip(0, 65_535)
        upright = Image.fromarray((wide >> 8).astype(numpy.uint8))
    if upright.mode == "P":
        upright = upright.convert("RGBA")  # by this way a palette with transparency warns of nothing
    upright = upright.convert("RGB" if color else "L")
    side = min(upright.size)
    left, top = (upright.width - side) / 2, (upright.height - side) / 2
    # Cut before scaling: the same pixels as the other way round, without scaling what is cut off.
    box = (left, top, left + side, top + side)
    return numpy.array(upright.resize((size, size), Image.Resampling.BILINEAR, box=box))


def _pillow() -> Any:
    """Return PIL.Image; raises DataError where it cannot be had."""
    try:
        from PIL import Image
    except ImportError as error:
        raise DataError(
            f"Images need pillow, which cannot be imported: {clean(str(error))}",
            "Install it into the environment of dltui: pip install pillow.",
        ) from None
    return Image


def _reason(error: BaseException, path: str) -> str:
    """Return what a decoder said in a line, without the path that stands before it already."""
    said = str(error).replace(repr(path), "the file").strip()
    return clean(said.split("\n", 1)[0][:200]) or type(error).__name__
