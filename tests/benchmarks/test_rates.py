"""The page of the learning-rate finder, from bands and losses as the programs give them."""

from benchmarks.rates import CLASSIC, LINES, Found, Trained, page


def test_the_page_says_how_far_seeds_differ_and_which_rate_trains_best() -> None:
    bands = {
        CLASSIC: Found(((0.01, 0.02, 0.1), (0.01, 0.05, 0.1)), 2.0),
        LINES[0]: Found(((0.1, 0.2, 1.0), (0.1, 0.2, 1.0)), 1.0),
    }
    found = page(bands, {LINES[0]: Trained(0.4, 0.2, 0.3), LINES[1]: Trained(0.1, 0.2, 0.3)})
    stable, best = found.targets
    assert (stable.measured, stable.met) == ("2.50 ×", True)
    assert (best.measured, best.met) == ("0.200 against 0.200 and 0.300", True)
    assert "0.02 0.05" in found.body
    worse = page({CLASSIC: Found(((1, 0.01, 1), (1, 0.04, 1)), 1.0)}, {LINES[0]: Trained(0.1, 0.2, 0.3)})
    assert [one.met for one in worse.targets] == [False, False]
