"""The training loop and what it needs, as code: loss, optimizer, schedule, steps, and who watches them."""

from collections.abc import Iterator

from dlcore.choices.architectures import CustomModel
from dlcore.config import RunConfig
from dlcore.export.script import augmentation, edits, losses, optimizers, schedules, watching
from dlcore.export.script.part import Part, joined, lines, number, sequence, word
from dlcore.export.script.story import Story
from dlcore.export.script.varying import PENALTIES, Varying


def losses_of(story: Story, varying: Varying, units: int) -> Part:
    """Return the functions that are made small: one, unless a branch has another."""
    is_regression = story.facts.task == "regression"
    names = [f"loss_of_{index}" for index, _ in enumerate(varying.losses, 1)]
    names = names if len(names) > 1 else ["loss_of"]
    found = zip(varying.losses, names, strict=True)
    return joined((losses.loss(one, units, name, is_regression=is_regression) for one, name in found), gap=2)


def functions(story: Story, varying: Varying) -> Part:
    """Return what else a step calls: augmentation, schedule, the groups of parameters."""
    found = [augmentation.augmentation(ways, varying.augmented(ways)) for ways in varying.ways]
    steps = ("steps" if varying.steps else "STEPS") if varying.needs_steps else ""
    for schedule in varying.schedules:
        always = len(varying.schedules) > 1
        found.append(schedules.schedule(schedule, varying.schedule(schedule), steps, always=always))
    if varying.has_shares:
        found.append(optimizers.groups(story.config.model))
    return joined(found, gap=2)


def settings(story: Story, varying: Varying) -> Part:
    """Return what stands before the loop: the optimizer, and the names of what changes on the way."""
    config = story.config
    found: list[Part] = []
    if any(varying.penalty(name) for name in ("l1", "l2")):
        found.append(lines(_weights(config)))
    is_named = varying.lr or not edits.is_set_once(varying)
    if is_named:
        found.append(lines(f"lr = {number(config.optimizer.lr)}"))
    for name in PENALTIES:
        if varying.penalty(name) == name:
            found.append(lines(f"{name} = {number(getattr(config.regularization, name))}"))
    if varying.needs_steps and varying.steps:
        found.append(lines(f"steps = {story.plan.steps}  # of the whole run"))
    if len(varying.losses) > 1:
        found.append(lines("loss_of = loss_of_1"))
    if len(varying.schedules) > 1:
        found.append(lines(f"schedule = {varying.schedule(config.schedule)}"))
    if varying.augments:
        ways = config.regularization.augment
        found.append(lines(f"augment = {varying.augmented(ways) if ways else None}"))
    found.append(watching.settings(story, varying))
    found.append(optimizers.optimizer(config.optimizer, has_shares=varying.has_shares, is_named=is_named))
    return joined(found)


def _weights(config: RunConfig) -> str:
    if isinstance(config.model, CustomModel):
        each = "for module in network.modules() for one in module.parameters(recurse=False)"
        return f"weights = [one {each}]\nweights = [one for one in weights if one.dim() >= 2]  # no biases"
    return "weights = [one for one in network.parameters() if one.dim() >= 2]  # no biases, no norms"


def loop(story: Story, varying: Varying) -> Part:
    """Return the loop over epochs and batches."""
    epochs = _epochs(story)
    each = joined((*_epoch_begins(story, varying), _batches(story, varying), *_epoch_ends(story, varying)))
    return joined(
        (
            lines("step = 0"),
            lines(f"for epoch{epochs}:"),
            each.indented(1),
        )
    )


def batch_sizes(story: Story) -> Part:
    """Return the constants that say how many epochs there are, and how large a batch is in each."""
    stages = story.final_plan.stages
    if len(stages) < 2:
        size = stages[0].batch_size if stages else story.plan.batch_size
        epochs = stages[0].epochs if stages else 0
        return lines(f"EPOCHS = {epochs}", f"BATCH_SIZE = {size}")
    sizes = (f"*[{stage.batch_size}] * {stage.epochs}" for stage in stages)
    return lines(f"BATCH_SIZES = {sequence(sizes, '[', ']')}  # samples in a step, for each epoch")


def _epochs(story: Story) -> str:
    if len(story.final_plan.stages) < 2:
        return " in range(1, EPOCHS + 1)"
    return ", batch_size in enumerate(BATCH_SIZES, 1)"


