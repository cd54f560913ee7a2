import os
import signal
import unicodedata
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from textual.app import SystemCommand
from textual.command import CommandPalette
from textual.widget import Widget
from textual.widgets import Input, OptionList, Static

from dlcore.commands import Pause, Set, Stop
from dlcore.events import DataFetched
from dlcore.export import FORMATS
from tests.tui.fakes import NASTY, FakeInspector, FakeRun, Stage, opened, until
from tui.app import DltuiApp
from tui.bindings import KEYS
from tui.screens.dialogs import Ask, Help, Pick
from tui.screens.export_dialog import ExportDialog
from tui.screens.export_progress import ExportProgress
from tui.themes import COLORBLIND, DARK, LIGHT, THEMES
from tui.widgets.header import Header
from tui.widgets.status_line import StatusLine

MakeRun = Callable[..., FakeRun]

pytestmark = pytest.mark.usefixtures("home", "inspector")


@pytest.fixture
def running(make_run: MakeRun) -> FakeRun:
    return make_run().hold().start().prepare().epochs(1)


def painted(stage: Stage) -> list[str]:
    """The lines of all screens that lie over each other, as the terminal would be sent them."""
    return [
        "".join(segment.text for segment in strip)
        for screen in stage.app.screen_stack
        for strip in screen._compositor.render_strips()
    ]


def displayed(stage: Stage) -> list[Widget]:
    """The parts of the screen that are seen."""
    return [widget for widget in stage.app.screen.children if widget.display and widget.region]


def steering(stage: Stage) -> list[str]:
    """Characters on the screen that would steer a terminal."""
    return [
        letter for line in painted(stage) for letter in line if unicodedata.category(letter) in ("Cc", "Cs")
    ]


# -- opening and leaving ----------------------------------------------------------------------------


async def test_it_opens_on_setup_and_with_a_run_on_train(running: FakeRun) -> None:
    async with opened() as stage:
        assert stage.app.current_mode == "setup"
        assert stage.app.screen is stage.setup
    async with opened(running) as stage:
        assert stage.app.current_mode == "train"
        assert stage.train.feed is not None
        assert stage.train.feed.run == running.dir


async def test_the_first_frame_comes_before_the_screens(monkeypatch: pytest.MonkeyPatch) -> None:
    frames: list[bool] = []
    open_screens = DltuiApp._open

    def watched(app: DltuiApp) -> None:
        frames.append(bool(app.screen.query_one("#first-frame").region))
        open_screens(app)

    monkeypatch.setattr(DltuiApp, "_open", watched)
    async with opened():
        assert frames == [True]


async def test_keys_before_the_screens_are_there_do_no_harm() -> None:
    app = DltuiApp()
    async with app.run_test() as pilot:
        app.action_show("train")
        app.action_leave()
        await pilot.pause()
    assert app.return_value is None
    assert app.return_code == 0


@pytest.mark.parametrize("mode", ["setup", "train", "runs"])
async def test_q_leaves_at_once_where_no_run_goes_on(make_run: MakeRun, mode: Any) -> None:
    run = make_run().start().prepare().epochs(1).end()
    async with opened(run) as stage:
        await stage.until(lambda: stage.train.feed is not None and stage.train.feed.state == "finished")
        if mode != "train":
            await stage.show(mode)
        stage.type("q")
        await until(lambda: stage.app._exit)
        assert stage.app.return_value == run.dir


async def test_q_without_any_run_leaves_at_once() -> None:
    async with opened() as stage:
        stage.type("q")
        await until(lambda: stage.app._exit)
        assert stage.app.return_value is None


