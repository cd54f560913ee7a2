"""How long, how often and where."""

from typing import Annotated, Literal

from pydantic import Field

from dlcore.choices.choice import Settings, count, flag, number, option, text

Every = Annotated[int, Field(ge=1)] | Literal["epoch"]
Precision = Literal["float32", "bfloat16"]
Threads = Annotated[int, Field(ge=1, le=1024)] | Literal["auto"]
_SLOW = (0, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
_EPOCHS = (*(step * 10**decade for decade in range(6) for step in (1, 2, 5)), 1_000_000)


class Training(Settings):
    """How long, how often and where."""

    epochs: int = count(
        10,
        at_least=1,
        at_most=1_000_000,
        help="How often the network sees all training samples.",
        ladder=_EPOCHS,
    )
    evaluate_every: Every = count(
        "epoch", at_least=1, or_word=True, help='"epoch", or a number of steps between evaluations.'
    )
    device: str = text(
        "auto",
        pattern=r"^(auto|cpu|cuda(:[0-9]{1,2})?|mps)$",
        help="auto, cpu, cuda, cuda:1 or mps; auto takes a GPU.",
    )
    threads: Threads = count(
        "auto",
        at_least=1,
        at_most=1024,
        or_word=True,
        help="CPU threads; auto is one, unless a short trial before the first step shows that more help.",
    )
    early_stopping: int = count(
        0,
        help="Epochs without a better loss on the watched split until it stops, best weights kept; 0 is off.",
    )
    checkpoint_seconds: int = count(
        30, at_least=1, at_most=86_400, help="Seconds of training between two checkpoints."
    )
    checkpoint_mb: int = count(
        500, at_least=1, at_most=10_000_000, help="What the checkpoints of a run may take, in MB."
    )
    frames_mb: int = count(
        50,
        at_most=10_000_000,
        help="What the frames of a run (histograms, filters, feature maps) may take, in MB; 0 keeps none.",
    )
    probe_budget: float = number(
        0.10, at_least=0, at_most=1, help="Share of the step time that looking at gradients may cost."
    )
    steps_per_second: float = number(
        0.0,
        at_least=0,
        at_most=1000,
        help="Slow motion, to watch what happens; 0 is as fast as it can.",
        ladder=_SLOW,
    )
    compile: bool = flag(
        False, help="Makes the whole step one graph before the first: slow to begin with, faster ever after."
    )
    precision: Precision = option(
        "float32", help="What products are computed in; weights, loss and optimizer stay float32."
    )
