"""Findings in words: as a line and as a paragraph."""

import shlex
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

from dlcore.choices.choice import nearest
from dlcore.diagnose.finding import Code, Finding, Remedy
from dlcore.errors import DltuiError
from dlcore.oneline import print_setting

CODES: tuple[Code, ...] = get_args(Code)

_WORDS: Mapping[str, str] = {
    "nan": "loss not a number",
    "diverged": "loss diverged",
    "dead_relu": "dead relu units",
    "saturated_activation": "saturated units",
    "linear_collapse": "linear layers only",
    "loss_mismatch": "loss does not fit",
    "lr_too_high": "learning rate too high",
    "lr_too_low": "learning rate too low",
}
"""Where a code is not plain enough by itself."""
_INDENT = "  "


def words(code: str) -> str:
    """Return a code as a person says it, as in `vanishing gradient`."""
    return _WORDS.get(code, code.replace("_", " "))


def known(code: str) -> str:
    """Return a code as it was given; raises DltuiError, which names the nearest, where there is none such."""
    if code not in CODES:
        raise DltuiError(f"There is no finding {code!r}", nearest(code, list(CODES)))
    return code


def place(finding: Finding) -> str:
    """Return where and since when it holds, as in `since step 40, in fc1`."""
    since = f"since step {finding.step:,}"
    return f"{since}, in {finding.layer}" if finding.layer else since


def evidence(finding: Finding) -> str:
    """Return the numbers by name, as in `ratio 1.1e-06, first norm 4.3e-07`."""
    return ", ".join(f"{name.replace('_', ' ')} {_number(value)}" for name, value in finding.evidence.items())


def _number(value: float) -> str:
    return f"{value:,.0f}" if value == round(value, 0) and abs(value) < 1e9 else f"{value:.3g}"


def sentence(text: str) -> str:
    """Return a sentence that was given without its capital and its full stop."""
    return f"{text[:1].upper()}{text[1:]}." if text else ""


def options(remedy: Remedy, edits: Mapping[str, Any] | None = None) -> str:
    """Return a remedy as options of a shell; `edits` is what was changed while the run went on."""
    earlier = [print_setting(key, value) for key, value in (edits or {}).items() if key not in remedy.set]
    return " ".join(f"--set {shlex.quote(setting)}" for setting in (*earlier, *remedy.settings))


def paragraph(finding: Finding, edits: Mapping[str, Any] | None = None, width: int = 80) -> Iterator[str]:
    """Yield the finding in full, in lines of `width` cells; a remedy's options are never broken."""
    yield f"{finding.severity}: {words(finding.code)} {place(finding)} ({finding.code})"
    yield from _wrapped(sentence(finding.message), width)
    yield from _wrapped(f"Likely cause: {finding.cause}.", width)
    if finding.evidence:
        yield from _wrapped(f"Evidence: {evidence(finding)}.", width)
    for number, remedy in enumerate(finding.remedies, 1):
        yield f"{_INDENT}{number}. {remedy.name}"
        yield f"{_INDENT}   {options(remedy, edits)}"


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, initial_indent=_INDENT, subsequent_indent=_INDENT)


def told(
    findings: Sequence[Finding], config: Path | None, edits: Mapping[str, Any] | None = None, width: int = 80
) -> Iterator[str]:
    """Yield all findings in full, and how a remedy is taken.

    `config` is the run's own configuration; None of a run that nobody can train here.
    """
    for finding in findings:
        yield from paragraph(finding, edits, width)
        yield ""
    if any(finding.remedies for finding in findings) and config is None:
        yield "dltui cannot train this run: change the like where it is trained."
    elif any(finding.remedies for finding in findings):
        yield "To take a remedy: press d in the app, or add its --set to"
        yield f"{_INDENT}dltui train {shlex.quote(str(config))}"