def _epoch_begins(story: Story, varying: Varying) -> Iterator[Part]:
    config = story.config
    if varying.has_dropout or isinstance(config.model, CustomModel):
        yield lines('torch.manual_seed(seed_for("dropout", epoch))')
    if varying.ways:
        yield lines('chance = stream("augment", epoch)')
    if config.data.shuffle:
        yield lines('order = torch.randperm(len(training_targets), generator=stream("order", epoch))')
    else:
        yield lines("order = torch.arange(len(training_targets))")
    yield lines("epoch_loss = 0.0")


def _batches(story: Story, varying: Varying) -> Part:
    size = "BATCH_SIZE" if len(story.final_plan.stages) < 2 else "batch_size"
    inside = joined(_step(story, varying))
    return joined((lines(f"for rows in order.split({size}):"), inside.indented(1)))


def _step(story: Story, varying: Varying) -> Iterator[Part]:
    yield edits.edits(story, varying)
    if not edits.is_set_once(varying):
        yield _rate(varying)
    to = "" if story.device == "cpu" else ".to(DEVICE)"
    yield lines(f"inputs, targets = normalized(training_inputs[rows]), training_targets[rows]{to}")
    if varying.augments:
        yield lines("if augment is not None:", "    inputs = augment(inputs, chance)")
    elif varying.ways:
        yield lines("inputs = augmented(inputs, chance)")
    yield forward(story)
    yield lines("loss = loss_of(outputs, targets)", "", "optimizer.zero_grad()")
    yield _backward(varying)
    yield from _bounded(varying)
    yield lines("optimizer.step()", "", "step += 1")
    yield lines("epoch_loss += loss.item() * len(targets)", "print(loss.item(), file=record)")
    if varying.watches and varying.ever(lambda config: config.training.evaluate_every != "epoch"):
        yield watching.by_steps(story, varying)
    yield lines("if step == options.steps:", "    break")


def forward(story: Story) -> Part:
    """Return the code that makes outputs of inputs."""
    if story.config.training.precision == "float32":
        return lines("outputs = network(inputs)")
    device = word(story.device.split(":")[0])
    return lines(
        f"with torch.autocast({device}, torch.bfloat16):  # products alone; all else stays float32",
        "    outputs = network(inputs)",
        "outputs = outputs.float()",
    )


def _rate(varying: Varying) -> Part:
    factor = "lr"
    if not all(map(schedules.is_flat, varying.schedules)):
        factor = "lr * schedule(step)"
    share = ' * group["share"]' if varying.has_shares else ""
    return lines("for group in optimizer.param_groups:", f'    group["lr"] = {factor}{share}')


def _backward(varying: Varying) -> Part:
    if len(varying.losses) == 1:
        return lines(f"{losses.descended(varying.losses[0])}.backward()")
    codes = {losses.descended(chosen) for chosen in varying.losses}
    if len(codes) == 1:
        return lines(f"{codes.pop()}.backward()")
    found = []
    for index, chosen in enumerate(varying.losses, 1):
        found += [f"if loss_of is loss_of_{index}:", f"    {losses.descended(chosen)}.backward()"]
    return lines(*found)


def _bounded(varying: Varying) -> Iterator[Part]:
    """Yield what happens to the gradients: penalties are added, sizes bounded."""
    l1, l2 = varying.penalty("l1"), varying.penalty("l2")
    may_be_none = isinstance(varying.story.config.model, CustomModel)
    if l1 or l2:
        terms = " + ".join(([f"{l1} · Σ |w|"] if l1 else []) + ([f"{l2} · Σ w²"] if l2 else []))
        inside = []
        if l1:
            code = f"weight.grad.add_(weight.detach().sign(), alpha={l1})"
            inside += [f"if {l1}:", f"    {code}"] if l1 == "l1" else [code]
        if l2:
            code = f"weight.grad.add_(weight.detach(), alpha=2 * {l2})"
            inside += [f"if {l2}:", f"    {code}"] if l2 == "l2" else [code]
        body = lines(*inside)
        if may_be_none:
            body = lines("if weight.grad is not None:") + body.indented(1)
        yield lines(f"for weight in weights:  # as if {terms} were added to the loss") + body.indented(1)
    for name, function in (("clip_value", "clip_grad_value_"), ("clip_norm", "clip_grad_norm_")):
        if bound := varying.penalty(name):
            code = f"nn.utils.{function}(network.parameters(), {bound})"
            made = lines(f"if {bound}:", f"    {code}") if bound == name else lines(code)
            yield made + Part("", ("from torch import nn",))


def _epoch_ends(story: Story, varying: Varying) -> Iterator[Part]:
    yield lines("", "epoch_loss /= len(training_targets)")
    yield watching.by_epochs(story, varying)
    yield lines("if step == options.steps:", "    break")
