"""A branch, before it starts: from which checkpoint, and with what changed."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar

from textual import work
from textual.app import App, ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from dlcore import rundir
from dlcore.changes import differences, told, with_changes
from dlcore.checkpoints import nearest
from dlcore.clean import clean
from dlcore.config import RunConfig
from dlcore.errors import ConfigError, DltuiError, Problem
from dlcore.family import branch as branches
from dlcore.family.branch import Parent, may_change
from dlcore.labels import called
from dlcore.reading import Reading
from dlcore.rundir import RunDir
from tui import starting
from tui.bindings import bindings
from tui.draft import Draft, Row
from tui.screens.dialogs import Pick
from tui.screens.picking import answers
from tui.widgets.field_row import FieldRow
from tui.widgets.form import Form
from tui.widgets.key_line import KeyLine


@dataclass(frozen=True)
class Wanted:
    """A branch that a person wants."""

    step: int
    """That of the checkpoint."""
    config: RunConfig


class BranchDraft(Draft):
    """The part of a configuration that a branch may have otherwise than its parent."""

    def rows(self) -> Iterator[Row]:
        """Yield the lines of the form, in order."""
        return (row for row in super().rows() if may_change(row.key))


class BranchScreen(ModalScreen[Wanted | None]):
    """A form over the screen; hands back what is to start."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("branch")
    AUTO_FOCUS = None
    DEFAULT_CSS = """
    BranchScreen > Vertical { width: 98%; max-width: 90; height: 90%; padding: 1 2 0 2; background: $panel; }
    BranchScreen .branch--title { height: 1; text-wrap: nowrap; text-overflow: ellipsis; }
    BranchScreen .branch--from { height: auto; max-height: 3; }
    BranchScreen Form { height: 1fr; margin-top: 1; scrollbar-background: $panel; }
    BranchScreen .branch--said { height: 3; margin-top: 1; }
    """

    def __init__(self, parent: Parent, wanted: int | None) -> None:
        """`wanted` is the step that is looked at; None is the newest."""
        super().__init__()
        self._parent_run = parent
        self._wanted = wanted
        found = nearest(parent.steps, parent.steps[-1] if wanted is None else wanted)
        assert found is not None, "a Parent has checkpoints"
        self._step = found
        self._before = parent.config_at(self._step)
        self._draft = BranchDraft(self._before)
        self._config: RunConfig | None = self._before

    def compose(self) -> ComposeResult:
        """Return the parts, from top to bottom."""
        title = Content.assemble(("Branch of ", "bold"), (clean(called(self._parent_run.run)), "bold"))
        with Vertical():
            yield Static(title, classes="branch--title")
            yield Static(self._from(), classes="branch--from")
            yield Form(self._draft)
            yield Static(classes="branch--said")
        yield KeyLine()

    def on_mount(self) -> None:
        """Say what it amounts to before the screen is first seen."""
        self._tell(self._draft.read())
        self.call_after_refresh(self.query_one(Form).scroll_home, animate=False)

    def _from(self) -> Content:
        """Return where the branch begins, and how far that is from the cursor."""
        steps, step = self._parent_run.steps, self._step
        said = f"From step {step:,}, checkpoint {steps.index(step) + 1} of {len(steps)}"
        if self._wanted is not None:
            said += f": {_distance(step, self._wanted)}"
        edits = self._parent_run.edits_at(step)
        there = [f"Changed at this very step, and so in the form: {'; '.join(edits)}"] if edits else []
        return Content("\n".join(map(clean, [said, *there]))).stylize("$secondary")

    # -- what the form says -------------------------------------------------------------------------

    def on_form_changed(self, event: Form.Changed) -> None:
        """Follow an edit."""
        self._tell(event.reading)

    def _tell(self, reading: Reading) -> None:
        """Say what is changed, or what is wrong."""
        problems = list(reading.problems)
        if reading.config is not None:
            problems = branches.faults(self._parent_run.run, self._step, self._before, reading.config)
        self._config = reading.config if not problems else None
        self.query_one(Form).show_problems(Reading(self._config, tuple(problems)))
        self.query_one(".branch--said", Static).update(self._said(problems))
        self.refresh_bindings()

    def _said(self, problems: list[Problem]) -> Content:
        if problems:
            return Content(clean(f"✗ {problems[0]}")).stylize("$text-error")
        assert self._config is not None
        changes = told(self._before, self._config)
        if not changes:
            return Content("Nothing is changed: it repeats what its parent did.").stylize("$secondary")
        fresh = branches.is_fresh(self._before, self._config)
        memory = "; the optimizer begins without a memory" if fresh else ""
        return Content(clean("; ".join(changes)) + memory)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Disable the start key while something is wrong, and those of the checkpoints at the ends."""
        if action == "start":
            return True if self._config is not None else None
        if action == "other" and isinstance(parameters[0], int):
            steps = self._parent_run.steps
            return True if 0 <= steps.index(self._step) + parameters[0] < len(steps) else None
        return True

    # -- keys ---------------------------------------------------------------------------------------

    def action_start(self) -> None:
        """Hand the branch back."""
        if self._config is not None:
            self.dismiss(Wanted(self._step, self._config))

    def action_other(self, by: int) -> None:
        """Begin at an earlier or a later checkpoint; what was changed in the form stays changed."""
        index = self._parent_run.steps.index(self._step) + by
        if not 0 <= index < len(self._parent_run.steps):
            return
        if (config := self._draft.read().config) is None:
            self.notify("Something in the form is wrong: mend it first.", severity="warning", markup=False)
            return
        changes = {key: new for key, (_, new) in differences(self._before, config).items() if new is not None}
        self._step = self._parent_run.steps[index]
        self._before = self._parent_run.config_at(self._step)
        try:
            kept = with_changes(self._before, _kinds_first(changes))
        except ConfigError:  # it does not go together with what the parent was like there
            kept = self._before
        self.query_one(".branch--from", Static).update(self._from())
        self._draft.load(kept)
        self.query_one(Form).load(self._draft)

    def action_focus_row(self, by: int) -> None:
        """Move through the form."""
        self.query_one(Form).move(by)

    def action_nudge(self, direction: int) -> None:
        """Change the focused value by one step."""
        self.query_one(Form).nudge(direction)

    def action_edit(self) -> None:
        """Type a value, or pick it from a list."""
        if (row := self.query_one(Form).current) is not None:
            row.edit()

    def on_field_row_menu_asked(self, event: FieldRow.MenuAsked) -> None:
        """Offer what can be picked."""
        self._pick(event.row)

    @work
    async def _pick(self, row: Row) -> None:
        current = self._draft.text(row.key)
        word = await self.app.push_screen_wait(Pick(row.label, answers(row, self._draft), current))
        if word is not None and word != current:
            self.query_one(Form).put(row.key, word)


def _distance(step: int, looked_at: int) -> str:
    """Return how far a checkpoint is from the step under the cursor, in words."""
    if step == looked_at:
        return "at the cursor"
    steps = "1 step" if abs(step - looked_at) == 1 else f"{abs(step - looked_at):,} steps"
    return f"{steps} {'before' if step < looked_at else 'after'} the cursor at step {looked_at:,}"


def _kinds_first(changes: dict[str, Any]) -> dict[str, Any]:
    """Return changes in an order in which a new kind does not take away what is set of it."""
    return dict(sorted(changes.items(), key=lambda change: not change[0].endswith("kind")))


async def branch(app: App[Any], run: RunDir, step: int | None) -> starting.Started | None:
    """Ask what a branch of a run is to be like, and start it; None where none is started."""
    try:
        parent = await asyncio.to_thread(Parent, run)
        screen = BranchScreen(parent, step)
    except (DltuiError, OSError) as error:
        app.notify(clean(str(error)), severity="error", timeout=10, markup=False)
        return None
    wanted = await app.push_screen_wait(screen)
    if wanted is None:
        return None
    return await starting.branch(app, rundir.home(), run, wanted.step, wanted.config, datetime.now(UTC))
