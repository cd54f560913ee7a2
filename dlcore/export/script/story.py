"""What a script tells: a run from its first step on, with those that it goes on from, and every live edit."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dlcore.changes import told
from dlcore.choices.dataset import Facts
from dlcore.choices.own import Csv, CustomData, ImageFolder
from dlcore.clean import clean
from dlcore.config import Plan, RunConfig, plan
from dlcore.datasets.examine import examine, settled
from dlcore.edits import Edit, applied
from dlcore.errors import DltuiError
from dlcore.events import Prepared
from dlcore.export.report import Report
from dlcore.family.origin import Origin, origin
from dlcore.foreign import refuse
from dlcore.history import RunHistory
from dlcore.reading import read_file
from dlcore.rundir import RunDir
from dlcore.runs import read_facts
from dlcore.stages import begun, continued
from dlcore.summary import read_history

MOST_PARENTS = 100
"""So many branches may follow one another."""


@dataclass(frozen=True)
class Chapter:
    """A run, as far as it is told: from the step that it goes on from to that where its child goes on."""

    run: RunDir
    start: int
    config: RunConfig
    """As it stands in its file."""
    history: RunHistory
    is_fresh: bool = False
    """Whether its optimizer begins without a memory."""


@dataclass(frozen=True)
class Change:
    """A moment at which something changed: a live edit, or the step at which a branch begins."""

    step: int
    """Training steps finished before it."""
    before: RunConfig
    after: RunConfig
    text: str
    plan: Plan
    """How long the run is from then on."""
    threads: int
    """CPU threads from then on."""
    is_fresh: bool = False
    """Whether the optimizer begins anew."""
    is_branch: bool = False
    is_behind_end: bool = False
    """Whether the parent of a branch had finished there, so that it might have stopped early."""
    takes_back: bool = False
    """Whether it had taken its best weights back as it finished, and the branch begins with these."""


@dataclass(frozen=True)
class Story:
    """All that a script needs to know."""

    chapters: tuple[Chapter, ...]
    config: RunConfig
    """At the first step, with nothing left to be resolved."""
    facts: Facts
    plan: Plan
    """As it was at the first step."""
    changes: tuple[Change, ...]
    threads: int
    """CPU threads at the first step."""
    device: str
    units: int | None
    """Outputs of the network as the run had it, where that is known."""
    last: int | None
    """The step at which it was stopped, or that it has come to; None where it trained to its end."""
    versions: dict[str, str]

    @property
    def run(self) -> RunDir:
        """The run that is told."""
        return self.chapters[-1].run

    @property
    def final_plan(self) -> Plan:
        """How long the run is with all that was changed."""
        return self.changes[-1].plan if self.changes else self.plan

    def threads_before(self, change: Change) -> int:
        """Return the CPU threads until a change."""
        index = self.changes.index(change)
        return self.changes[index - 1].threads if index else self.threads

    def steps_before(self, change: Change) -> int:
        """Return the steps that the whole run had until a change."""
        index = self.changes.index(change)
        return (self.changes[index - 1].plan if index else self.plan).steps

    @property
    def configs(self) -> tuple[RunConfig, ...]:
        """The configuration at the first step, and behind each change."""
        return (self.config, *(change.after for change in self.changes))


def story_of(report: Report) -> Story:
    """Return what is to be told of a run.

    Raises DltuiError where that cannot be known: where a run that it goes on from is gone, or data of the
    user's own are, or where the run was trained elsewhere.
    """
    refuse(report.run, "become a script")
    own = report.history
    chapters = chapters_of(report.run, report.config, own)
    first = chapters[0]
    facts = _facts(first.config, _prepared(chapters))
    config = settled(first.config, facts)
    begin = plan(config, facts)
    _check_samples(config, begin, first.history.prepared)
    threads = _threads(first)
    changes = tuple(_changes(chapters, config, facts, begin, threads))
    prepared = own.prepared
    return Story(
        chapters=chapters,
        config=config,
        facts=facts,
        plan=begin,
        changes=changes,
        threads=threads,
        device=prepared.device if prepared is not None else "cpu",
        units=_units(prepared) if prepared is not None else None,
        last=own.step if report.state != "finished" and own.step else None,
        versions=report.versions,
    )


def _check_samples(config: RunConfig, found: Plan, prepared: Prepared | None) -> None:
    """Raise DltuiError where the user's own files no longer hold as many samples as the run had."""
    if prepared is None or not isinstance(config.data, Csv | ImageFolder):
        return
    had = prepared.training_samples, prepared.validation_samples, prepared.test_samples
    if had != (found.training, found.validation, found.test):
        place = config.data.file if isinstance(config.data, Csv) else config.data.folder
        raise DltuiError(
            f"{clean(place)} has changed: the run had {sum(had):,} samples of it, and now there are "
            f"{found.training + found.validation + found.test:,}",
            "Put it back as it was.",
        )


