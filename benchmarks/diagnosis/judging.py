"""What our rules and the baseline's say of labelled runs; whether the first remedy cures, taken blindly."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from multiprocessing import get_context

from benchmarks.diagnosis.autotrainer import Said, autotrainer
from benchmarks.diagnosis.candidates import Candidate, Half
from benchmarks.diagnosis.criteria import NO_WORSE, REACHES, Label
from benchmarks.diagnosis.labels import Labels
from benchmarks.diagnosis.outcomes import outcome
from benchmarks.diagnosis.tasks import config_of
from benchmarks.diagnosis.trainers import Trainers, configs, ended
from dlcore.changes import with_changes
from dlcore.config import RunConfig
from dlcore.datasets.examine import examine, settled
from dlcore.diagnose import Finding, diagnose
from dlcore.errors import ConfigError
from dlcore.rundir import RunDir


@dataclass(frozen=True)
class Judged:
    """A labelled run, and what is said of it."""

    candidate: Candidate
    label: Label
    steps: int
    """That the run was planned to take."""
    findings: tuple[Finding, ...]
    baseline: Said | None
    cured: bool | None = None
    """Whether the first remedy of the first finding brings it to the reach; None where it was not tried."""

    @property
    def is_sick(self) -> bool:
        """Whether something is wrong with it."""
        return self.label.code is not None

    @property
    def right(self) -> tuple[Finding, ...]:
        """The findings that an honest person would make."""
        return tuple(one for one in self.findings if one.code in self.label.codes)

    @property
    def told(self) -> int | None:
        """The step at which a right finding was first told; None where there is none."""
        return min((one.told for one in self.right), default=None)

    @property
    def remedy(self) -> dict[str, object] | None:
        """What the first remedy of the first finding changes."""
        first = next((one for one in self.findings if one.remedies), None)
        return first.remedies[0].set if first is not None else None


def judged(
    chosen: Sequence[Candidate], half: Half, labels: Labels, trainers: Trainers, jobs: int
) -> list[Judged]:
    """Return what is said of the labelled candidates of one half; those that are needed are trained.

    So many are judged at once, each in a process of its own.
    """
    wanted = [(one, label) for one in chosen if one.half == half and (label := labels.of(one)) is not None]
    trainers.train(configs(one.line for one, _ in wanted))
    asked = [(one, label, trainers.run(config_of(one.line))) for one, label in wanted]
    with get_context("fork").Pool(jobs) as pool:
        found = pool.map(_judge, asked, chunksize=4)
    return [one for one in found if one is not None]


def _judge(asked: tuple[Candidate, Label, RunDir | None]) -> Judged | None:
    """Return what is said of one run; None where it has come to no end."""
    one, label, run = asked
    history = ended(run)
    if history is None or history.prepared is None:
        return None
    findings = diagnose(config_of(one.line), history)
    return Judged(one, label, history.prepared.total_steps, findings, autotrainer(history))


def treated(found: Sequence[Judged], labels: Labels, trainers: Trainers) -> list[Judged]:
    """Return the same with the first remedies taken: each sick run that has one is trained again with it."""
    changed = {index: config for index, one in enumerate(found) if (config := _remedied(one)) is not None}
    trainers.train(changed.values())
    return [
        replace(one, cured=index in changed and _is_cured(one, changed[index], labels, trainers))
        if one.is_sick
        else one
        for index, one in enumerate(found)
    ]


def _remedied(one: Judged) -> RunConfig | None:
    """Return the configuration with the first remedy; None where there is none, or it is refused."""
    if not one.is_sick or one.remedy is None:
        return None
    try:
        changed = with_changes(config_of(one.candidate.line), one.remedy)
        return settled(changed, examine(changed))
    except ConfigError:
        return None


def _is_cured(one: Judged, changed: RunConfig, labels: Labels, trainers: Trainers) -> bool:
    """Whether the remedied run is what a remedied twin has to be."""
    history = trainers.history(changed)
    now = outcome(history) if history is not None else None
    if now is None:
        return False
    if one.label.code == "overfitting":
        best = float(one.label.evidence["best_loss"])
        return now.final_loss <= max(NO_WORSE * now.best_loss.loss, best)
    return now.share(labels.reach(one.candidate).score) >= REACHES
