from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len
from textual.widgets import Input, OptionList, Static

from dlcore import launch
from dlcore.config import SECTIONS, RunConfig
from dlcore.oneline import parse, print_line
from dlcore.presets import PRESETS, preset
from dlcore.reading import read_file
from tests.tui.fakes import FakeInspector, FakeRun, Stage, opened
from tui.messages import RunRequested
from tui.screens.dialogs import Ask, Pick
from tui.widgets.form import Form
from tui.widgets.key_line import KeyLine

MakeRun = Callable[..., FakeRun]
SECTIONS_WITH_KINDS = [section for section in SECTIONS if section.has_kinds]

pytestmark = pytest.mark.usefixtures("home", "inspector")


def config(stage: Stage) -> RunConfig:
    """What would be trained now."""
    assert stage.setup._config is not None
    return stage.setup._config


def text_of(stage: Stage, selector: str) -> str:
    content: Any = stage.setup.query_one(selector, Static).content
    return str(getattr(content, "plain", content))


async def menu(stage: Stage) -> OptionList:
    """Wait for the menu that was asked for."""
    await stage.until(lambda: isinstance(stage.app.screen, Pick) and stage.app.screen.query(OptionList))
    return stage.app.screen.query_one(OptionList)


async def chosen(stage: Stage, key: str, word: str) -> None:
    """Wait until a word was taken from the menu and the form is ready again."""
    await stage.until(lambda: stage.app.screen is stage.setup and stage.setup._draft.text(key) == word)
    await stage.until(lambda: stage.app.focused is stage.row(key))


async def test_every_kind_is_chosen_from_the_menu_with_keys() -> None:
    async with opened() as stage:
        for section in SECTIONS_WITH_KINDS:
            key = section.path("kind")
            await stage.focus(key)
            for index, kind in enumerate(section.family):
                if stage.setup._draft.text(key) == kind.word():
                    continue
                stage.type("enter")
                options = await menu(stage)
                here = options.highlighted or 0
                stage.type(*["down" if index > here else "up"] * abs(index - here), "enter")
                await chosen(stage, key, kind.word())
                assert stage.setup._draft.table()[section.key]["kind"] == kind.word()
        table = stage.setup._draft.table()
        assert [table[one.key]["kind"] for one in SECTIONS_WITH_KINDS] == [
            one.family[-1].word() for one in SECTIONS_WITH_KINDS
        ]


async def test_kinds_are_chosen_from_the_menu_with_clicks() -> None:
    async with opened(size=(80, 50)) as stage:
        for section in SECTIONS_WITH_KINDS:
            key = section.path("kind")
            here = stage.setup._draft.text(key)
            word = next(kind.word() for kind in section.family[:10][::-1] if kind.word() != here)
            await stage.pilot.click(stage.row(key), offset=(20, 0))
            options = await menu(stage)
            await stage.pilot.click(options, offset=(2, [kind.word() for kind in section.family].index(word)))
            await chosen(stage, key, word)


async def test_arrows_go_through_the_kinds_and_the_values() -> None:
    async with opened() as stage:
        await stage.focus("optimizer.kind")
        stage.type("right")
        await stage.until(lambda: stage.setup._draft.text("optimizer.kind") == "nesterov")
        stage.type("h")
        await stage.until(lambda: stage.setup._draft.text("optimizer.kind") == "momentum")
        stage.type("down", "right", "l", "left")
        await stage.until(lambda: config(stage).optimizer.lr == 0.02)
        assert stage.app.focused is stage.row("optimizer.lr")


async def test_keys_faster_than_the_form_is_rebuilt_are_not_lost() -> None:
    async with opened() as stage:
        await stage.focus("model.kind")
        stage.type("right", "down", "down")
        await stage.until(lambda: stage.focused == "model.kernel")
        stage.type("5", "enter")
        await stage.until(lambda: stage.setup._draft.text("model.kernel") == "5")
        stage.type("k", "k", "left")
        await stage.until(lambda: stage.setup._draft.text("model.kind") == "mlp")
        stage.type("right", "down")
        await stage.until(lambda: stage.setup._draft.text("model.kind") == "cnn")
        await stage.until(lambda: stage.focused == "model.filters")
        assert stage.setup._draft.text("model.kernel") == "5"


async def test_switching_kinds_there_and_back_loses_nothing() -> None:
    async with opened() as stage:
        await stage.focus("optimizer.lr")
        stage.type(*"0.0375", "enter")
        await stage.until(lambda: config(stage).optimizer.lr == 0.0375)
        before = config(stage)
        stage.type("up", "right")
        await stage.until(lambda: stage.setup._draft.text("optimizer.kind") == "nesterov")
        await stage.until(lambda: config(stage) != before)
        stage.type("left")
        await stage.until(lambda: config(stage) == before)


