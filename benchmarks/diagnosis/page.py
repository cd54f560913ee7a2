"""The report: what the rules find, miss and imagine, beside the baseline."""

from collections import Counter
from collections.abc import Mapping, Sequence

from benchmarks.diagnosis import counting
from benchmarks.diagnosis.counting import CODES, EARLY, Words
from benchmarks.diagnosis.criteria import FAILS, REACHES
from benchmarks.diagnosis.figures import Share, middle
from benchmarks.diagnosis.judging import Judged
from benchmarks.report import Page, Target, table
from dlcore.diagnose import Code

_RECALL, _FALSE, _MEAN, _IN_TIME, _CURES = 0.90, 2.0, 0.80, 0.80, 0.75

Dropped = Mapping[str, Counter[str]]


def page(found: Sequence[Judged], dropped: Dropped, *, is_treated: bool, says_each: bool) -> Page:
    """Return the page; `says_each` lists every miss and every false alarm with its line."""
    words = counting.ours(found)
    parts = [
        _intro(found),
        _codes(found, words, is_treated=is_treated),
        _delays(found),
        _confusion(found, words),
    ]
    parts += [_alarms(found), _baseline(found, words), _candidates(dropped)]
    if says_each:
        parts += [_misses(found), _each_alarm(found)]
        parts += [_uncured(found)] if is_treated else []
    return Page("\n\n".join(part for part in parts if part), _targets(found, words, is_treated=is_treated))


def _targets(found: Sequence[Judged], words: Words, *, is_treated: bool) -> tuple[Target, ...]:
    wrong, alarms = counting.something(found, words), counting.false_alarms(found, words)
    mean = counting.mean_recall(found, words)
    early = counting.total([counting.in_time(found, code) for code in EARLY])
    late = counting.total([counting.in_time(found, code) for code in CODES if code not in EARLY])
    per_100 = 100 * alarms.value
    low, high = alarms.interval()
    rate = f"{per_100:.1f} ({100 * low:.1f} – {100 * high:.1f}; {alarms.hits} of {alarms.of})"
    targets = [
        (wrong, _target("something is wrong, recall", wrong, _RECALL)),
        (
            alarms,
            Target("findings: false alarms per 100 healthy runs", rate, f"≤ {_FALSE:g}", per_100 <= _FALSE),
        ),
        (
            wrong,
            Target("findings: mean recall over the codes", f"{mean:.2f}", f"≥ {_MEAN:.2f}", mean >= _MEAN),
        ),
        (early, _target("nan, exploding … told in the first 20 % of the run", early, _IN_TIME)),
        (late, _target("the others told within 20 % after onset", late, _IN_TIME)),
    ]
    if is_treated:
        cures = counting.cures(found)
        targets.append((cures, _target("the first remedy, taken blindly, cures", cures, _CURES)))
    return tuple(target for share, target in targets if share.of)


def _target(what: str, share: Share, wanted: float) -> Target:
    return Target(f"findings: {what}", share.text(), f"≥ {wanted:.2f}", share.value >= wanted)


def _intro(found: Sequence[Judged]) -> str:
    sick = sum(one.is_sick for one in found)
    return (
        f"{sick} sick and {len(found) - sick} healthy trainings, generated from a seed. No label comes from "
        f"a rule: a run is sick when it ends below {FAILS:.0%} of the way from chance to what the task is "
        f"known to reach, and one named remedy alone brings it to {REACHES:.0%}; it is healthy when it gets "
        "there, stays there and does not overfit. The criterion of each code is in "
        "`benchmarks/diagnosis/criteria.py`, the evidence of each run in `labels.json` beside it. Runs are "
        "short, so the probes may take as long as training does: they look about as often as in a run of "
        "usual length. Intervals are Wilson's, at 95 %."
    )


def _codes(found: Sequence[Judged], words: Words, *, is_treated: bool) -> str:
    header = ["code", "recall", "this very name", "precision", "in time", *(["cured"] if is_treated else [])]
    rows = []
    for code in CODES:
        row = [
            f"`{code}`",
            counting.recall(found, words, code).text(),
            counting.recall(found, words, code, exact=True).text(),
            counting.precision(found, words, code).text(),
            counting.in_time(found, code).text(),
        ]
        rows.append([*row, counting.cures(found, code).text()] if is_treated else row)
    return f"## By code\n\nRecall counts any name that the label accepts.\n\n{table(header, rows)}"


