"""Choosing the columns of a list, and their order, from everything that can be asked of a run."""

from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len, set_cell_size
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from dlcore.clean import clean
from dlcore.finding_runs.keys import DEFAULT_COLUMNS
from dlcore.finding_runs.lookup import key_named
from dlcore.finding_runs.view import MOST_COLUMNS

_MOST_NAME_CELLS = 28


def _about(name: str) -> str:
    key = key_named(name)
    return clean(key.about) if key is not None else ""


class ChooseColumns(ModalScreen[tuple[str, ...] | None]):
    """A list of keys; those that are chosen stand first, in the order of their columns."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "dismiss(None)", "Back"),
        Binding("space", "turn", "Column or not"),
        Binding("K,shift+up", "shift(-1)", "Earlier"),
        Binding("J,shift+down", "shift(1)", "Later"),
        Binding("backspace,delete", "restore", "As at first"),
    ]

    def __init__(self, chosen: Sequence[str], others: Sequence[str]) -> None:
        super().__init__()
        self._chosen = list(chosen)
        self._others = [name for name in dict.fromkeys(others) if name not in self._chosen]
        self._list = OptionList(compact=True)
        self._about = Static(classes="dialog--about")
        self._name_cells = 2 + min(
            _MOST_NAME_CELLS, max((cell_len(clean(name)) for name in self._names), default=0)
        )

    def compose(self) -> ComposeResult:
        """Return the list and its keys."""
        keys = "space in/out · J K move · ⌫ as at first · enter takes it · esc back"
        with Vertical(classes="dialog"):
            yield Static(
                Content("Columns, the most important first").stylize("bold"), classes="dialog--title"
            )
            yield self._list
            yield self._about
            yield Static(Content(keys).stylize("$secondary"), classes="dialog--keys")

    def on_mount(self) -> None:
        """Show the list."""
        self._show(0)

    @property
    def _names(self) -> list[str]:
        return [*self._chosen, *self._others]

    def _show(self, highlighted: int) -> None:
        self._list.set_options([Option(self._prompt(place)) for place in range(len(self._names))])
        self._list.highlighted = max(0, min(highlighted, len(self._names) - 1))

    def _prompt(self, place: int) -> Content:
        name = self._names[place]
        number = f"{place + 1:>2}" if place < len(self._chosen) else "  "
        word = Content(set_cell_size(clean(name), self._name_cells))
        style = "bold" if place < len(self._chosen) else "dim"
        return Content.assemble(
            (f"{number} ", "dim"), word.stylize(style), Content(_about(name)).stylize("dim")
        )

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Say in full what the key under the cursor is."""
        self._about.update(Content(_about(self._names[event.option_index])).stylize("$secondary"))

    def action_turn(self) -> None:
        """Make a column of the key under the cursor, or no longer."""
        place = self._list.highlighted or 0
        if place >= len(self._chosen):
            if len(self._chosen) == MOST_COLUMNS:
                self.notify(f"There can be {MOST_COLUMNS} columns at most.", severity="warning", markup=False)
                return
            self._chosen.append(self._others.pop(place - len(self._chosen)))
            self._show(place + 1)  # on to what was below it
        elif len(self._chosen) > 1:
            self._others.insert(0, self._chosen.pop(place))
            self._show(place)

    def action_shift(self, places: int) -> None:
        """Move a column among the others."""
        place = self._list.highlighted or 0
        other = place + places
        if place < len(self._chosen) and 0 <= other < len(self._chosen):
            self._chosen[place], self._chosen[other] = self._chosen[other], self._chosen[place]
            self._show(other)

    def action_restore(self) -> None:
        """Take the columns that the list has at first."""
        before = self._names
        self._chosen = list(DEFAULT_COLUMNS)
        self._others = [name for name in before if name not in DEFAULT_COLUMNS]
        self._show(0)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Hand the columns back."""
        self.dismiss(tuple(self._chosen))
