"""Counts over judged runs: recall, precision, delay, confusion."""

from collections import Counter
from collections.abc import Sequence
from typing import get_args

from benchmarks.diagnosis.figures import Share
from benchmarks.diagnosis.judging import Judged
from dlcore.diagnose import Code

CODES: tuple[Code, ...] = get_args(Code)
EARLY: tuple[Code, ...] = (
    "nan",
    "exploding_gradient",
    "vanishing_gradient",
    "saturated_activation",
    "dead_relu",
    "lr_too_high",
)
"""What is to be told within the first fifth of the run; the others within a fifth after their onset."""
SOON = 0.2

Words = dict[int, tuple[Code, ...]]
"""What is said of each judged run, by its place: ours, or the baseline's."""


def ours(found: Sequence[Judged]) -> Words:
    """Return the codes of our findings."""
    return {index: tuple(one.code for one in judged.findings) for index, judged in enumerate(found)}


def theirs(found: Sequence[Judged]) -> Words:
    """Return the code that the baseline's word stands for: of several the one that is right, if one is."""
    return {index: _meant(one) for index, one in enumerate(found)}


def _meant(one: Judged) -> tuple[Code, ...]:
    said = one.baseline.codes if one.baseline is not None else ()
    right = [code for code in said if code in one.label.codes]
    return tuple((right or list(said))[:1])


def something(found: Sequence[Judged], words: Words) -> Share:
    """Return of how many sick runs anything is said."""
    sick = [index for index, one in enumerate(found) if one.is_sick]
    return Share(sum(bool(words[index]) for index in sick), len(sick))


def false_alarms(found: Sequence[Judged], words: Words) -> Share:
    """Return of how many healthy runs anything is said."""
    well = [index for index, one in enumerate(found) if not one.is_sick]
    return Share(sum(bool(words[index]) for index in well), len(well))


def recall(found: Sequence[Judged], words: Words, code: Code, *, exact: bool = False) -> Share:
    """Return of how many runs labelled so an acceptable name is said; or `exact`ly this one."""
    mine = [index for index, one in enumerate(found) if one.label.code == code]
    wanted = {index: (code,) if exact else found[index].label.codes for index in mine}
    return Share(sum(bool(set(words[index]) & set(wanted[index])) for index in mine), len(mine))


def precision(found: Sequence[Judged], words: Words, code: Code) -> Share:
    """Return how many of those called so are so; what is true besides the label is no false finding."""
    called = [found[index].label for index, said in words.items() if code in said]
    return Share(sum(code in (*one.codes, *one.besides) for one in called), len(called))


def mean_recall(found: Sequence[Judged], words: Words) -> float:
    """Return the mean over the codes that there are runs of."""
    shares = [recall(found, words, code) for code in CODES]
    values = [one.value for one in shares if one.of]
    return sum(values) / len(values) if values else float("nan")


def in_time(found: Sequence[Judged], code: Code) -> Share:
    """Return of how many runs labelled so it was told in time: what was not told at all was not."""
    mine = [one for one in found if one.label.code == code]
    return Share(sum(is_in_time(one) for one in mine), len(mine))


def is_in_time(one: Judged) -> bool:
    """Whether a right finding was told in time."""
    since = 0 if one.label.code in EARLY else one.label.onset
    return one.told is not None and one.told - since <= SOON * one.steps


def total(shares: Sequence[Share]) -> Share:
    """Return several shares as one."""
    return Share(sum(one.hits for one in shares), sum(one.of for one in shares))


def delays(found: Sequence[Judged], code: Code) -> tuple[list[float], list[float]]:
    """Return when it was told, as shares of the run: from the start, and from the onset."""
    mine = [one for one in found if one.label.code == code]
    told = [(one, one.told) for one in mine if one.told is not None]
    return (
        [at / one.steps for one, at in told],
        [(at - one.label.onset) / one.steps for one, at in told],
    )


def cures(found: Sequence[Judged], code: Code | None = None) -> Share:
    """Return how many of the sick runs, all of them curable, the first remedy cures."""
    mine = [one for one in found if one.is_sick and (code is None or one.label.code == code)]
    return Share(sum(bool(one.cured) for one in mine), len(mine))


def confusion(found: Sequence[Judged], words: Words, code: Code | None) -> Counter[str]:
    """Return what is said first of runs labelled so."""
    mine = [index for index, one in enumerate(found) if one.label.code == code]
    return Counter(words[index][0] if words[index] else "nothing" for index in mine)
