"""The microscope on the screen: all pages of a real run by keys, and sentences where there is nothing."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Static

from dlcore.errors import DltuiError
from dlcore.rundir import RunDir
from dlcore.training.looking.microscope.answer import microscope
from tests.dlcore.trained import train
from tests.tui.fakes import FakeInspector, FakeRun, Stage, count_refreshes, opened
from tui.messages import RunOpened
from tui.screens.dialogs import Help
from tui.screens.microscope import MicroscopeScreen
from tui.widgets.microscope import check
from tui.widgets.microscope.board import column, figure, numbers_of, rule, share_out, table
from tui.widgets.microscope.book import PAGES

MakeRun = Callable[..., FakeRun]


class DirectInspector(FakeInspector):
    """Answers about microscopes by the real code, in this process."""

    async def ask(self, what: str, **fields: Any) -> dict[str, Any]:
        if what != "microscope":
            return await super().ask(what, **fields)
        self.asked.append(fields)
        try:
            answer = microscope(json.loads(json.dumps(fields)))
        except DltuiError as error:
            return {"error": str(error)}
        found: dict[str, Any] = json.loads(json.dumps(answer, allow_nan=False))
        return found


@pytest.fixture
def direct(monkeypatch: pytest.MonkeyPatch) -> DirectInspector:
    fake = DirectInspector()
    monkeypatch.setattr("tui.asking.inspector.Inspector", lambda: fake)
    return fake


def text(stage: Stage) -> str:
    """What the page says."""
    return plain(stage, "#microscope-text")


def plain(stage: Stage, name: str) -> str:
    content: Any = stage.app.screen.query_one(name, Static).content
    return str(getattr(content, "plain", content))


async def under_it(stage: Stage) -> MicroscopeScreen:
    """Press m on the screen that is seen, and wait for the first page."""
    await stage.press("m")
    await stage.until(lambda: isinstance(stage.app.screen, MicroscopeScreen) and stage.app.screen.is_mounted)
    screen = stage.app.screen
    assert isinstance(screen, MicroscopeScreen)
    await stage.until(lambda: screen._problem != "opening the checkpoint …")
    return screen


def watched(run: RunDir) -> FakeRun:
    """A real run, for the stage."""
    fake = FakeRun.__new__(FakeRun)
    fake.dir = run
    return fake


async def press(stage: Stage, screen: MicroscopeScreen, key: str) -> dict[str, Any]:
    """Press a key that asks for something, and wait for the answer."""
    before = screen._answer
    await stage.press(key)
    await stage.until(lambda: screen._answer is not before)
    return screen._answer


async def test_every_page_and_key_of_a_digits_network(home: Path, direct: DirectInspector) -> None:
    run = train(home, "digits mlp 12,8 relu drop=.25 adam n=80 b=16 e=2").run
    async with opened(watched(run)) as stage:
        screen = await under_it(stage)
        assert "at step 10 " in plain(stage, "#microscope-choice")
        assert "training mode" in plain(stage, "#microscope-choice")
        shown = []
        for name, _ in PAGES:
            assert screen._look.page == name
            shown.append(text(stage))
            assert len(shown[-1].splitlines()) <= 22
            assert [line for line in shown[-1].splitlines() if len(line) > 78] == []
            if name != "check":
                await press(stage, screen, "right")
        for page, words in zip(
            shown,
            ("Σ w·x", "−log p", "Σ δ·x over samples", "beta1·m before", "relative error"),
            strict=True,
        ):
            assert words in page
        await stage.press("space")
        assert screen._look.page == "check", "a book ends"
        await stage.press("question_mark")
        await stage.until(lambda: isinstance(stage.app.screen, Help))
        assert stage.app.screen._first == "microscope"  # type: ignore[attr-defined]
        await stage.press("escape")
        await stage.until(lambda: stage.app.screen is screen)
        for key in ("left", "left"):
            await press(stage, screen, key)
        assert screen._look.page == "backward"
        at = screen._answer
        assert (await press(stage, screen, "l"))["layer"] == at["layer"] + 1
        unit = screen._answer["unit"]
        assert (await press(stage, screen, "u"))["unit"] == (unit + 1) % 8
        assert (await press(stage, screen, "U"))["unit"] == unit
        weight = screen._answer["weight"]
        assert (await press(stage, screen, "w"))["weight"] == (weight + 1) % 13
        assert (await press(stage, screen, "W"))["weight"] == weight
        assert (await press(stage, screen, "s"))["sample"] == 1
        assert (await press(stage, screen, "S"))["sample"] == 0
        assert (await press(stage, screen, "n"))["batch"] == 1
        assert (await press(stage, screen, "p"))["batch"] == 0
        assert (await press(stage, screen, "L"))["layer"] == 0
        assert not (await press(stage, screen, "t"))["training"]
        assert "evaluation mode" in plain(stage, "#microscope-choice")
        assert (await press(stage, screen, "z"))["passes"] == 3
        assert "pass 3" in text(stage)
        assert (await press(stage, screen, "plus"))["passes"] == 4
        assert (await press(stage, screen, "minus"))["passes"] == 3
        assert (await press(stage, screen, "right"))["page"] == "step"
        assert "piled up over 3 backward passes" in text(stage)
        assert (await press(stage, screen, "z"))["passes"] == 1
        assert {asked["step"] for asked in direct.asked[-20:]} == {10}, "it stays at one checkpoint"
        await stage.press("escape")
        await stage.until(lambda: stage.app.screen is stage.train)


@pytest.mark.parametrize(
    "line",
    [
        "digits cnn filters=3,4 n=40 b=20 e=1 norm=batch",
        "xor perceptron bce e=3",
        "xor mlp 2, sigmoid mse e=1",
    ],
)
async def test_a_cnn_and_xor_fit_both_windows(home: Path, direct: DirectInspector, line: str) -> None:
    async with opened(watched(train(home, line).run)) as stage:
        screen = await under_it(stage)
        for name, _ in PAGES:
            assert screen._look.page == name
            assert [one for one in text(stage).splitlines() if len(one) > 78] == []
            if name != "check":
                await press(stage, screen, "right")
        await stage.pilot.resize_terminal(50, 12)
        assert screen.query_one("#microscope-page").display
        assert not screen.query_one("#microscope-book").display
        await stage.pilot.resize_terminal(120, 40)
        for name, _ in reversed(PAGES):
            assert screen._look.page == name
            lines = text(stage).splitlines()
            assert [one for one in lines if len(one) > 118] == []
            assert len(lines) <= 35
            if name != "forward":
                await press(stage, screen, "left")


async def test_the_cursor_in_time_chooses_the_checkpoint(home: Path, direct: DirectInspector) -> None:
    run = train(home, "digits mlp 6, n=40 b=20 e=3").run
    async with opened(watched(run)) as stage:
        await stage.press("3")
        await stage.until(lambda: stage.app.current_mode == "inside" and stage.app.screen.is_mounted)
        await stage.press("comma", "comma")
        await under_it(stage)
        assert "at step 0 (looked at: " in plain(stage, "#microscope-choice")


async def test_nothing_is_drawn_while_nothing_changes(
    home: Path, direct: DirectInspector, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = train(home, "digits mlp 6, n=40 b=20 e=1").run
    async with opened(watched(run)) as stage:
        screen = await under_it(stage)
        await stage.pilot._wait_for_screen()
        refreshed = count_refreshes(monkeypatch, screen)
        asked = len(direct.asked)
        await stage.press("left")
        assert len(direct.asked) == asked, "there is no page before the first"
        screen._show()
        assert [one for one in refreshed if isinstance(one, Static)] == []


@pytest.mark.usefixtures("direct")
async def test_a_run_without_a_checkpoint_is_a_sentence(make_run: MakeRun) -> None:
    run = make_run().hold().start().prepare().steps(5)
    async with opened(run) as stage:
        await under_it(stage)
        await stage.until(lambda: "has no checkpoint yet" in text(stage))
        for key in ("right", "l", "z", "escape"):
            await stage.press(key)
        await stage.until(lambda: stage.app.screen is stage.train)


@pytest.mark.usefixtures("home")
async def test_without_an_inspector_it_is_a_sentence(
    make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tui.asking.inspector import Inspector

    monkeypatch.setattr("tui.asking.inspector.Inspector", lambda: Inspector(("no-such-inspector",)))
    async with opened(make_run().start().prepare().steps(5).end()) as stage:
        await under_it(stage)
        await stage.until(lambda: "the inspector did not start" in text(stage))


@pytest.mark.usefixtures("home", "inspector")
async def test_without_a_run_the_key_does_nothing() -> None:
    async with opened() as stage:
        await stage.show("train")
        await stage.press("m")
        assert stage.app.screen is stage.train


async def test_it_closes_once_another_run_is_watched(home: Path, direct: DirectInspector) -> None:
    runs = [train(home, "digits mlp 6, n=40 b=20 e=1").run for _ in range(2)]
    async with opened(watched(runs[0])) as stage:
        screen = await under_it(stage)
        await stage.show("runs")
        await stage.press("2")
        await stage.until(lambda: stage.app.screen is screen)
        await stage.show("runs")
        stage.app.post_message(RunOpened(runs[1]))
        await stage.until(lambda: stage.app.screen is stage.train)
        assert stage.train.feed is not None
        assert stage.train.feed.run == runs[1]


# -- what the check says ----------------------------------------------------------------------------


def checked(**content: Any) -> str:
    """The page of a check, with figures of our own."""
    row = {"epsilon": 6e-6, "above": 1.0, "below": 1.0, "difference": 0.5, "error": 1e-9}
    rows = [{**row, "epsilon": 0.1, "error": 0.2}, row]
    found = {
        **row, "kink": None, "old": 0.5, "loss": 1.0, "exact": 0.5, "single": 0.5, "held": 0.5,
        "noise": 4e-11, "rows": rows, **content,
    }  # fmt: skip
    passes = content.pop("passes", 1)
    answer = {"parameter": "w", "unit": 0, "weight_label": "input 0", "passes": passes, "content": found}
    return "\n".join(line.plain for line in check.lines(answer, 78, 19))


def test_a_check_says_why_it_does_not_agree() -> None:
    assert "✓ they agree" in checked()
    assert "too long: the loss bends" in checked()
    assert "known to ±4e-11" in checked(error=0.5, exact=1e-11)
    assert "there may be a kink" in checked(error=0.5)
    assert "nothing to compare" in checked(error=None, difference=None)
    assert "within 1e-04 the loss has a kink" in checked(kink=1e-4)
    assert "too long: the loss has a kink" in checked(kink=1e-4)
    assert "zero_grad forgotten: 3 times as much" in checked(passes=3, held=1.5)


# -- how numbers stand on a page --------------------------------------------------------------------


def test_columns_have_one_notation() -> None:
    assert column([1.5, -0.25, 0.0]) == [" 1.5000", "-0.2500", " 0.0000"]
    assert column([12.0, 0.0012]) == ["12.00000", " 0.00120"]
    assert column([1.0, 1e-9]) == ["1.0000e+00", "1.0000e-09"]
    assert column([None, 2.0]) == ["not finite", "    2.0000"]
    assert column([]) == []
    assert [figure(value) for value in (0.1, 1234, 1e-8, None)] == ["0.1", "1,234", "1e-08", "not finite"]


def test_negative_numbers_stand_in_brackets_behind_a_sign() -> None:
    line = {"symbol": "v", "rule": "m·v + g", "value": -0.5, "parts": [-0.9, "·", -0.5, " + (", -0.95, ")"]}
    assert numbers_of(line) == "-0.9·(-0.5) + (-0.95)"
    assert [one.plain for one in rule(line, 80)] == ["  v = m·v + g = -0.9·(-0.5) + (-0.95) = -0.5"]
    assert [one.plain for one in rule(line, 40)] == ["  v = m·v + g", "    = -0.9·(-0.5) + (-0.95) = -0.5"]
    assert [one.plain for one in rule(line, 30)][1:] == ["    = -0.9·(-0.5) + (-0.95)", "    = -0.5"]


def test_a_table_keeps_the_chosen_row_in_sight() -> None:
    rows = [[f"fc{number}", str(number)] for number in range(12)]
    assert len(table(("layer", "norm"), rows, 3, 12)) == 13
    for chosen in range(12):
        lines = [one.plain for one in table(("layer", "norm"), rows, chosen, 5)]
        assert len(lines) == 6
        assert any(line.startswith(f"› fc{chosen} ") for line in lines)
        hidden = sum(int(line.split()[1]) for line in lines if "⋮" in line)
        assert hidden + sum("fc" in line for line in lines) == 12
    assert share_out(19, 9, 6, [16]) == (6, [4])
    assert share_out(19, 15, 6, [16]) == (3, [2])
    assert share_out(40, 10, 6, [4, 0, 20]) == (6, [4, 0, 20])
    assert share_out(30, 10, 6, [9, 20]) == (6, [7, 7])
