"""What of a live run can be changed, where it stands by now, and what was asked for and not answered yet.

Keys come faster than answers: the next press goes on from what the last one asked for.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import JsonValue

from dlcore import edits, launch
from dlcore.clean import clean
from dlcore.commands import Set
from dlcore.config import RunConfig
from dlcore.edits import Edit
from dlcore.errors import DltuiError
from dlcore.events import CommandApplied, CommandRefused
from dlcore.oneline import print_value
from dlcore.reading import parse_value
from tui.draft import Draft, Row
from tui.feed import RunFeed
from tui.nudge import nudged

FIRST = "optimizer.lr"
"""What is chosen before anybody has chosen."""
RATES = "optimizer.lr_per_layer"
"""The table of layers with a rate of their own; each of its rates has a key behind a dot."""
_MOST_LAYERS = 100
"""So many layers get a row; the table takes the others too."""
_ORDER = ("optimizer", "schedule", "model", "data", "regularization", "training")


@dataclass(frozen=True)
class Told:
    """What came of the last change of a key that was asked for here."""

    text: str = ""
    is_wrong: bool = False


class Tuning:
    """Changes the hyperparameters of the run that a feed reads; nothing is drawn here."""

    def __init__(self, feed: RunFeed) -> None:
        self.feed = feed
        self.chosen = FIRST
        """The key that the brackets change."""
        self._asked: dict[str, Set] = {}
        """Commands by their ids, in the order in which they were sent, that have not been answered."""
        self._keys: dict[str, str] = {}
        """For each command that was sent here, the key that it was for."""
        self.told: dict[str, Told] = {}
        """By key."""
        self._stuck: set[str] = set()
        """Ids of changes that the trainer would not take back."""
        self._heard = 0

    def listen(self) -> None:
        """Take in the answers that have come."""
        answers = self.feed.history.answers
        new = max(0, answers.added - self._heard)
        self._heard = answers.added
        for answer in answers[-new:] if new else ():
            self._asked.pop(answer.id, None)
            if isinstance(answer, CommandRefused) and (taken := answer.command.get("takes_back")):
                self._stuck.add(str(taken))
            if key := self._keys.pop(answer.id, ""):
                self.told[key] = _told(answer)
        if not self.feed.live:
            self._asked.clear()

    @property
    def pending(self) -> int:
        """How many changes have been asked for and not answered."""
        return len(self._asked)

    def now(self) -> tuple[RunConfig, list[Edit]] | None:
        """Return the configuration and the edits as they soon are; None where nobody knows."""
        self.listen()
        if self.feed.config is None or self.feed.reading:  # what it is by now may not have been read
            return None
        made = list(self.feed.history.edits)
        config = edits.applied(self.feed.config, made)
        for command in self._asked.values():
            try:
                change = edits.change(config, command)
            except DltuiError:  # it will be refused
                continue
            config = change.config
            kept = change.command
            taken = kept.takes_back or ""
            made.append(Edit(0, kept.key, kept.value, change.before, change.text, kept.id, taken))
        return config, made

    def draft(self) -> Draft | None:
        """Return the present configuration as texts."""
        known = self.now()
        return Draft(known[0]) if known is not None else None

    def rows(self, draft: Draft) -> list[Row]:
        """Return a row for each hyperparameter that can be changed, what matters most first."""
        live = set(edits.live_keys(_config(draft)))
        found: list[Row] = []
        for row in draft.rows():
            if row.key in live:
                found += [row, *self._layers(row, draft)]
        return sorted(found, key=lambda row: _rank(row.key))

    def _layers(self, row: Row, draft: Draft) -> list[Row]:
        """Return the rows below that of the table of rates: one for each layer with weights."""
        if row.key != RATES or self.feed.source is not None:
            return []
        prepared = self.feed.history.prepared
        layers = prepared.layers if prepared is not None else ()
        known = [one.name for one in layers if one.parameters][:_MOST_LAYERS]
        return [
            Row(row.section, f"{RATES}.{name}", clean(name), _help(clean(name)), "number", (), depth=2)
            for name in dict.fromkeys((*known, *_rates(draft)))
        ]

    def nudge(self, direction: int, key: str = "") -> str:
        """Ask for the next value of a key, the chosen one where none is named; return why not, if so."""
        key = key or self.chosen
        if (draft := self.draft()) is None:
            return self._why_not()
        row = next((row for row in self.rows(draft) if row.key == key), None)
        if row is None:
            return f"{key} is no hyperparameter of this run now"
        before = text_of(draft, key)
        text = nudged(row, before or (draft.text(FIRST) if _layer(key) else ""), direction)
        if text != before:
            return self.type(key, text, draft)
        if row.control == "table" and before == "{}":
            return f"{key} is empty; type what it shall hold, as in fc1 = 0.02"
        return f"{key} goes no further than {before}"

    def type(self, key: str, text: str, draft: Draft | None = None) -> str:
        """Ask for a value as it is typed, where `draft` is all that there is; return why not, if so."""
        if draft is None and (draft := self.draft()) is None:
            return self._why_not()
        if layer := _layer(key):
            rest: dict[str, JsonValue] = {name: rate for name, rate in _rates(draft).items() if name != layer}
            own = Set(key=key, value=parse_value(text)) if text else Set(key=RATES, value=rest)
            return self.ask(own, key)
        draft.put(key, text)
        return self.ask(Set(key=key, value=_value(draft, key)))

    def undo(self) -> str:
        """Ask for the newest change that stands to be taken back; return why not, if so."""
        known = self.now()
        if known is None:
            return self._why_not()
        edit = edits.to_take_back(known[1], self._stuck)
        if edit is None:
            return "nothing to undo: nothing has been changed since the start"
        if edit.before is None:
            return f"{edit.text}: it is not known what was before"
        return self.ask(edits.inverse(edit))

    def ask(self, command: Set, key: str = "") -> str:
        """Send a change to the trainer; return why it could not be sent, if so.

        `key` is that of the row which it is for, where the command has another one.
        """
        try:
            launch.tell(self.feed.run, command)
        except (DltuiError, OSError) as error:
            return str(error)
        self._asked[command.id] = command
        self._keys[command.id] = key or ("schedule.kind" if command.key == "schedule" else command.key)
        return ""

    def _why_not(self) -> str:
        return "the run is still being read" if self.feed.reading else "its configuration cannot be read"


def text_of(draft: Draft, key: str) -> str:
    """Return what stands in a row; '' for a layer without a rate of its own."""
    if layer := _layer(key):
        rate = _rates(draft).get(layer)
        return "" if rate is None else print_value(rate)
    return draft.text(key)


def _layer(key: str) -> str:
    """Return the layer whose rate a key is; '' for any other key."""
    return key.removeprefix(f"{RATES}.") if key.startswith(f"{RATES}.") else ""


def _rates(draft: Draft) -> dict[str, float]:
    """Return the rates of the layers that have their own."""
    return _config(draft).optimizer.lr_per_layer


def _help(layer: str) -> str:
    return f"Learning rate of {layer} alone; a schedule scales it. Rub it out, and the layer learns at lr."


def _told(answer: CommandApplied | CommandRefused) -> Told:
    if isinstance(answer, CommandRefused):
        return Told(answer.reason.partition(": ")[2] or answer.reason, is_wrong=True)
    return Told(f"at step {answer.step:,}")


def _config(draft: Draft) -> RunConfig:
    config = draft.read().config
    assert config is not None, "it is that of a run"
    return config


def _value(draft: Draft, key: str) -> JsonValue:
    """Return what stands in a field of a draft as the file would have it."""
    section, _, name = key.partition(".")
    value: JsonValue = draft.table()[section][name]
    return value


def _rank(key: str) -> int:
    return _ORDER.index(key.partition(".")[0])


def newest(made: list[Edit], number: int) -> Iterator[str]:
    """Yield the newest edits in words, the newest first."""
    for edit in reversed(made[-number:] if number else []):
        yield edit.said
