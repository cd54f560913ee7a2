"""Setup: choose everything from menus, see the network, and start with one key."""

from collections.abc import Iterator
from functools import partial
from inspect import cleandoc
from typing import ClassVar

from textual import work
from textual.app import ComposeResult, SystemCommand
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Static

from dlcore.advice import Advice, advise
from dlcore.choices.choice import by_name
from dlcore.clean import clean
from dlcore.config import RunConfig, plan, to_table
from dlcore.errors import DltuiError
from dlcore.oneline import print_line
from dlcore.reading import Reading
from tui import files
from tui.bindings import bindings
from tui.draft import Draft, Row
from tui.inspector import Inspector
from tui.messages import RunRequested
from tui.screens.dialogs import Answer, Ask, Pick
from tui.screens.lab_screen import LabScreen
from tui.widgets.field_row import FieldRow
from tui.widgets.form import Form
from tui.widgets.header import Header
from tui.widgets.key_line import KeyLine
from tui.widgets.network import Network

_FEW_STEPS = 200


class SetupScreen(LabScreen):
    """The form at the left; the network, the plan and what is wrong at the right; help below."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("setup")
    VERTICAL_BREAKPOINTS = [(0, "-low"), (30, "-tall")]  # noqa: RUF012  # as Textual declares it
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]  # noqa: RUF012
    AUTO_FOCUS = None

    def __init__(self, inspector: Inspector, config: RunConfig | None = None) -> None:
        super().__init__()
        self._inspector = inspector
        self._draft = Draft(config)
        self._config: RunConfig | None = None
        self._advice: tuple[Advice, ...] = ()

    def compose(self) -> ComposeResult:
        """Return the parts, from top to bottom."""
        yield Header("setup")
        with Horizontal(id="setup-body"):
            yield Form(self._draft)
            with Vertical(id="setup-aside"):
                yield Static(Content("Network").stylize("bold"), classes="title")
                yield Network()
                yield Static(id="setup-about")
                yield Static(id="setup-plan")
                yield Static(id="setup-problems")
        yield Static(id="setup-line", classes="essential")
        yield Static(id="setup-help")
        yield KeyLine()

    def load(self, config: RunConfig) -> None:
        """Show another configuration."""
        self._draft.load(config)
        for form in self.query(Form):  # none yet, when the screen has never been seen
            form.load(self._draft)

    def palette(self) -> Iterator[SystemCommand]:
        """Yield every word that can be picked somewhere in the form, for the command palette."""
        for row in self._draft.rows():
            for answer in _answers(row) if row.control in ("choice", "option") else []:
                put = partial(self.query_one(Form).put, row.key, answer.word)
                yield SystemCommand(f"{row.label}: {answer.word}", answer.help or row.help, put)

    # -- what the form says -------------------------------------------------------------------------

    def on_form_changed(self, event: Form.Changed) -> None:
        """Show what the form amounts to: a plan, a network and a line; or what is wrong with it."""
        reading = event.reading
        self._config = reading.config
        self.query_one(Form).show_problems(reading)
        self._advice = _advice(reading)
        self.query_one("#setup-problems", Static).update(_problems(reading, self._advice))
        if reading.config is None:
            self.query_one("#setup-plan", Static).update("")
            self.query_one("#setup-line", Static).update(Content(_not_ready(reading)).stylize("$text-error"))
        else:
            self.query_one("#setup-plan", Static).update(_plan(reading.config))
            self.query_one("#setup-line", Static).update(Content(clean(print_line(reading.config))))
            self._draw_network(reading.config)
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Disable the start key while nothing can run, and hide that for advice while there is none."""
        if action == "take_advice":
            return _first_offer(self._advice) is not None
        return None if action == "train" and self._config is None else True

    @work(exclusive=True)
    async def _draw_network(self, config: RunConfig) -> None:
        self.query_one(Network).show(await self._inspector.ask("network", config=to_table(config)))

    def on_field_row_focused(self, event: FieldRow.Focused) -> None:
        """Explain the focused field in one line, and the kind it belongs to where there is room."""
        self.query_one("#setup-help", Static).update(_help(event.row))
        self.query_one("#setup-about", Static).update(_about(event.row, self._draft))

    def on_field_row_menu_asked(self, event: FieldRow.MenuAsked) -> None:
        """Offer what can be picked."""
        self._pick(event.row)

    @work
    async def _pick(self, row: Row) -> None:
        current = self._draft.text(row.key)
        word = await self.app.push_screen_wait(
            Pick(row.label, _answers(row), current, row.help if row.depth else "")
        )
        if word is not None and word != current:
            self.query_one(Form).put(row.key, word)

    # -- keys ---------------------------------------------------------------------------------------

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

    def action_restore(self) -> None:
        """Put the focused field back to its default."""
        self.query_one(Form).restore()

    def action_take_advice(self) -> None:
        """Write what the first advice offers into the form."""
        if (advice := _first_offer(_advice(self._draft.read()))) is not None:  # of what stands there now
            self.query_one(Form).put_all(dict(setting.split("=", 1) for setting in advice.settings))

    def action_train(self) -> None:
        """Ask for a run with this configuration."""
        if self._config is not None:
            self.post_message(RunRequested(self._config))

    @work
    async def action_save(self) -> None:
        """Write the configuration to a file."""
        if self._config is None:
            self.notify(
                "The configuration has faults: see the marks in the form.", severity="warning", markup=False
            )
            return
        path = await self.app.push_screen_wait(Ask("Save the configuration as", "dltui.toml"))
        if path is None:
            return
        try:
            written = files.save_config(self._config, path)
        except DltuiError as error:
            self.notify(clean(str(error)), severity="error", markup=False)
        else:
            self.notify(clean(f"Written: {written}. Train it anywhere: dltui train {path}"), markup=False)