def chapters_of(run: RunDir, config: RunConfig, history: RunHistory) -> tuple[Chapter, ...]:
    """Return a run behind those that it goes on from, the oldest first.

    Raises DltuiError where one of them is gone.
    """
    found: list[Chapter] = []
    before = _parent(run)
    found.append(
        Chapter(run, before.step if before else 0, config, history, bool(before and before.is_fresh))
    )
    while before is not None:
        parent = RunDir(found[0].run.path.parent / before.run)
        if len(found) > MOST_PARENTS or any(parent.id == one.run.id for one in found):
            raise DltuiError(f"{run.id} has no first parent: its branches go in a circle", _ONLY)
        if not parent.config.is_file():
            raise DltuiError(
                f"{found[0].run.id} goes on from step {before.step} of {parent.id}, which is not there",
                f"A script trains the parent's steps first: put that run back. {_ONLY}",
            )
        config, history = read_file(parent.config), read_history(parent, whole=True)
        before = _parent(parent)
        is_fresh = bool(before and before.is_fresh)
        found.insert(0, Chapter(parent, before.step if before else 0, config, history, is_fresh))
    return tuple(found)


_ONLY = "All other formats can be had."


def _parent(run: RunDir) -> Origin | None:
    """Return what a run goes on from; a remedy has a parent, but trains from nothing."""
    found = origin(read_facts(run)[0])
    return found if found is not None and not found.remedy and found.step >= 0 else None


def _prepared(chapters: Sequence[Chapter]) -> Prepared | None:
    return next((one.history.prepared for one in reversed(chapters) if one.history.prepared), None)


def _threads(chapter: Chapter) -> int:
    if chapter.history.prepared is not None:
        return chapter.history.prepared.threads
    asked = chapter.config.training.threads
    return asked if isinstance(asked, int) else 1


def _facts(config: RunConfig, prepared: Prepared | None) -> Facts:
    """Return what the data hold; of what only the user's code can tell, what the run has said of it."""
    facts = examine(config)
    if facts is not None:
        return facts
    units = _units(prepared) if prepared is not None else None
    if prepared is None or units is None:
        raise DltuiError(
            "What the data of your own code hold is not known before the run has begun",
            "Let it take its first step, then export the script.",
        )
    assert isinstance(config.data, CustomData)
    is_regression = prepared.task == "regression"
    return Facts(
        prepared.task,
        tuple(prepared.input_shape),
        prepared.training_samples + prepared.validation_samples,  # behind a limit, which takes no more then
        prepared.test_samples,
        classes=0 if is_regression else max(2, units, len(prepared.classes)),
        names=prepared.classes,
        targets=units if is_regression else 1,
    )


def _units(prepared: Prepared) -> int | None:
    """Return the outputs of the network as the run had it."""
    last = prepared.layers[-1].shape if prepared.layers else ()
    return last[-1] if last else None


def _changes(
    chapters: Sequence[Chapter], config: RunConfig, facts: Facts, begin: Plan, threads: int
) -> Iterator[Change]:
    """Yield all that changed, in the order in which it took effect."""
    current, length = config, begin
    for index, chapter in enumerate(chapters):
        if index:
            own = settled(chapter.config, facts)
            length = continued(begun(length, chapter.start), plan(own, facts))
            threads = _threads(chapter)
            otherwise = "; ".join(told(current, own)) or "nothing is otherwise"
            text = f"the branch {chapter.run.id} begins here: {otherwise}"
            before = chapters[index - 1].history
            is_finished = before.ended is not None and before.ended.reason == "finished"
            is_behind = is_finished and before.step == chapter.start
            yield Change(
                chapter.start,
                current,
                own,
                text,
                length,
                threads,
                is_fresh=chapter.is_fresh,
                is_branch=True,
                is_behind_end=is_behind,
                takes_back=is_behind and before.taken_back is not None,
            )
            current = own
        end = chapters[index + 1].start if index + 1 < len(chapters) else None
        for edit in _edits(chapter, end):
            after = settled(applied(current, [edit]), facts)
            length = continued(begun(length, edit.step), plan(after, facts))
            yield Change(edit.step, current, after, edit.text, length, threads)
            current = after


def _edits(chapter: Chapter, end: int | None) -> list[Edit]:
    return [edit for edit in chapter.history.edits if end is None or edit.step <= end]
