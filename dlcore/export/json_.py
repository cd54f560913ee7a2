"""JSON: the summary that `--json` prints, with the configuration and every series that is not per step.

Its schema is published: `dlcore.export.layout`.
"""

import json
import math
import re
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from dlcore.config import to_table
from dlcore.curves.perclass import per_class
from dlcore.edits import Edit
from dlcore.events import CommandApplied, CommandRefused, EpochEnded, Evaluated, shortest
from dlcore.export.report import Report, lr_at, without_path
from dlcore.export.together import Member, differing
from dlcore.family.lineage_tree import relation
from dlcore.flat_config import flat_config
from dlcore.history import RunHistory, first_last_ratio, score
from dlcore.oneline import print_line
from dlcore.runs import RunRow

FORMAT = 1
"""Version of the layout below; a key may be added without a new one."""

_NUMBERS = re.compile(r"\[\n([^\[\]{}\"]*)\]")
"""A list of numbers over several lines; no string has a newline in it, so none is taken for one."""


def to_json(report: Report) -> str:
    """Return the document of a run."""
    return _written(to_document(report))


def runs_to_json(members: Sequence[Member]) -> str:
    """Return the document of several runs."""
    return _written(to_comparison(members))


def _written(document: dict[str, Any]) -> str:
    """Return a document in ASCII; what was not finite is null, as JSON has no word for it."""
    text = json.dumps(_sayable(document), indent=2, allow_nan=False)
    return _NUMBERS.sub(lambda found: f"[{' '.join(found[1].split())}]", text) + "\n"


def to_document(report: Report) -> dict[str, Any]:
    """Return everything that is known of the run but its steps one by one."""
    history = report.history
    prepared = history.prepared
    made = report.facts.get("created")
    return {
        "format": FORMAT,
        **report.summary,
        "name": report.name,
        "tags": list(report.label.tags),
        "notes": report.label.notes,
        "created": made if isinstance(made, str) else None,
        "seed": report.config.seed,
        "attempts": history.attempt,
        "versions": report.versions,
        "device": prepared.device if prepared else None,
        "threads": prepared.threads if prepared else None,
        "compiled": history.compiled is not None and history.compiled.used,
        "config": to_table(report.config),
        "line": print_line(report.config),
        "task": prepared.task if prepared else None,
        "network": _network(history),
        "samples": _samples(history),
        "per_epoch": [_epoch(history, event) for event in history.epochs],
        "evaluations": [_evaluation(history, event) for event in history.evaluations],
        "best_weights": history.taken_back,
        "per_class": _per_class(history),
        "gradients": _gradients(history),
        "activations": _activations(history),
        "edits": [_edit(edit, without_path(report.run, edit.text)) for edit in history.edits],
        "answers": [_answer(report, answer) for answer in history.answers],
        "lineage": [_relative(row) for row in report.family.line],
        "children": [_relative(row) for row in report.family.children],
        "group": _group(report),
        "warnings": [
            {"step": warning.step, "message": without_path(report.run, warning.message)}
            for warning in history.warnings
        ],
    }


def to_comparison(members: Sequence[Member]) -> dict[str, Any]:
    """Return what several runs come to beside each other."""
    found = differing(members)
    return {
        "format": FORMAT,
        "differing": list(found),
        "runs": [
            {
                **one.summary,
                "name": one.name,
                "created": one.created.isoformat() if one.created is not None else None,
                "settings": flat_config(one.config),
                "now": {key: difference.values[index] for key, difference in found.items()},
                "edits": [_edit(edit, edit.text) for edit in one.edits],
                "first_last_ratio": one.ratio,
            }
            for index, one in enumerate(members)
        ],
    }


def _edit(edit: Edit, text: str) -> dict[str, Any]:
    return {
        "step": edit.step,
        "key": edit.key,
        "value": edit.value,
        "before": edit.before,
        "text": text,
    }


def _relative(row: RunRow) -> dict[str, Any]:
    """Return what is said of a run of the same family."""
    return {
        "run": row.run.id,
        "relation": relation(row),
        "step": row.origin.step if row.origin is not None else None,
        "changes": list(row.origin.changes) if row.origin is not None else [],
        "state": row.state,
        "split": row.split,
        "best": row.score,
    }