def _answers(row: Row) -> list[Answer]:
    if row.control == "flag":
        return [Answer("true", label="yes"), Answer("false", label="no")]
    kinds = ((word, by_name(row.family, word)) for word in row.options)
    return [
        Answer(word, kind.summary(), about=cleandoc(kind.__doc__ or "")) if kind else Answer(word)
        for word, kind in kinds
    ]


def _help(row: Row) -> Content:
    key = Content(f"{row.key}  ").stylize("bold")
    return Content.assemble(key, Content(clean(row.help)).stylize("$secondary"))


def _about(row: Row, draft: Draft) -> Content:
    """Return what the kind of a row's section is, and when to choose it."""
    section = row.section
    word = draft.text(section.path("kind")) if section.has_kinds else ""
    kind = by_name(section.family, word) or section.default
    if row.spec is not None and row.spec.family:
        word = draft.text(row.key)
        kind = by_name(row.spec.family, word) or kind
    return Content.assemble(
        Content(word or section.title).stylize("bold $primary"),
        Content(f"\n{cleandoc(kind.__doc__ or '')}").stylize("$secondary"),
    )


def _plan(config: RunConfig) -> Content:
    steps = plan(config)
    held = f" · {steps.validation:,} validation" if steps.validation else ""
    lines = [
        f"{steps.training:,} training{held}",
        f"{steps.test:,} test",
        f"{_steps(steps.steps_per_epoch)} an epoch · {steps.steps:,} in all",
    ]
    content = Content("\n".join(lines)).stylize("$secondary")
    if steps.steps < _FEW_STEPS:
        content = Content.assemble(content, "\n", ("Few steps: more epochs would help.", "$text-warning"))
    return content


def _steps(number: int) -> str:
    return "1 step" if number == 1 else f"{number:,} steps"


def _not_ready(reading: Reading) -> str:
    number = len(reading.problems)
    return f"not ready to train: {number} fault{'' if number == 1 else 's'}, marked ✗"


def _advice(reading: Reading) -> tuple[Advice, ...]:
    return advise(reading.config, reading.config.data.facts) if reading.config is not None else ()


def _first_offer(advices: tuple[Advice, ...]) -> Advice | None:
    return next((advice for advice in advices if advice.changes), None)


def _problems(reading: Reading, advices: tuple[Advice, ...]) -> Content:
    parts: list[Content] = []
    for problem in reading.problems:
        parts.append(Content(clean(f"✗ {problem.key}: {problem.message}.")).stylize("$text-error"))
        parts.append(Content(clean(problem.hint)).stylize("$secondary"))
    for advice in advices:
        offer = f" → {advice.offer}" if advice.changes else ""
        parts.append(Content(clean(f"! {advice.key}: {advice.message}{offer}")).stylize("$text-warning"))
    return Content("\n").join(parts)
