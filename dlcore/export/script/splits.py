"""From samples to what is learned from: splits held out, figures normalized, labels drawn anew; as code."""

from dataclasses import dataclass

from dlcore.choices.dataset import Facts
from dlcore.export.script.part import NOTHING, Part, joined, lines, number

_BLOCK = 4096
"""Samples whose moments are summed at once, as the trainer does it: sums in another order differ in a bit."""
_STREAMED_BLOCK = 256

HELD_OUT = '''def held_out(targets: torch.Tensor, count: int, purpose: str) -> torch.Tensor:
    """Return which samples are held out, {share}."""
{ranks}    shuffled = torch.randperm(len(targets), generator=stream(purpose))
    by_class = shuffled[torch.argsort(targets[shuffled], stable=True)]
    chosen = by_class[torch.arange(count) * len(targets) // count]  # evenly over the classes
    is_out = torch.zeros(len(targets), dtype=torch.bool)
    is_out[chosen] = True
    return is_out'''

_RANKS = """    ranks = targets[:, 0].argsort().argsort()
    targets = ranks * 10 // len(ranks)
"""
_RANKS_OF_SOME = """    if targets.dim() == 2:
        ranks = targets[:, 0].argsort().argsort()
        targets = ranks * 10 // len(ranks)
"""


def held_out(facts: Facts, *, is_custom: bool) -> Part:
    """Return a function that says which samples are held out."""
    if facts.task == "regression":
        ranks = _RANKS_OF_SOME if is_custom else _RANKS
        return Part(HELD_OUT.format(share="so many of each tenth of the targets", ranks=ranks))
    return Part(HELD_OUT.format(share="so many of each class as its share asks for", ranks=""))


def part(count: str, purpose: str, name: str, rest: str, labels: str = "targets") -> Part:
    """Return code that holds `count` samples (which is code) out, as `<name>_inputs` and `<name>_targets`.

    What is left is called `<rest>inputs` and `<rest>targets`; `labels` is by what each class keeps its share.
    """
    return lines(
        f'is_out = held_out({labels}, {count}, "{purpose}")',
        f"{name}_inputs, {name}_targets = inputs[is_out], targets[is_out]",
        f"{rest}inputs, {rest}targets = inputs[~is_out], targets[~is_out]",
    )


def imputed(splits: list[str]) -> Part:
    """Return code that puts the training split's column means where a figure is missing."""
    found = lines(
        "# Where a figure is missing, the mean of its column in the training split stands for it.",
        "means = torch.nanmean(training_inputs, dim=0).nan_to_num()",
    )
    for split in splits:
        found += lines(f"{split}_inputs = torch.where({split}_inputs.isnan(), means, {split}_inputs)")
    return found


def scaled_targets(splits: list[str]) -> Part:
    """Return code that scales the targets of a regression by the training split's moments."""
    found = lines(
        "# The network learns (y − mean) / deviation of the training split.",
        "figures = training_targets.to(torch.float64)",
        "mean, deviation = figures.mean(0), figures.std(0, correction=0)",
        "deviation = torch.where(deviation <= 1e-12 * mean.abs(), 1.0, deviation).to(torch.float32)",
        "mean = mean.to(torch.float32)",
    )
    for split in splits:
        found += lines(f"{split}_targets = ({split}_targets - mean) / deviation")
    return found


def random_labels(share: float, classes: str, *, changes: bool) -> Part:
    """Return code that draws a share of the training labels at random from all classes.

    `changes` says that the share is another one later on: then a function does it.
    """
    if not changes:
        return lines(
            f"# Label noise: a share of {number(share)} of the training labels is drawn at random.",
            'chance = stream("label noise")',
            f"drawn = torch.randint(0, {classes}, (len(training_targets),), generator=chance)",
            "noisy = torch.randperm(len(drawn), generator=chance)",
            f"noisy = noisy[: round({number(share)} * len(drawn))]",
            "training_targets = training_targets.index_put((noisy,), drawn[noisy])",
        )
    return lines(
        "real_targets = training_targets",
        "",
        "",
        "def with_random_labels(share: float) -> torch.Tensor:",
        '    """Return the training labels with a share of them drawn at random."""',
        '    chance = stream("label noise")',
        f"    drawn = torch.randint(0, {classes}, (len(real_targets),), generator=chance)",
        "    noisy = torch.randperm(len(drawn), generator=chance)[: round(share * len(drawn))]",
        "    return real_targets.index_put((noisy,), drawn[noisy])",
        "",
        "",
        f"training_targets = with_random_labels({number(share)})",
    )


