"""What can be picked for a line of a form, from the same declarations as the form."""

from dataclasses import replace
from inspect import cleandoc

from dlcore.choices.choice import by_name
from tui.draft import Draft, Row
from tui.screens.dialogs import Answer


def answers(row: Row, draft: Draft | None = None) -> list[Answer]:
    """Return what can be picked; those that go together with nothing else in `draft` say why."""
    if row.control == "flag":
        return [Answer("true", label="yes"), Answer("false", label="no")]
    kinds = ((word, by_name(row.family, word)) for word in row.options)
    found = [
        Answer(word, kind.summary(), about=cleandoc(kind.__doc__ or "")) if kind else Answer(word)
        for word, kind in kinds
    ]
    if draft is None:
        return found
    return [replace(answer, refusal=draft.refusal(row.key, answer.word)) for answer in found]
