"""The sections of a summary that say what the run is: its state, network, edits, kin, configuration."""

import shlex
from collections.abc import Iterator

from dlcore import figures
from dlcore.clean import clean
from dlcore.config import to_toml
from dlcore.events import CommandRefused, Layer, Prepared
from dlcore.export import curves
from dlcore.export.document import (
    Block,
    Figure,
    Heading,
    Items,
    Line,
    Quote,
    Source,
    Strong,
    Table,
    said,
)
from dlcore.export.escape import for_toml
from dlcore.export.findings import findings, origin, remedies
from dlcore.export.measured_tables import activations, classes, epoch_text, epochs, gradients, results
from dlcore.export.report import Report, without_path
from dlcore.family.lineage_tree import told
from dlcore.foreign import foreign
from dlcore.history import LIVE
from dlcore.oneline import print_line
from dlcore.runs import RunRow
from dlcore.summary import created


def summary(report: Report) -> Iterator[Block]:
    """Yield the whole summary of a run; a section is there where there is something to say."""
    yield from _head(report)
    yield from findings(report)
    yield from remedies(report)
    yield from results(report)
    yield from classes(report)
    yield from _curves(report)
    yield from epochs(report)
    yield from gradients(report)
    yield from activations(report)
    yield from _network(report)
    yield from _edits(report)
    yield from _lineage(report)
    yield from _group(report)
    yield from _warnings(report)
    yield from _configuration(report)
    yield from _circumstances(report)


def _head(report: Report) -> Iterator[Block]:
    yield Heading(report.name, 1)
    yield said(_state(report), f"Run {report.run.id}.")
    if report.label.notes:
        yield said(*report.label.notes.splitlines())
    yield from origin(report)
    ended = report.history.ended
    if ended is not None and (ended.message or ended.hint):
        words = ". ".join(part for part in (ended.message, ended.hint) if part)
        words += "" if words.endswith(".") else "."
        yield Quote(without_path(report.run, words))


def _state(report: Report) -> Line:
    """Return a sentence: the state, and how far the run has come."""
    history, prepared = report.history, report.history.prepared
    state = Strong(report.state.capitalize())
    if prepared is None:
        return state, ", before the first step."
    of_all = f" of {prepared.epochs:,}" if prepared.epochs else ""
    epochs = f"{epoch_text(history.epoch())}{of_all} epochs" if prepared.epochs or history.epoch() else ""
    if report.state in LIVE:
        far = f" ({epochs})" if epochs else ""
        return state, f": all figures are as of step {history.step:,}{far}."
    far = f"{history.step:,} steps, {figures.duration(history.seconds)}"
    far = f"{epochs} ({far})" if epochs else f"{history.step:,} steps"
    if report.state == "crashed":
        return state, f": the trainer ended without a last word after {far}."
    return state, f" after {far}."


def _curves(report: Report) -> Iterator[Block]:
    drawn = list(curves.plots(report.history))
    if not drawn:
        return
    yield Heading("Curves")
    yield from map(Figure, drawn)
    if missing := curves.steps_not_finite(report.history):
        steps = f"{missing:,} of {report.history.step:,} training steps"
        yield said(f"{steps} have no finite loss, and no point here.")


def _network(report: Report) -> Iterator[Block]:
    prepared = report.history.prepared
    if prepared is None or not (prepared.layers or prepared.parameters):  # a log tells of no network
        return
    convolutional = any(layer.receptive_field for layer in prepared.layers)
    lines = [
        (
            layer.name,
            ", ".join(part for part in (layer.text, layer.pooling) if part),
            _shape(layer.shape),
            layer.activation or "–",
            f"{layer.parameters:,}",
            *((_sees(layer),) if convolutional else ()),
        )
        for layer in prepared.layers
    ]
    yield Heading("Network")
    shape = f"Input {_shape(prepared.input_shape)}, " if prepared.input_shape else ""
    yield said(f"{shape}{prepared.parameters:,} parameters.")
    header = ("layer", "what", "output", "activation", "parameters")
    if convolutional:
        yield Table((*header, "receptive field"), lines, "llllrr")
        yield said("The receptive field is the square of input pixels that one unit sees, at most.")
    else:
        yield Table(header, lines, "llllr")


def _sees(layer: Layer) -> str:
    return _shape((layer.receptive_field,) * 2) if layer.receptive_field else "–"


def _shape(shape: tuple[int, ...]) -> str:
    return " × ".join(map(str, shape))


def _edits(report: Report) -> Iterator[Block]:
    """Yield the live edits that count, numbered as in the plots, and the commands beside them."""
    rows = [
        (
            edit.step,
            str(number),
            "undo" if edit.takes_back else "applied",
            without_path(report.run, edit.text),
        )
        for number, edit in enumerate(report.history.edits, 1)
    ]
    for answer in report.history.answers:
        if isinstance(answer, CommandRefused):
            rows.append((answer.step, "", "refused", without_path(report.run, answer.reason)))
        elif answer.command.get("kind") == "Stop":
            rows.append((answer.step, "", "applied", without_path(report.run, answer.text)))
    if not rows:
        return
    yield Heading("Edits while it ran")
    rows.sort(key=lambda row: row[0])
    lines = [(number, f"{step:,}", outcome, what) for step, number, outcome, what in rows]
    yield Table(("no.", "step", "outcome", "what"), lines, "rrll")