async def test_typing_a_bad_value_marks_it_and_says_the_cure_until_it_is_restored() -> None:
    async with opened() as stage:
        assert stage.setup.check_action("train", ()) is True
        row = await stage.focus("training.epochs")
        stage.type("0", "enter")
        await stage.until(lambda: row.problem)
        assert stage.setup._config is None
        assert stage.setup.check_action("train", ()) is None
        shown = text_of(stage, "#setup-problems")
        assert "training.epochs" in shown
        assert row.problem in shown
        assert row.row.help in shown, "the cure"
        assert "1 fault" in text_of(stage, "#setup-line")
        assert text_of(stage, "#setup-plan") == ""

        stage.type("r")
        await stage.pilot.pause()
        assert stage.sent(RunRequested) == []

        stage.type("backspace")
        await stage.until(lambda: not row.problem)
        assert config(stage) == RunConfig()
        assert text_of(stage, "#setup-problems") == ""
        assert text_of(stage, "#setup-line") == print_line(RunConfig())


async def test_all_faults_are_listed_and_each_is_marked() -> None:
    async with opened() as stage:
        for key in ("data.batch_size", "optimizer.lr", "training.epochs"):
            row = await stage.focus(key)
            stage.type("-", "1", "enter")
            await stage.until(lambda row=row: row.problem)  # type: ignore[misc]
        lines = text_of(stage, "#setup-problems").split("\n")
        assert [line.split()[1].strip(":") for line in lines if line.startswith("✗")] == [
            "data.batch_size",
            "optimizer.lr",
            "training.epochs",
        ]
        assert "3 faults" in text_of(stage, "#setup-line")


async def test_restoring_a_kind_brings_its_fields_back() -> None:
    async with opened() as stage:
        await stage.focus("model.kind")
        stage.type("right")
        await stage.until(lambda: stage.setup._draft.text("model.kind") == "cnn")
        stage.type("delete")
        await stage.until(
            lambda: config(stage) == RunConfig() and stage.app.focused is stage.row("model.kind")
        )
        assert stage.row("model.hidden").text == "128,64"


async def test_the_focused_field_is_explained() -> None:
    async with opened(size=(120, 40)) as stage:
        row = await stage.focus("optimizer.lr")
        await stage.until(lambda: row.row.help in text_of(stage, "#setup-help"))
        assert "rolling" in text_of(stage, "#setup-about")
        await stage.focus("model.activation")
        await stage.until(lambda: text_of(stage, "#setup-about").startswith("relu\n"))
        assert stage.setup.query_one("#setup-about").display
        await stage.pilot.resize_terminal(80, 24)
        await stage.until(lambda: not stage.setup.query_one("#setup-about").display)


async def test_a_menu_shows_what_its_words_mean() -> None:
    async with opened() as stage:
        await stage.focus("model.activation")
        stage.type("enter")
        await menu(stage)
        about: Any = stage.app.screen.query_one(".dialog--about", Static).content
        assert "does not shrink gradients" in about.plain
        stage.type("escape")
        await stage.until(lambda: stage.app.screen is stage.setup)
        assert stage.app.focused is stage.row("model.activation")


async def test_flags_are_picked_as_yes_or_no() -> None:
    async with opened() as stage:
        await stage.focus("model.bias")
        stage.type("enter")
        await menu(stage)
        stage.type("down", "enter")
        await stage.until(lambda: stage.setup._draft.text("model.bias") == "false")
        assert config(stage) == parse("digits model.bias=false")


async def test_the_network_is_asked_for_after_every_change(inspector: FakeInspector) -> None:
    async with opened() as stage:
        await stage.focus("model.hidden")
        stage.type(*"9,7", "enter")
        await stage.until(lambda: config(stage) == parse("digits mlp 9,7"))
        await stage.until(
            lambda: inspector.asked and inspector.asked[-1]["config"]["model"]["hidden"] == [9, 7]
        )
        assert inspector.asked[-1]["ask"] == "network"


async def test_few_steps_are_warned_of() -> None:
    async with opened() as stage:
        assert "Few steps" not in text_of(stage, "#setup-plan")
        await stage.focus("training.epochs")
        stage.type("2", "enter")
        await stage.until(lambda: "Few steps" in text_of(stage, "#setup-plan"))


async def test_saving_writes_a_file_that_reads_back_and_never_over_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with opened() as stage:
        await stage.focus("seed")
        stage.type("7", "enter")
        await stage.until(lambda: config(stage).seed == 7)
        stage.type("w")
        await stage.until(lambda: isinstance(stage.app.screen, Ask))
        stage.type("enter")
        await stage.until(lambda: stage.notices())
        assert read_file(tmp_path / "dltui.toml") == config(stage)
        (tmp_path / "dltui.toml").write_text("mine")
        stage.type("w")
        await stage.until(lambda: isinstance(stage.app.screen, Ask))
        stage.type("enter")
        await stage.until(lambda: len(stage.notices()) == 2)
        assert "is there already" in stage.notices()[1]
        assert (tmp_path / "dltui.toml").read_text() == "mine"
        stage.type("w")
        await stage.until(lambda: isinstance(stage.app.screen, Ask))
        stage.app.screen.query_one(Input).value = str(tmp_path / "no" / "such" / "folder.toml")
        stage.type("enter")
        await stage.until(lambda: len(stage.notices()) == 3)
        assert "cannot be written" in stage.notices()[2]


