"""Setup: choose everything from menus, see what it amounts to, and start with one key."""

import asyncio
from collections.abc import Iterator
from functools import partial
from typing import ClassVar

from textual import work
from textual.app import ComposeResult, SystemCommand
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Static

from dlcore.advice import Advice, advise
from dlcore.clean import clean
from dlcore.config import RunConfig
from dlcore.errors import DltuiError
from dlcore.oneline import print_line
from dlcore.reading import Reading
from tui import files
from tui.asking.examination import Examination, Known
from tui.asking.inspector import Inspector
from tui.bindings import bindings
from tui.draft import Draft, Row
from tui.messages import RunRequested, TwinsRequested
from tui.screens.dialogs import Answer, Ask, Pick
from tui.screens.lab_screen import LabScreen
from tui.screens.picking import answers
from tui.widgets import remarks
from tui.widgets.aside import Aside
from tui.widgets.field_row import FieldRow
from tui.widgets.form import Form
from tui.widgets.header import Header
from tui.widgets.key_line import KeyLine

_PAUSE = 0.15
"""Seconds without another edit before files are opened."""


class SetupScreen(LabScreen):
    """The form at the left; a picture, the plan and what is wrong at the right; help below."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("setup")
    VERTICAL_BREAKPOINTS = [(0, "-low"), (30, "-tall")]  # noqa: RUF012  # as Textual declares it
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]  # noqa: RUF012
    AUTO_FOCUS = None

    def __init__(
        self, inspector: Inspector, config: RunConfig | None = None, *, ascii_only: bool = False
    ) -> None:
        super().__init__()
        self._inspector = inspector
        self._ascii_only = ascii_only
        self._draft = Draft(config)
        self._examination = Examination(inspector)
        self._config: RunConfig | None = None
        self._known = Known()
        self._advice: tuple[Advice, ...] = ()

    def compose(self) -> ComposeResult:
        """Return the parts, from top to bottom."""
        yield Header("setup")
        with Horizontal(id="setup-body"):
            yield Form(self._draft)
            with Vertical(id="setup-aside"):
                yield Aside(self._inspector, ascii_only=self._ascii_only)
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
            for answer in answers(row) if row.control in ("choice", "option") else []:
                put = partial(self.query_one(Form).put, row.key, answer.word)
                yield SystemCommand(f"{row.label}: {answer.word}", answer.help or row.help, put)

    # -- what the form says -------------------------------------------------------------------------

    def on_mount(self) -> None:
        """Say all there is to say before the screen is first laid out."""
        self._read(self._draft.read())

    def on_form_changed(self, event: Form.Changed) -> None:
        """Follow an edit."""
        self._read(event.reading)

    def _read(self, reading: Reading) -> None:
        """Show what the form amounts to: a picture, a plan and a line; or what is wrong with it."""
        self.workers.cancel_group(self, "examination")
        config = reading.config
        known = self._examination.at_once(config) if config is not None else Known()
        self._tell(reading, known)
        if (current := self.query_one(Form).current) is not None:
            self._explain(current.row)
        if config is not None and not known.is_all:
            self._examine(reading, config)

    @work(exclusive=True, group="examination")
    async def _examine(self, reading: Reading, config: RunConfig) -> None:
        await asyncio.sleep(_PAUSE)
        self._tell(reading, await self._examination.look(config))

    def _tell(self, reading: Reading, known: Known) -> None:
        """Show all that follows from what the form says and from what is known of its data."""
        problems = (*reading.problems, *known.problems)
        config = reading.config if not problems else None
        self._config, self._known = config, known
        self._advice = _advice(config, known)
        self.query_one(Form).show_problems(Reading(config, problems))
        room = 9 if self.has_class("-tall") else 1
        self._say("#setup-problems", remarks.faults(problems, self._advice, room))
        plan = Content(clean(known.note)).stylize("$secondary")
        line = Content(remarks.not_ready(problems)).stylize("$text-error")
        if config is not None:
            plan = remarks.planned(config, known.facts) if known.facts is not None else plan
            line = Content(clean(print_line(config)))
            self.query_one(Aside).tell(config, known.facts)
        else:
            self.query_one(Aside).wait(f"waits for {problems[0].key}" if problems else "")
        self._say("#setup-plan", plan)
        self._say("#setup-line", line)
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Disable the start key while nothing can run, and hide that for advice while there is none."""
        if action == "take_advice":
            return _first_offer(self._advice) is not None
        return None if action == "train" and not self._can_start else True

    @property
    def _can_start(self) -> bool:
        return self._config is not None and self._known.may_start

    def on_field_row_focused(self, event: FieldRow.Focused) -> None:
        """Explain the field and draw it once the cursor has been painted, unless that has moved on."""
        self.call_after_refresh(self._turn_to, event.row)

    def _turn_to(self, row: Row) -> None:
        current = self.query_one(Form).current
        if current is not None and current.row is row:
            self._explain(row)
            self.query_one(Aside).turn(row.key)

    def _explain(self, row: Row) -> None:
        self._say("#setup-help", _help(row))
        self._say("#setup-about", remarks.about(row, self._draft))

    def _say(self, place: str, words: Content) -> None:
        """Write what is new there, and lay the screen out anew only where that takes more or fewer lines."""
        said = self.query_one(place, Static)
        if isinstance(said.content, Content) and words.is_same(said.content):
            return
        said.update(words, layout=False)
        if said.is_attached and said.styles.is_auto_height:
            width, height = said.content_size
            if said.get_content_height(said.container_size, self.size, width) != height:
                said.refresh(layout=True)

    def on_screen_suspend(self) -> None:
        """Take what was said here away: on another screen it would only be in the way."""
        self.app.clear_notifications()

    def on_field_row_menu_asked(self, event: FieldRow.MenuAsked) -> None:
        """Offer what can be picked."""
        self._pick(event.row)

    @work
    async def _pick(self, row: Row) -> None:
        current = self._draft.text(row.key)
        word = await self.app.push_screen_wait(
            Pick(row.label, answers(row, self._draft), current, row.help if row.depth else "")
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
        now = self._draft.read().config  # not what stood there when the form last told
        known = self._examination.at_once(now) if now is not None else Known()
        if (advice := _first_offer(_advice(now, known))) is not None:
            self.query_one(Form).put_all(dict(setting.split("=", 1) for setting in advice.settings))

    @work
    async def action_find_rate(self) -> None:
        """Sweep over learning rates, and take the one that is chosen into the form."""
        from tui.screens.rate_finder import RateFinder

        if self._config is None:
            self._warn_of_faults()
            return
        finder = RateFinder(self._inspector, self._config, ascii_only=self._ascii_only)
        rate = await self.app.push_screen_wait(finder)
        if rate is not None:
            self.query_one(Form).put_all({"optimizer.lr": rate})

    @work
    async def action_presets(self) -> None:
        """Load a preset, and say what to look for in it."""
        from dlcore.presets import preset

        name = await self.app.push_screen_wait(Pick("Presets", _preset_answers()))
        if name is not None:
            found, config = preset(name)
            self.load(config)
            self.notify(found.look_for, title=found.title, timeout=12, markup=False)

    def action_twins(self) -> None:
        """Train this, but for one setting, several times."""
        if self._config is not None and self._can_start:
            self.post_message(TwinsRequested(self._config))
        else:
            self._warn_of_faults()

    def action_train(self) -> None:
        """Ask for a run with this configuration."""
        if self._config is not None and self._can_start:
            self.post_message(RunRequested(self._config))

    def action_copy_line(self) -> None:
        """Put the one-line form on the clipboard, and into a file for terminals that have none."""
        if self._config is None:
            self._warn_of_faults()
            return
        self.copy_line(self._config)

    def _warn_of_faults(self) -> None:
        said = "The configuration has faults: see the marks in the form."
        self.notify(said, severity="warning", markup=False)

    @work
    async def action_save(self) -> None:
        """Write the configuration to a file."""
        if self._config is None:
            self._warn_of_faults()
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


def _preset_answers() -> list[Answer]:
    from dlcore.presets import PRESETS

    return [
        Answer(name, found.title, about=f"{found.look_for}\n{variant.line}")
        for found in PRESETS
        for name, variant in zip(found.names, found.variants, strict=True)
    ]


def _help(row: Row) -> Content:
    key = Content(f"{row.key}  ").stylize("bold")
    return Content.assemble(key, Content(clean(row.help)).stylize("$secondary"))


def _advice(config: RunConfig | None, known: Known) -> tuple[Advice, ...]:
    return advise(config, known.facts) if config is not None else ()


def _first_offer(advices: tuple[Advice, ...]) -> Advice | None:
    return next((advice for advice in advices if advice.changes), None)
