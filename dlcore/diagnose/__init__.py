"""Findings: a reader's judgement over a history. An old run can be judged again, by better rules."""

from dlcore.config import RunConfig
from dlcore.diagnose.finding import Code, Finding, Remedy
from dlcore.history import RunHistory

__all__ = ["Code", "Diagnosis", "Finding", "Remedy", "diagnose"]


class Diagnosis:
    """Judges one run as it goes: each call looks only at what is new."""

    def __init__(self, config: RunConfig, silenced: frozenset[str] = frozenset()) -> None:
        self.config = config
        self.silenced = silenced

    def see(self, history: RunHistory) -> tuple[Finding, ...]:
        """Return the findings as they stand, causes without their symptoms, the most severe first."""
        return ()


def diagnose(
    config: RunConfig, history: RunHistory, silenced: frozenset[str] = frozenset()
) -> tuple[Finding, ...]:
    """Return what is wrong with a run by now; nothing for a healthy one.

    `silenced` are codes whose rules are switched off.
    """
    return Diagnosis(config, silenced).see(history)
