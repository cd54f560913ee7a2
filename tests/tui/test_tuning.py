"""The live form over Train, the brackets, undo, and the second x."""

from collections.abc import Callable
from typing import Any

import pytest
from textual.screen import Screen
from textual.widgets import Input, Static

from dlcore import edits
from dlcore.commands import Set, Stop, as_told
from dlcore.errors import DltuiError
from dlcore.events import CheckpointSaved, CommandApplied
from tests.tui.fakes import NASTY, FakeRun, Stage, count_refreshes, opened
from tui.screens.dialogs import Pick
from tui.screens.tuning import TuningScreen
from tui.widgets.tune_row import TuneRow

MakeRun = Callable[..., FakeRun]

pytestmark = pytest.mark.usefixtures("home", "inspector")


class Trainer:
    """Answers what a run was told as a trainer does, once it is asked to."""

    def __init__(self, run: FakeRun) -> None:
        self.run = run
        self.config = run.config
        self.heard = 0

    def commands(self) -> list[Set]:
        return [command for command in self.run.told() if isinstance(command, Set)]

    def answer(self) -> None:
        """Answer all that has come since the last time."""
        for command in self.commands()[self.heard :]:
            self.heard += 1
            try:
                found = edits.change(self.config, command)
            except DltuiError as error:
                self.run.refuse(command, error.message)
                continue
            self.config = found.config
            told = as_told(found.command)
            self.run.say(CommandApplied, id=command.id, command=told, text=found.text, before=found.before)


@pytest.fixture
def running(make_run: MakeRun) -> FakeRun:
    return make_run("digits adam lr=.01").hold().start().prepare().evaluate().epochs(2).steps(5).gradients()


def message(stage: Stage) -> str:
    content: Any = stage.train.query_one("#train-message", Static).content
    return str(getattr(content, "plain", content))


def line(stage: Stage, name: str) -> str:
    content: Any = stage.app.screen.query_one(f"#tuning-{name}", Static).content
    return str(getattr(content, "plain", content))


def row(stage: Stage, key: str) -> TuneRow:
    return next(one for one in stage.app.screen.query(TuneRow) if one.row.key == key)


def shown(stage: Stage, key: str) -> str:
    return row(stage, key).render().plain


async def tune(stage: Stage) -> Screen[Any]:
    await stage.until(lambda: stage.train.feed is not None and stage.train.feed.live)
    stage.type("t")
    await stage.until(lambda: isinstance(stage.app.screen, TuningScreen) and stage.app.focused is not None)
    return stage.app.screen


async def told(stage: Stage, trainer: Trainer, number: int) -> Set:
    await stage.until(lambda: len(trainer.commands()) == number)
    return trainer.commands()[-1]


# -- the brackets and undo ----------------------------------------------------------------------------


async def test_brackets_go_on_from_where_it_soon_is_and_undo_goes_back(running: FakeRun) -> None:
    trainer = Trainer(running)
    async with opened(running) as stage:
        await stage.until(lambda: stage.train.feed is not None and stage.train.feed.live)
        stage.type("]", "]")
        assert (await told(stage, trainer, 2)).value == 0.05, "the first was not answered yet"
        trainer.answer()
        await stage.until(lambda: message(stage) == "optimizer.lr 0.02 → 0.05 at step 47")
        stage.type("u", "u", "u")
        undone = await told(stage, trainer, 4)
        first, second, *back = trainer.commands()
        assert [(one.value, one.takes_back) for one in back] == [(0.02, second.id), (0.01, first.id)]
        assert undone is not None
        trainer.answer()
        await stage.until(lambda: message(stage) == "optimizer.lr 0.02 → 0.01 at step 47")
        assert trainer.config == running.config
        stage.type("u")
        await stage.until(lambda: message(stage).startswith("nothing to undo"))
        stage.type("[")
        assert (await told(stage, trainer, 5)).value == 0.005
        assert len(trainer.commands()) == 5


async def test_what_cannot_be_taken_back_is_passed_over_the_next_time(running: FakeRun) -> None:
    trainer = Trainer(running)
    async with opened(running) as stage:
        await stage.until(lambda: stage.train.feed is not None and stage.train.feed.live)
        stage.type("]", "]")
        await told(stage, trainer, 2)
        trainer.answer()
        stage.type("u")
        running.refuse(await told(stage, trainer, 3), "optimizer.lr = 0.02: it is too late for that")
        trainer.heard += 1
        await stage.until(lambda: "too late" in message(stage))
        stage.type("u")
        assert (await told(stage, trainer, 4)).takes_back == trainer.commands()[0].id


async def test_who_only_watches_can_change_nothing(running: FakeRun) -> None:
    async with opened(running, read_only=True) as stage:
        await stage.until(lambda: stage.train.feed is not None and stage.train.feed.live)
        for action in ("tune", "nudge", "undo"):
            assert stage.train.check_action(action, ()) is None
        await stage.press("t", "]", "[", "u")
        assert stage.app.screen is stage.train
        assert not running.dir.control.exists()


