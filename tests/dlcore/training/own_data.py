"""A user's own data, small and real: a table, a folder of images, code for data and for a network."""

from pathlib import Path

import numpy
from PIL import Image

CODE = '''
import torch
from torch import nn
from torch.utils.data import Dataset


def points(samples=60, classes=3):
    """Arrays for a classification."""
    inputs = torch.randn(samples, 5)
    return inputs, inputs[:, 0].argsort().argsort() * classes // samples


class Waves(Dataset):
    """Samples one by one, each with two numbers to predict."""

    def __init__(self, samples=60):
        self.inputs = torch.linspace(-2, 2, samples * 3).reshape(samples, 3)

    def __len__(self):
        return len(self.inputs)

    def __getitem__(self, index):
        values = self.inputs[index]
        return values, torch.stack((values.sin().sum(), 3 + values.sum()))


def residents(samples=60):
    """The same, at once."""
    waves = Waves(samples)
    inputs, targets = zip(*(waves[index] for index in range(samples)))
    return torch.stack(inputs), torch.stack(targets)


class Shaken(Waves):
    """Samples that are a little different each time."""

    def __getitem__(self, index):
        values, targets = super().__getitem__(index)
        return values + 0.1 * torch.randn(3), targets


class Pictures(Waves):
    """Pictures of two channels, each with the mean of either to predict."""

    def __getitem__(self, index):
        picture = torch.rand(2, 12, 12, generator=torch.Generator().manual_seed(index))
        return picture, picture.mean((1, 2))


class Net(nn.Module):
    """One hidden layer for inputs of any shape."""

    def __init__(self, shape, outputs, width=4):
        super().__init__()
        self.hidden = nn.Linear(torch.Size(shape).numel(), width)
        self.out = nn.Linear(width, outputs)

    def forward(self, values):
        return self.out(torch.tanh(self.hidden(values.flatten(1))))
'''


def write_code(folder: Path) -> Path:
    """Write a file with functions that return data, and a network."""
    path = folder / "code.py"
    path.write_text(CODE)
    return path


def write_csv(folder: Path, rows: int = 60) -> Path:
    """Write a table: two columns of numbers with some empty cells, one of words, and three classes."""
    chance = numpy.random.default_rng(0)
    lines = ["width,colour,height,size"]
    for row in range(rows):
        width, height = (f"{value:.3f}" for value in chance.normal(row % 3, 0.3, 2))
        colour = ("red", "green", "blue", "green")[row % 4]
        lines.append(
            f"{'' if row % 10 == 4 else width},{colour},{height},{('small', 'middle', 'large')[row % 3]}"
        )
    path = folder / "table.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def write_images(folder: Path, each: int = 30, test: int = 0) -> Path:
    """Write images of dark and of light noise, 20×16 pixels; with `test` of each class apart, if any."""
    chance = numpy.random.default_rng(0)
    for split, count in (("train", each), ("test", test)):
        for low, name in ((0, "dark"), (100, "light")):
            place = folder / "images" / (split if test else "") / name
            place.mkdir(parents=True, exist_ok=True)
            for number in range(count):
                pixels = chance.integers(low, low + 156, (16, 20, 3), numpy.uint8)
                Image.fromarray(pixels).save(place / f"{number:03}.png")
    return folder / "images"
