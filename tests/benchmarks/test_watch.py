"""The page on what watching a script costs, from what its loop prints."""

from benchmarks import watch


def test_the_dearest_network_is_the_target() -> None:
    printed = "stretch 1.0 1.05\nstretch 2.0 2.3\nstretch 1.0 1.02\nprobes 0.04321 20\n"
    cheap = "stretch 1.0 1.01\nprobes 0.01 10\n"
    page = watch.page([watch.read_cost("classic", printed), watch.read_cost("cnn", cheap)])
    (target,) = page.targets
    assert (target.measured, target.wanted, target.met) == ("1.050 × (classic)", "≤ 1.10 ×", True)
    assert "| 1.050 (1.020 – 1.150) | 4.3 % | 20 |" in page.body
