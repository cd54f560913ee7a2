"""Twins, before they start: which one setting they differ in, and by which values; and more seeds."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any, ClassVar

from textual import on
from textual.app import App, ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from dlcore import rundir
from dlcore.clean import clean
from dlcore.config import RunConfig
from dlcore.errors import ConfigError, DltuiError
from dlcore.family import twins
from dlcore.family.alike import in_common, labels
from dlcore.family.origin import group
from dlcore.family.suggestions import suggested
from dlcore.family.twins import Made
from dlcore.files.atomic import read_json
from dlcore.rundir import RunDir, all_runs
from dlcore.runs import read_facts
from tui import starting
from tui.bindings import bindings
from tui.draft import Draft, Row
from tui.screens.dialogs import Answer, Pick
from tui.watching.ending import Trainer
from tui.widgets.key_line import KeyLine
from tui.widgets.ordered_input import OrderedInput

_FIRST = "model.activation"
"""The setting that the list begins at: the lesson that twins are most often made for."""
_SEEDS = (3, 4, 5)
_MOST_LOOKED = 200
"""So many of the newest runs are looked through for twins of one."""
_LABEL_CELLS = 28


@dataclass(frozen=True)
class Wanted:
    """Twins that a person wants."""

    key: str
    values: tuple[str, ...]
    configs: tuple[RunConfig, ...]


class TwinsScreen(ModalScreen[Wanted | None]):
    """A list of settings, and a line for the values of one; hands back what is to start."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("twins")
    DEFAULT_CSS = """
    TwinsScreen > Vertical { width: 98%; max-width: 90; height: auto; padding: 1 2; background: $panel; }
    TwinsScreen OptionList { height: 9; margin-top: 1; background: $panel; text-wrap: nowrap; }
    TwinsScreen OptionList { text-overflow: ellipsis; scrollbar-size-vertical: 1; }
    TwinsScreen OptionList { scrollbar-background: $panel; }
    TwinsScreen OptionList:focus { background-tint: $foreground 0%; }
    TwinsScreen Input { margin-top: 1; background: $surface; }
    TwinsScreen .twins--said { height: 4; margin-top: 1; }
    """

    def __init__(self, config: RunConfig) -> None:
        super().__init__()
        self._base = config.folded()
        draft = Draft(self._base)
        self._rows = [row for row in draft.rows() if row.key not in ("name", "seed")]
        self._texts = [draft.text(row.key) for row in self._rows]
        self._wanted: Wanted | None = None

    def compose(self) -> ComposeResult:
        """Return the parts, from top to bottom."""
        with Vertical():
            yield Static(Content("Twins: the same, but").stylize("bold"), classes="twins--title")
            lines = zip(self._rows, self._texts, strict=True)
            yield OptionList(*(Option(self._prompt(row, text)) for row, text in lines), compact=True)
            yield OrderedInput(compact=True, select_on_focus=False)
            yield Static(classes="twins--said")
        yield KeyLine()

    def _prompt(self, row: Row, text: str) -> Content:
        section = row.section.title.lower()
        name = section if row.depth == 0 else f"{section} · {row.label}"
        return Content.assemble(name[: _LABEL_CELLS - 1].ljust(_LABEL_CELLS), (clean(text) or "–", "dim"))

    def on_mount(self) -> None:
        """Begin at the setting that is asked for most often."""
        keys = [row.key for row in self._rows]
        self.query_one(OptionList).highlighted = keys.index(_FIRST) if _FIRST in keys else 0
        self.query_one(OptionList).focus()

    @property
    def _row(self) -> Row:
        return self._rows[self.query_one(OptionList).highlighted or 0]

    # -- what is wanted -----------------------------------------------------------------------------

    @on(OptionList.OptionHighlighted)
    def _suggest(self) -> None:
        """Offer values of the setting under the cursor."""
        present = self._texts[self._rows.index(self._row)]
        values = " | ".join(suggested(self._base, self._row.key)) or present
        line = self.query_one(Input)
        if line.value != values:
            line.value = values
        else:
            self._tell()

    @on(OptionList.OptionSelected)
    def _edit(self) -> None:
        """Go on to the values."""
        line = self.query_one(Input)
        line.focus()
        line.cursor_position = len(line.value)

    @on(Input.Changed)
    def _follow(self) -> None:
        """Say what the values amount to."""
        self._tell()

    @on(Input.Submitted)
    def _take(self) -> None:
        self.action_start()

    def _tell(self) -> None:
        """Say what would be trained, or what is wrong."""
        key, values = self._row.key, tuple(twins.parted(self.query_one(Input).value))
        try:
            configs = tuple(twins.varied(self._base, key, values))
        except DltuiError as error:
            self._wanted = None
            said = Content(clean(f"✗ {_first(error)}")).stylize("$text-error")
        else:
            self._wanted = Wanted(key, values, configs)
            said = Content(clean(plan_of(configs)))
        explained = Content(clean(f"{key}: {self._row.help}")).stylize("$secondary")
        self.query_one(".twins--said", Static).update(Content("\n").join([said, explained]))
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Disable the start key while something is wrong."""
        return None if action == "start" and self._wanted is None else True

    def action_turn(self) -> None:
        """Go from the settings to the values, or back."""
        is_typing = isinstance(self.focused, Input)
        self.query_one(OptionList if is_typing else Input).focus()

    def action_start(self) -> None:
        """Hand the twins back."""
        if self._wanted is not None:
            self.dismiss(self._wanted)


def _first(error: DltuiError) -> str:
    """Return the first thing that is wrong, in one line."""
    return str(error.problems[0]) if isinstance(error, ConfigError) else str(error)


def plan_of(configs: tuple[RunConfig, ...]) -> str:
    """Return what would be trained, and what the runs have in common, in a sentence."""
    number, side_by_side = len(configs), twins.at_once(configs)
    turn = "side by side" if side_by_side >= number else f"{side_by_side} at a time"
    return f"{number} runs, {turn}: {', '.join(in_common(configs, configs[0].data.facts))}"


async def make_twins(app: App[Any], source: RunConfig | RunDir) -> tuple[Made, Trainer] | None:
    """Ask in what twins are to differ, and start them; None where that is not wanted or not possible."""
    of = source.id if isinstance(source, RunDir) else ""
    try:
        config = source if isinstance(source, RunConfig) else await asyncio.to_thread(twins.base_of, source)
    except (DltuiError, OSError) as error:
        app.notify(clean(str(error)), severity="error", timeout=10, markup=False)
        return None
    wanted = await app.push_screen_wait(TwinsScreen(config))
    if wanted is None:
        return None
    parents = [of] * len(wanted.configs)
    return await starting.group(app, rundir.home(), wanted.configs, "twins", parents, datetime.now(UTC))


async def repeat(app: App[Any], run: RunDir) -> tuple[Made, Trainer] | None:
    """Ask with how many seeds a run, and its twins, are to be repeated, and start that."""
    try:
        family = await asyncio.to_thread(_family, run)
    except (DltuiError, OSError) as error:
        app.notify(clean(str(error)), severity="error", timeout=10, markup=False)
        return None
    configs = [config for _, config in family]
    which = f": {', '.join(labels(configs))}" if len(configs) > 1 else ""
    answers = [
        Answer(str(number), f"{number * len(configs)} runs{which}", label=f"{number} seeds")
        for number in _SEEDS
    ]
    text = "Each is trained anew with every seed, which shows what is more than chance."
    word = await app.push_screen_wait(Pick("Repeat with more seeds", answers, str(_SEEDS[0]), text))
    if word is None:
        return None
    try:
        repeated = twins.repeated(configs, int(word))
    except DltuiError as error:
        app.notify(clean(str(error)), severity="error", timeout=10, markup=False)
        return None
    parents = [name for name, _ in family] * int(word)
    return await starting.group(app, rundir.home(), repeated, "seeds", parents, datetime.now(UTC))


def _family(run: RunDir) -> list[tuple[str, RunConfig]]:
    """Return id and configuration of a run; of a twin those of all its twins."""
    mine = group(read_json(run.facts))
    if mine is None or mine.kind != "twins":
        return [(run.id, twins.base_of(run))]
    newest = islice(all_runs(run.path.parent.parent), _MOST_LOOKED)
    found = [other for other in newest if other.id == run.id or _is_of(other, mine.id)]
    return [(one.id, twins.base_of(one)) for one in reversed(found[: twins.MOST])] or [
        (run.id, twins.base_of(run))
    ]


def _is_of(run: RunDir, name: str) -> bool:
    theirs = group(read_facts(run)[0])
    return theirs is not None and theirs.id == name
