"""What a rule is: a pure function of what was seen up to a step, that gives a symptom or nothing."""

from collections.abc import Callable
from dataclasses import dataclass, field

from dlcore.diagnose.finding import Code, Remedy, Severity
from dlcore.diagnose.sight import Sight


@dataclass(frozen=True)
class Symptom:
    """What a rule says at one step; it becomes a finding when it stays."""

    code: Code
    severity: Severity
    message: str
    cause: str
    evidence: dict[str, float]
    remedies: tuple[Remedy, ...] = ()
    layer: str = ""
    since: int | None = None
    """The step from which it can be seen, where that is before the rule's own first word."""
    is_sure: bool = field(default=False)
    """Whether it needs no second look."""


Rule = Callable[[Sight], Symptom | None]
