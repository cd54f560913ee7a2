"""The sections of the Markdown summary that judge: findings, and what came of remedies."""

from collections.abc import Iterator

from dlcore.clean import clean
from dlcore.diagnose import Finding
from dlcore.diagnose.words import evidence, options, place, sentence, words
from dlcore.export.escape import for_markdown
from dlcore.export.report import Report
from dlcore.export.tables import table


def findings(report: Report) -> Iterator[str]:
    """Yield what is wrong with the run, each finding with its numbers, cause and remedies."""
    found = report.judgement.findings
    if not found:
        return
    yield "## Findings"
    for finding in found:
        yield ""
        yield from _told(report, finding)


def _told(report: Report, finding: Finding) -> Iterator[str]:
    title = for_markdown(f"{words(finding.code)} {place(finding)}")
    yield f"**{finding.severity.capitalize()}: {title}.** {for_markdown(sentence(finding.message))}"
    yield f"Likely cause: {for_markdown(finding.cause)}."
    if finding.evidence:
        yield f"Evidence: {for_markdown(evidence(finding))}."
    if not finding.remedies:
        return
    yield "Remedies, the best first:"
    yield ""
    for number, remedy in enumerate(finding.remedies, 1):
        yield f"{number}. {for_markdown(remedy.name)}: {_code(options(remedy, report.history.settings))}"


def _code(text: str) -> str:
    """Return the text as it is to be typed."""
    return for_markdown(text) if "`" in text else f"`{clean(text)}`"


def remedies(report: Report) -> Iterator[str]:
    """Yield a table of the remedies that were taken of this run."""
    taken = report.judgement.relations.taken
    if not taken:
        return
    yield "## Remedies taken"
    yield ""
    rows = [
        (
            for_markdown(words(trial.origin.code)),
            for_markdown(trial.told("this run")),
            for_markdown(trial.run),
        )
        for trial in taken
    ]
    yield from table(("for", "what came of it", "run"), rows, "lll")


def origin(report: Report) -> Iterator[str]:
    """Yield a paragraph on the run that this one is a remedy of."""
    own = report.judgement.relations.own
    if own is not None:
        yield ""
        where = for_markdown(f"{own.origin.run}, for {words(own.origin.code)}")
        yield f"A remedy of run {where}. What came of it: {for_markdown(own.told())}."
