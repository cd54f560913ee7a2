"""Digits that are read once, by trainers and scripts: reading takes longer than learning from them here."""

from collections.abc import Iterator
from functools import cache

import pytest
import sklearn.datasets

from dlcore.training import sources
from dlcore.training.bundled import bundled


@pytest.fixture(autouse=True, scope="module")
def digits_once() -> Iterator[None]:
    """Keep what scikit-learn ships in memory; nobody changes it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sources, "bundled", cache(bundled))
        patch.setattr(sklearn.datasets, "load_digits", cache(sklearn.datasets.load_digits))
        yield
