"""A run as a plain PyTorch script: what a teacher would write who wanted the same run to the last bit.

Only what a run uses is in its script; nothing in it knows of dltui. A topic has a file here, which maps each
kind of a choice to code: none can be forgotten.
"""

from dlcore.choices.architectures import CustomModel, Mlp, Perceptron, ResNet18
from dlcore.choices.own import CustomData
from dlcore.config import output_units
from dlcore.export.report import Report
from dlcore.export.script import custom, data, header, loop, network, streams, watching, weights
from dlcore.export.script.convolutions import is_channels_last
from dlcore.export.script.part import NOTHING, WIDTH, Part, imports, joined, lines
from dlcore.export.script.story import Story, story_of
from dlcore.export.script.varying import Varying, check

_PACKAGES = {"sklearn": "scikit-learn", "numpy": "numpy", "torchvision": "torchvision", "PIL": "pillow"}
"""What is imported → what is to be installed."""


def to_script(report: Report) -> str:
    """Return the script of a run; raises DltuiError, in a sentence, where none can be written."""
    told = story_of(report)
    varying = Varying(told)
    check(told)
    sections = _sections(told, varying)
    used = joined((header.arguments(told), *(part for _, part in sections)))
    constants = joined((lines(f"SEED = {told.config.seed}"), loop.batch_sizes(told), _steps(told, varying)))
    start = joined((constants, header.arguments(told), header.machine(told)), gap=1)
    streams_ = streams.streams(used.code)
    needed = Part("", ("import torch", *start.imports, *streams_.imports, *used.imports))
    statements = imports(needed)
    body = [start]
    if streams_:
        body.append(_section("Chance", streams_))
    body += [_section(title, part) for title, part in sections]
    text = joined(body, gap=2).code
    packages = tuple(
        name
        for module, name in _PACKAGES.items()
        if f"import {module}" in statements or f"from {module}" in text or f"from {module}" in statements
    )
    return f"{header.header(told, packages)}\n\n{statements}\n\n{text}\n"


def _section(title: str, part: Part) -> Part:
    """Return a part of the script below the line that names it."""
    gap = 2 if part.code.startswith(("def ", "class ", "@")) else 1
    return joined((lines(f"# -- {title} {'-' * (WIDTH - len(title) - 6)}"), part), gap=gap)


def _steps(told: Story, varying: Varying) -> Part:
    if varying.needs_steps and not varying.steps:
        return lines(f"STEPS = {told.plan.steps}")
    return NOTHING


def _units(told: Story) -> int:
    """Return how many outputs the network has."""
    if isinstance(told.config.data, CustomData) and told.units is not None:
        return told.units
    return output_units(told.config.loss, told.facts)


def _sections(told: Story, varying: Varying) -> list[tuple[str, Part]]:
    units = _units(told)
    forward = loop.forward(told)
    own = [
        chosen.target
        for chosen in (told.config.data, told.config.model)
        if isinstance(chosen, CustomData | CustomModel)
    ]
    helpers = [("Your own code", custom.helpers(*own))] if own else []
    return [
        *helpers,
        ("Data", data.data(told, varying)),
        ("Network", _network(told, varying, units)),
        ("Loss and evaluation", _evaluation(told, varying, units, forward)),
        ("Training", _training(told, varying)),
        ("What came of it", watching.ending(told, varying)),
    ]


def _evaluation(told: Story, varying: Varying, units: int, forward: Part) -> Part:
    measured = watching.functions(told, varying, units, forward)
    return joined((loop.losses_of(told, varying, units), measured), gap=2)


def _training(told: Story, varying: Varying) -> Part:
    threads = NOTHING
    if told.threads > 1:
        threads = lines(f"torch.set_num_threads({told.threads})  # data and weights were made with one")
    start = joined((threads, loop.settings(told, varying)))
    taken = joined((start, loop.loop(told, varying)), gap=1)
    return joined((loop.functions(told, varying), taken), gap=2)


def _network(told: Story, varying: Varying, units: int) -> Part:
    """Return the network with its first weights."""
    config, shape = told.config, told.facts.shape
    seeded = lines("torch.manual_seed(SEED)  # what is drawn first are the weights")
    model = config.model
    made = NOTHING
    classes = NOTHING
    drawn = NOTHING
    is_dense = isinstance(model, Perceptron | Mlp)
    if isinstance(model, CustomModel):
        made = custom.model(model, shape, units)
    elif isinstance(model, ResNet18):
        made = network.resnet18(model, shape[0], units)
        drawn = weights.weights(model.init, network.resnet18_layers(model), has_bias=True)
    else:
        built = network.network(model, shape, units, has_dropout=varying.has_dropout)
        made, classes = built.made, built.classes
        has_bias = getattr(model, "bias", True)
        drawn = weights.weights(model.init, built.weighted, has_bias=has_bias, is_dense=is_dense)
        classes = joined((classes, weights.functions(model.init, built.weighted)), gap=2)
    placed = []
    if is_channels_last(model):
        placed.append(lines("network = network.to(memory_format=torch.channels_last)  # faster so"))
    if told.device != "cpu":
        placed.append(lines("network = network.to(DEVICE)"))
    return joined((classes, joined((joined((seeded, made)), drawn, joined(placed)), gap=1)), gap=2)
