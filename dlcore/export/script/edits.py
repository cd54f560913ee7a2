"""What changed while a run went on, as code in its training loop: at the step at which it took effect."""

from collections.abc import Iterator
from itertools import groupby

from dlcore.choices.optimizers import Momentum, RMSprop
from dlcore.choices.schedules import Performance
from dlcore.clean import clean
from dlcore.config import RunConfig
from dlcore.export.script import optimizers, schedules
from dlcore.export.script.part import NOTHING, Part, comment, joined, lines, number
from dlcore.export.script.story import Change, Story
from dlcore.export.script.varying import PENALTIES, Varying, in_the_loop


def edits(story: Story, varying: Varying) -> Part:
    """Return the code that makes each change before its step."""
    found = []
    for step, changes in groupby(in_the_loop(story), lambda change: change.step):
        inside = joined(part for change in changes for part in _made(change, varying))
        found.append(lines(f"if step == {step}:") + inside.indented(1))
    if not found:
        return NOTHING
    whole = joined((lines("# What was changed while the run went on, each before its step."), *found))
    return Part(f"{whole.code}\n", whole.imports)  # with an empty line behind


def _made(change: Change, varying: Varying) -> Iterator[Part]:
    """Yield what is said of a change, and the code that makes it, unless it stands elsewhere."""
    yield comment(clean(change.text), 80)
    code = list(_code(change, varying))
    yield joined(code)
    if not code:
        name = "EPOCHS" if len(varying.story.final_plan.stages) < 2 else "BATCH_SIZES"
        yield lines(
            f"pass  # {name} has it already" if _is_length(change) else "pass  # no figure depends on it"
        )


def _is_length(change: Change) -> bool:
    """Whether it changes how many epochs there are, or how large their batches."""
    before, after = change.before, change.after
    return before.training.epochs != after.training.epochs or before.data != after.data


def _code(change: Change, varying: Varying) -> Iterator[Part]:
    before, after = change.before, change.after
    if change.is_branch and change.threads != varying.story.threads_before(change):
        yield lines(f"torch.set_num_threads({change.threads})")
    if change.is_behind_end and varying.watches:
        yield lines("if step not in watched[-1:]:", "    watch()")
    if change.takes_back:
        yield lines("network.load_state_dict(best.weights)  # as its parent did in the end")
    yield from _optimizer(change, varying)
    yield from _rate(change, varying)
    for name in PENALTIES:
        if getattr(before.regularization, name) != (new := getattr(after.regularization, name)):
            yield lines(f"{name} = {number(new)}")
    yield from _samples(before, after, varying)
    if (share := getattr(after.model, "dropout", 0.0)) != getattr(before.model, "dropout", 0.0):
        yield lines(
            "for layer in network.modules():",
            "    if isinstance(layer, nn.Dropout):",
            f"        layer.p = {number(share)}",
        )
    if before.loss != after.loss:
        yield lines(f"loss_of = loss_of_{varying.losses.index(after.loss) + 1}")
    yield from _watching(before, after, varying)


def _optimizer(change: Change, varying: Varying) -> Iterator[Part]:
    """Yield what changes in the optimizer but its rate."""
    old, new = change.before.optimizer, change.after.optimizer
    if change.is_fresh:
        yield optimizers.optimizer(new, has_shares=varying.has_shares, is_later=True)
        return
    before, settings = optimizers.arguments(old), optimizers.arguments(new)
    changed = {name: code for name, code in settings.items() if before.get(name, "0.0") != code}
    if isinstance(old, RMSprop) and old.momentum and "momentum" not in settings:
        changed["momentum"] = "0.0"
    if changed:
        rows = (f'    group["{name}"] = {code}' for name, code in changed.items())
        yield lines("for group in optimizer.param_groups:", *rows)
    if isinstance(new, RMSprop) and isinstance(old, RMSprop) and new.momentum and not old.momentum:
        yield lines(
            "for parameter, memory in optimizer.state.items():",
            '    memory["momentum_buffer"] = torch.zeros_like(parameter)',
        )
    if isinstance(new, Momentum) and isinstance(old, Momentum) and old.momentum and not new.momentum:
        yield lines("optimizer.state.clear()  # without momentum there is nothing to remember")
    if varying.has_shares and optimizers.shares(old) != optimizers.shares(new):
        yield lines(
            f"groups = groups_of({optimizers.shares(new)})",
            "optimizer.param_groups = [{**optimizer.param_groups[0], **group} for group in groups]",
        )


def _rate(change: Change, varying: Varying) -> Iterator[Part]:
    """Yield what changes in the learning rate and in what it follows."""
    before, after = change.before, change.after
    if before.optimizer.lr != after.optimizer.lr:
        yield lines(f"lr = {number(after.optimizer.lr)}")
        if is_set_once(varying) and not change.is_fresh:
            yield lines("for group in optimizer.param_groups:", '    group["lr"] = lr')
    if varying.needs_steps and varying.steps and change.plan.steps != varying.story.steps_before(change):
        yield lines(f"steps = {change.plan.steps}")
    if before.schedule == after.schedule:
        return
    yield lines(f"schedule = {varying.schedule(after.schedule)}")
    old, new = before.schedule, after.schedule
    if isinstance(new, Performance) and isinstance(old, Performance):
        if old.patience != new.patience:
            yield lines(f"plateau.patience = {new.patience}")
    elif isinstance(new, Performance):
        yield lines(f"plateau = Plateau(patience={new.patience})")
    elif isinstance(old, Performance):
        yield lines("plateau = None")


def is_set_once(varying: Varying) -> bool:
    """Whether the optimizer's rate is set where it changes, rather than before each step."""
    return not varying.has_shares and all(map(schedules.is_flat, varying.schedules))


def _samples(before: RunConfig, after: RunConfig, varying: Varying) -> Iterator[Part]:
    """Yield what changes in what the network is shown."""
    old, new = before.regularization, after.regularization
    if old.label_noise != new.label_noise:
        yield lines(f"training_targets = with_random_labels({number(new.label_noise)})")
    if old.augment != new.augment:
        yield lines(f"augment = {varying.augmented(new.augment) if new.augment else None}")
        if new.augment and not old.augment:
            yield lines('chance = stream("augment", epoch)')


def _watching(before: RunConfig, after: RunConfig, varying: Varying) -> Iterator[Part]:
    """Yield what changes in who waits for the watched loss."""
    old, new = before.training, after.training
    if old.early_stopping != new.early_stopping:
        if old.early_stopping and new.early_stopping:
            yield lines(f"best.patience = {new.early_stopping}")
        else:
            yield lines(f"best = {f'Best(patience={new.early_stopping})' if new.early_stopping else None}")
    if varying.watches and old.evaluate_every != new.evaluate_every:
        every = 0 if new.evaluate_every == "epoch" else new.evaluate_every
        yield lines(f"evaluate_every = {every}" + ("  # epoch" if not every else ""))
