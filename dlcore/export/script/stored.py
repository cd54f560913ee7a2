"""Data that come with scikit-learn or are published as files, as code that reads them."""

from typing import assert_never

from dlcore.choices.bundled import BreastCancer, Diabetes, Digits, Iris, Wine
from dlcore.choices.downloaded import Cifar10, FashionMnist, Kmnist, Mnist
from dlcore.export.script.part import Part, lines

Bundled = Digits | Iris | Wine | BreastCancer | Diabetes
Published = Mnist | FashionMnist | Kmnist | Cifar10

_NUMPY = "import numpy as np"


def bundled(data: Bundled) -> Part:
    """Return code that makes `inputs` and `targets` of a set that scikit-learn ships."""
    if isinstance(data, Digits):
        return Part(
            "\n".join(
                (
                    "# 1,797 handwritten digits of 8×8 pixels, whose values are 0 to 16.",
                    "digits = load_digits()",
                    "inputs = torch.from_numpy(digits.images.astype(np.uint8)).unsqueeze(1)",
                    "targets = torch.from_numpy(digits.target.astype(np.int64))",
                )
            ),
            (_NUMPY, "from sklearn.datasets import load_digits"),
        )
    name = f"load_{data.kind}"
    made = "labels.astype(np.int64))[rows]"
    if isinstance(data, Diabetes):
        made = "labels.astype(np.float32)).unsqueeze(1)[rows]"
    return Part(
        "\n".join(
            (
                f"# {data.summary()}",
                f"values, labels = {name}(return_X_y=True)",
                'rows = torch.randperm(len(labels), generator=stream("rows"))  # they lie sorted',
                "inputs = torch.from_numpy(values.astype(np.float32))[rows]",
                f"targets = torch.from_numpy({made}",
            )
        ),
        (_NUMPY, f"from sklearn.datasets import {name}"),
    )


def published(data: Published) -> Part:
    """Return code that makes `inputs` and `targets`, and those of the test split, from `options.data`."""
    match data:
        case Mnist():
            return _idx("MNIST")
        case FashionMnist():
            return _idx("FashionMNIST")
        case Kmnist():
            return _idx("KMNIST")
        case Cifar10():
            return _cifar10()
        case _:
            assert_never(data)


def _idx(name: str) -> Part:
    return Part(
        f'''folder = Path(options.data)
if not any(folder.rglob("train-images-idx3-ubyte*")):  # then torchvision fetches the four files
    from torchvision.datasets import {name}

    {name}(folder, download=True)


def read_idx(name: str) -> torch.Tensor:
    """Return the array of bytes in one of the four files, packed or not (the IDX format)."""
    content = sorted(folder.rglob(f"{{name}}*"))[0].read_bytes()
    if content.startswith(b"\\x1f\\x8b"):
        content = gzip.decompress(content)
    dimensions = content[3]  # behind it stand the sizes, of four bytes each, and then the values
    shape = np.frombuffer(content, ">u4", count=dimensions, offset=4).tolist()
    values = np.frombuffer(content, np.uint8, offset=4 + 4 * dimensions)
    return torch.from_numpy(values.reshape(shape).copy())


inputs = read_idx("train-images-idx3-ubyte").unsqueeze(1)  # (60000, 1, 28, 28)
targets = read_idx("train-labels-idx1-ubyte").to(torch.int64)
test_inputs = read_idx("t10k-images-idx3-ubyte").unsqueeze(1)
test_targets = read_idx("t10k-labels-idx1-ubyte").to(torch.int64)''',
        ("import gzip", _NUMPY, "from pathlib import Path"),
    )


def _cifar10() -> Part:
    return Part(
        '''folder = Path(options.data)
archive, unpacked = folder / "cifar-10-binary.tar.gz", folder / "cifar-10-batches-bin"
files = [*(f"data_batch_{number}.bin" for number in range(1, 6)), "test_batch.bin"]
if not archive.exists() and not unpacked.exists():
    folder.mkdir(parents=True, exist_ok=True)
    torch.hub.download_url_to_file(
        "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz", str(archive)
    )
if unpacked.exists():
    contents = [(unpacked / name).read_bytes() for name in files]
else:
    with tarfile.open(archive) as tar:
        contents = [tar.extractfile(f"{unpacked.name}/{name}").read() for name in files]


def pictures(content: bytes) -> tuple[torch.Tensor, torch.Tensor]:
    """Return images (n, 3, 32, 32) and labels: a record is a byte of label and 3,072 of image."""
    records = torch.frombuffer(bytearray(content), dtype=torch.uint8).reshape(-1, 3073)
    return records[:, 1:].reshape(-1, 3, 32, 32), records[:, 0].to(torch.int64)


inputs, targets = pictures(b"".join(contents[:5]))
test_inputs, test_targets = pictures(contents[5])''',
        ("import tarfile", "from pathlib import Path"),
    )


def shuffled_pixels(pixels: int, *, has_test: bool) -> Part:
    """Return code that puts the pixels of all images in one order; with `has_test` those of the test, too."""
    found = lines(
        "",
        "# One fixed random order of the pixels in all images: nothing is near anything.",
        f'pixels = torch.randperm({pixels}, generator=stream("pixels"))',
        "inputs = inputs.flatten(2)[:, :, pixels].reshape(inputs.shape)",
    )
    if has_test:
        found += lines("test_inputs = test_inputs.flatten(2)[:, :, pixels].reshape(test_inputs.shape)")
    return found
