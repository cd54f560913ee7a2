"""The pages of the sections on speed: their targets, from figures as the rounds give them."""

from collections.abc import Iterable

import pytest

from benchmarks import attached, keras, limit, networks, peers, speed, whole
from benchmarks.programs import Trained
from benchmarks.report import Page
from benchmarks.rounds import Rounds
from dlcore.errors import DltuiError


def rounds(rates: dict[str, float]) -> Rounds[Trained]:
    figures = {
        name: [Trained(rate=rate, accuracy=0.97, epochs=3, wall=5.0, threads=1)] * 2
        for name, rate in rates.items()
    }
    return Rounds(figures, 0, 0)


def wanted(page: Page) -> list[tuple[str, str, bool]]:
    return [(one.measured.partition(" (")[0], one.wanted, one.met) for one in page.targets]


def names(page: Page) -> Iterable[str]:
    return (one.what for one in page.targets)


def test_speed() -> None:
    found = rounds({speed.PLAIN: 10, speed.WATCHED: 50, speed.COMPILED_WATCHED: 54})
    page = speed.page(found, found.by_program[speed.WATCHED][0])
    assert wanted(page) == [
        ("5.00 ×", "≥ 5.0 ×", True),
        ("5.40 ×", "≥ 5.5 ×", False),
    ]


def test_attached() -> None:
    page = attached.page([1000.0, 1010.0, 990.0], [980.0, 1000.0, 960.0], [0.1, 0.2, 0.3], 1.5)
    assert wanted(page) == [("0.98 ×", "≥ 0.97 ×", True)]
    assert "kept 20 % of one core busy" in page.body


def test_the_share_of_the_limit_is_taken_round_by_round() -> None:
    costs = {limit.PLAIN: 90, limit.OWN: 80, limit.SEEING: 100, limit.BLINDED: 92}
    printed = ""
    for slower in (1.0, 2.0, 1.5):  # the machine, which hits all alike
        for name, microseconds in costs.items():
            printed += f"turn {slower * microseconds:.3f} {name}\n"
    page = limit.page(limit.read_turns(f"a warning\n{printed}"), 0.8)
    assert wanted(page) == [("0.900", "≥ 0.86", True), ("0.978", "≥ 0.94", True)]
    assert f"| {limit.BLINDED} / {limit.OWN} | 0.870 (0.870 – 0.870) |" in page.body
    with pytest.raises(DltuiError, match="Not everything took its turns"):
        limit.read_turns(printed.partition("\n")[2])


def test_a_whole_run() -> None:
    page = whole.page(rounds({whole.PLAIN: 10, whole.DLTUI: 50}))
    assert not page.targets
    assert whole.DLTUI in page.body


def test_peers_that_are_not_there_have_no_target() -> None:
    found = rounds({peers.DLTUI: 10, "scikit-learn's MLPClassifier": 11, "skorch": 5})
    page = peers.page(found, None)
    assert wanted(page) == [("2.00 ×", "≥ 1.3 ×", True), ("0.91 ×", "≥ 1.0 ×", False)]
    assert [name.split()[3] for name in names(page)] == ["skorch,", "scikit-learn's"]


def test_keras() -> None:
    found = rounds({keras.DLTUI: 12, keras.FIT: 10, keras.QUIET: 11})
    page = keras.page(found, found.by_program[keras.DLTUI][0])
    assert wanted(page) == [("1.20 ×", "≥ 1.0 ×", True)]


def test_networks() -> None:
    rates: dict[str, float] = {}
    one: dict[str, float] = {}
    for name, *_ in networks.NETWORKS:
        rates |= {f"{name}: {networks.PLAIN}": 10, f"{name}: {networks.DLTUI}": 30}
        one[f"{name}: {networks.ONE}"] = 5
    page = networks.page(rounds(rates), rounds(one))
    assert wanted(page) == [("3.00 ×", "≥ 2.2 ×", True), ("3.00 ×", "≥ 4.5 ×", False)]
    assert page.body.count("6.00 × (6.00 – 6.00)") == 2
