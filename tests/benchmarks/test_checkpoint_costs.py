"""The page on what checkpoints cost, from what its script prints."""

import pytest

from benchmarks import checkpoints
from dlcore.errors import DltuiError


def test_the_dearest_network_is_the_target() -> None:
    small = checkpoints.read_cost("small", "noise\nsaves 0.10000 10.000 4 20000\n")
    large = checkpoints.read_cost("large", "saves 0.50000 10.000 1 90000000\n")
    found = checkpoints.page([small, large])
    (target,) = found.targets
    assert (target.measured, target.wanted, target.met) == ("5.00 % (large)", "≤ 3 %", False)
    assert "| small | 1.00 % | 4 | 20.0 kB | 25.0 |" in found.body
    assert checkpoints.page([small]).targets[0].met
    with pytest.raises(DltuiError, match="has said nothing"):
        checkpoints.read_cost("gone", "Killed")
