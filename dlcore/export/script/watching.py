"""Evaluation as code: whole splits measured, and who waits for the loss of the one that is watched."""

from dlcore.choices.schedules import Performance
from dlcore.export.script.part import NOTHING, Part, joined, lines
from dlcore.export.script.story import Story
from dlcore.export.script.varying import Varying

_BATCH = 1000
"""Samples that are evaluated at once, as the trainer does it."""

_PLATEAU = Part(
    '''class Plateau:
    """Counts reductions of the rate: one for `patience` evaluations without a better loss."""

    def __init__(self, patience: int) -> None:
        self.patience, self.reductions = patience, 0
        self.lowest, self.waited = math.inf, 0

    def see(self, loss: float) -> None:
        if loss < self.lowest:
            self.lowest, self.waited = loss, 0
            return
        self.waited += 1
        if self.waited >= self.patience:
            self.reductions, self.waited = self.reductions + 1, 0''',
    ("import math",),
)

_BEST = Part(
    '''class Best:
    """Keeps the weights of the lowest loss, and waits `patience` epochs for a lower one."""

    def __init__(self, patience: int) -> None:
        self.patience = patience
        self.lowest, self.step, self.epoch, self.weights = math.inf, 0, 0, None

    def see(self, loss: float) -> None:
        if loss < self.lowest:
            self.lowest, self.step, self.epoch = loss, step, epoch
            self.weights = copy.deepcopy(network.state_dict())

    def has_waited_enough(self) -> bool:
        return self.weights is not None and epoch - self.epoch >= self.patience''',
    ("import copy", "import math"),
)


def watched(story: Story) -> str:
    """Return the split that is watched: the test split when nothing is held out."""
    return "validation" if story.plan.validation else "test"


def functions(story: Story, varying: Varying, units: int, forward: Part) -> Part:
    """Return what evaluates a split, and the classes that wait for a loss."""
    found = [_evaluate(story, units, forward)]
    if varying.has_plateau:
        found.append(_PLATEAU)
    if varying.has_best:
        found.append(_BEST)
    if varying.watches:
        found.append(_watch(story, varying))
    return joined(found, gap=2)


def score(story: Story) -> str:
    """Return what the figure beside the loss is called."""
    return "r2" if story.facts.task == "regression" else "accuracy"


def _evaluate(story: Story, units: int, forward: Part) -> Part:
    to = "" if story.device == "cpu" else ".to(DEVICE)"
    if score(story) == "r2":
        said, start = "mean loss and R²", "total, errors = 0.0, 0.0"
        added = "errors = errors + (outputs - targets).double().square().sum(0)"
        end = [
            "    figures = labels.double()",
            "    spread = (figures - figures.mean(0)).square().sum(0)",
            f"    return total / len(labels), (1 - errors{'.cpu()' if to else ''} / spread).mean().item()",
        ]
    else:
        said, start = "mean loss and accuracy", "total, right = 0.0, 0"
        given = "(outputs[:, 0] > 0)" if units == 1 else "outputs.argmax(1)"
        added = f"right += ({given} == targets).sum().item()"
        end = ["    return total / len(labels), right / len(labels)"]
    return joined(
        (
            lines(
                "@torch.no_grad()",
                "def evaluate(samples: torch.Tensor, labels: torch.Tensor) -> tuple[float, float]:",
                f'    """Return {said} of a whole split."""',
                "    network.eval()",
                f"    {start}",
                f"    for rows in torch.arange(len(labels)).split({_BATCH}):",
                f"        inputs, targets = normalized(samples[rows]), labels[rows]{to}",
            ),
            forward.indented(2),
            lines(
                "        total += loss_of(outputs, targets).item() * len(rows)",
                f"        {added}",
                "    network.train()",
                *end,
            ),
        )
    )


def _watch(story: Story, varying: Varying) -> Part:
    name = watched(story)
    seen = []
    for who, is_there in (("plateau", varying.has_plateau), ("best", varying.has_best)):
        if is_there:
            seen += _if_there(who, varying, [f"{who}.see(loss)"])
    return lines(
        "def watch() -> None:",
        f'    """Evaluate the {name} split, and show its loss to those who wait for it."""',
        f"    loss, score = evaluate({name}_inputs, {name}_targets)",
        f'    print(f"step {{step}}: {name} loss {{loss:.4f}}, {_shown(story, "score")}")',
        "    watched.append(step)",
        *(f"    {line}" for line in seen),
    )


def _if_there(who: str, varying: Varying, code: list[str]) -> list[str]:
    """Return lines for one who waits; where it may not be there at all, that is asked first."""
    if not _may_be_none(who, varying):
        return code
    return [f"if {who} is not None:", *(f"    {line}" for line in code)]


