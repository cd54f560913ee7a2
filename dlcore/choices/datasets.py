"""What can be learned from, in menu order."""

from dlcore.choices.bundled import BreastCancer, Diabetes, Digits, Iris, Wine
from dlcore.choices.downloaded import Cifar10, FashionMnist, Kmnist, Mnist
from dlcore.choices.drawn import Blobs, Circles, Moons, Noise, Regression, Spiral, Xor
from dlcore.choices.own import Csv, CustomData, ImageFolder

Dataset = (
    Digits
    | Xor
    | Moons
    | Circles
    | Spiral
    | Blobs
    | Regression
    | Iris
    | Wine
    | BreastCancer
    | Diabetes
    | Mnist
    | FashionMnist
    | Kmnist
    | Cifar10
    | Noise
    | Csv
    | ImageFolder
    | CustomData
)
DATASETS: tuple[type[Dataset], ...] = (
    Digits,
    Xor,
    Moons,
    Circles,
    Spiral,
    Blobs,
    Regression,
    Iris,
    Wine,
    BreastCancer,
    Diabetes,
    Mnist,
    FashionMnist,
    Kmnist,
    Cifar10,
    Noise,
    Csv,
    ImageFolder,
    CustomData,
)