def _lineage(report: Report) -> Iterator[Block]:
    """Yield the runs that this one descends from, and those that go on from it."""
    found = report.family
    if not found.line and not found.children:
        return
    yield Heading("Lineage")
    rows = [(_name(row, report), told(row), *_standing(row)) for row in (*found.line, *found.children)]
    yield Table(("run", "how it came from the one before", "state", "best"), rows, "lllr")
    if found.children:
        count = len(found.children)
        which = "The last run goes on" if count == 1 else f"The last {count:,} runs go on"
        yield said(f"{which} from this one.")


def _group(report: Report) -> Iterator[Block]:
    """Yield the runs that were made together with this one, to be compared."""
    found = report.family.group
    if found is None:
        return
    twins = found.kind == "twins"
    yield Heading("Twins" if twins else "Seeds")
    keys = ", ".join(found.differs) or "nothing"
    what = f"They differ in {keys} alone." if twins else "They differ in their seed alone."
    order = f" One order of batches: {found.order}." if found.order and twins else ""
    yield said(f"Made together, to be compared. {what}{order}")
    settings = [tuple(_setting(row, key) for key in found.differs) for row in report.family.mates]
    rows = [
        (_name(row, report), *values, *_standing(row))
        for row, values in zip(report.family.mates, settings, strict=True)
    ]
    yield Table(("run", *found.differs, "state", "best"), rows, "l" + "l" * len(found.differs) + "lr")


def _setting(row: RunRow, key: str) -> str:
    value = row.settings.get(key)
    return "–" if value is None else str(value)


def _name(row: RunRow, report: Report) -> str:
    return f"{row.run.id} (this run)" if row.run.id == report.run.id else row.run.id


def _standing(row: RunRow) -> tuple[str, str]:
    return row.state, row.best


def _warnings(report: Report) -> Iterator[Block]:
    if report.history.warnings:
        yield Heading("Warnings")
        yield Items(
            tuple(
                (f"Step {warning.step:,}: {without_path(report.run, warning.message)}",)
                for warning in report.history.warnings
            )
        )


def _configuration(report: Report) -> Iterator[Block]:
    yield Heading("Configuration")
    yield from _how_to_repeat(report)
    yield Source(for_toml(to_toml(report.config)).rstrip("\n"), "toml")


def _how_to_repeat(report: Report) -> Iterator[Block]:
    """Yield the line that starts the same run, and what it does not know of."""
    elsewhere = foreign(report.facts)
    if elsewhere is not None:
        yield said(f"It was {elsewhere.told()}: dltui has neither its network nor its data.")
        return
    yield Source(f"dltui run {_quoted(clean(print_line(report.config)))}", "sh")
    run = shlex.quote(clean(report.run.id))
    yield said(
        "As a plain PyTorch script, with every edit at its step; and whether that repeats the run to the bit:"
    )
    yield Source(f"dltui export {run} --format script\ndltui verify {run}", "sh")
    if edits := len(report.history.edits):
        made = "one edit was made" if edits == 1 else f"{edits:,} edits were made"
        yield said(f"The line starts as this run did; {made} while it ran, and it knows nothing of that.")
    if (
        report.family.line
        and report.family.line[-1].origin is not None
        and _is_branch(report.family.line[-1])
    ):
        yield said("The line trains from the first step; this run went on from another one's weights.")


def _is_branch(row: RunRow) -> bool:
    return row.origin is not None and not row.origin.remedy


def _quoted(line: str) -> str:
    """Return the line as one word for a shell; in double quotes where that is safe, since it reads better."""
    return shlex.quote(line) if set(line) & set('"$`\\!') else f'"{line}"'


def _length(step: int, prepared: Prepared) -> str:
    """Return how many steps were taken, and how many make an epoch, as far as that is known."""
    parts = [f"{step:,} of {prepared.total_steps:,}" if prepared.total_steps else f"{step:,}"]
    known = [f"{prepared.steps_per_epoch:,} an epoch"] if prepared.steps_per_epoch else []
    known += [f"batch size {prepared.batch_size:,}"] if prepared.batch_size else []
    return "; ".join([*parts, *([", ".join(known)] if known else [])])


def _circumstances(report: Report) -> Iterator[Block]:
    yield Heading("Circumstances")
    yield Table(("", ""), list(_facts(report)), "ll")


def _facts(report: Report) -> Iterator[tuple[str, str]]:
    history, prepared = report.history, report.history.prepared
    if made := created(report.facts):
        yield "created", f"{made:%Y-%m-%d %H:%M:%S %Z}"
    if report.label.tags:
        yield "tags", ", ".join(report.label.tags)
    yield "seed", str(report.config.seed)
    if prepared is not None:
        parts = (
            f"{prepared.training_samples:,} training",
            f"{prepared.validation_samples:,} validation",
            f"{prepared.test_samples:,} test",
        )
        if prepared.training_samples:
            yield "samples", ", ".join(parts)
        yield "steps", _length(history.step, prepared)
    if speed := history.samples_per_second():
        yield "speed", f"{figures.rate(speed)} samples/s, training steps alone"
    if prepared is not None:
        yield "device", prepared.device
        if prepared.threads:
            yield "threads", str(prepared.threads)
    yield from report.versions.items()
    if history.attempt > 1:
        yield "attempts", str(history.attempt)
