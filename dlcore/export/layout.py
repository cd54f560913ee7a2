"""What the JSON exports hold, as models: their published schemas are made of these, and tests check by them.

Numbers that were not finite are null. A key may be added without a new `format`.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

Count = Annotated[int, Field(ge=0)]
Number = float | None
"""null where the figure was not finite, or there is none."""


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, use_attribute_docstrings=True)


class Figures(_Table):
    """Of one split, as they stand: those of `train` are running means over the last epoch."""

    loss: Number
    accuracy: Number = None
    r2: Number = None
    top5: Number = None
    mae: Number = None
    rmse: Number = None


class Best(_Table):
    """The evaluation with the highest accuracy or R²."""

    split: Literal["validation", "test"]
    accuracy: Number = None
    r2: Number = None
    step: Count


class Remedy(_Table):
    """One named change of the configuration."""

    name: str
    set: dict[str, JsonValue]
    """Dotted key → value as in the configuration file."""


class Finding(_Table):
    """What is wrong with the run."""

    code: str
    severity: Literal["error", "warning"]
    layer: str
    step: Count
    told: Count
    message: str
    cause: str
    evidence: dict[str, Number]
    remedies: list[Remedy]


class Standing(_Table):
    """How a run stands on the split that it is watched by."""

    state: str
    step: Count
    split: str
    loss: Number
    accuracy: Number = None
    r2: Number = None


class Parent(_Table):
    """The run that this one comes from."""

    run: str
    step: Count
    code: str = ""
    remedy: str = ""
    changes: list[str] = []
    is_fresh: bool = False
    threads: Count = 0
    figures: Standing | None = None


class Trial(Standing):
    """A remedy that was taken of this run."""

    run: str
    code: str
    remedy: str


class Summary(_Table):
    """What `show --json` prints as well."""

    run: str
    """The run's id."""
    state: str
    epochs: Count
    steps: Count
    seconds: float
    samples_per_second: float
    train: Figures | None = None
    validation: Figures | None = None
    test: Figures | None = None
    best: Best | None
    message: str
    findings: list[Finding]
    not_judged: str = ""
    """Why there are no findings, where the run cannot be judged."""
    parent: Parent | None
    remedies: list[Trial]
    name: str
    created: str | None
    """UTC, ISO 8601."""


class Layer(_Table):
    """A layer with weights."""

    name: str
    text: str
    shape: list[Count]
    activation: str
    parameters: Count
    pooling: str
    receptive_field: Count | None


class Network(_Table):
    """The network as it was built."""

    input_shape: list[Count]
    parameters: Count
    layers: list[Layer]


class Samples(_Table):
    """How many samples, steps and epochs there are."""

    training: Count
    validation: Count
    test: Count
    batch_size: Count
    steps_per_epoch: Count
    total_steps: Count
    epochs: Count


class Epoch(_Table):
    """An epoch that has ended."""

    epoch: Count
    step: Count
    seconds: float
    """Since the first trainer started, over all attempts, as everywhere below."""
    duration: float
    lr: Number
    running_mean: Figures


class Evaluation(Figures):
    """The figures of a whole split."""

    split: Literal["validation", "test"]
    epoch: float
    step: Count
    seconds: float
    samples: Count
    weights: Count | None
    """The step whose weights it had, where not its own step's."""


class ClassFigures(_Table):
    """How well one class is told from the others."""

    name: str
    precision: Number
    recall: Number
    f1: Number


class PerClass(_Table):
    """All classes, by one evaluation."""

    split: str
    step: Count
    classes: list[ClassFigures]


class Gradients(_Table):
    """Euclidean norms of dL/dW by layer, and of the updates over those of the weights."""

    latest: dict[str, Number]
    first_last_ratio: Number
    every: Count
    cost: Number
    """Share of the training time that looking has taken."""
    steps: list[Count]
    """Those that were looked at: one for each number below."""
    norms: dict[str, list[Number]]
    updates: dict[str, list[Number]]


class Activations(_Table):
    """What the layers hand to their activations, as it was measured last."""

    step: Count
    samples: Count
    mean: dict[str, Number]
    deviation: dict[str, Number]
    low: dict[str, Number]
    high: dict[str, Number]
    dead: dict[str, Number]
    saturated: dict[str, Number]


class LiveEdit(_Table):
    """A change of a hyperparameter while the run went on; those that a resume took back are not here."""

    step: Count
    key: str
    value: JsonValue
    before: JsonValue
    text: str


class Answer(_Table):
    """What became of a command."""

    step: Count
    seconds: float
    applied: bool
    command: dict[str, Any]
    text: str


class Relative(_Table):
    """A run of the same family."""

    run: str
    relation: Literal["", "branch", "remedy", "twin", "repeat"]
    step: Count | None
    changes: list[str]
    state: str
    split: str
    best: Number


class Group(_Table):
    """The runs that it was made with, to be compared."""

    id: str
    kind: Literal["twins", "seeds"]
    differs: list[str]
    order: str
    """The first sixteen hexadecimal digits of the SHA-256 of the order of batches."""
    of: str = ""
    runs: list[str]


class Warned(_Table):
    """What the trainer has warned of."""

    step: Count
    message: str


class Export(Summary):
    """A run as `dltui export --format json` writes it."""

    format: Literal[1]
    tags: list[str]
    notes: str
    seed: Count
    attempts: Count
    versions: dict[str, str]
    device: str | None
    threads: Count | None
    compiled: bool
    config: dict[str, JsonValue]
    """The configuration file, defaults included."""
    line: str
    """The same in one line, as `dltui run` takes it."""
    task: Literal["classification", "regression"] | None
    network: Network | None
    samples: Samples | None
    per_epoch: list[Epoch]
    evaluations: list[Evaluation]
    best_weights: Count | None
    """The step whose weights the run has in the end, where they are not those of its last step."""
    per_class: PerClass | None
    gradients: Gradients | None
    activations: Activations | None
    edits: list[LiveEdit]
    answers: list[Answer]
    lineage: list[Relative]
    """From the oldest run that it descends from to itself; empty where it descends from none."""
    children: list[Relative]
    """Runs that go on from it."""
    group: Group | None
    warnings: list[Warned]


class Compared(Summary):
    """One of several runs."""

    settings: dict[str, str | int | float | bool]
    """The configuration that it began with, by dotted key."""
    now: dict[str, JsonValue]
    """The value of each key in `differing`, as live edits have left it; null where there is none."""
    edits: list[LiveEdit]
    first_last_ratio: Number


class Comparison(_Table):
    """Several runs as `dltui export --format json` writes them together."""

    format: Literal[1]
    differing: list[str]
    """Dotted keys whose values are not the same in all runs by now: what was changed live counts.

    What follows from another key, or is the default of a kind that only some runs have, is left out.
    """
    runs: list[Compared]


def json_schemas() -> dict[str, dict[str, Any]]:
    """Return the schemas of both documents, by the names of their files."""
    return {
        "export.schema.json": Export.model_json_schema(),
        "comparison.schema.json": Comparison.model_json_schema(),
    }