def _delays(found: Sequence[Judged]) -> str:
    rows = []
    for code in CODES:
        told, after = counting.delays(found, code)
        if told:
            rows.append(
                [f"`{code}`", str(len(told)), *(f"{figure:.0%}" for figure in (middle(told), max(told)))]
            )
            rows[-1] += [f"{figure:.0%}" for figure in (middle(after), max(after))]
    if not rows:
        return ""
    header = ["code", "told", "median", "latest", "median after onset", "latest after onset"]
    return f"## Delay\n\nThe step at which it is told, as a share of the run.\n\n{table(header, rows)}"


def _confusion(found: Sequence[Judged], words: Words) -> str:
    rows = []
    for code in (*CODES, None):
        said = counting.confusion(found, words, code)
        if said:
            shown = ", ".join(f"{name} {count}" for name, count in said.most_common())
            rows.append([f"`{code}`" if code else "healthy", str(said.total()), shown])
    return f"## What is said first\n\n{table(['labelled', 'runs', 'said first'], rows)}"


def _alarms(found: Sequence[Judged]) -> str:
    names: Counter[str] = Counter(
        name for one in found if not one.is_sick for name in {finding.code for finding in one.findings}
    )
    shown = ", ".join(f"`{name}` {count}" for name, count in names.most_common()) or "none"
    return f"## False alarms on healthy runs, by name\n\n{shown}"


def _baseline(found: Sequence[Judged], words: Words) -> str:
    others = counting.theirs(found)
    rows = [
        ["something is wrong, recall", *(counting.something(found, one).text() for one in (words, others))],
        [
            "false alarms on healthy runs",
            *(counting.false_alarms(found, one).text() for one in (words, others)),
        ],
        [
            "mean recall over the codes",
            *(f"{counting.mean_recall(found, one):.2f}" for one in (words, others)),
        ],
    ]
    theirs: tuple[Code, ...] = (
        "vanishing_gradient",
        "exploding_gradient",
        "dead_relu",
        "oscillating_loss",
        "slow_convergence",
    )
    for code in theirs:
        shares = [counting.recall(found, one, code).text() for one in (words, others)]
        rows.append([f"`{code}`, recall", *shares])
        rows.append(
            [
                f"`{code}`, precision",
                *(counting.precision(found, one, code).text() for one in (words, others)),
            ]
        )
    said = (
        "AutoTrainer's published rules (ICSE 2021) on the same histories; what it cannot see and what stands "
        "in for it is said in `benchmarks/diagnosis/autotrainer.py`. Its five problems are compared by name."
    )
    return f"## Beside AutoTrainer's rules\n\n{said}\n\n{table(['', 'dltui', 'AutoTrainer'], rows)}"


def _candidates(dropped: Dropped) -> str:
    rows = []
    for family, reasons in dropped.items():
        why = ", ".join(f"{reason} {count}" for reason, count in reasons.most_common() if reason)
        rows.append([family, str(reasons.total()), str(reasons[""]), why])
    header = ["drawn as", "candidates", "labelled", "dropped because"]
    return f"## Candidates\n\n{table(header, rows)}"


def _misses(found: Sequence[Judged]) -> str:
    lines = [f"- {_said(one)}" for one in found if one.is_sick and not one.right]
    late = [f"- {_said(one)}" for one in found if one.right and not counting.is_in_time(one)]
    missed = "\n".join(lines) or "none"
    return f"## Missed\n\n{missed}\n\n## Told late\n\n" + ("\n".join(late) or "none")


def _each_alarm(found: Sequence[Judged]) -> str:
    lines = [f"- {_said(one)}" for one in found if not one.is_sick and one.findings]
    false = [
        f"- {_said(one)}"
        for one in found
        if one.is_sick and any(f.code not in (*one.label.codes, *one.label.besides) for f in one.findings)
    ]
    shown = "\n".join(lines) or "none"
    return f"## False alarms\n\n{shown}\n\n## False findings on sick runs\n\n" + ("\n".join(false) or "none")


def _uncured(found: Sequence[Judged]) -> str:
    lines = [f"- {_said(one)}; tried {one.remedy}" for one in found if one.cured is False and one.findings]
    return "## Not cured\n\n" + ("\n".join(lines) or "none")


def _said(one: Judged) -> str:
    """Return a run in a line: what it is, what is said of it, and how to make it again."""
    said = ", ".join(f"{finding.code} at {finding.told}" for finding in one.findings) or "nothing"
    label = one.label
    accepted = "/".join(label.codes) if label.codes else "healthy"
    onset = f", onset {label.onset}" if label.code else ""
    share = label.evidence.get("share", label.evidence.get("loss", ""))
    return (
        f"**{accepted}** (share {share}{onset}, {one.steps} steps) is told **{said}**; "
        f"{one.candidate.fault}; {one.candidate.family} {one.candidate.number}: `{one.candidate.line}`"
    )