@dataclass(frozen=True)
class Stored:
    """What must be known of samples to normalize them."""

    peak: str
    """The largest value that a stored figure can take, as code."""
    is_image: bool
    samples: int
    """Those of the training split."""
    is_streamed: bool | None
    """Whether the run read them as it went; None where that is seen only when the script runs."""
    is_channels_last: bool
    device: str


def normalized(method: str, stored: Stored) -> Part:
    """Return code that fits what is to be fitted, and a function `normalized` of stored samples."""
    place = "" if stored.device == "cpu" else "DEVICE, "
    fitted = NOTHING
    match method:
        case "none":
            said, after = "as numbers", "" if stored.peak == "1" else f" * (1 / {stored.peak})"
        case "half":
            said, after = "as the network gets them: from −1 to 1", f" * (2 / {stored.peak}) - 1"
        case _:
            said, after = "as the network gets them: with mean 0 and deviation 1", " * scale + shift"
            fitted = _fitted(stored)
    made = f"stored.to({place}torch.float32){after}"
    if stored.is_channels_last:  # convolutions are faster so
        made = (
            f"({made}).contiguous(memory_format=torch.channels_last)"
            if after
            else (f"{made}.contiguous(memory_format=torch.channels_last)")
        )
    function = lines(
        "def normalized(stored: torch.Tensor) -> torch.Tensor:",
        f'    """Return stored samples {said}."""',
        f"    return {made}",
    )
    return joined((fitted, function), gap=2)


def _fitted(stored: Stored) -> Part:
    is_image, samples = stored.is_image, stored.samples
    found = lines(
        f"# Each {'channel' if is_image else 'column'} gets mean 0 and deviation 1, over the training split."
    )
    if stored.is_streamed is None:
        found += lines("if is_in_memory:") + _summed(is_image=is_image, samples=samples).indented(1)
        found += lines("else:") + _merged().indented(1)
    else:
        found += _merged() if stored.is_streamed else _summed(is_image=is_image, samples=samples)
    found += lines(
        "constant = deviation <= 1e-6 * mean.abs()  # up to rounding: there is nothing to scale",
        "scale = 1 / torch.where(constant, 1.0, deviation)",
    )
    shape = "[:, None, None]" if is_image else ""
    place = "" if stored.device == "cpu" else "DEVICE, "
    return found + lines(
        f"shift = (-mean * scale){shape}.to({place}torch.float32)",
        f"scale = scale{shape}.to({place}torch.float32)",
    )


def _summed(*, is_image: bool, samples: int) -> Part:
    """Return code for mean and deviation from the sums of values and squares."""
    dims = "(0, 2, 3)" if is_image else "0"
    count = "values[:, 0].numel()" if is_image else "len(values)"
    if samples <= _BLOCK:
        return lines(
            "values = training_inputs.to(torch.float64)",
            f"mean = values.sum({dims}) / {count}",
            f"square = values.square().sum({dims}) / {count}",
            "deviation = (square - mean.square()).clamp_min(0).sqrt()",
        )
    whole = "training_inputs[:, 0].numel()" if is_image else "len(training_inputs)"
    return lines(
        "total = squares = 0.0",
        f"for block in training_inputs.split({_BLOCK}):  # in blocks, for float64 is large",
        "    values = block.to(torch.float64)",
        f"    total = total + values.sum({dims})",
        f"    squares = squares + values.square().sum({dims})",
        f"mean = total / {whole}",
        f"deviation = (squares / {whole} - mean.square()).clamp_min(0).sqrt()",
    )


def _merged() -> Part:
    """Return code for mean and deviation merged from blocks (Chan, Golub and LeVeque, 1983)."""
    return lines(
        "count, mean, squares = 0, 0.0, 0.0",
        f"for block in training_inputs.split({_STREAMED_BLOCK}):  # merged as Chan et al. (1983) have it",
        "    values = block.to(torch.float64)",
        "    here, dims = values[:, 0].numel(), (0, *range(2, values.dim()))",
        "    here_mean = values.mean(dims, keepdim=True)",
        "    here_squares = (values - here_mean).square().sum(dims)",
        "    difference = here_mean.flatten() - mean",
        "    merged = difference.square() * (count * here / (count + here))",
        "    squares = squares + here_squares + merged",
        "    mean = mean + difference * (here / (count + here))",
        "    count += here",
        "deviation = (squares / count).sqrt()",
    )
