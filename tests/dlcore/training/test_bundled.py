import json
import subprocess
import sys

import numpy
import pytest
from sklearn import datasets

from dlcore.training import bundled as module
from dlcore.training.bundled import bundled

KINDS = ("digits", "iris", "wine", "breast_cancer", "diabetes")


@pytest.mark.parametrize("kind", KINDS)
def test_it_reads_what_scikit_learn_gives(kind: str) -> None:
    inputs, targets = getattr(datasets, f"load_{kind}")(return_X_y=True)
    ours = bundled(kind)
    assert [values.dtype for values in ours] == [numpy.float64, numpy.float64]
    numpy.testing.assert_array_equal(ours[0], inputs, strict=True)
    numpy.testing.assert_array_equal(ours[1], targets)


def test_files_that_lie_elsewhere_are_left_to_scikit_learn(monkeypatch: pytest.MonkeyPatch) -> None:
    before = bundled("iris")
    monkeypatch.setitem(module._FILES, "iris", "moved.csv")
    for ours, theirs in zip(bundled("iris"), before, strict=True):
        numpy.testing.assert_array_equal(ours, theirs, strict=True)


@pytest.mark.process
def test_the_inspector_answers_without_the_compiler_and_without_scikit_learn() -> None:
    """Each takes most of a second to import, while a person looks at a form that has no picture yet."""
    ask = (
        "import json, sys; from dlcore.training import inspect; inspect.network({}); inspect.data({});"
        "print(json.dumps(sorted(set(sys.modules) & {'torch._dynamo', 'sympy', 'sklearn', 'torchvision'})))"
    )
    done = subprocess.run([sys.executable, "-c", ask], check=True, capture_output=True, text=True)
    assert json.loads(done.stdout) == []
