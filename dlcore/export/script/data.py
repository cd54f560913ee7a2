"""The data of a run as code: read or drawn, split, normalized, and their labels drawn anew."""

from collections.abc import Iterator
from typing import assert_never

from dlcore.choices.bundled import BreastCancer, Diabetes, Digits, Iris, Wine
from dlcore.choices.dataset import Facts, ImageChoice
from dlcore.choices.downloaded import Cifar10, FashionMnist, Kmnist, Mnist
from dlcore.choices.drawn import Blobs, Circles, Moons, Noise, Regression, Spiral, Xor
from dlcore.choices.own import Csv, CustomData, ImageFolder
from dlcore.config import Plan, RunConfig
from dlcore.export.script import custom, drawn, own, splits, stored
from dlcore.export.script.convolutions import is_channels_last
from dlcore.export.script.part import Part, joined, lines
from dlcore.export.script.story import Story
from dlcore.export.script.varying import Varying

PLAIN = "1"


def data(story: Story, varying: Varying) -> Part:
    """Return code that makes inputs and targets of all splits, and the function `normalized`.

    The splits are called training, validation (unless nothing is held out) and test.
    """
    config, facts, plan = story.config, story.facts, story.plan
    chosen = config.data
    has_test = _has_test(chosen, facts)
    samples = _samples(config, facts)
    if isinstance(chosen, ImageChoice) and chosen.shuffle_pixels:
        samples += stored.shuffled_pixels(facts.shape[1] * facts.shape[2], has_test=has_test is True)
    parts = [samples]
    if plan.validation or has_test is not True:
        parts.append(splits.held_out(facts, is_custom=isinstance(chosen, CustomData)))
    parts.append(joined(_prepared(story, varying, has_test), gap=1))
    if isinstance(chosen, CustomData):
        parts.append(lines("peak = 255 if training_inputs.dtype == torch.uint8 else 1"))
    figures = splits.Stored(
        peak=_peak(chosen),
        is_image=facts.is_image,
        samples=plan.training,
        is_streamed=_is_streamed(chosen, facts),
        is_channels_last=facts.is_image and is_channels_last(config.model),
        device=story.device,
    )
    parts.append(splits.normalized(chosen.normalize, figures))
    return joined(parts, gap=2)


def _prepared(story: Story, varying: Varying, has_test: bool | None) -> Iterator[Part]:
    """Yield what is done with the samples before they are normalized."""
    config, facts, plan = story.config, story.facts, story.plan
    names = ["training", *(["validation"] if plan.validation else []), "test"]
    yield _parted(config, facts, plan, has_test)
    if isinstance(config.data, Csv) and config.data.missing == "impute":
        yield splits.imputed(names)
    if getattr(config.data, "scale_target", False) and facts.task == "regression":
        yield splits.scaled_targets(names)
    noise = config.regularization.label_noise
    if noise or varying.noise:
        classes = "len(classes)" if isinstance(config.data, CustomData) else str(facts.classes)
        yield splits.random_labels(noise, classes, changes=varying.noise)


def _samples(config: RunConfig, facts: Facts) -> Part:
    """Return code that makes `inputs` and `targets`, and those of the test split where the data have one."""
    chosen = config.data
    match chosen:
        case Digits() | Iris() | Wine() | BreastCancer() | Diabetes():
            return stored.bundled(chosen)
        case Xor() | Moons() | Circles() | Spiral() | Blobs() | Regression() | Noise():
            return drawn.drawn(chosen)
        case Mnist() | FashionMnist() | Kmnist() | Cifar10():
            return stored.published(chosen)
        case Csv():
            return own.csv_file(chosen, facts)
        case ImageFolder():
            return own.image_folder(chosen)
        case CustomData():
            return custom.data(chosen, is_regression=facts.task == "regression")
        case _:
            assert_never(chosen)


def _has_test(chosen: object, facts: Facts) -> bool | None:
    """Return whether the data come with a test split; None where that is seen only when the script runs."""
    match chosen:
        case Mnist() | FashionMnist() | Kmnist() | Cifar10():
            return True
        case ImageFolder():
            return own.has_test(chosen)
        case CustomData():
            return None
        case _:
            return facts.test_is_training


def _is_streamed(chosen: object, facts: Facts) -> bool | None:
    """Return whether the run read its samples as it went; None where only the running script sees that."""
    if isinstance(chosen, CustomData):
        return None
    return isinstance(chosen, ImageFolder) and own.is_streamed(chosen, facts)


def _parted(config: RunConfig, facts: Facts, plan: Plan, has_test: bool | None) -> Part:
    """Return code that parts the samples into the splits."""
    chosen = config.data
    labels, labelled = "targets", Part("")
    if isinstance(chosen, CustomData):
        labels, labelled = custom.LABELS, custom.LABELLED
    found = Part("")
    if facts.test_is_training:
        found += lines("test_inputs, test_targets = inputs, targets  # it is evaluated on its own points")
    elif has_test is None:
        found += lines("if test_inputs is None:  # one in five is kept for the test")
        count = "round(len(targets) * 0.2)"
        found += (labelled + splits.part(count, "test", "test", "", labels)).indented(1)
    elif not has_test:
        found += splits.part(str(facts.test), "test", "test", "")
    if chosen.limit:
        found += lines(f"inputs, targets = inputs[:{chosen.limit}], targets[:{chosen.limit}]")
    if plan.validation:
        held = splits.part(str(plan.validation), "validation", "validation", "training_", labels)
        return found + labelled + held
    return found + lines("training_inputs, training_targets = inputs, targets")


def _peak(chosen: object) -> str:
    """Return the largest value that a stored figure can take, as code; 1 where there is none."""
    match chosen:
        case Digits():
            return "16"
        case Mnist() | FashionMnist() | Kmnist() | Cifar10() | Noise() | ImageFolder():
            return "255"
        case CustomData():
            return "peak"
        case _:
            return PLAIN


def source(chosen: object) -> str | None:
    """Return the file or folder that the data are read from, where the script can be told of another."""
    match chosen:
        case Csv():
            return chosen.file
        case ImageFolder():
            return chosen.folder
        case Mnist() | FashionMnist() | Kmnist() | Cifar10():
            return f"data/{chosen.kind}"
        case _:
            return None
