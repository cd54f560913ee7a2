"""What is said below the picture in Setup: the kind, the plan, faults and advice."""

from collections.abc import Sequence
from inspect import cleandoc

from textual.content import Content

from dlcore.advice import Advice
from dlcore.choices.choice import by_name
from dlcore.choices.dataset import Facts
from dlcore.clean import clean
from dlcore.config import RunConfig, plan
from dlcore.errors import Problem
from tui.draft import Draft, Row

_FEW_STEPS = 200


def about(row: Row, draft: Draft) -> Content:
    """Return what the kind of a row's section is, and when to choose it."""
    section = row.section
    word = draft.text(section.path("kind")) if section.has_kinds else ""
    kind = by_name(section.family, word) or section.default
    if row.spec is not None and row.spec.family:
        word = draft.text(row.key)
        kind = by_name(row.spec.family, word) or kind
    return Content.assemble(
        Content(clean(word) or section.title).stylize("bold $primary"),
        Content(f"\n{cleandoc(kind.__doc__ or '')}").stylize("$secondary"),
    )


def planned(config: RunConfig, facts: Facts) -> Content:
    """Return how many samples and steps a run has, and a warning where they are few."""
    steps = plan(config, facts)
    held = f" · {steps.validation:,} validation" if steps.validation else ""
    lines = [
        f"{steps.training:,} training{held}",
        f"{steps.test:,} test",
        f"{_steps(steps.steps_per_epoch)} an epoch · {steps.steps:,} in all",
    ]
    content = Content("\n".join(lines)).stylize("$secondary")
    if steps.steps < _FEW_STEPS:
        content = Content.assemble(content, "\n", ("Few steps: more epochs would help.", "$text-warning"))
    return content


def not_ready(problems: Sequence[Problem]) -> str:
    """Return a line that stands where a run's line would."""
    number = len(problems)
    return f"not ready to train: {number} fault{'' if number == 1 else 's'}, marked ✗"


def faults(problems: Sequence[Problem], advices: Sequence[Advice], room: int = 9) -> Content:
    """Return what is wrong with its cure, then what could be better: at most `room` pieces of advice."""
    parts: list[Content] = []
    for problem in problems:
        parts.append(Content(clean(f"✗ {problem.key}: {problem.message}.")).stylize("$text-error"))
        parts.append(Content(clean(problem.hint)).stylize("$secondary"))
    for advice in advices[:room]:
        head = advice.offer or advice.key  # what the key would do stands first: the rest may be cut off
        parts.append(Content(clean(f"! {head}: {advice.message}")).stylize("$text-warning"))
    if len(advices) > room:
        parts.append(Content(f"! {len(advices) - room} more").stylize("$text-warning"))
    return Content("\n").join(parts)


def _steps(number: int) -> str:
    return "1 step" if number == 1 else f"{number:,} steps"
