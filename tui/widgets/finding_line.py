"""The gravest finding in one calm line: what, by which numbers, since when, and the key that tells more."""

from collections.abc import Iterator, Sequence

from textual.content import Content
from textual.widget import Widget

from dlcore.clean import clean
from dlcore.diagnose import Finding
from dlcore.diagnose.words import words

SIGNS: dict[str, tuple[str, str]] = {
    "error": ("✗", "$text-error"),
    "warning": ("!", "$text-warning"),
}
"""The mark of a severity and its style; the marks differ too, for those who see no colour."""
_GAP = "   "


class FindingLine(Widget):
    """One line, blank while nothing is wrong; a click on it is the key."""

    DEFAULT_CSS = """
    FindingLine { height: 1; padding: 0 1; }
    FindingLine.-gone { display: none; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._findings: tuple[Finding, ...] = ()

    def show(self, findings: Sequence[Finding]) -> None:
        """Show the first of these, and how many others there are."""
        if tuple(findings) != self._findings:
            self._findings = tuple(findings)
            self.refresh()

    def render(self) -> Content:
        """Return the line."""
        return said(self._findings, self.size.width)

    def on_click(self) -> None:
        """Tell more."""
        if self._findings:
            self.app.simulate_key("d")


def said(findings: Sequence[Finding], width: int) -> Content:
    """Return the first finding with how many others there are, in so many cells."""
    if not findings:
        return Content("")
    others = f", and {len(findings) - 1} more" if len(findings) > 1 else ""
    key = Content.assemble(("d", "bold $accent"), f" why{others}")
    return fitting(list(_clauses(findings[0])), key, width)


def _clauses(finding: Finding) -> Iterator[Content]:
    """Yield ways to say a finding, the fullest first; each has the numbers."""
    sign, style = SIGNS[finding.severity]
    head, _, _ = finding.message.partition(": ")
    step = f"step {finding.step:,}"
    for name in (words(finding.code), ""):
        for said in dict.fromkeys((finding.message, head)):
            since = "" if step in said else f" · since {step}"
            title = (f"{sign} {name}", f"bold {style}")
            text = f"{' · ' if name else ''}{clean(said)}"
            yield Content.assemble(title, text, (since, "$secondary"))


def fitting(clauses: Sequence[Content], key: Content, width: int) -> Content:
    """Return the first of the clauses that has room beside a key; the last one, cut, where none has."""
    room = max(width - key.cell_length - len(_GAP), 0)
    chosen = next((one for one in clauses if one.cell_length <= room), clauses[-1])
    return Content.assemble(chosen.truncate(room, ellipsis=True), _GAP, key)
