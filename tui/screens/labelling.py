"""Editing what people say of runs: name, tags and notes of one; tags of several."""

from collections.abc import Sequence
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from dlcore.clean import clean
from dlcore.errors import DltuiError
from dlcore.labels import MOST_NAME, MOST_NOTES, Label, tags_in
from tui.widgets.ordered_input import OrderedInput

_FIELDS = ("name", "tags", "notes")


class EditLabel(ModalScreen[dict[str, Any] | None]):
    """Three lines; enter hands back what has changed, by the label's fields."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "Back"),
        Binding("down", "app.focus_next", "Next"),
        Binding("up", "app.focus_previous", "Before"),
    ]
    DEFAULT_CSS = """
    EditLabel .label--caption { margin-top: 1; }
    .-cramped > EditLabel .label--caption { margin-top: 0; }
    """

    def __init__(self, run: str, own_name: str, label: Label) -> None:
        """`own_name` is what the run is called where nobody calls it otherwise."""
        super().__init__()
        self._run, self._own_name, self._label = run, own_name, label
        self._said = Static("", classes="dialog--text")

    def compose(self) -> ComposeResult:
        """Return a line for each thing to say, and the keys."""
        name = OrderedInput(clean(self._label.name), compact=True, id="label-name", max_length=MOST_NAME)
        name.placeholder = clean(self._own_name)
        tags = OrderedInput(" ".join(map(clean, self._label.tags)), compact=True, id="label-tags")
        notes = OrderedInput(clean(self._label.notes), compact=True, id="label-notes", max_length=MOST_NOTES)
        keys = "enter takes it · tab goes on · esc goes back"
        with Vertical(classes="dialog"):
            yield Static(Content(clean(self._run)).stylize("bold"), classes="dialog--title")
            for caption, field in (
                ("Name (empty: its own)", name),
                ("Tags, with spaces between", tags),
                ("Notes", notes),
            ):
                field.select_on_focus = field.cursor_blink = False
                yield Static(Content(caption).stylize("$secondary"), classes="label--caption")
                yield field
            yield self._said
            yield Static(Content(keys).stylize("$secondary"), classes="dialog--keys")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Hand back what has changed; say what does not do, and stay."""
        typed = {name: self.query_one(f"#label-{name}", Input).value for name in _FIELDS}
        before = {
            "name": clean(self._label.name),
            "tags": " ".join(map(clean, self._label.tags)),
            "notes": clean(self._label.notes),
        }
        try:
            tags = tags_in(typed["tags"])
        except DltuiError as error:
            self._said.update(Content(clean(str(error))).stylize("$text-error"))
            return
        found = {"name": typed["name"].strip(), "tags": tags, "notes": typed["notes"].strip()}
        # What was shown clean is not written back so, unless somebody has typed there.
        self.dismiss({name: found[name] for name in _FIELDS if typed[name] != before[name]})


class AddTags(ModalScreen[tuple[str, ...] | None]):
    """One line; enter hands back the tags that are typed there."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "Back")]

    def __init__(self, number: int, unseen: int, common: Sequence[str]) -> None:
        """`number` runs get them, `unseen` of which the list leaves out; `common` has the tags of all."""
        super().__init__()
        self._number, self._unseen, self._common = number, unseen, common
        self._said = Static("", classes="dialog--text")

    def compose(self) -> ComposeResult:
        """Return the line, what it is for, and the keys."""
        field = OrderedInput(compact=True, id="label-tags")
        field.select_on_focus = field.cursor_blink = False
        title = f"Tags for {self._number:,} marked runs"
        about = [
            "Spaces between. They are added to those of each run; names and notes are for one run alone."
        ]
        about += [f"{self._unseen:,} of them are not in the list as it is."] if self._unseen else []
        about += [f"All have: {' '.join(map(clean, self._common))}"] if self._common else []
        with Vertical(classes="dialog"):
            yield Static(Content(title).stylize("bold"), classes="dialog--title")
            yield Static(Content("\n".join(about)), classes="dialog--text")
            yield field
            yield self._said
            yield Static(Content("enter adds · esc goes back").stylize("$secondary"), classes="dialog--keys")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Hand back the tags; say what does not do, and stay."""
        try:
            self.dismiss(tags_in(event.value))
        except DltuiError as error:
            self._said.update(Content(clean(str(error))).stylize("$text-error"))
