"""The table of faults: README shows that of the last full tier, and what other processes counted is in it."""

import pytest

from tests.torture import ledger
from tests.torture.ledger import Promise
from tests.torture.readme import README, RESULTS, with_table


@pytest.mark.skipif(ledger.IS_FULL or not RESULTS.exists(), reason="the page of a full tier is still to come")
def test_readme_shows_the_last_full_tier() -> None:
    page, readme = RESULTS.read_text(encoding="utf-8"), README.read_text(encoding="utf-8")
    assert "full tier" in page
    assert all(promise.value in page for promise in Promise)
    assert with_table(readme, page) == readme


def test_a_fault_that_times_out_is_a_fault_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "_TALLIES", {})
    with pytest.raises(pytest.fail.Exception), ledger.fault(Promise.VIEWERS, 3):
        pytest.fail("Timeout")
    ledger.heard([(Promise.VIEWERS.value, 4, 0, ["one screen"])])
    assert ledger.told() == [(Promise.VIEWERS.value, 7, 1, ["one screen"])]
    assert ("7", "6", "1", "one screen") in [line[1:] for line in ledger.lines()]