async def test_a_configuration_with_faults_is_not_saved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with opened() as stage:
        row = await stage.focus("training.epochs")
        stage.type("0", "enter")
        await stage.until(lambda: row.problem)
        stage.type("w")
        await stage.until(lambda: stage.notices())
        assert stage.app.screen is stage.setup
        assert list(tmp_path.glob("*.toml")) == []


async def test_r_asks_for_a_run_of_what_is_shown_and_opens_it(
    home: Path, make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    launched: list[tuple[Path, RunConfig]] = []

    def fake(root: Path, config: RunConfig, now: datetime, parent: None) -> tuple[Any, None]:
        launched.append((root, config))
        return make_run(print_line(config)).hold().start().dir, None

    monkeypatch.setattr(launch, "launch", fake)
    async with opened() as stage:
        await stage.focus("optimizer.kind")
        stage.type("right", "down")
        await stage.until(lambda: stage.app.focused is stage.row("optimizer.lr"))
        stage.type(*"0.002", "enter")
        await stage.until(lambda: config(stage).optimizer.lr == 0.002)
        stage.type("r")
        await stage.until(lambda: stage.app.current_mode == "train" and stage.train.feed is not None)
        (request,) = stage.sent(RunRequested)
        assert request.config == parse("digits nesterov lr=.002")
        assert launched == [(home, request.config)]
        assert stage.train.feed is not None
        assert stage.train.feed.config == request.config.resolved()


async def test_a_run_that_cannot_be_made_is_told_in_a_sentence(home: Path) -> None:
    home.write_text("a file where the folder should be")
    async with opened() as stage:
        stage.type("r")
        await stage.until(lambda: stage.notices())
        assert str(home) in stage.notices()[0]
        assert stage.app.current_mode == "setup"


# -- advice -----------------------------------------------------------------------------------------


def shown_keys(stage: Stage) -> list[str]:
    """The labels in the line of keys."""
    return [active.binding.description for active in stage.setup.active_bindings.values()]


async def test_a_takes_the_first_advice_and_is_shown_only_while_there_is_some() -> None:
    async with opened() as stage:
        assert "Advice" not in shown_keys(stage)
        row = await stage.focus("optimizer.lr")
        stage.type("5", "0", "enter")
        await stage.until(lambda: "! optimizer.lr" in text_of(stage, "#setup-problems"))
        assert "optimizer.lr = 0.01" in text_of(stage, "#setup-problems"), "the offer"
        assert "Advice" in shown_keys(stage)
        line = stage.setup.query_one(KeyLine)
        await stage.until(lambda: "a Advice" in line.render().plain)
        assert cell_len(line.render().plain) <= 78, "and the rest still fits"
        assert stage.setup.check_action("train", ()) is True, "advice stops nobody"
        stage.type("a")
        await stage.until(lambda: config(stage) == RunConfig())
        assert row.text == "0.01"
        assert stage.app.focused is row
        assert text_of(stage, "#setup-problems") == ""
        assert "Advice" not in shown_keys(stage)
        stage.type("a")
        await stage.pilot.pause()
        assert config(stage) == RunConfig()


async def test_advice_of_several_keys_is_taken_at_once() -> None:
    async with opened() as stage:
        stage.setup.load(parse("digits mlp 32,32,32,32 sigmoid seed=3"))
        await stage.until(lambda: "! model.activation" in text_of(stage, "#setup-problems"))
        stage.type("a")
        await stage.until(lambda: config(stage) == parse("digits mlp 32,32,32,32 relu he seed=3"))
        assert text_of(stage, "#setup-problems") == ""


async def test_advice_for_another_kind_keeps_the_rest() -> None:
    async with opened() as stage:
        stage.setup.load(parse("circles perceptron adam lr=.003 b=32"))
        await stage.until(lambda: "! model.kind" in text_of(stage, "#setup-problems"))
        stage.type("a")
        await stage.until(lambda: config(stage) == parse("circles mlp adam lr=.003 b=32"))


async def test_p_loads_a_preset_and_says_what_to_look_for() -> None:
    async with opened() as stage:
        await stage.focus("data.kind")
        stage.type("p")
        options = await menu(stage)
        names = [name for found in PRESETS for name in found.names]
        assert options.option_count == len(names)
        stage.type(*["down"] * names.index("vanishing/tanh"), "enter")
        wanted = preset("vanishing/tanh")[1]
        await stage.until(lambda: stage.setup._config == wanted)
        assert any("ratio back to about 1" in notice for notice in stage.notices())


async def test_a_list_says_what_goes_together_with_nothing_else() -> None:
    async with opened() as stage:
        await stage.focus("data.kind")
        stage.setup.query_one(Form).put("data.kind", "moons")
        await stage.until(lambda: config(stage).data.kind == "moons")
        await stage.focus("model.kind")
        stage.type("enter")
        options = await menu(stage)
        said = [str(options.get_option_at_index(index).prompt) for index in range(options.option_count)]
        assert any(line.startswith("cnn") and "✗ cnn needs images" in line for line in said)
        assert any(line.startswith("perceptron") and "✗" not in line for line in said)
