"""Figures by layer: exact while there are few looks, their middle on a logarithmic axis behind that."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dlcore.curves.layerwise import LayerFigures, typical


def test_many_looks_are_few_entries_and_the_newest_stays_exact() -> None:
    gradients = LayerFigures(most=64)
    for number in range(1000):
        steps = [10 * number + 1, 10 * number + 6]
        gradients.add(steps, {"fc1": [1e-2, 1e-4], "fc2": [None, float(number)]})
        assert len(gradients.steps) < 64
        assert {len(norms) for norms in gradients.figures.values()} == {len(gradients.steps)}
        assert gradients.last_step == steps[-1]
        assert gradients.latest() == {"fc1": 1e-4, "fc2": number}
    assert gradients.looks == 2000
    assert set(gradients.steps) <= {
        step for number in range(1000) for step in (10 * number + 1, 10 * number + 6)
    }
    assert list(gradients.figures["fc1"]) == pytest.approx([1e-3] * len(gradients.steps))
    assert list(gradients.figures["fc2"]) == sorted(gradients.figures["fc2"])


@settings(max_examples=100, derandomize=True)
@given(st.lists(st.lists(st.floats(1e-6, 1e6), min_size=1, max_size=9), max_size=30))
def test_an_entry_is_the_geometric_mean_of_its_looks(chunks: list[list[float]]) -> None:
    gradients = LayerFigures(most=4)
    norms: list[float] = []
    for chunk in chunks:
        gradients.add(range(len(norms) + 1, len(norms) + len(chunk) + 1), {"fc1": chunk})
        norms += chunk
    before = 0
    for step, norm in zip(gradients.steps, gradients.figures.get("fc1", ()), strict=True):
        logs = [math.log(one) for one in norms[before:step]]
        assert norm == pytest.approx(math.exp(sum(logs) / len(logs)))
        before = step
    assert len(norms) - before < max(2, len(norms))


def test_a_cut_forgets_what_came_behind() -> None:
    gradients = LayerFigures(most=64)
    gradients.add([1, 2, 4], {"fc1": [1.0, 2.0, 4.0]})
    gradients.cut(4)
    assert list(gradients.steps) == [1, 2, 4]
    gradients.cut(3)
    assert (list(gradients.steps), gradients.latest()) == ([1, 2], {"fc1": 2.0})
    assert (gradients.looks, gradients.last_step) == (2, 2)
    gradients.cut(0)
    assert (list(gradients.steps), gradients.latest(), gradients.last_step) == ([], {}, 0)


def test_a_layer_that_was_not_told_before_has_gaps() -> None:
    gradients = LayerFigures()
    gradients.add([1], {"fc1": [1.0]})
    gradients.add([2], {"fc2": [2.0]})
    assert gradients.at(0) == pytest.approx({"fc1": 1.0, "fc2": math.nan}, nan_ok=True)
    assert gradients.at(1) == pytest.approx({"fc1": math.nan, "fc2": 2.0}, nan_ok=True)


@pytest.mark.parametrize(
    ("norms", "middle"),
    [([], math.nan), ([2.0, 8.0], 4.0), ([0.0, 4.0, None, math.inf], 4.0), ([0.0], 0.0), ([None], math.nan)],
)
def test_what_is_typical(norms: list[float | None], middle: float) -> None:
    assert typical(norms) == pytest.approx(middle, nan_ok=True)