@pytest.mark.parametrize(
    ("keys", "leaves", "stops"),
    [
        (("enter",), True, False),
        (("down", "enter"), True, True),
        (("down", "down", "enter"), False, False),
        (("escape",), False, False),
        (("q",), False, False),
    ],
    ids=["detach", "stop and save", "cancel", "escape", "q again"],
)
async def test_q_asks_what_becomes_of_a_live_run(
    running: FakeRun, keys: tuple[str, ...], leaves: bool, stops: bool
) -> None:
    async with opened(running) as stage:
        await stage.until(lambda: stage.train.feed is not None and stage.train.feed.state == "running")
        stage.type("q")
        await stage.until(lambda: isinstance(stage.app.screen, Pick) and stage.app.screen.query(OptionList))
        for key in keys:
            stage.type(key)
            await (until(lambda: stage.app._exit) if leaves and key == "enter" else stage.pilot.pause())
        assert stage.app._exit == leaves
        if leaves:
            assert stage.app.return_value == running.dir
        else:
            await stage.until(lambda: stage.app.screen is stage.train)
        assert [type(command) for command in running.told()] == ([Stop] if stops else [])


async def test_a_run_that_ends_while_the_question_stands_is_no_hindrance(running: FakeRun) -> None:
    async with opened(running) as stage:
        await stage.until(lambda: stage.train.feed is not None and stage.train.feed.state == "running")
        stage.type("q")
        await stage.until(lambda: isinstance(stage.app.screen, Pick) and stage.app.screen.query(OptionList))
        running.end()
        stage.type("down", "enter")
        await until(lambda: stage.app._exit)
        assert running.told() == []


async def test_who_only_watches_is_not_asked(running: FakeRun) -> None:
    async with opened(running, read_only=True) as stage:
        await stage.until(lambda: stage.train.feed is not None and stage.train.feed.state == "running")
        stage.type("q")
        await until(lambda: stage.app._exit)
        assert running.told() == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
async def test_a_signal_ends_the_app_cleanly_and_not_the_run(
    running: FakeRun, number: signal.Signals
) -> None:
    async with opened(running) as stage:
        os.kill(os.getpid(), number)
        await until(lambda: stage.app._exit)
        assert stage.app.return_code == 128 + number
        assert running.told() == []


