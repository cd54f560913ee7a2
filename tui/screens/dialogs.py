"""Small questions over the screen: pick from a list, confirm, type a path, read the keys."""

from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len, set_cell_size
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from dlcore.clean import clean, clean_lines
from tui.bindings import KEYS, PLACES, written
from tui.widgets.ordered_input import OrderedInput

_DIALOG_SHARE = 0.9
"""A dialog is at most so high, as a share of the screen; as in dltui.tcss."""
_AROUND = 4
"""Lines of a dialog that are no widget's: its padding, and what stands between the list and the story."""
_MOST_LIST_LINES, _LEAST_LIST_LINES, _MOST_STORY_LINES = 14, 3, 8
_KEY_CELLS = 17
"""So wide are keys in the help, which leaves 50 cells for what they do at 80 columns."""


@dataclass(frozen=True)
class Answer:
    """One thing that can be picked: its word, and what it means."""

    word: str
    help: str = ""
    label: str = ""
    """What is shown instead of the word."""
    about: str = ""
    """The whole story, shown below the list while the answer is under the cursor."""
    refusal: str = ""
    """Why it goes together with nothing else that is chosen; it can be picked all the same."""


def _framed(title: str, text: str, *middle: Widget) -> Vertical:
    """Return the box of a question: its title, a sentence if there is one, what answers it, and the keys."""
    keys = Content("enter takes it · esc goes back").stylize("$secondary")
    return Vertical(
        Static(Content(clean(title)).stylize("bold"), classes="dialog--title"),
        *([Static(Content(clean(text)), classes="dialog--text")] if text else []),
        *middle,
        Static(keys, classes="dialog--keys"),
        classes="dialog",
    )


class Pick(ModalScreen[str | None]):
    """A list to pick one word from; escape picks nothing."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q", "dismiss(None)", "Back")]

    def __init__(self, title: str, answers: list[Answer], current: str = "", text: str = "") -> None:
        super().__init__()
        self._title = title
        self._answers = answers
        self._current = current
        self._text = text

    def compose(self) -> ComposeResult:
        """Title, a sentence if there is one, the list, and the story of what is under the cursor."""
        options = OptionList(*(Option(self._prompt(answer)) for answer in self._answers), compact=True)
        has_stories = any(answer.about for answer in self._answers)
        yield _framed(self._title, self._text, options, *([Static(classes="dialog--about")] * has_stories))

    def _prompt(self, answer: Answer) -> Content:
        longest = max(cell_len(_word(one)) for one in self._answers)
        word = Content(set_cell_size(_word(answer), longest + 2))
        if answer.refusal:
            refusal = Content(clean(f"✗ {answer.refusal}")).stylize("$text-error")
            return Content.assemble(word.stylize("dim"), refusal)
        return Content.assemble(word.stylize("bold"), Content(clean(answer.help)).stylize("dim"))

    def on_mount(self) -> None:
        """Start at the present value."""
        words = [answer.word for answer in self._answers]
        self.query_one(OptionList).highlighted = words.index(self._current) if self._current in words else 0

    def on_resize(self) -> None:
        """Share the room anew, once the parts have their width."""
        self.call_after_refresh(self._share_room)

    def _share_room(self) -> None:
        """Keep room for the longest story, so that nothing moves or is cut off; the list scrolls instead."""
        options = self.query_one(OptionList)
        for place in self.query(".dialog--about").results(Static):
            if not place.size.width:  # there is no room for stories at all
                options.styles.max_height = None
                continue
            stories = [_story(answer).wrap(place.size.width) for answer in self._answers]
            longest = min(_MOST_STORY_LINES, max(map(len, stories)))
            place.styles.height = place.styles.min_height = longest
            others = [one for one in self.query(".dialog > Static").results(Static) if one is not place]
            taken = sum(one.outer_size.height + one.styles.margin.height for one in others) + longest
            room = self.size.height * _DIALOG_SHARE - taken - _AROUND
            options.styles.max_height = max(_LEAST_LIST_LINES, min(_MOST_LIST_LINES, int(room)))

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Tell the whole story of the word under the cursor."""
        story = _story(self._answers[event.option_index])
        for place in self.query(".dialog--about").results(Static):
            place.update(story.stylize("$secondary"))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Hand the picked word back."""
        self.dismiss(self._answers[event.option_index].word)


def _word(answer: Answer) -> str:
    return clean(answer.label or answer.word)


def _story(answer: Answer) -> Content:
    return Content(clean_lines(answer.about))


class Ask(ModalScreen[str | None]):
    """A line to type, with a value that is ready to take."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "Back")]

    def __init__(self, title: str, value: str, text: str = "") -> None:
        super().__init__()
        self._title = title
        self._value = value
        self._text = text

    def compose(self) -> ComposeResult:
        """Title, the line, and what will happen."""
        yield _framed(self._title, self._text, OrderedInput(clean(self._value), compact=True))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Hand the line back."""
        self.dismiss(event.value.strip() or None)


class Help(ModalScreen[None]):
    """All keys, by place, from the one table."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,question_mark", "dismiss", "Back")]

    def __init__(self, first: str = "") -> None:
        """`first` is the place whose keys stand at the top, if any."""
        super().__init__()
        self._first = first

    def compose(self) -> ComposeResult:
        """Return the list of keys."""
        with VerticalScroll(classes="dialog"):
            title = Content.assemble(("Keys", "bold"), ("   esc goes back", "$secondary"))
            yield Static(title, classes="dialog--title")
            yield Static(all_keys(self._first))


def all_keys(first: str = "") -> Content:
    """Return every key with its help: those of the place `first`, those of every place, and the rest."""
    lines: list[Content] = []
    for place in sorted(PLACES, key=lambda place: (place != first, place != "app")):
        lines.append(Content(f"\n{PLACES[place]}").stylize("bold $primary"))
        for key in KEYS:
            if key.place == place:
                word = Content(f"  {key.shown or written(key)} ".ljust(_KEY_CELLS)).stylize("$accent")
                lines.append(Content.assemble(word, key.help))
    return Content("\n").join(lines)
