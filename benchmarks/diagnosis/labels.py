"""Labels with their evidence: made once by training, kept as a file that is regenerated from the seed."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.diagnosis.candidates import SEED, Candidate, Family
from benchmarks.diagnosis.criteria import REACHES, VERSION, Dropped, Label, Reach, healthy, sick
from benchmarks.diagnosis.faults import FAMILIES
from benchmarks.diagnosis.healthy import HEALTHY
from benchmarks.diagnosis.outcomes import Outcome, outcome
from benchmarks.diagnosis.tasks import config_of, has_mnist, reach_lines, task
from benchmarks.diagnosis.trainers import Trainers, configs

KEPT = Path(__file__).with_name("labels.json")
"""The labels of all candidates, as they were made last."""
ALL: tuple[Family, ...] = (*FAMILIES, HEALTHY)


def candidates(only: Sequence[str] = (), every: int = 1) -> list[Candidate]:
    """Return the candidates: all, or every so many of the families that may give one of the codes named."""
    chosen = {one.name for one in ALL if not only or one.name in only or set(one.codes) & set(only)}
    found: dict[str, Candidate] = {}
    for family in ALL:
        for one in family.candidates():
            found.setdefault(one.line, one)  # drawn twice, it might be in both halves
    return [
        one
        for one in found.values()
        if one.family in chosen and one.is_among(every) and (one.task.name != "mnist" or has_mnist())
    ]


class Labels:
    """What candidates are, by their key: a label, or why there is none."""

    def __init__(self) -> None:
        self.reaches: dict[str, Reach] = {}
        self._rows: dict[str, dict[str, Any]] = {}

    def read(self, path: Path, *, exactly: bool = False, among: Sequence[Candidate] | None = None) -> None:
        """Take in the labels of a file, if it is there and was made by these criteria: all, or those `among`.

        `exactly` asks for the very text of the criteria, else their version is enough.
        """
        if not path.exists():
            return
        kept = json.loads(path.read_text(encoding="utf-8"))
        if kept["made_by"][: 3 if exactly else 2] == list(_made_by()[: 3 if exactly else 2]):
            self.reaches |= {name: _reach(row) for name, row in kept["reaches"].items()}
            wanted = None if among is None else {one.key for one in among}
            rows = kept["candidates"].items()
            self._rows |= {key: row for key, row in rows if wanted is None or key in wanted}

    def write(self, path: Path) -> None:
        """Keep all labels, one a line, with their evidence and their lines."""
        reaches = ",\n".join(
            f"{json.dumps(key)}: {json.dumps(asdict(one))}" for key, one in self.reaches.items()
        )
        rows = ",\n".join(f"{json.dumps(key)}: {json.dumps(row)}" for key, row in self._rows.items())
        head = f'{{"made_by": {json.dumps(_made_by())},\n'
        body = f'"reaches": {{\n{reaches}\n}},\n"candidates": {{\n{rows}\n}}}}\n'
        path.write_text(head + body, encoding="utf-8")

    def of(self, candidate: Candidate) -> Label | None:
        """Return the label of a candidate; None where it was dropped."""
        row = self._rows[candidate.key]
        return None if "dropped" in row else _as_label(row)

    def has(self, candidate: Candidate) -> bool:
        """Whether it is known what a candidate is."""
        return candidate.key in self._rows

    def reason(self, candidate: Candidate) -> str:
        """Return why a candidate was dropped; '' where it was not."""
        return str(self._rows[candidate.key].get("dropped", ""))

    def dropped(self, chosen: Iterable[Candidate]) -> dict[str, Counter[str]]:
        """Return by family how many were dropped for each reason; '' counts those that were not."""
        found: dict[str, Counter[str]] = {}
        for one in filter(self.has, chosen):
            found.setdefault(one.family, Counter())[self.reason(one)] += 1
        return found

    def counts(self) -> Counter[str | None]:
        """Return how many there are of each code; None counts the healthy."""
        return Counter(row["code"] for row in self._rows.values() if "dropped" not in row)

    def make(self, chosen: Sequence[Candidate], trainers: Trainers) -> None:
        """Label those candidates that have no label yet, by training them and their twins."""
        missing = [one for one in chosen if one.key not in self._rows]
        self._measure_reaches({(one.task.name, one.seed) for one in missing}, trainers)
        trainers.train(configs(text for one in missing for text in (one.line, one.cured) if text))
        for one in missing:
            self._rows[one.key] = self._row(one, trainers)

    def _measure_reaches(self, wanted: Iterable[tuple[str, int]], trainers: Trainers) -> None:
        """Train the good configurations of tasks with seeds; the best of each is what there is to reach."""
        lines = {_place(name, seed): reach_lines(task(name), seed) for name, seed in sorted(wanted)}
        missing = {place: texts for place, texts in lines.items() if place not in self.reaches}
        trainers.train(configs(text for texts in missing.values() for text in texts))
        for place, texts in missing.items():
            self.reaches[place] = _best([_outcome(text, trainers) for text in texts])

    def _row(self, one: Candidate, trainers: Trainers) -> dict[str, Any]:
        """Return what is kept of a candidate: what it is, and why."""
        said = {"family": one.family, "number": one.number, "half": one.half, "line": one.line}
        try:
            label = self._label(one, trainers)
        except Dropped as reason:
            return {**said, "dropped": str(reason)}
        twin = {"remedy": one.remedy, "cured": one.cured} if one.cured else {}
        return {**said, "fault": one.fault, **twin, **asdict(label)}

    def _label(self, one: Candidate, trainers: Trainers) -> Label:
        run, reach = _outcome(one.line, trainers), self.reach(one)
        if run is None:
            raise Dropped("it could not be trained")
        if not one.cured:
            return healthy(run, reach)
        cured = _outcome(one.cured, trainers)
        if cured is None:
            raise Dropped("its twin could not be trained")
        return sick(one, run, cured, reach)

    def reach(self, one: Candidate) -> Reach:
        """Return what the candidate's task is known to reach with its seed."""
        return self.reaches[_place(one.task.name, one.seed)]


def _outcome(text: str, trainers: Trainers) -> Outcome | None:
    history = trainers.history(config_of(text))
    return outcome(history) if history is not None else None


def _best(found: Sequence[Outcome | None]) -> Reach:
    """Return the reach that outcomes of good configurations come to."""
    ended = [one for one in found if one is not None]
    best = max(ended, key=lambda one: one.score)
    steps = [one.step for one in best.watched if best.share(best.score, one.score) >= REACHES]
    return Reach(best.score, steps[0] if steps else best.steps, tuple(round(one.score, 4) for one in ended))


def _made_by() -> tuple[int, int, str]:
    """Return what labels depend on: the seed, the version of the criteria, and their very text."""
    texts = [
        Path(__file__).with_name(name).read_bytes() for name in ("criteria.py", "outcomes.py", "tasks.py")
    ]
    return SEED, VERSION, hashlib.sha256(b"".join(texts)).hexdigest()[:16]


def _place(name: str, seed: int) -> str:
    """Return what a reach is kept under: it changes with the configurations that it is measured with."""
    lines = "\n".join(reach_lines(task(name), seed))
    return f"{name}, seed {seed}, {hashlib.sha256(lines.encode()).hexdigest()[:8]}"


def _as_label(row: dict[str, Any]) -> Label:
    return Label(row["code"], tuple(row["codes"]), tuple(row["besides"]), row["onset"], row["evidence"])


def _reach(row: dict[str, Any]) -> Reach:
    return Reach(row["score"], row["step"], tuple(row["scores"]))