# -- the form -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_the_form_has_what_is_live_and_sends_each_change(
    running: FakeRun, size: tuple[int, int]
) -> None:
    trainer = Trainer(running)
    async with opened(running, size=size) as stage:
        screen = await tune(stage)
        keys = [one.row.key for one in screen.query(TuneRow)]
        layers = ["optimizer.lr_per_layer.fc1", "optimizer.lr_per_layer.fc2", "optimizer.lr_per_layer.fc3"]
        assert sorted(keys) == sorted((*edits.live_keys(running.config), *layers))
        place = keys.index("optimizer.lr_per_layer")
        assert keys[place + 1 : place + 4] == layers
        assert keys[0] == "optimizer.lr"
        assert stage.focused == "optimizer.lr"
        assert "optimizer.lr: Learning rate" in line(stage, "help")
        assert all(one.region.right <= size[0] for one in screen.query(TuneRow))
        stage.type("down", "right")
        command = await told(stage, trainer, 1)
        assert (command.key, command.value) == ("optimizer.beta1", 0.95)
        await stage.until(lambda: "0.95" in shown(stage, "optimizer.beta1"))  # before it is answered
        trainer.answer()
        await stage.until(lambda: "at step 47" in shown(stage, "optimizer.beta1"))
        assert shown(stage, "optimizer.beta1").split()[1:4] == ["beta1", "0.95", "0.9"]
        assert "optimizer.beta1 0.9 → 0.95 at step 47" in line(stage, "changes")
        stage.type("u")
        await told(stage, trainer, 2)
        trainer.answer()
        await stage.until(lambda: line(stage, "changes").startswith("undone: optimizer.beta1 0.95 → 0.9"))
        assert shown(stage, "optimizer.beta1").split()[1:4] == ["beta1", "0.9", "="]
        stage.type("escape")
        await stage.until(lambda: stage.app.screen is stage.train)
        stage.type("]")
        assert (await told(stage, trainer, 3)).key == "optimizer.beta1", "it is what the brackets change now"


async def test_a_value_is_typed_and_a_refusal_stands_beside_it(running: FakeRun) -> None:
    trainer = Trainer(running)
    async with opened(running) as stage:
        screen = await tune(stage)
        stage.type("enter")
        await stage.until(lambda: isinstance(stage.app.focused, Input))
        stage.type("-", "1", "enter")
        command = await told(stage, trainer, 1)
        assert (command.key, command.value) == ("optimizer.lr", -1)
        trainer.answer()
        await stage.until(lambda: "✗ must be greater than 0" in shown(stage, "optimizer.lr"))
        assert "0.01" in shown(stage, "optimizer.lr")
        stage.type(".", "2", "enter")
        assert (await told(stage, trainer, 2)).value == 0.2
        trainer.answer()
        await stage.until(lambda: "at step 47" in shown(stage, "optimizer.lr"))
        assert stage.app.screen is screen


async def test_a_layer_has_a_row_for_its_own_rate(running: FakeRun) -> None:
    trainer = Trainer(running)
    key = "optimizer.lr_per_layer.fc2"
    async with opened(running) as stage:
        screen = await tune(stage)
        assert shown(stage, key).split()[:4] == ["fc2", "as", "lr", "="]
        screen.set_focus(row(stage, key))
        await stage.until(lambda: "Learning rate of fc2 alone" in line(stage, "help"))
        stage.type("[", "]", "]")
        await told(stage, trainer, 3)
        assert [(one.key, one.value) for one in trainer.commands()] == [
            (key, 0.005),
            (key, 0.01),
            (key, 0.02),
        ]
        trainer.answer()
        await stage.until(lambda: shown(stage, key).split()[1:4] == ["fc2", "0.02", "as"])
        await stage.until(lambda: "at step 47" in shown(stage, key))
        assert trainer.config.optimizer.lr_per_layer == {"fc2": 0.02}
        stage.type(".", "3", "enter")
        assert (await told(stage, trainer, 4)).value == 0.3
        trainer.answer()
        stage.type("escape")
        await stage.until(lambda: stage.app.screen is stage.train)
        stage.type("]")
        assert (await told(stage, trainer, 5)).value == 0.5, "it is what the brackets change now"
        trainer.answer()
        await stage.until(lambda: message(stage).endswith("at step 47") and "0.5" in message(stage))
        await tune(stage)
        stage.type("enter")
        await stage.until(lambda: isinstance(stage.app.focused, Input))
        stage.type("backspace")
        await stage.until(lambda: isinstance(field := stage.app.focused, Input) and not field.value)
        stage.type("enter")
        assert (await told(stage, trainer, 6)).value == {}
        trainer.answer()
        await stage.until(lambda: shown(stage, key).split()[1:4] == ["fc2", "as", "lr"])


async def test_the_whole_table_of_rates_needs_no_braces(running: FakeRun) -> None:
    trainer = Trainer(running)
    async with opened(running) as stage:
        screen = await tune(stage)
        screen.set_focus(row(stage, "optimizer.lr_per_layer"))
        stage.type("enter")
        await stage.until(lambda: isinstance(stage.app.focused, Input))
        stage.type(*"fc2 = 0.001, fc1=.5", "enter")
        assert (await told(stage, trainer, 1)).value == {"fc2": 0.001, "fc1": 0.5}
        trainer.answer()
        await stage.until(lambda: "0.001" in shown(stage, "optimizer.lr_per_layer.fc2"))
        assert "0.5" in shown(stage, "optimizer.lr_per_layer.fc1")


