"""A run as scripts and exports tell it: its figures, what is found wrong with it, and the remedies taken."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dlcore import rundir
from dlcore.choices.choice import fields_of
from dlcore.config import SECTIONS, RunConfig
from dlcore.diagnose import Finding, diagnose
from dlcore.diagnose.silenced import silenced
from dlcore.edits import applied
from dlcore.errors import DltuiError
from dlcore.family.lineage import Kin, Relations
from dlcore.history import RunHistory, State
from dlcore.reading import checked, load_toml
from dlcore.rundir import RunDir
from dlcore.summary import summarize


def config_of(run: RunDir) -> RunConfig:
    """Return a run's configuration; a key that this version no longer has, or not yet, is passed over.

    An unknown kind is not: what was trained is not known then. Raises DltuiError.
    """
    return checked(_known(load_toml(run.config)), str(run.config))


def _known(tables: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a kind of this version has a field for."""
    found: dict[str, Any] = {}
    for section in SECTIONS:
        part = tables.get(section.key) if section.key else tables
        names = {spec.name for kind in section.family for spec in fields_of(kind)}
        if isinstance(part, Mapping):
            kept = {name: value for name, value in part.items() if name in names}
            if section.has_kinds and "kind" in part:
                kept["kind"] = part["kind"]
            found |= {section.key: kept} if section.key else kept
        elif part is not None:  # it is no table, which its reader will say
            found[section.key] = part
    return found


def as_it_stands(config: RunConfig, history: RunHistory) -> RunConfig:
    """Return a configuration with what was changed while the run went on."""
    return applied(config, history.edits)


def findings_of(
    run: RunDir, history: RunHistory, without: frozenset[str] | None = None
) -> tuple[Finding, ...]:
    """Return what is wrong with a run by now, the gravest first; raises DltuiError where it cannot be judged.

    `without` are codes whose rules are switched off; those that the person has switched off for all runs,
    where it is not given.
    """
    without = silenced(rundir.home()) if without is None else without
    return diagnose(as_it_stands(config_of(run), history), history, without)


@dataclass(frozen=True)
class Judgement:
    """What is to be said of a run besides its figures."""

    findings: tuple[Finding, ...]
    """The gravest first."""
    relations: Relations
    reason: str = ""
    """Why the run cannot be judged, if so."""

    def table(self) -> dict[str, Any]:
        """Return it as scripts read it."""
        return {
            "findings": [finding.table() for finding in self.findings],
            **({"not_judged": self.reason} if self.reason else {}),
            **_related(self.relations),
        }


def judge(run: RunDir, history: RunHistory) -> Judgement:
    """Judge a run as it stands, and see what came of remedies."""
    relations = Kin(rundir.home(), run).look()
    try:
        return Judgement(findings_of(run, history), relations)
    except DltuiError as error:
        return Judgement((), relations, str(error))


def judged(run: RunDir, history: RunHistory, state: State) -> dict[str, Any]:
    """Return the table that scripts read: figures as they stand, findings, and what comes of remedies."""
    return summarize(run, history, state) | judge(run, history).table()


def _related(relations: Relations) -> dict[str, Any]:
    origin, own = relations.origin, relations.own
    parent = origin.table() if origin is not None else None
    if parent is not None and own is not None:
        parent["figures"] = own.parent.table() if own.parent is not None else None
    return {"parent": parent, "remedies": [trial.table() for trial in relations.taken]}
