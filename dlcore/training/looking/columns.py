"""What the columns of a table are called."""

from dlcore.choices.bundled import BreastCancer, Diabetes, Iris, Wine
from dlcore.choices.dataset import DataChoice, Facts
from dlcore.choices.own import Csv
from dlcore.datasets.examine import read_csv

_CELL = (
    "radius",
    "texture",
    "perimeter",
    "area",
    "smoothness",
    "compactness",
    "concavity",
    "concave points",
    "symmetry",
    "fractal dimension",
)
"""What was measured of each nucleus; the table has its mean, its standard error and its worst value."""
_IRIS = ("sepal length (cm)", "sepal width (cm)", "petal length (cm)", "petal width (cm)")
_WINE = (
    "alcohol",
    "malic_acid",
    "ash",
    "alcalinity_of_ash",
    "magnesium",
    "total_phenols",
    "flavanoids",
    "nonflavanoid_phenols",
    "proanthocyanins",
    "color_intensity",
    "hue",
    "od280/od315_of_diluted_wines",
    "proline",
)
_DIABETES = ("age", "sex", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6")
_BREAST_CANCER = (
    *(f"mean {name}" for name in _CELL),
    *(f"{name} error" for name in _CELL),
    *(f"worst {name}" for name in _CELL),
)


def column_names(data: DataChoice, facts: Facts) -> tuple[str, ...]:
    """Return the names of the inputs, in their order: those of a file or a known table, else x1, x2, …"""
    match data:
        case Iris():
            return _IRIS
        case Wine():
            return _WINE
        case BreastCancer():
            return _BREAST_CANCER
        case Diabetes():
            return _DIABETES
        case Csv():
            return read_csv(data).inputs
        case _:
            return tuple(f"x{number}" for number in range(1, facts.features + 1))


def target_name(data: DataChoice, facts: Facts, target: int) -> str:
    """Return what one of the numbers to predict is called."""
    if isinstance(data, Csv):
        return read_csv(data).target
    return "target" if facts.targets == 1 else f"target {target + 1}"