def _group(report: Report) -> dict[str, Any] | None:
    found = report.family.group
    return None if found is None else {**found.table(), "runs": [row.run.id for row in report.family.mates]}


def _network(history: RunHistory) -> dict[str, Any] | None:
    if history.prepared is None:
        return None
    return {
        "input_shape": list(history.prepared.input_shape),
        "parameters": history.prepared.parameters,
        "layers": [layer.model_dump(mode="json") for layer in history.prepared.layers],
    }


def _samples(history: RunHistory) -> dict[str, int] | None:
    prepared = history.prepared
    if prepared is None:
        return None
    return {
        "training": prepared.training_samples,
        "validation": prepared.validation_samples,
        "test": prepared.test_samples,
        "batch_size": prepared.batch_size,
        "steps_per_epoch": prepared.steps_per_epoch,
        "total_steps": prepared.total_steps,
        "epochs": prepared.epochs,
    }


def _epoch(history: RunHistory, event: EpochEnded) -> dict[str, Any]:
    return {
        "epoch": event.epoch,
        "step": event.step,
        "seconds": history.seconds_at(event),
        "duration": event.duration,
        "lr": lr_at(history, event.step),
        "running_mean": {"loss": event.loss, history.metric: score(event, history.metric)},
    }


def _evaluation(history: RunHistory, event: Evaluated) -> dict[str, Any]:
    """Return the figures of a split; `weights` is the step whose weights it had, where not its own step's."""
    others = ("top5",) if history.metric == "accuracy" else ("mae", "rmse")
    return {
        "split": event.split,
        "epoch": event.epoch,
        "step": event.step,
        "seconds": history.seconds_at(event),
        "loss": event.loss,
        history.metric: score(event, history.metric),
        **{name: getattr(event, name) for name in others if getattr(event, name) is not None},
        "samples": event.samples,
        "weights": event.weights,
    }


def _per_class(history: RunHistory) -> dict[str, Any] | None:
    found = per_class(history)
    if found is None:
        return None
    return {
        "split": found.evaluation.split,
        "step": found.evaluation.step,
        "classes": [asdict(row) for row in found.rows],
    }


def _activations(history: RunHistory) -> dict[str, Any] | None:
    """Return what the layers hand to their activations, as it was measured last."""
    if not history.activations:
        return None
    return history.activations[-1].model_dump(
        include={"step", "samples", "mean", "deviation", "low", "high", "dead", "saturated"}
    )


def _gradients(history: RunHistory) -> dict[str, Any] | None:
    gradients, updates = history.gradients, history.updates
    if not gradients.steps:
        return None
    latest = gradients.latest()
    ratio = first_last_ratio(latest)
    return {
        "latest": {layer: shortest(norm) for layer, norm in latest.items()},
        "first_last_ratio": None if ratio is None else shortest(ratio),
        "every": history.look_every,
        "cost": history.look_cost,
        "steps": list(gradients.steps),
        "norms": {layer: [shortest(norm) for norm in norms] for layer, norms in gradients.figures.items()},
        "updates": {layer: [shortest(one) for one in shares] for layer, shares in updates.figures.items()},
    }


def _answer(report: Report, answer: CommandApplied | CommandRefused) -> dict[str, Any]:
    applied = isinstance(answer, CommandApplied)
    text = answer.text if isinstance(answer, CommandApplied) else answer.reason
    return {
        "step": answer.step,
        "seconds": report.history.seconds_at(answer),
        "applied": applied,
        "command": answer.command,
        "text": without_path(report.run, text),
    }


def _sayable(value: Any) -> Any:
    """Return the value as JSON can say it: null for numbers that are not finite, no halves of letters."""
    if isinstance(value, dict):
        return {_sayable(key): _sayable(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [_sayable(item) for item in value]
    if isinstance(value, str):  # a name of a folder that is no UTF-8 has lone surrogates
        return value.encode(errors="backslashreplace").decode()
    return None if isinstance(value, float) and not math.isfinite(value) else value
