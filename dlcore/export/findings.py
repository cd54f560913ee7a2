"""The sections of a summary that judge: findings, and what came of remedies."""

from collections.abc import Iterator

from dlcore.diagnose import Finding
from dlcore.diagnose.words import evidence, options, place, sentence, words
from dlcore.export.document import Block, Code, Heading, Items, Line, Strong, Table, said
from dlcore.export.report import Report


def findings(report: Report) -> Iterator[Block]:
    """Yield what is wrong with the run, each finding with its numbers, cause and remedies."""
    found = report.judgement.findings
    if found:
        yield Heading("Findings")
    for finding in found:
        yield from _told(report, finding)


def _told(report: Report, finding: Finding) -> Iterator[Block]:
    title = f"{finding.severity.capitalize()}: {words(finding.code)} {place(finding)}."
    lines: list[Line] = [
        (Strong(title), f" {sentence(finding.message)}"),
        (f"Likely cause: {finding.cause}.",),
    ]
    if finding.evidence:
        lines.append((f"Evidence: {evidence(finding)}.",))
    if finding.remedies:
        lines.append(("Remedies, the best first:",))
    yield said(*lines)
    if finding.remedies:
        settings = report.history.settings
        remedies = ((f"{one.name}: ", Code(options(one, settings))) for one in finding.remedies)
        yield Items(tuple(remedies), numbered=True)


def remedies(report: Report) -> Iterator[Block]:
    """Yield a table of the remedies that were taken of this run."""
    taken = report.judgement.relations.taken
    if not taken:
        return
    yield Heading("Remedies taken")
    rows = [(words(trial.origin.code), trial.told("this run"), trial.run) for trial in taken]
    yield Table(("for", "what came of it", "run"), rows, "lll")


def origin(report: Report) -> Iterator[Block]:
    """Yield a paragraph on the run that this one is a remedy of."""
    own = report.judgement.relations.own
    if own is not None:
        where = f"{own.origin.run}, for {words(own.origin.code)}"
        yield said(f"A remedy of run {where}. What came of it: {own.told()}.")
