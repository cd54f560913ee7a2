"""The page of the held-back half: the first result stays, whatever is measured later."""

from datetime import UTC, datetime
from pathlib import Path

from benchmarks.report import RESULTS, TARGET_HEADER
from dlcore.errors import DltuiError

PAGE = RESULTS / "diagnosis.md"
_TITLE = "# What the findings find"
_FIRST = "## The first result"


def check(*, again: bool, path: Path = PAGE) -> None:
    """Raise DltuiError where the held-back half has been measured, unless it is to be measured `again`."""
    if path.exists() and not again:
        raise DltuiError(
            f"The held-back half has been measured: {path.name} has the first result",
            "Measure once more with --again: the page says so, and keeps what was found first.",
        )


def store(report: str, conditions: str, *, path: Path = PAGE, now: datetime | None = None) -> Path:
    """Write the report; below it stands the first one, where there is one, and its date."""
    day = f"{now or datetime.now(UTC):%Y-%m-%d}"
    first = _first(path)
    said = (
        f"The held-back half, measured on {day}, when the rules were done with."
        if not first
        else f"The held-back half, measured **again** on {day}: after its first result, below, was known."
    )
    text = f"{_TITLE}\n\n{said}\n\n{conditions}\n\n{report}\n"
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"{text}\n{first}" if first else text, encoding="utf-8")
    return path


def _first(path: Path) -> str:
    """Return the section with the first result of a page that is there; '' without one."""
    if not path.exists():
        return ""
    before, heading, first = path.read_text(encoding="utf-8").partition(_FIRST)
    if heading:
        return heading + first
    body = before.removeprefix(_TITLE).strip().replace("\n## ", "\n### ")
    # Its targets are no longer those that README quotes.
    return f"{_FIRST}\n\n{body.replace(f'| {TARGET_HEADER[0]} |', f'| {TARGET_HEADER[0]}, at first |')}\n"