def _may_be_none(who: str, varying: Varying) -> bool:
    if who == "plateau":
        return varying.among(lambda config: isinstance(config.schedule, Performance))
    return varying.among(lambda config: bool(config.training.early_stopping))


def _shown(story: Story, name: str) -> str:
    return f"R² {{{name}:.3f}}" if score(story) == "r2" else f"accuracy {{{name}:.2%}}"


def settings(story: Story, varying: Varying) -> Part:
    """Return who waits at the first step, and how often the watched split is evaluated if that changes."""
    config, found = story.config, [NOTHING]
    if varying.watches:
        found.append(lines(f"watched = []  # steps at which the {watched(story)} split was evaluated"))
    if varying.has_plateau:
        chosen = config.schedule
        made = f"Plateau(patience={chosen.patience})" if isinstance(chosen, Performance) else "None"
        found.append(lines(f"plateau = {made}"))
    if varying.has_best:
        patience = config.training.early_stopping
        found.append(lines(f"best = {f'Best(patience={patience})' if patience else None}"))
    if varying.watches and _every_changes(varying):
        every = 0 if config.training.evaluate_every == "epoch" else config.training.evaluate_every
        found.append(lines(f"evaluate_every = {every}  # steps; 0 is each epoch"))
    return joined(found)


def _every_changes(varying: Varying) -> bool:
    return varying.among(lambda config: config.training.evaluate_every)


def by_steps(story: Story, varying: Varying) -> Part:
    """Return what watches every so many steps."""
    if _every_changes(varying):
        return lines("if evaluate_every and step % evaluate_every == 0:", "    watch()")
    return lines(f"if step % {story.config.training.evaluate_every} == 0:", "    watch()")


def by_epochs(story: Story, varying: Varying) -> Part:
    """Return what happens at the end of an epoch."""
    name = watched(story)
    said = 'f"epoch {epoch}: loss {epoch_loss:.4f} while training'
    if not varying.watches:
        return lines(
            f"watched_loss, score = evaluate({name}_inputs, {name}_targets)",
            f'said = f"{name} loss {{watched_loss:.4f}}, {_shown(story, "score")}"',
            f'print({said}, {{said}}")',
        )
    return joined((lines(f'print({said}")'), _watched_now(story, varying), _stops(varying)))


def _watched_now(story: Story, varying: Varying) -> Part:
    every = story.config.training.evaluate_every
    if _every_changes(varying):
        waits = "not evaluate_every or best is not None" if varying.has_best else "not evaluate_every"
        asked = f"({waits})" if varying.has_best else waits
        return lines(f"if {asked} and step not in watched[-1:]:", "    watch()")
    if every == "epoch":
        return lines("watch()")
    if not varying.has_best:
        return NOTHING
    condition = f"step % {every}"
    if _may_be_none("best", varying):
        condition = f"best is not None and {condition}"
    return lines(f"if {condition}:", "    watch()")


def _stops(varying: Varying) -> Part:
    if not varying.has_best:
        return NOTHING
    condition = "best.has_waited_enough()"
    behind = [change.step for change in varying.story.changes if change.is_behind_end]
    if behind:
        condition += f" and step not in {behind}"
    if _may_be_none("best", varying):
        condition = f"best is not None and {condition}"
    there = "  # there a branch goes on" if behind else ""
    return lines(f"if {condition}:{there}", "    break")


def ending(story: Story, varying: Varying) -> Part:
    """Return what is said, and kept, in the end."""
    found: list[Part] = []
    if varying.has_best:
        found.append(lines("if step not in watched[-1:]:", "    watch()"))
        condition = "best.weights is not None and best.step != step"
        if _may_be_none("best", varying):
            condition = f"best is not None and {condition}"
        found.append(
            lines(
                f"if {condition}:",
                '    print(f"The weights of epoch {best.epoch} are taken back, which had the lowest loss.")',
                "    network.load_state_dict(best.weights)",
            )
        )
    splits = ["validation", "test"] if story.plan.validation else ["test"]
    rows = [f'    ("{name}", {name}_inputs, {name}_targets),' for name in splits]
    found.append(
        lines(
            "for name, inputs, targets in (",
            *rows,
            "):",
            "    final_loss, score = evaluate(inputs, targets)",
            f'    print(f"{{name}}: loss {{final_loss:.4f}}, {_shown(story, "score")}")',
            "    print(name, final_loss, score, file=record)",
            "record.close()",
        )
    )
    return joined(found)
