"""The pages of the sections on speed: their targets, from figures as the rounds give them."""

from collections.abc import Iterable

from benchmarks import keras, networks, peers, speed, whole
from benchmarks.programs import Trained
from benchmarks.report import Page
from benchmarks.rounds import Rounds


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
    found = rounds({speed.PLAIN: 10, speed.WATCHED: 50, speed.COMPILED_WATCHED: 54, speed.ALONE: 50})
    page = speed.page(found, found.by_program[speed.WATCHED][0])
    assert wanted(page) == [
        ("5.00 ×", "≥ 5.0 ×", True),
        ("5.40 ×", "≥ 5.5 ×", False),
        ("1.00 ×", "≥ 0.97 ×", True),
    ]


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
