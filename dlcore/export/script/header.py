"""What stands before the code of a script: what it is, which run it tells, and how it is run."""

import textwrap
from collections.abc import Iterator
from pathlib import Path

from dlcore.choices.architectures import CustomModel
from dlcore.choices.own import CustomData, ImageFolder
from dlcore.clean import clean
from dlcore.export.script.data import source
from dlcore.export.script.own import is_streamed
from dlcore.export.script.part import WIDTH, Part, joined, lines, word
from dlcore.export.script.story import Story
from dlcore.export.script.varying import in_the_loop
from dlcore.oneline import print_line
from dlcore.runs import name_of

_LABEL = 12


def header(story: Story, packages: tuple[str, ...]) -> str:
    """Return the docstring of a script; `packages` are those that it imports beside torch."""
    blocks = [_title(story), _facts(story), _promise(story), _usage(story, packages)]
    text = "\n\n".join(block for block in blocks if block)
    return f'"""{_in_docstring(text)}\n"""'


def _in_docstring(text: str) -> str:
    """Return a text that stands between three quotation marks as it is."""
    return text.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')


def _title(story: Story) -> str:
    return f"{clean(name_of(story.run))}: a run of dltui as a plain PyTorch script."


def _row(label: str, text: str) -> str:
    rows = textwrap.wrap(text, WIDTH - _LABEL, break_long_words=False, break_on_hyphens=False) or [""]
    return "\n".join(
        f"{label if not index else '':<{_LABEL}}{row}".rstrip() for index, row in enumerate(rows)
    )


def _facts(story: Story) -> str:
    versions = story.versions
    made = ", ".join(
        f"{name} {clean(versions[key])}"
        for key, name in (("dltui", "dltui"), ("python", "Python"), ("torch", "torch"))
        if versions.get(key)
    )
    threads = "one thread" if story.threads == 1 else f"{story.threads} threads"
    where = f"the CPU with {threads}" if story.device == "cpu" else clean(story.device)
    line = clean(print_line(story.config.folded()))
    rows = [_row("run", clean(story.run.id)), _row("at first" if story.changes else "in a line", line)]
    rows.append(_row("trained", f"with {made}, on {where}" if made else f"on {where}"))
    rows += list(_told(story))
    return "\n".join(rows)


def _told(story: Story) -> Iterator[str]:
    """Yield where the run comes from, what was changed while it went on, and where it ended."""
    for earlier, later in zip(story.chapters, story.chapters[1:], strict=False):
        yield _row("begins as", f"{clean(earlier.run.id)}, up to step {later.start}")
    told = [change for change in in_the_loop(story) if not change.is_branch]
    for index, change in enumerate(told):
        yield _row("changed" if not index else "", f"step {change.step}: {clean(change.text)}")
    if story.last is not None:
        yield _row("ends", f"at step {story.last}, as far as the run went")


def _promise(story: Story) -> str:
    text = (
        "It draws the same first weights, sees the same batches and takes the same steps as that run. "
        "On the same sort of processor, with the same versions and as many threads, each loss is that of the "
        "run to the last bit."
    )
    text += "".join(f" {sentence}" for sentence in _but(story))
    return textwrap.fill(text, WIDTH)


def _but(story: Story) -> Iterator[str]:
    """Yield what makes the script differ from the run, or need more than itself."""
    if any(one.history.compiled is not None and one.history.compiled.used for one in story.chapters):
        yield "But the run's steps were compiled into one graph, where sums come in another order."
    if story.device != "cpu":
        yield "But on a GPU sums may come in another order each time."
    data = story.config.data
    if isinstance(data, ImageFolder) and is_streamed(data, story.facts):
        yield "The run read its images as it went; here all of them are in memory."
    if isinstance(data, CustomData):
        yield (
            "The data are made by your own code, which it imports; what a data set draws anew whenever a "
            "sample is read is drawn once here."
        )
    if isinstance(story.config.model, CustomModel):
        yield "The network is made by your own code, which it imports."


def _usage(story: Story, packages: tuple[str, ...]) -> str:
    name = f"{story.run.id}.py"
    command = f"python {name}" if name.isascii() and " " not in name else "python script.py"
    rows = [
        (command, "train, and say how it goes"),
        (f"{command} --losses FILE", "and keep the loss of each step"),
    ]
    if (place := source(story.config.data)) is not None:
        rows.append((f"{command} --data PLACE", f"with data from elsewhere than {clean(place)}"))
    needs = ", ".join(("torch", *packages))
    needs = " and ".join(needs.rsplit(", ", 1))
    return "\n".join((f"It needs {needs}.", "", *(f"    {code}\n        {said}" for code, said in rows)))


def arguments(story: Story) -> Part:
    """Return code that reads the command line as `options`."""
    place = source(story.config.data)
    told = [f'parser.add_argument("--steps", type=int, default={story.last}, help="end after so many steps")']
    if place is not None:
        what = "folder" if isinstance(story.config.data, ImageFolder) or place.startswith("data/") else "file"
        shown = word(place if place.startswith("data/") else str(Path(place)))
        told.append(f'parser.add_argument("--data", default={shown}, help="{what} with the data")')
    return Part(
        "\n".join(
            (
                "parser = argparse.ArgumentParser()",
                'parser.add_argument("--losses", default=os.devnull, help="file for the loss of each step")',
                *told,
                "options = parser.parse_args()",
                'record = open(options.losses, "w", buffering=1)  # a line a step',
            )
        ),
        ("import argparse", "import os"),
    )


def machine(story: Story) -> Part:
    """Return code that makes torch compute as it did in the run."""
    found = [
        lines(
            "torch.set_num_threads(1)  # with another number sums come in another order",
            "torch.set_flush_denormal(True)  # below 1e-38 a processor would take a hundred times as long",
        )
    ]
    if story.device != "cpu":
        found.append(lines(f"DEVICE = {word(story.device)}"))
    return joined(found)
