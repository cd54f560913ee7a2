"""Page 2, loss: one sample's outputs and target to one number, and the batch's mean."""

from typing import Any

from textual.content import Content

from tui.widgets.microscope.board import Lines, column, figure, rule, said, table, title


def lines(answer: dict[str, Any], width: int, height: int) -> Lines:
    """Return the page, made for so many columns and lines."""
    content = answer["content"]
    rows = content["rows"]
    columns = [column([row["values"][index] for row in rows]) for index in range(len(content["columns"]))]
    cells = [[row["label"], *(each[index] for each in columns)] for index, row in enumerate(rows)]
    true = next((index for index, row in enumerate(rows) if row["true"]), None)
    room = max(4, height - 8)
    found = [
        title(f"{content['kind']} of sample {answer['sample']}", _aside(content)),
        *table(("", *content["columns"]), cells, true, room),
    ]
    if content["others"]:
        found.append(said(f"  … and {content['others']:,} more outputs, all smaller"))
    found += [Content(""), *rule(content["written"], width), Content(""), *_batch(answer, content)]
    return found


def _aside(content: dict[str, Any]) -> str:
    return f"it is of the class {content['target']}" if content["target"] else "what is wanted is a number"


def _batch(answer: dict[str, Any], content: dict[str, Any]) -> Lines:
    least, most = content["least"], content["most"]
    found = [
        Content.assemble(
            f"  batch: the mean of {answer['samples']} samples = ", (figure(content["mean"]), "bold")
        ),
        said(
            f"  least {figure(least[0])} (sample {least[1]}) · most {figure(most[0])} (sample {most[1]})"
            + (f" · right: {content['right']} of {answer['samples']}" if content["right"] is not None else "")
        ),
    ]
    if content["summed"] is not None:
        found.append(
            said(f"  reduction sum: the gradients are those of the sum, {figure(content['summed'])}")
        )
    return found
