"""Markdown: a summary that reads well as it is, in a terminal, a mail or a merge request."""

import shlex
from collections.abc import Iterator

from dlcore import figures
from dlcore.clean import clean
from dlcore.config import to_toml
from dlcore.events import CommandApplied, CommandRefused, Layer
from dlcore.export import curves
from dlcore.export.escape import for_markdown, for_toml
from dlcore.export.findings import findings, origin, remedies
from dlcore.export.measured_tables import activations, classes, epoch_text, epochs, gradients, results
from dlcore.export.report import Report, without_path
from dlcore.export.tables import table
from dlcore.history import LIVE
from dlcore.oneline import print_line
from dlcore.summary import created


def to_markdown(report: Report) -> str:
    """Return the whole summary, each section present where there is something to say."""
    sections = (
        _head(report),
        findings(report),
        remedies(report),
        results(report),
        classes(report),
        _curves(report),
        epochs(report),
        gradients(report),
        activations(report),
        _network(report),
        _edits(report),
        _warnings(report),
        _configuration(report),
        _circumstances(report),
    )
    return "\n\n".join("\n".join(lines) for section in sections if (lines := list(section))) + "\n"


def _head(report: Report) -> Iterator[str]:
    yield f"# {for_markdown(report.config.name)}"
    yield ""
    yield _state(report)
    yield f"Run {for_markdown(report.run.id)}."
    yield from origin(report)
    ended = report.history.ended
    if ended is not None and (ended.message or ended.hint):
        said = ". ".join(part for part in (ended.message, ended.hint) if part)
        said += "" if said.endswith(".") else "."
        yield ""
        yield f"> {for_markdown(without_path(report.run, said))}"


def _state(report: Report) -> str:
    """Return a sentence: the state, and how far the run has come."""
    history, prepared = report.history, report.history.prepared
    if prepared is None:
        return f"**{report.state.capitalize()}**, before the first step."
    far = f"{epoch_text(history.epoch())} of {prepared.epochs:,} epochs"
    if report.state in LIVE:
        return f"**{report.state.capitalize()}**: all figures are as of step {history.step:,} ({far})."
    far = f"{far} ({history.step:,} steps, {figures.duration(history.seconds)})"
    if report.state == "crashed":
        return f"**Crashed**: the trainer ended without a last word after {far}."
    return f"**{report.state.capitalize()}** after {far}."


def _curves(report: Report) -> Iterator[str]:
    drawn = list(curves.plots(report.history))
    if not drawn:
        return
    yield "## Curves"
    for lines in drawn:
        yield ""
        yield "```text"
        yield from lines
        yield "```"
    if missing := curves.steps_not_finite(report.history):
        yield ""
        yield f"{missing:,} of {report.history.step:,} training steps have no finite loss, and no point here."


def _network(report: Report) -> Iterator[str]:
    prepared = report.history.prepared
    if prepared is None:
        return
    convolutional = any(layer.receptive_field for layer in prepared.layers)
    lines = [
        (
            for_markdown(layer.name),
            for_markdown(", ".join(part for part in (layer.text, layer.pooling) if part)),
            _shape(layer.shape),
            for_markdown(layer.activation) or "–",
            f"{layer.parameters:,}",
            *((_sees(layer),) if convolutional else ()),
        )
        for layer in prepared.layers
    ]
    yield "## Network"
    yield ""
    shape = f"Input {_shape(prepared.input_shape)}, " if prepared.input_shape else ""
    yield f"{shape}{prepared.parameters:,} parameters."
    yield ""
    header = ("layer", "what", "output", "activation", "parameters")
    if convolutional:
        yield from table((*header, "receptive field"), lines, "llllrr")
        yield ""
        yield "The receptive field is the square of input pixels that one unit sees, at most."
    else:
        yield from table(header, lines, "llllr")


def _sees(layer: Layer) -> str:
    return _shape((layer.receptive_field,) * 2) if layer.receptive_field else "–"


def _shape(shape: tuple[int, ...]) -> str:
    return " × ".join(map(str, shape))


def _edits(report: Report) -> Iterator[str]:
    lines = [
        (f"{answer.step:,}", *_answer(report, answer))
        for answer in report.history.answers
        if isinstance(answer, CommandRefused) or answer.command.get("kind") in ("Set", "Stop")
    ]
    if not lines:
        return
    yield "## Edits while it ran"
    yield ""
    yield from table(("step", "outcome", "what"), lines, "rll")


def _answer(report: Report, answer: CommandApplied | CommandRefused) -> tuple[str, str]:
    if isinstance(answer, CommandRefused):
        return "refused", for_markdown(without_path(report.run, answer.reason))
    return "applied", for_markdown(without_path(report.run, answer.text))


def _warnings(report: Report) -> Iterator[str]:
    if not report.history.warnings:
        return
    yield "## Warnings"
    yield ""
    for warning in report.history.warnings:
        yield f"- Step {warning.step:,}: {for_markdown(without_path(report.run, warning.message))}"


def _configuration(report: Report) -> Iterator[str]:
    yield "## Configuration"
    yield ""
    yield "```sh"
    yield f"dltui run {_quoted(clean(print_line(report.config)))}"
    yield "```"
    edits = sum(
        isinstance(answer, CommandApplied) and answer.command.get("kind") == "Set"
        for answer in report.history.answers
    )
    if edits:
        yield ""
        made = "one edit was made" if edits == 1 else f"{edits:,} edits were made"
        yield f"The line starts as this run did; {made} while it ran, and it knows nothing of that."
    yield ""
    yield "```toml"
    yield for_toml(to_toml(report.config)).rstrip("\n")
    yield "```"


def _quoted(line: str) -> str:
    """Return the line as one word for a shell; in double quotes where that is safe, since it reads better."""
    return shlex.quote(line) if set(line) & set('"$`\\!') else f'"{line}"'


def _circumstances(report: Report) -> Iterator[str]:
    yield "## Circumstances"
    yield ""
    yield from table(("", ""), list(_facts(report)), "ll")


def _facts(report: Report) -> Iterator[tuple[str, str]]:
    history, prepared = report.history, report.history.prepared
    if made := created(report.facts):
        yield "created", f"{made:%Y-%m-%d %H:%M:%S %Z}"
    yield "seed", str(report.config.seed)
    if prepared is not None:
        yield (
            "samples",
            (
                f"{prepared.training_samples:,} training, {prepared.validation_samples:,} validation, "
                f"{prepared.test_samples:,} test"
            ),
        )
        yield (
            "steps",
            (
                f"{history.step:,} of {prepared.total_steps:,}; {prepared.steps_per_epoch:,} an epoch, "
                f"batch size {prepared.batch_size:,}"
            ),
        )
    if speed := history.samples_per_second():
        yield "speed", f"{figures.rate(speed)} samples/s, training steps alone"
    if prepared is not None:
        yield "device", for_markdown(prepared.device)
        yield "threads", str(prepared.threads)
    for name, version in report.versions.items():
        yield for_markdown(name), for_markdown(version)
    if history.attempt > 1:
        yield "attempts", str(history.attempt)
