"""The sets that scikit-learn ships, read from its files: importing it takes longer than learning from it."""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy

_FILES = {
    "digits": "digits.csv.gz",
    "iris": "iris.csv",
    "wine": "wine_data.csv",
    "breast_cancer": "breast_cancer.csv",
}
"""Those that its loaders return as they stand; each row ends with its class."""

Array = numpy.ndarray[Any, Any]


def bundled(kind: str) -> tuple[Array, Array]:
    """Return inputs (samples, features) and targets (samples,) of a kind, in float64, as its loader does."""
    path = _folder() / _FILES.get(kind, "")
    if not path.is_file():  # diabetes, which its loader scales; or a version that keeps its files elsewhere
        return _loaded(kind)
    rows = numpy.loadtxt(path, delimiter=",", skiprows=0 if kind == "digits" else 1)
    return rows[:, :-1], rows[:, -1]


def _folder() -> Path:
    """Return where scikit-learn keeps its files, without importing it."""
    found = find_spec("sklearn")
    return Path(found.origin if found and found.origin else ".").parent / "datasets" / "data"


def _loaded(kind: str) -> tuple[Array, Array]:
    from sklearn import datasets  # 0.6 s: only for those who need it

    inputs, targets = getattr(datasets, f"load_{kind}")(return_X_y=True)
    return inputs, targets.astype(numpy.float64)
