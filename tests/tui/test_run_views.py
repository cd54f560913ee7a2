"""Runs as one wants to see them: filtered, sorted, grouped, as a tree, in columns, hidden, marked."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Input, OptionList, Static

from dlcore.family import twins
from dlcore.files.atomic import read_json, write_json
from dlcore.finding_runs.keys import DEFAULT_COLUMNS
from dlcore.finding_runs.listing import ordered
from dlcore.finding_runs.view import View, read_view
from dlcore.labels import read_label, relabel
from dlcore.oneline import parse
from dlcore.rundir import RunDir
from tests.dlcore.listed import ended
from tests.tui.fakes import MOMENT, FakeRun, Stage, count_refreshes, opened
from tui.app import DltuiApp
from tui.messages import BranchRequested, CompareRequested, ReplayRequested, TwinsRequested
from tui.screens.choosing_columns import ChooseColumns
from tui.screens.dialogs import Pick
from tui.screens.labelling import AddTags, EditLabel
from tui.widgets.filter_line import FilterLine
from tui.widgets.run_table import MARKED, RunTable

pytestmark = pytest.mark.usefixtures("home", "inspector")


def best(score: float) -> dict[str, Any]:
    return {"best": {"split": "validation", "accuracy": score, "step": 844}}


@pytest.fixture
def five(home: Path) -> list[RunDir]:
    """Five runs that have ended, the newest first: two with adam, one of them the best."""
    lines = (
        ("digits mlp 16 adam lr=.01 name=e", 0.95),
        ("digits mlp 16 adam lr=.1 name=d", 0.99),
        ("digits mlp 16 sgd lr=.1 name=c", 0.80),
        ("moons mlp 8 momentum name=b", 0.97),
        ("moons mlp 8,8 momentum name=a", 0.60),
    )
    return [ended(home, -number, line, **best(score)) for number, (line, score) in enumerate(lines)]


def table(stage: Stage) -> RunTable:
    return stage.app.screen.query_one(RunTable)


def names(stage: Stage) -> str:
    """What the list shows, from top to bottom: names of runs, and headings."""
    screen: Any = stage.app._runs
    rows = [line.entry.row.name if line.entry else f"[{line.heading.text}]" for line in screen._listing.lines]
    return " ".join(rows)


def note(stage: Stage) -> str:
    content: Any = stage.app._runs.query_one("#runs-note", Static).content
    return str(content.plain)


def chosen(stage: Stage) -> str:
    row = stage.app._runs.chosen()
    return row.name if row is not None else ""


def filtered_by(stage: Stage) -> str:
    return stage.app._runs._view.filter


@asynccontextmanager
async def on_runs(size: tuple[int, int] = (80, 24), **options: Any) -> AsyncIterator[Stage]:
    async with opened(size=size, **options) as stage:
        await stage.show("runs")
        await stage.until(lambda: stage.app._runs._runs.is_whole)
        yield stage


async def typed(stage: Stage, text: str) -> None:
    """Type a text, and wait until the line holds it."""
    line = stage.app.screen.query_one(FilterLine)
    before = line.text
    stage.type(*text)
    await stage.until(lambda: line.text == before + text)


async def test_a_filter_holds_as_it_is_typed_and_stays_in_sight(five: list[RunDir], home: Path) -> None:
    async with on_runs() as stage:
        line = stage.app.screen.query_one(FilterLine)
        assert not line.display
        stage.type("down", "/")
        await stage.until(lambda: line.is_typed_into)
        await typed(stage, "acc>90%")
        await stage.until(lambda: names(stage) == "e d b")
        assert note(stage).startswith("3 of 5 runs")
        assert chosen(stage) == "d", "the cursor stays on its run"
        await typed(stage, " and opt")
        assert names(stage) == "e d b", "opt may become a key"
        assert "no run is called so" in note(stage)
        await typed(stage, "imizer")
        assert names(stage) == "e d b"
        await typed(stage, "=")
        await stage.until(lambda: names(stage) == "e d b")
        assert note(stage) == "not whole yet: a value must follow optimizer="
        await typed(stage, "adam")
        await stage.until(lambda: names(stage) == "e d")
        await typed(stage, " and accc>1")
        assert names(stage) == "e d"
        assert "there is no key 'accc', did you mean acc" in note(stage)
        assert note(stage).endswith("(letter 32)")
        stage.type("enter")
        await stage.until(lambda: True)
        assert line.is_typed_into, "what makes no sense stays to be mended"
        stage.type("down")
        await stage.until(lambda: not line.is_typed_into)
        assert line.text == filtered_by(stage) == "acc>90% and optimizer=adam"
        assert line.display
        assert chosen(stage) == "d"
        assert read_view(home).filter == "acc>90% and optimizer=adam"
        stage.type("escape")
        await stage.until(lambda: names(stage) == "e d c b a")
        assert not line.display
        assert read_view(home) == View()


async def test_escape_in_the_line_is_no_filter_and_enter_keeps_it(five: list[RunDir]) -> None:
    async with on_runs() as stage:
        line = stage.app.screen.query_one(FilterLine)
        stage.type("/")
        await stage.until(lambda: line.is_typed_into)
        await typed(stage, "moons a")
        assert names(stage) == "b a", "an a may become an and"
        stage.type("enter")
        await stage.until(lambda: filtered_by(stage) == "moons a")
        assert table(stage).has_focus
        stage.type("/")
        await stage.until(lambda: line.is_typed_into)
        stage.type("escape")
        await stage.until(lambda: names(stage) == "e d c b a")
        assert not line.display
        assert table(stage).has_focus


async def test_a_run_that_the_filter_leaves_out_is_chosen_again_when_it_is_back(five: list[RunDir]) -> None:
    async with on_runs() as stage:
        stage.type("end", "up", "/")
        await stage.until(lambda: chosen(stage) == "b")
        await stage.until(lambda: stage.app.screen.query_one(FilterLine).is_typed_into)
        await typed(stage, "adam")
        await stage.until(lambda: names(stage) == "e d")
        stage.type("escape")
        await stage.until(lambda: names(stage) == "e d c b a")
        assert chosen(stage) == "b"
        stage.type("/")
        await stage.until(lambda: stage.app.screen.query_one(FilterLine).is_typed_into)
        await typed(stage, "adam")
        stage.type("enter")
        await stage.until(lambda: table(stage).has_focus and chosen(stage) == "d")
        stage.type("escape")
        await stage.until(lambda: names(stage) == "e d c b a")
        assert chosen(stage) == "d", "a filter that is kept has its own"


async def test_typing_a_filter_leaves_the_order_as_it_is(
    five: list[RunDir], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def counted(entries: Any, view: View, now: Any) -> Any:
        asked.append(view.filter)
        return ordered(entries, view, now)

    async with on_runs() as stage:
        stage.type("s", "s")
        await stage.until(lambda: names(stage) == "d b e c a")
        monkeypatch.setattr("tui.screens.run_views.ordered", counted)
        stage.type("/")
        await stage.until(lambda: stage.app.screen.query_one(FilterLine).is_typed_into)
        await typed(stage, "lr>=.01 and adam")
        await stage.until(lambda: names(stage) == "d e")
        assert asked == []
        stage.type("enter")
        await stage.until(lambda: stage.app.focused is table(stage))
        stage.type("s")
        await stage.until(lambda: stage.app._runs._view.sort == "name")
        assert asked == ["lr>=.01 and adam"]


async def test_sorting_goes_through_the_columns_and_can_be_turned_around(five: list[RunDir]) -> None:
    async with on_runs() as stage:
        stage.type("down", "s")
        await stage.until(lambda: stage.app._runs._view.sort == "state")
        assert chosen(stage) == "d"
        stage.type("s")
        await stage.until(lambda: names(stage) == "d b e c a")
        assert "best ↓" in table(stage).render_line(0).text
        assert chosen(stage) == "d"
        stage.type("S")
        await stage.until(lambda: names(stage) == "a c e b d")
        assert "best ↑" in table(stage).render_line(0).text
        assert chosen(stage) == "d"
        stage.type(*"ssssss")
        await stage.until(lambda: stage.app._runs._view.sort == "id")
        stage.type("s")
        await stage.until(lambda: names(stage) == "e d c b a")


async def test_groups_have_headings_that_fold_and_mark(five: list[RunDir]) -> None:
    async with on_runs() as stage:
        stage.type("g")
        await stage.until(lambda: isinstance(stage.app.screen, Pick) and stage.app.screen.query(OptionList))
        words = [answer.word for answer in stage.app.screen._answers]  # type: ignore[attr-defined]
        assert words[0] == "none"
        assert {"optimizer", "data", "optimizer.lr", "model.hidden", "tag", "state"} <= set(words)
        assert "data.batch_size" not in words, "all have the same"
        stage.type(*["down"] * words.index("optimizer"), "enter")
        await stage.until(lambda: stage.app._runs._view.group == "optimizer")
        assert names(stage) == (
            "[- optimizer adam · 2 runs · 97.00 ± 2.83 % validation] e d "
            "[- optimizer momentum · 2 runs · 78.50 ± 26.16 % validation] b a "
            "[- optimizer sgd · 1 run · 80.00 % validation] c"
        )
        assert chosen(stage) == "e"
        assert "optimizer adam · 2 runs" in table(stage).render_line(1).text
        stage.type("up", "enter")
        await stage.until(lambda: names(stage).startswith("[+ optimizer adam"))
        assert table(stage).cursor == 0
        assert " e d " not in names(stage)
        stage.app._runs._refresh_live()
        assert table(stage).cursor == 0, "it stays on the heading"
        stage.type("space")
        await stage.until(lambda: len(stage.app._runs._marks) == 2)
        assert "2 marked" in note(stage)
        stage.type("up", "enter")
        await stage.until(lambda: names(stage).startswith("[- optimizer adam"))
        assert [table(stage).mark(row) for row in range(4)] == ["", MARKED, MARKED, ""]
        stage.type("space")
        await stage.until(lambda: not stage.app._runs._marks)


async def test_columns_are_chosen_ordered_and_remembered(five: list[RunDir], home: Path) -> None:
    async with on_runs() as stage:
        stage.type("C")
        await stage.until(lambda: isinstance(stage.app.screen, ChooseColumns) and stage.app.screen.is_mounted)
        dialog: Any = stage.app.screen
        await stage.until(lambda: dialog._list.highlighted == 0)
        assert dialog._names[: len(DEFAULT_COLUMNS)] == list(DEFAULT_COLUMNS)
        stage.type("space", "space")  # state and best are none any more
        await stage.until(lambda: dialog._chosen[0] == "name")
        at = dialog._names.index("optimizer.lr")
        stage.type(*["down"] * at, "space")
        await stage.until(lambda: dialog._chosen[-1] == "optimizer.lr")
        stage.type(*["up"] * (at + 1 - 6), *["K"] * 5, "enter")
        await stage.until(lambda: stage.app._runs._view.columns[1:2] == ("optimizer.lr",))
        expected = ("name", "optimizer.lr", "age", "network", "epochs", "steps", "id")
        assert stage.app._runs._view.columns == read_view(home).columns == expected
        header = table(stage).render_line(0).text.split()
        assert header[:3] == ["name", "lr", "age"]
        assert table(stage).render_line(2).text.split()[:2] == ["d", "0.1"]
        stage.type("C")
        await stage.until(lambda: isinstance(stage.app.screen, ChooseColumns) and stage.app.screen.is_mounted)
        stage.type("backspace", "enter")
        await stage.until(lambda: stage.app._runs._view.columns == DEFAULT_COLUMNS)


async def test_a_run_gets_a_name_tags_and_notes(five: list[RunDir]) -> None:
    async with on_runs() as stage:
        stage.type("down", "i")
        await stage.until(lambda: isinstance(stage.app.screen, EditLabel) and stage.app.screen.query(Input))
        dialog: Any = stage.app.screen
        await stage.until(lambda: isinstance(stage.app.focused, Input))
        assert dialog.query_one("#label-name", Input).placeholder == "d"

        async def goes_to(key: str, field: str) -> None:
            stage.type(key)
            await stage.until(lambda: stage.app.focused is dialog.query_one(f"#label-{field}"))

        stage.type(*"new")
        await goes_to("tab", "tags")
        stage.type(*("x" * 60))
        await goes_to("down", "notes")
        stage.type(*"noted", "enter")
        await stage.until(lambda: "is no tag" in str(dialog._said.content))
        assert not five[1].label.exists()
        await goes_to("up", "tags")
        stage.type("ctrl+u")
        await stage.until(lambda: not dialog.query_one("#label-tags", Input).value)
        stage.type(*"good old", "enter")
        await stage.until(lambda: names(stage) == "e new c b a")
        label = read_label(five[1])
        assert (label.name, label.tags, label.notes) == ("new", ("good", "old"), "noted")
        stage.type("/")
        await stage.until(lambda: stage.app.screen.query_one(FilterLine).is_typed_into)
        await typed(stage, "tag=old")
        await stage.until(lambda: names(stage) == "new")


async def test_marked_runs_get_tags_beside_their_own(five: list[RunDir]) -> None:
    relabel(five[0], name="mine", tags=("old", "both"))
    relabel(five[1], tags=("both",))
    async with on_runs() as stage:
        stage.type("space", "space", "i")
        await stage.until(lambda: isinstance(stage.app.screen, AddTags) and stage.app.screen.query(Input))
        dialog: Any = stage.app.screen
        await stage.until(lambda: isinstance(stage.app.focused, Input))
        texts = " ".join(str(static.content) for static in dialog.query(Static))
        assert "Tags for 2 marked runs" in texts
        assert "All have: both" in texts
        stage.type(*("x" * 60), "enter")
        await stage.until(lambda: "is no tag" in str(dialog._said.content))
        stage.type("ctrl+u")
        await stage.until(lambda: not dialog.query_one(Input).value)
        stage.type(*"new both", "enter")
        await stage.until(lambda: "new" in read_label(five[1]).tags)
        assert read_label(five[0]).tags == ("old", "both", "new")
        assert read_label(five[0]).name == "mine"
        assert read_label(five[1]).tags == ("both", "new")
        assert not five[2].label.exists()
        await stage.until(lambda: stage.app.screen.query(RunTable))
        stage.type("escape", "end", "space", "up", "i")
        await stage.until(lambda: isinstance(stage.app.screen, EditLabel) and stage.app.screen.query(Input))
        assert stage.app.screen.query_one("#label-name", Input).placeholder == "a", "the marked one"


async def test_what_another_viewer_says_is_shown(five: list[RunDir]) -> None:
    async with on_runs() as stage:
        relabel(five[2], name="theirs")
        relabel(five[3], hidden=True)
        stage.app._runs._refresh_live()
        assert names(stage) == "e d theirs a"
        assert " 1 hidden" in note(stage)


async def test_hidden_runs_are_said_and_shown_when_wanted(five: list[RunDir], home: Path) -> None:
    async with on_runs() as stage:
        stage.type("down", "h")
        await stage.until(lambda: names(stage) == "e c b a")
        assert read_label(five[1]).hidden
        assert "· 1 hidden ·" in note(stage)
        assert chosen(stage) == "c", "the cursor stays at its place"
        stage.type("H")
        await stage.until(lambda: names(stage) == "e d c b a")
        assert "1 hidden one dimmed" in note(stage)
        assert {cell.look for cell in table(stage).cells(1)} == {"table--quiet"}
        assert read_view(home).shows_hidden
        stage.type("home", "down", "h")
        await stage.until(lambda: not read_label(five[1]).hidden)
        stage.type("end", "space", "up", "space", "h")
        await stage.until(lambda: read_label(five[4]).hidden and read_label(five[3]).hidden)
        await stage.until(lambda: "2 hidden" in note(stage) and "marked" not in note(stage))
        stage.type("end", "h", "up", "h")
        await stage.until(lambda: " hidden" not in note(stage))


async def test_marks_survive_a_filter_and_are_compared_in_order(
    five: list[RunDir], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(DltuiApp, "on_compare_requested", lambda app, message: None)
    async with on_runs() as stage:
        stage.type("v")
        await stage.until(lambda: stage.notices())
        assert "Mark two runs or more" in stage.notices()[0]
        stage.type("space", "down", "space", "space")
        await stage.until(lambda: len(stage.app._runs._marks) == 3)
        assert table(stage).cursor == 4
        assert table(stage).render_line(1).text.startswith(f" {MARKED}")
        assert "3 marked" in note(stage)
        stage.type("/")
        await stage.until(lambda: stage.app.screen.query_one(FilterLine).is_typed_into)
        await typed(stage, "moons")
        await stage.until(lambda: names(stage) == "b a")
        assert "3 marked, 2 of them not here" in note(stage)
        stage.type("down")
        await stage.until(lambda: table(stage).has_focus)
        stage.type("v")
        await stage.until(lambda: stage.sent(CompareRequested))
        (asked,) = stage.sent(CompareRequested)
        assert asked.runs == (five[3], five[0], five[2])


async def test_escape_takes_the_marks_back_once_there_is_no_filter(five: list[RunDir]) -> None:
    async with on_runs() as stage:
        stage.type("space", "escape")
        await stage.until(lambda: not stage.app._runs._marks and "marked" not in note(stage))


async def test_marked_runs_are_deleted_after_asking_with_number_and_size(five: list[RunDir]) -> None:
    async with on_runs() as stage:
        stage.type("space", "space", "d")
        await stage.until(lambda: isinstance(stage.app.screen, Pick) and stage.app.screen.query(OptionList))
        dialog: Any = stage.app.screen
        assert dialog._title == "Delete 2 runs?"
        assert "2 marked runs: " in dialog._text
        assert " kB of figures and weights" in dialog._text
        stage.type("down", "enter")
        await stage.until(lambda: stage.app.screen.query(RunTable) and names(stage) == "c b a")
        assert [run.path.exists() for run in five] == [False, False, True, True, True]
        assert not stage.app._runs._marks


async def test_kin_is_compared_where_nothing_is_marked_and_stands_below_its_parent(
    five: list[RunDir], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(DltuiApp, "on_compare_requested", lambda app, message: None)
    for child, name in ((five[1], "first"), (five[0], "second")):
        parent = {"run": five[3].id, "step": 0, "code": "plateau", "remedy": name}
        write_json(child.facts, read_json(child.facts) | {"parent": parent})
    async with on_runs() as stage:
        stage.type("v")
        await stage.until(lambda: stage.sent(CompareRequested))
        assert stage.sent(CompareRequested)[0].runs == (five[0], five[3], five[1])
        stage.type("t")
        await stage.until(lambda: stage.app._runs._view.is_tree)
        assert names(stage) == "b d e c a"
        lines = [table(stage).render_line(row).text for row in (1, 2, 3)]
        assert " b " in lines[0]
        assert "├─ d (remedy: first)" in lines[1]
        assert "└─ e (remedy: second)" in lines[2]
        assert "as a tree" in note(stage)
        assert chosen(stage) == "e"
        stage.type("home", "v")
        await stage.until(lambda: len(stage.sent(CompareRequested)) == 2)
        assert set(stage.sent(CompareRequested)[1].runs) == {five[3], five[0], five[1]}


async def test_branches_twins_and_replays_are_asked_for(
    five: list[RunDir], monkeypatch: pytest.MonkeyPatch
) -> None:
    for what in ("branch", "twins", "replay"):
        monkeypatch.setattr(DltuiApp, f"on_{what}_requested", lambda app, message: None, raising=False)
    async with on_runs() as stage:
        stage.type("b", "T", "p")
        await stage.until(lambda: stage.sent(ReplayRequested))
        assert [asked.run for asked in stage.sent(BranchRequested)] == [five[0]]
        assert [asked.source for asked in stage.sent(TwinsRequested)] == [five[0]]
        assert [asked.run for asked in stage.sent(ReplayRequested)] == [five[0]]


async def test_the_view_is_there_again_in_the_next_app(five: list[RunDir], home: Path) -> None:
    async with on_runs() as stage:
        stage.type("s", "s", "/")
        await stage.until(lambda: stage.app.screen.query_one(FilterLine).is_typed_into)
        await typed(stage, "acc>90%")
        stage.type("enter")
        await stage.until(lambda: read_view(home).filter == "acc>90%")
    async with on_runs() as stage:
        await stage.until(lambda: names(stage) == "d b e")
        line = stage.app.screen.query_one(FilterLine)
        assert line.display
        assert line.text == "acc>90%"


async def test_a_damaged_view_does_no_harm(five: list[RunDir], home: Path) -> None:
    (home / "runs-view.json").write_text('{"filter": "acc>", "columns": [7], "sort": "what"}')
    async with on_runs() as stage:
        assert names(stage) == "e d c b a"


async def test_nothing_is_drawn_where_nothing_is_new(
    five: list[RunDir], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with on_runs(size=(120, 40)) as stage:
        stage.type("s", "s", "/")
        await stage.until(lambda: stage.app.screen.query_one(FilterLine).is_typed_into)
        await typed(stage, "acc>90%")
        stage.type("enter")
        await stage.until(lambda: names(stage) == "d b e" and len(stage.app._runs._sizes) == 2)
        refreshed = count_refreshes(monkeypatch, on=stage.app.screen)
        stage.app._runs._refresh_live()
        await stage.pilot.pause()
        assert refreshed == []


async def test_with_plain_characters_every_line_is_ascii(five: list[RunDir]) -> None:
    parent = {"run": five[3].id, "step": 0, "code": "plateau", "remedy": "first"}
    write_json(five[0].facts, read_json(five[0].facts) | {"parent": parent})
    async with on_runs(ascii_only=True) as stage:
        stage.type("space", "t")
        await stage.until(lambda: stage.app._runs._view.is_tree)
        strips = stage.app.screen._compositor.render_strips()
        shown = "\n".join(strip.text for strip in strips)
        assert "`- e (remedy: first)" in shown
        assert "?" not in shown.replace("? Help", "")


async def test_a_live_run_that_comes_to_match_is_listed(
    make_run: Callable[..., FakeRun], five: list[RunDir]
) -> None:
    live = make_run("moons", name="live").hold().start().prepare()
    async with on_runs() as stage:
        stage.type("/")
        await stage.until(lambda: stage.app.screen.query_one(FilterLine).is_typed_into)
        await typed(stage, "state=running epochs>0")
        await stage.until(lambda: names(stage) == "")
        live.epochs(1)

        def is_listed() -> bool:
            stage.app._runs._refresh_live()
            return names(stage) == "live"

        await stage.until(is_listed)


async def test_twins_are_told_apart_in_80_columns(home: Path) -> None:
    configs = twins.varied(parse("digits mlp 16,"), "model.activation", ["relu", "tanh"])
    twins.make(home, twins.repeated(configs, 2), MOMENT, "seeds")
    async with on_runs() as stage:
        found = table(stage)
        await stage.until(lambda: "seed" in found.render_line(1).text)
        lines = [found.render_line(y).text for y in range(1, 5)]
        wanted = ("tanh, seed 1", "relu, seed 1", "tanh, seed 0", "relu, seed 0")
        assert [words in line for words, line in zip(wanted, lines, strict=True)] == [True] * 4, lines
        assert "digits" not in lines[0], "they have that in common"
    async with on_runs(size=(140, 30)) as stage:
        await stage.until(lambda: "tanh, seed 1 · digits" in table(stage).render_line(1).text)


async def test_long_names_of_twins_keep_what_differs_at_both_ends(home: Path) -> None:
    configs = twins.varied(parse("digits mlp 16,"), "regularization.clip_norm", ["0.125", "0.25"])
    twins.make(home, configs, MOMENT, "twins")
    async with on_runs() as stage:
        found = table(stage)
        await stage.until(lambda: "clip" in found.render_line(1).text)
        assert [word in found.render_line(y).text for y, word in ((1, "0.25 "), (2, "0.125 "))] == [True] * 2
