"""What to export, and where to: a list of formats to choose from, over the screen."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from rich.cells import set_cell_size
from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from dlcore import figures
from dlcore.clean import clean
from dlcore.export import FORMATS, Format
from tui.screens.dialogs import Ask

_KIN, _FOLDER, _OVERWRITE = "lineage", "folder", "overwrite"
_KEYS = "space chooses · enter writes · esc goes back"
_NAME_CELLS = 13


@dataclass(frozen=True)
class Order:
    """What is to be written, and where to."""

    formats: tuple[str, ...]
    folder: Path
    force: bool
    with_kin: bool = False
    """Whether runs of the same lineage are written too."""


class ExportDialog(ModalScreen[Order | None]):
    """Formats with a mark before those that are chosen; the folder, and whether files are overwritten."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "dismiss(None)", "Back"),
        Binding("space", "choose", "Choose"),
    ]

    def __init__(self, what: str, chosen: Collection[str], folder: Path, kin: int = 0) -> None:
        """`what` names the runs; `chosen` are the formats that are marked at first.

        `kin` is how many other runs are of the same lineage.
        """
        super().__init__()
        self._what = what
        self._chosen = {form.name for form in FORMATS if form.name in chosen}
        self._folder = folder
        self._force = self._with_kin = False
        self._kin = kin
        options = (_KIN, _FOLDER, _OVERWRITE) if kin else (_FOLDER, _OVERWRITE)
        self._rows = (*(form.name for form in FORMATS), *options)

    def compose(self) -> ComposeResult:
        """Return the title, the rows and the keys."""
        yield Vertical(
            Static(Content("Export").stylize("bold"), classes="dialog--title"),
            Static(Content(clean(self._what)), classes="dialog--text"),
            OptionList(*(Option(self._prompt(name)) for name in self._rows), compact=True),
            Static(Content(_KEYS).stylize("$secondary"), classes="dialog--keys"),
            classes="dialog",
        )

    def on_mount(self) -> None:
        """Begin at the first format."""
        self.query_one(OptionList).highlighted = 0

    def _prompt(self, name: str) -> Content:
        if name == _FOLDER:
            return _row("    ", "to the folder", clean(figures.path(self._folder)))
        if name == _KIN:
            others = "1 run that it comes from, or leads to"
            if self._kin > 1:
                others = f"{self._kin:,} runs that it comes from, or leads to"
            return _row(_box(self._with_kin), name, f"also {others}")
        if name == _OVERWRITE:
            return _row(_box(self._force), name, "files that are there already")
        form = next(form for form in FORMATS if form.name == name)
        return _row(_box(name in self._chosen), name, form.about, _lacking(form))

    def _show(self, name: str) -> None:
        self.query_one(OptionList).replace_option_prompt_at_index(self._rows.index(name), self._prompt(name))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Write what is chosen; in the row of the folder, change that first."""
        if self._rows[event.option_index] == _FOLDER:
            self._ask_folder()
        elif self._chosen:
            formats = tuple(form.name for form in FORMATS if form.name in self._chosen)
            self.dismiss(Order(formats, self._folder, self._force, self._with_kin))
        else:
            self.notify("Choose a format first, with space.", severity="warning", markup=False)

    def action_choose(self) -> None:
        """Take the row under the cursor in, or out."""
        index = self.query_one(OptionList).highlighted
        name = self._rows[index if index is not None else 0]
        if name == _FOLDER:
            self._ask_folder()
            return
        if name == _OVERWRITE:
            self._force = not self._force
        elif name == _KIN:
            self._with_kin = not self._with_kin
        else:
            self._chosen ^= {name}
        self._show(name)

    @work
    async def _ask_folder(self) -> None:
        word = await self.app.push_screen_wait(Ask("Export to the folder", str(self._folder)))
        if word is not None:
            self._folder = Path(word).expanduser().absolute()
            self._show(_FOLDER)


def _box(is_chosen: bool) -> str:
    return "[x] " if is_chosen else "[ ] "


def _lacking(form: Format) -> str:
    """Return what has to be installed before a format can be had; '' for nothing."""
    return f"  ✗ needs pip install 'dltui[{form.extra}]'" if form.missing else ""


def _row(box: str, name: str, about: str, lacking: str = "") -> Content:
    return Content.assemble(
        Content(box),
        Content(set_cell_size(name, _NAME_CELLS + 2)).stylize("bold"),
        Content(about).stylize("dim"),
        Content(lacking).stylize("$text-error"),
    )
