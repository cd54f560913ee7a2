"""Findings: a reader's judgement over a history. An old run can be judged again, by better rules."""

from dlcore.diagnose.finding import Code, Finding, Remedy
from dlcore.diagnose.judge import Diagnosis, diagnose

__all__ = ["Code", "Diagnosis", "Finding", "Remedy", "diagnose"]
