"""The figures of one step in words: what stands beside the cursor."""

import math

from textual.content import Content

from dlcore import figures
from dlcore.clean import clean
from dlcore.curves.series import Series
from dlcore.history import RunHistory, score
from tui.watching.cursor import Cursor
from tui.watching.looks import newest

_NEAR = 50
"""An edit is close by within one part in so many of the run: about a column of a plot."""


def readout(history: RunHistory, step: int) -> list[str]:
    """Return loss, score and learning rate at a step, and the evaluation before it, as far as they are known.

    Of a run so long that steps are kept together it is their mean, marked by a tilde.
    """
    parts = []
    if (loss := _figure(history.loss, step)) is not None:
        parts.append(f"loss {loss[1]}{figures.loss(loss[0])}")
    if (found := _figure(history.score, step)) is not None:
        name = figures.SCORES[history.metric]
        parts.append(f"{name} {found[1]}{figures.score(found[0], history.metric)}")
    if (rate := _figure(history.lr, step)) is not None:
        parts.append(f"lr {rate[1]}{rate[0]:.3g}")
    return [*parts, *_evaluation(history, step)]


def _figure(series: Series, step: int) -> tuple[float, str] | None:
    """Return the figure of a step, and what marks it as a mean where it is not known by itself."""
    if not 1 <= step <= len(series):
        return None
    exact = series.value_at(step)
    if math.isfinite(exact) or series.size == 1:
        return exact, ""
    column = series.columns(1, step, step)[0]
    return column.mean, "~" if column.count else ""


def _evaluation(history: RunHistory, step: int) -> list[str]:
    """Return the newest evaluation of the watched split up to a step, with the step that it was made at."""
    found = history.as_it_went(history.watched)
    index = newest([one.step for one in found], step)
    if index is None:
        return []
    one = found[index]
    when = "" if one.step == step else f" at {one.step:,}"
    named = figures.score(score(one, history.metric), history.metric)
    return [f"{history.watched} {figures.loss(one.loss)} {named}{when}"]


def place(history: RunHistory, cursor: Cursor, *, is_live: bool) -> list[Content]:
    """Return where the cursor stands and the figures there, the most important first."""
    step = cursor.step(history)
    prepared = history.prepared
    where = f"step {step:,}"
    if prepared is not None:
        where += f"/{max(prepared.total_steps, history.step):,}"
    there = [Content(clean(part)) for part in readout(history, step)]
    if cursor.follows:
        now = Content("live" if is_live else "the end").stylize("bold $text-success")
        return [now, Content(where), *there]
    back = Content("end: back").stylize("$secondary")
    parts = [Content(f"‹ {where}").stylize("bold $text-warning"), *there[:3], back, *there[3:]]
    if (found := nearest_edit(history, step)) is not None:
        edit, is_near = found
        parts.insert(1 if is_near else len(parts), Content(clean(edit)))
    return parts


def nearest_edit(history: RunHistory, step: int) -> tuple[str, bool] | None:
    """Return what was changed nearest to a step, in words, and whether that is close by; None without any."""
    edit = min(history.edits, key=lambda one: abs(one.step - step), default=None)
    if edit is None:
        return None
    when = "" if edit.step == step else f" at {edit.step:,}"
    total = max(history.prepared.total_steps if history.prepared is not None else 0, history.step)
    return f"▲ {edit.text}{when}", abs(edit.step - step) <= max(1, total // _NEAR)