async def test_the_rows_of_a_deep_network_scroll_under_the_cursor(make_run: MakeRun) -> None:
    line = f"digits mlp {','.join(['8'] * 20)}"
    run = make_run(line).hold().start().prepare().steps(5)
    async with opened(run, size=(80, 24)) as stage:
        screen = await tune(stage)
        assert len(screen.query(TuneRow)) > 40
        for keys in (("pagedown", "pagedown"), ("end",), ("home",)):
            stage.type(*keys)
            await stage.pilot.pause()
            focused = stage.app.focused
            assert isinstance(focused, TuneRow)
            await stage.until(lambda focused=focused: focused.region.overlaps(screen.region))  # type: ignore[misc]
            assert screen.query_one("#tuning-help").region.bottom <= 24
        assert stage.focused == "optimizer.lr"


async def test_another_schedule_brings_its_fields(running: FakeRun) -> None:
    trainer = Trainer(running)
    async with opened(running) as stage:
        screen = await tune(stage)
        target = row(stage, "schedule.kind")
        screen.set_focus(target)
        stage.type("enter")
        await stage.until(lambda: isinstance(stage.app.screen, Pick))
        stage.type("down", "down", "enter")
        assert (await told(stage, trainer, 1)).value == "exponential"
        trainer.answer()
        await stage.until(lambda: [one for one in screen.query(TuneRow) if one.row.key == "schedule.gamma"])
        await stage.until(lambda: "at step 47" in shown(stage, "schedule.kind"))
        assert stage.focused == "schedule.kind"
        assert "constant" in shown(stage, "schedule.kind")
        assert shown(stage, "schedule.gamma").split()[1:3] == ["0.1", "–"], "there was none at the start"


async def test_what_another_viewer_changes_is_seen(running: FakeRun, monkeypatch: pytest.MonkeyPatch) -> None:
    trainer = Trainer(running)
    async with opened(running) as stage:
        screen = await tune(stage)
        other = Set(key="regularization.l2", value=0.5)
        found = edits.change(trainer.config, other)
        text = f"{found.text} {NASTY}"
        running.say(CommandApplied, id=other.id, command=as_told(found.command), text=text, before=0.0)
        await stage.until(lambda: "0.5" in shown(stage, "regularization.l2"))
        assert "\x1b" not in line(stage, "changes")
        assert "[/x]" in line(stage, "changes")
        await stage.pilot.pause()
        refreshed = count_refreshes(monkeypatch, on=screen)
        for _ in range(10):
            screen._look()  # type: ignore[attr-defined]
        await stage.pilot.pause()
        assert refreshed == []
        stage.type("u")
        assert (await told(stage, trainer, 1)).takes_back == other.id, "anybody's change can be taken back"


async def test_a_run_that_ends_meanwhile_says_so(running: FakeRun) -> None:
    async with opened(running) as stage:
        await tune(stage)
        running.end("stopped")
        await stage.until(lambda: line(stage, "title").endswith("stopped"))
        stage.type("right")
        await stage.until(lambda: "nobody listens" in line(stage, "help"))


# -- the second x -------------------------------------------------------------------------------------


async def test_the_second_x_asks_and_ends_the_trainer_hard(running: FakeRun) -> None:
    running.say(CheckpointSaved, file="checkpoints/47.pt", bytes=9)
    running.steps(5)
    async with opened(running) as stage:
        await stage.until(lambda: stage.train.feed is not None and stage.train.feed.history.step == 52)
        stage.type("x")
        await stage.until(lambda: "x again ends it hard" in message(stage))
        assert [type(one) for one in running.told()] == [Stop]
        stage.type("x")
        await stage.until(lambda: isinstance(stage.app.screen, Pick))
        text: Any = stage.app.screen.query_one(".dialog--text", Static).content
        assert "behind the checkpoint at step 47 would be lost: 5 steps so far" in text.plain
        stage.type("enter")  # to wait is what is chosen
        await stage.until(lambda: stage.app.screen is stage.train)
        assert stage.train.feed is not None
        assert stage.train.feed.live
        stage.type("x")
        await stage.until(lambda: isinstance(stage.app.screen, Pick))
        stage.type("down", "enter")
        await stage.until(lambda: "R goes on from the last checkpoint" in message(stage) or _crashed(stage))
        await stage.until(lambda: _crashed(stage))


async def test_the_question_goes_when_the_run_has_ended_by_itself(running: FakeRun) -> None:
    async with opened(running) as stage:
        await stage.until(lambda: stage.train.feed is not None and stage.train.feed.live)
        stage.type("x", "x")
        await stage.until(lambda: isinstance(stage.app.screen, Pick))
        running.end("stopped")
        await stage.until(lambda: stage.app.screen is stage.train)
        await stage.until(lambda: "stopped" in message(stage))


def _crashed(stage: Stage) -> bool:
    return stage.train.feed is not None and stage.train.feed.state == "crashed"