async def test_the_inspector_goes_with_the_app(
    inspector: FakeInspector, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed: list[bool] = []

    async def close() -> None:
        closed.append(True)

    monkeypatch.setattr(inspector, "close", close)
    async with opened():
        assert closed == []
    assert closed == [True]


async def test_a_fault_of_ours_leaves_one_sentence_and_a_file(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home.mkdir()

    def fail() -> None:
        raise ValueError(f"a fault {NASTY}")

    async def open_and_fail() -> None:
        async with opened() as stage:
            stage.app.call_later(fail)
            await until(lambda: stage.app._exception)

    with pytest.raises(ValueError, match="a fault"):
        await open_and_fail()
    said = capsys.readouterr().err.replace("\n", "")
    assert said.startswith("dltui: A fault in the app: ValueError")
    assert "[/x]" in said
    assert "\x1b[2J" not in said
    assert "Traceback" not in said
    log = (home / "crash.log").read_text()
    assert "Traceback" in log
    assert "a fault" in log


# -- going around -----------------------------------------------------------------------------------


async def test_number_keys_and_clicks_on_names_go_from_screen_to_screen(running: FakeRun) -> None:
    async with opened(running) as stage:
        for mode in ("runs", "setup", "train"):
            await stage.show(mode)
        line = stage.app.screen.query_one(Header).render().plain
        for title, mode in (("5 Runs", "runs"), ("1 Setup", "setup"), ("2 Train", "train")):
            await stage.pilot.click(Header, offset=(line.index(title) + 2, 0))
            await stage.until(lambda mode=mode: stage.app.current_mode == mode)  # type: ignore[misc]


@pytest.mark.parametrize("is_alone", [True, False])
async def test_what_a_screen_brings_is_left_out_of_later_collections_once(
    running: FakeRun, monkeypatch: pytest.MonkeyPatch, is_alone: bool
) -> None:
    done: list[str] = []
    collector = SimpleNamespace(
        isenabled=lambda: not is_alone,
        freeze=lambda: done.append("freeze"),
        enable=lambda: done.append("enable"),
    )
    monkeypatch.setattr("tui.app.gc", collector)
    monkeypatch.setattr("tui.app._SETTLE_SECONDS", 0.001)
    async with opened(running) as stage:
        for mode in ("setup", "train", "setup", "inside", "train"):
            await stage.show(mode)
        await stage.pilot.pause(0.1)
        assert done == ["freeze", "enable"] * 3 * is_alone


async def test_escape_never_leaves() -> None:
    async with opened() as stage:
        for mode in ("setup", "train", "runs"):
            await stage.show(mode)
            stage.type("escape", "escape")
            await stage.pilot.pause()
        assert not stage.app._exit
        assert stage.app.current_mode == "runs"


async def test_question_mark_shows_the_keys_of_this_screen_first(running: FakeRun) -> None:
    async with opened(running) as stage:
        stage.type("?")
        await stage.until(lambda: isinstance(stage.app.screen, Help))
        assert stage.app.screen._first == "train"  # type: ignore[attr-defined]
        stage.type("1")
        await stage.pilot.pause()
        assert isinstance(stage.app.screen, Help), "keys of screens below are not heard"
        stage.type("escape")
        await stage.until(lambda: stage.app.screen is stage.train)


async def test_setup_asked_for_before_it_was_ever_seen_shows_the_configuration(make_run: MakeRun) -> None:
    run = make_run("moons mlp 5, tanh sgd lr=.5 e=3").start().prepare()
    async with opened(run) as stage:
        stage.type("c")
        await stage.until(lambda: stage.app.current_mode == "setup" and stage.setup._config is not None)
        assert stage.setup._config == run.config.folded()


# -- the palette ------------------------------------------------------------------------------------


def commands(stage: Stage) -> list[SystemCommand]:
    return list(stage.app.get_system_commands(stage.app.screen))


@pytest.mark.parametrize("mode", ["setup", "train", "runs"])
async def test_the_palette_knows_this_screens_keys_and_no_others(running: FakeRun, mode: Any) -> None:
    async with opened(running) as stage:
        if mode != "train":
            await stage.show(mode)
        titles = [command.title for command in commands(stage)]
        here = [key.label for key in KEYS if key.place in (mode, "app") and key.action != "command_palette"]
        assert titles[: len(here)] == here
        assert ("activation: tanh" in titles) == (mode == "setup")
        elsewhere = {key.label for key in KEYS if key.place not in (mode, "app")} - set(here)
        assert not elsewhere & set(titles)
        assert "Theme" in titles


async def test_the_palette_finds_and_puts_an_activation() -> None:
    async with opened() as stage:
        await stage.press("ctrl+p")
        await stage.until(lambda: isinstance(stage.app.screen, CommandPalette))
        stage.app.screen.query_one(Input).value = "activation: tanh"
        options = stage.app.screen.query_one(OptionList)
        await stage.until(
            lambda: options.option_count and "tanh" in str(options.get_option_at_index(0).prompt)
        )
        await stage.press("enter")
        await stage.until(lambda: stage.setup._draft.text("model.activation") == "tanh")
        assert stage.row("model.activation").text == "tanh"


async def test_the_palette_does_what_keys_do_and_nothing_that_is_disabled(running: FakeRun) -> None:
    async with opened(running) as stage:
        await stage.until(lambda: stage.train.feed is not None and stage.train.feed.state == "running")
        by_title = {command.title: command for command in commands(stage)}
        by_title["Pause"].callback()
        await stage.until(running.told)
        by_title["Go on"].callback()
        by_title["Runs"].callback()
        await stage.until(lambda: stage.app.current_mode == "runs")
        assert [type(command) for command in running.told()] == [Pause], "it cannot go on: it is not paused"


# -- looks ------------------------------------------------------------------------------------------


async def test_where_there_is_no_room_only_what_is_essential_is_left_of_every_screen(
    running: FakeRun,
) -> None:
    async with opened(running) as stage:
        for mode, line in (("train", StatusLine), ("setup", Static), ("runs", Static)):
            await stage.show(mode)  # type: ignore[arg-type]
            for size in ((50, 12), (59, 40), (120, 15), (20, 5)):
                await stage.pilot.resize_terminal(*size)
                await stage.until(lambda: len(displayed(stage)) == 2)
                left, hint = displayed(stage)
                assert isinstance(left, line)
                assert left.size.height + hint.size.height == size[1]
                assert "make the window" in " ".join(painted(stage))
                assert painted(stage)[0].strip()
            await stage.pilot.resize_terminal(60, 16)
            await stage.until(lambda: len(displayed(stage)) > 3)


async def test_every_screen_is_drawn_in_every_theme(running: FakeRun) -> None:
    async with opened(running) as stage:
        for mode in ("setup", "runs", "train"):
            await stage.show(mode)
            for theme in THEMES:
                stage.app.theme = theme.name
                await stage.pilot.pause()
                assert stage.app.current_theme == theme
                assert any(line.strip() for line in painted(stage))
        stage.type("q")
        await stage.until(lambda: isinstance(stage.app.screen, Pick))


async def test_the_theme_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert DltuiApp().theme == DARK.name
    monkeypatch.setenv("TEXTUAL_THEME", LIGHT.name)
    assert DltuiApp().theme == LIGHT.name
    assert COLORBLIND.name in DltuiApp().available_themes


def test_over_ssh_nothing_is_animated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSH_CONNECTION", "10.0.0.1 5 10.0.0.2 22")
    assert DltuiApp().animation_level == "none"


async def test_no_string_from_outside_is_markup_or_steers_the_terminal(make_run: MakeRun) -> None:
    run = make_run(name=NASTY).hold().start()
    run.say(DataFetched, file=NASTY, bytes=1, total=2)
    async with opened(run, size=(160, 40)) as stage:
        feed = stage.train.feed
        assert feed is not None

        async def look() -> None:
            await stage.until(lambda: feed.history.seq == run.seq and not stage.train._stale)
            assert not steering(stage)
            assert any("[/x]" in line for line in painted(stage))

        await look()  # the name in the line of the run, the file in the state line
        run.prepare().epochs(1).apply(Pause(), NASTY)
        await look()
        run.refuse(Set(key="optimizer.lr", value=NASTY), NASTY)
        await look()
        stage.type("e")
        await stage.until(lambda: isinstance(stage.app.screen, ExportDialog))
        dialog = stage.app.screen
        await stage.until(lambda: dialog.query(OptionList))
        await look()
        dialog.query_one(OptionList).highlighted = len(FORMATS)
        stage.type("enter")
        await stage.until(lambda: isinstance(stage.app.screen, Ask) and stage.app.screen.query(Input))
        stage.app.screen.query_one(Input).value = f"/proc/{NASTY}"
        stage.type("enter")
        await stage.until(lambda: stage.app.screen is dialog)
        await look()
        dialog.query_one(OptionList).highlighted = 0
        stage.type("enter")
        await stage.until(lambda: isinstance(stage.app.screen, ExportProgress) and stage.app.screen.is_done)
        assert not steering(stage)
        stage.type("escape")
        await stage.until(lambda: stage.app.screen is stage.train)
        run.end("failed", NASTY, NASTY)
        await look()

        await stage.show("runs")
        await look()
        stage.type("d")
        await stage.until(lambda: isinstance(stage.app.screen, Pick) and stage.app.screen.query(OptionList))
        await look()
        stage.type("escape", "c")
        await stage.until(lambda: stage.app.current_mode == "setup" and stage.setup._config is not None)
        await stage.focus("name")
        await look()
        stage.type("enter")
        await stage.until(lambda: stage.setup.query(Input))
        await look()
        stage.type("escape")
        await stage.until(lambda: not stage.setup.query(Input))
        assert stage.setup._config is not None
        assert stage.setup._config.name == NASTY, "it was only shown cleaned"
