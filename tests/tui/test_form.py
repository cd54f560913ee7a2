from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from textual.app import App, ComposeResult
from textual.message import Message
from textual.pilot import Pilot

from dlcore.choices.choice import FieldSpec, by_name, fields_of
from dlcore.config import SECTIONS, RunConfig
from dlcore.oneline import parse
from dlcore.reading import Reading
from tests.tui.fakes import until
from tui.draft import Draft
from tui.widgets.field_row import FieldRow
from tui.widgets.form import Form

KINDS = [(section, kind.word()) for section in SECTIONS if section.has_kinds for kind in section.family]


class Bench(App[None]):
    def __init__(self, draft: Draft) -> None:
        super().__init__()
        self.draft = draft
        self.readings: list[Reading] = []

    def compose(self) -> ComposeResult:
        yield Form(self.draft)

    @property
    def form(self) -> Form:
        return self.query_one(Form)

    def on_form_changed(self, event: Form.Changed) -> None:
        self.readings.append(event.reading)
        self.form.show_problems(event.reading)

    def row(self, key: str) -> FieldRow:
        return next(row for row in self.query(FieldRow) if row.row.key == key)

    def keys(self) -> list[str]:
        return [row.row.key for row in self.query(FieldRow)]


@asynccontextmanager
async def bench(draft: Draft | None = None) -> AsyncIterator[tuple[Bench, Pilot[None]]]:
    app = Bench(draft or Draft())
    messages: list[Message] = []
    async with app.run_test(size=(44, 20), message_hook=messages.append) as pilot:
        await until(lambda: isinstance(app.focused, FieldRow))
        await pilot.pause()
        yield app, pilot
        await pilot.pause()  # what the form has said is heard while it is still there


async def test_it_begins_on_the_first_row_and_says_what_stands_there() -> None:
    async with bench() as (app, _):
        assert app.keys() == [row.key for row in Draft().rows()]
        assert app.focused is app.row("data.kind")
        assert app.form.current is app.focused
        assert app.readings == [], "whoever shows it can read the draft"


async def test_moving_stops_at_both_ends_and_keeps_the_row_in_sight() -> None:
    async with bench() as (app, _):
        app.form.move(-1)
        assert app.focused is app.row("data.kind")
        for _ in range(3):
            app.form.move(1)
        assert app.focused is app.row("data.normalize")
        app.form.move(99)
        assert app.focused is app.row("seed")
        await until(lambda: app.form.region.contains_region(app.row("seed").region))


async def test_a_new_kind_brings_its_rows_and_the_focus_stays() -> None:
    async with bench() as (app, pilot):
        for section, word in KINDS:
            key = section.path("kind")
            app.row(key).focus()
            await pilot.pause()
            app.form.put(key, word)
            current = app.form.current
            assert current is not None
            assert current.row.key == key, "at once: the next key may be here already"
            await pilot.pause()
            assert app.focused is app.row(key)
            assert app.keys() == [row.key for row in app.draft.rows()]
            kind = by_name(section.family, word)
            assert kind is not None
            wanted = {section.path(spec.name) for spec in fields_of(kind) if not spec.hidden}
            assert wanted <= set(app.keys())
            assert app.row(key).text == word


async def test_the_same_rows_are_kept_when_only_a_value_changes() -> None:
    async with bench() as (app, pilot):
        before = list(app.query(FieldRow))
        app.form.put("optimizer.lr", "0.5")
        await pilot.pause()
        assert list(app.query(FieldRow)) == before
        assert app.row("optimizer.lr").text == "0.5"
        config = app.readings[-1].config
        assert config is not None
        assert config.optimizer.lr == 0.5


async def test_faults_are_marked_at_their_rows_and_go_again() -> None:
    async with bench() as (app, pilot):
        app.form.put("optimizer.lr", "fast")
        app.form.put("training.epochs", "0")
        await pilot.pause()
        marked = {row.row.key for row in app.query(FieldRow) if row.problem}
        assert marked == {"optimizer.lr", "training.epochs"}
        assert app.readings[-1].config is None
        app.row("optimizer.lr").focus()
        await pilot.pause()
        app.form.restore()
        app.row("training.epochs").focus()
        await pilot.pause()
        app.form.restore()
        await pilot.pause()
        assert not any(row.problem for row in app.query(FieldRow))
        assert app.readings[-1].config == RunConfig()


async def test_a_fault_between_two_sections_is_marked_where_it_can_be_cured() -> None:
    async with bench() as (app, pilot):
        app.form.put("model.output", "softmax")
        await pilot.pause()
        assert app.row("model.output").problem
        app.form.put("loss.kind", "mse")
        await pilot.pause()
        assert not app.row("model.output").problem


async def test_another_configuration_replaces_what_stands_there() -> None:
    async with bench() as (app, pilot):
        config = parse("mnist cnn filters=4,8 adam exponential e=3")
        draft = Draft(config)
        app.form.load(draft)
        await until(lambda: app.readings and app.readings[-1].config == config)
        await pilot.pause()
        assert app.row("model.filters").text == "4,8"
        assert app.focused is app.row("data.kind")


async def test_no_number_of_arrow_keys_makes_a_fault() -> None:
    seen: list[FieldSpec] = []  # two fields that are alike everywhere are one; tables cannot be hashed
    async with bench() as (app, pilot):
        for section in SECTIONS:
            for kind in section.family:
                if section.has_kinds:
                    app.form.put(section.path("kind"), kind.word())
                    await pilot.pause()
                for spec in fields_of(kind):
                    if not (spec.hidden or spec in seen) and spec.control in ("number", "count", "words"):
                        seen.append(spec)
                        nudge_to_both_ends(app, section.path(spec.name))
                        await pilot.pause()


def nudge_to_both_ends(app: Bench, key: str) -> None:
    start = app.draft.text(key)
    app.screen.set_focus(app.row(key), scroll_visible=False)
    for direction in (-1, 1):
        app.draft.put(key, start)
        for _ in range(24):
            app.form.nudge(direction)
            assert not [one for one in app.draft.read().problems if one.key == key]
    app.draft.put(key, start)


async def test_an_arrow_key_changes_a_wrong_value_too() -> None:
    async with bench() as (app, pilot):
        app.form.put("training.epochs", "0")
        app.row("training.epochs").focus()
        await pilot.pause()
        app.form.nudge(1)
        assert app.draft.text("training.epochs") == "1"


async def test_arrows_pass_over_kinds_that_go_together_with_nothing_else() -> None:
    async with bench() as (app, pilot):
        app.form.put("data.kind", "moons")
        await pilot.pause()
        app.row("model.kind").focus()
        await pilot.pause()
        seen = []
        for _ in range(4):
            app.form.nudge(1)
            await pilot.pause()
            seen.append(app.draft.text("model.kind"))
        assert seen == ["custom", "perceptron", "mlp", "custom"], "no network for images among them"
