"""What the inspector answers to "microscope": one page about one batch, with all that can be chosen."""

from typing import Any

from dlcore.errors import DltuiError
from dlcore.training.looking.microscope.backward_page import backward_page
from dlcore.training.looking.microscope.check_page import check_page
from dlcore.training.looking.microscope.chosen import Chosen, choose, weight_label
from dlcore.training.looking.microscope.forward_page import forward_page
from dlcore.training.looking.microscope.frozen import Frozen, freeze
from dlcore.training.looking.microscope.loss_page import loss_page
from dlcore.training.looking.microscope.step_page import step_page
from dlcore.training.opened import Opened, opened

_PAGES = {
    "forward": forward_page,
    "loss": loss_page,
    "backward": backward_page,
    "step": step_page,
    "check": check_page,
}
MOST_PASSES = 9
"""Backward passes that are done in a row."""
_open: dict[tuple[str, int], Opened] = {}
_frozen: dict[tuple[str, int, int, bool, int], Frozen] = {}
"""What was opened and frozen last: turning a page, or choosing another weight, computes nothing anew."""


def microscope(asked: dict[str, Any]) -> dict[str, Any]:
    """Return a page of a run: `run`, `step`, `page`, `batch`, `training`, `passes`, and what is chosen.

    `layer`, `unit`, `weight` and `sample` count on from the start behind the end; `unit` and `weight` may be
    None, which takes one with a large gradient. Raises DltuiError where there is no checkpoint, or no page.
    """
    page = _PAGES.get(str(asked.get("page")))
    if page is None:
        raise DltuiError(f"the microscope has no page {asked.get('page')!r}")
    frozen = _freeze(asked)
    chosen = choose(
        frozen, asked.get("layer") or 0, asked.get("unit"), asked.get("weight"), asked.get("sample") or 0
    )
    return {**_choice(frozen, chosen), "notes": _notes(frozen), "content": page(frozen, chosen)}


def _freeze(asked: dict[str, Any]) -> Frozen:
    run, wanted = str(asked["run"]), asked.get("step")
    found = _open.get((run, wanted)) if isinstance(wanted, int) else None
    if found is None:
        found = opened(run, wanted)
        if _open.get((run, found.step)) is not found:
            _open.clear()
            _frozen.clear()
            _open[run, found.step] = found
    passes = max(1, min(int(asked.get("passes") or 1), MOST_PASSES))
    key = run, found.step, int(asked.get("batch") or 0), bool(asked.get("training", True)), passes
    if key not in _frozen:
        frozen = freeze(found, key[2], training=key[3], passes=passes)
        _frozen.clear()
        _frozen[key] = frozen
    return _frozen[key]


def _choice(frozen: Frozen, chosen: Chosen) -> dict[str, Any]:
    return {
        "step": frozen.opened.step,
        "batch": frozen.batch,
        "batches": frozen.batches,
        "samples": frozen.samples,
        "training": frozen.training,
        "passes": frozen.passes,
        "layers": list(chosen.layers),
        "layer": chosen.layers.index(chosen.layer),
        "unit": chosen.unit,
        "units": chosen.units,
        "weight": chosen.weight,
        "weights": chosen.weights,
        "weight_label": weight_label(frozen, chosen, chosen.weight),
        "parameter": chosen.parameter,
        "is_bias": chosen.is_bias,
        "sample": chosen.sample,
    }


def _notes(frozen: Frozen) -> list[str]:
    """Return in what this differs from the steps that the run takes."""
    config, notes = frozen.opened.config, []
    if config.data.shuffle:
        notes.append("samples stand in the order of the data; the run shuffles them")
    if config.regularization.augment:
        notes.append("images are not augmented here; the run moves them by chance")
    if config.training.precision != "float32":
        notes.append(f"computed in float32; the run takes {config.training.precision}")
    return notes
