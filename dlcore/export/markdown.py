"""Markdown: a summary that reads well as it is, in a terminal, a mail or a merge request."""

import math
import shlex
from collections.abc import Iterator

from dlcore import figures
from dlcore.clean import clean
from dlcore.config import to_toml
from dlcore.events import CommandApplied, CommandRefused, EpochEnded, Evaluated
from dlcore.export import curves
from dlcore.export.escape import for_markdown, for_toml
from dlcore.export.report import Report, Row, measured, rows, without_path
from dlcore.export.tables import table
from dlcore.history import LIVE, first_last_ratio
from dlcore.oneline import print_line
from dlcore.summary import created

MOST_ROWS = 40
"""Longer tables are thinned: Markdown is for reading, and the CSV has every row."""


def to_markdown(report: Report) -> str:
    """Return the whole summary, each section present where there is something to say."""
    sections = (
        _head(report),
        _results(report),
        _curves(report),
        _epochs(report),
        _gradients(report),
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
    ended = report.history.ended
    if ended is not None and (ended.message or ended.hint):
        said = ". ".join(part for part in (ended.message, ended.hint) if part)
        yield ""
        yield f"> {for_markdown(without_path(report.run, said))}"


def _state(report: Report) -> str:
    """Return a sentence: the state, and how far the run has come."""
    history, prepared = report.history, report.history.prepared
    if prepared is None:
        return f"**{report.state.capitalize()}**, before the first step."
    far = f"{_epoch(history.epoch())} of {prepared.epochs:,} epochs"
    if report.state in LIVE:
        return f"**{report.state.capitalize()}**: all figures are as of step {history.step:,} ({far})."
    far = f"{far} ({history.step:,} steps, {figures.duration(history.seconds)})"
    if report.state == "crashed":
        return f"**Crashed**: the trainer ended without a last word after {far}."
    return f"**{report.state.capitalize()}** after {far}."


def _results(report: Report) -> Iterator[str]:
    history = report.history
    lines = []
    if history.epochs:
        epoch = history.epochs[-1]
        lines.append(_result("train", epoch, f"running mean over the steps of epoch {epoch.epoch:,}"))
    for name in ("validation", "test"):
        if found := history.split(name):
            last = found[-1]
            untrained = "" if last.step else ", untrained"
            how = f"{last.samples:,} samples, evaluated at step {last.step:,}{untrained}"
            lines.append(_result(name, last, how))
    if not lines:
        return
    yield "## Results"
    yield ""
    yield from table(("split", "loss", "accuracy", "how"), lines, "lrrl")
    if best := history.best():
        where = f"at step {best.step:,} (epoch {_epoch(best.epoch)})"
        yield ""
        yield f"Best {best.split} accuracy: {figures.share(best.accuracy)} {where}."
        if best.split == "test":
            yield "No samples were held out: the test split itself picked this step, so the figure flatters."


def _result(split: str, event: EpochEnded | Evaluated, how: str) -> tuple[str, str, str, str]:
    return split, figures.loss(measured(event, "loss")), figures.share(event.accuracy), how


def _epoch(epoch: float) -> str:
    """Return an epoch with its fraction, where it has one."""
    return f"{epoch:,.2f}".rstrip("0").rstrip(".")


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


_COLUMNS = (
    ("train_loss", "train loss †"),
    ("train_accuracy", "train acc. †"),
    ("validation_loss", "val. loss"),
    ("validation_accuracy", "val. acc."),
    ("test_loss", "test loss"),
    ("test_accuracy", "test acc."),
)


def _epochs(report: Report) -> Iterator[str]:
    every = rows(report.history)
    if not every:
        return
    shown = _thinned(every, report)
    columns = [(name, title) for name, title in _COLUMNS if any(name in row.measured for row in shown)]
    yield "## Epochs"
    yield ""
    header = ("epoch", "step", *(title for _, title in columns), "lr", "seconds")
    cells = [
        (
            _epoch(row.epoch),
            f"{row.step:,}",
            *(_measured(row, name) for name, _ in columns),
            "" if row.lr is None else f"{row.lr:.4g}",
            f"{row.seconds:,.1f}",
        )
        for row in shown
    ]
    yield from table(header, cells, "r" * len(header))
    yield ""
    if any("train_loss" in row.measured for row in shown):
        yield "† Running mean over the steps of the epoch, while the weights were changing."
    yield "Step 0 is the untrained network. Seconds count from the start of the trainer."
    if len(shown) < len(every):
        yield f"These are {len(shown)} of {len(every):,} rows; the CSV export has all of them."


def _thinned(every: list[Row], report: Report) -> list[Row]:
    """Return at most MOST_ROWS rows: the first, the last, the best and others at equal distances."""
    if len(every) <= MOST_ROWS:
        return every
    last = len(every) - 1
    kept = {round(index * last / (MOST_ROWS - 2)) for index in range(MOST_ROWS - 1)}
    best = report.history.best()
    return [row for index, row in enumerate(every) if index in kept or (best and row.step == best.step)]


def _measured(row: Row, name: str) -> str:
    value = row.measured.get(name)
    if value is None:
        return ""
    if not math.isfinite(value):
        return str(value)
    return figures.share(value) if name.endswith("accuracy") else figures.loss(value)


def _gradients(report: Report) -> Iterator[str]:
    gradients = report.history.gradients
    if not gradients.steps or not gradients.norms:
        return
    looks = [(gradients.steps[0], gradients.at(0)), (gradients.steps[-1], gradients.latest())]
    if len(gradients.steps) == 1:
        del looks[1]
    lines = [
        (for_markdown(layer), *(figures.norm(norms.get(layer)) for _, norms in looks))
        for layer in gradients.norms
    ]
    if len(gradients.norms) > 1:
        lines.append(("first ÷ last", *(figures.ratio(first_last_ratio(norms)) for _, norms in looks)))
    yield "## Gradients"
    yield ""
    yield f"Euclidean norm of dL/dW of each layer; {len(gradients.steps):,} looks in all."
    yield ""
    yield from table(("layer", *(f"step {step:,}" for step, _ in looks)), lines, "l" + "r" * len(looks))


def _network(report: Report) -> Iterator[str]:
    prepared = report.history.prepared
    if prepared is None:
        return
    lines = [
        (
            for_markdown(layer.name),
            for_markdown(layer.text),
            _shape(layer.shape),
            for_markdown(layer.activation) or "–",
            f"{layer.parameters:,}",
        )
        for layer in prepared.layers
    ]
    yield "## Network"
    yield ""
    yield f"Input {_shape(prepared.input_shape)}, {prepared.parameters:,} parameters."
    yield ""
    yield from table(("layer", "what", "output", "activation", "parameters"), lines, "llllr")


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
