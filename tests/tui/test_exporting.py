"""Exports from the app: what is chosen is remembered, one that fails stops no other, and paths are shown."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import OptionList, Static

from dlcore.export import FORMATS
from dlcore.files.atomic import read_json, write_json
from tests.tui.fakes import MOMENT, FakeRun, Stage, opened
from tui.screens.export_dialog import ExportDialog
from tui.screens.export_progress import ExportProgress
from tui.screens.exporting import own_place

pytestmark = pytest.mark.usefixtures("home", "inspector")


@pytest.fixture
def finished(make_run: Any) -> FakeRun:
    run: FakeRun = make_run("digits").start().prepare().steps(30).end()
    return run


async def asked(stage: Stage) -> ExportDialog:
    stage.type("e")
    await stage.until(
        lambda: isinstance(stage.app.screen, ExportDialog) and stage.app.screen.query(OptionList)
    )
    screen = stage.app.screen
    assert isinstance(screen, ExportDialog)
    return screen


async def done(stage: Stage) -> ExportProgress:
    await stage.until(lambda: isinstance(stage.app.screen, ExportProgress) and stage.app.screen.is_done)
    screen = stage.app.screen
    assert isinstance(screen, ExportProgress)
    return screen


def prompts(dialog: ExportDialog) -> list[str]:
    rows = dialog.query_one(OptionList)
    return [str(rows.get_option_at_index(index).prompt) for index in range(rows.option_count)]


async def test_what_is_chosen_is_written_and_remembered(finished: FakeRun, home: Path) -> None:
    async with opened(finished) as stage:
        dialog = await asked(stage)
        rows = prompts(dialog)
        assert [row[:3] for row in rows[: len(FORMATS)]].count("[x]") == 4
        assert rows[0].startswith("[x] markdown")
        assert len(rows) == len(FORMATS) + 2
        names = [form.name for form in FORMATS]
        stage.type("space", *["down"] * names.index("safetensors"), "space", "enter")
        progress = await done(stage)
        folder = own_place(finished.dir.id)
        assert sorted(path.suffix for path in folder.iterdir()) == [".csv", ".html", ".json"]
        assert [Path(path).parent for path in progress.written] == [folder] * 3
        (fault,) = progress.faults
        assert "safetensors: " in fault
        assert "has no checkpoint yet" in fault
        shown = str(progress.query_one(".progress--lines", Static).content)
        assert shown.count("✓") == 3
        assert shown.count("✗") == 1
        stage.type("escape")
        await stage.until(lambda: stage.app.screen is stage.train)
        rows = prompts(await asked(stage))
        assert rows[0].startswith("[ ] markdown")
        assert rows[names.index("safetensors")].startswith("[x]")
        assert str(folder.name) in rows[-2]
        stage.type("enter")
        progress = await done(stage)
        assert progress.written == []
        assert "Choose to overwrite files, or another folder." in progress.faults[0]
        stage.type("escape")
        await asked(stage)
        stage.type("end", "space", "enter")
        assert len((await done(stage)).written) == 3


async def test_another_folder_is_asked_for_and_remembered(finished: FakeRun, tmp_path: Path) -> None:
    async with opened(finished) as stage:
        dialog = await asked(stage)
        stage.type("end", "up", "enter")
        await stage.until(lambda: stage.app.screen is not dialog and stage.app.focused is not None)
        field: Any = stage.app.focused
        field.value = str(tmp_path / "here")
        stage.type("enter")
        await stage.until(lambda: stage.app.screen is dialog and "here" in prompts(dialog)[-2])
        stage.type("home", "enter")
        progress = await done(stage)
        assert Path(progress.written[0]).parent == tmp_path / "here"
        stage.type("escape")
        await stage.until(lambda: stage.app.screen is stage.train)
        assert "here" in prompts(await asked(stage))[-2]


async def test_a_lineage_is_offered_where_there_is_one(finished: FakeRun, make_run: Any, home: Path) -> None:
    branch = make_run("digits", moment=MOMENT + timedelta(seconds=1)).start().prepare().steps(9).end()
    parent = {"run": finished.dir.id, "step": 30}
    write_json(branch.dir.facts, {**read_json(branch.dir.facts), "parent": parent})
    async with opened(finished) as stage:
        rows = prompts(await asked(stage))
        assert rows[-3] == "[ ] lineage        also 1 run that it comes from, or leads to"
        stage.type(
            "end", "up", "up", "space", *["home", "down", "space", "down", "space", "down", "space"], "enter"
        )
        progress = await done(stage)
        names = [finished.dir.id, branch.dir.id, f"2-runs-{finished.dir.id}"]
        assert [Path(path).name for path in progress.written] == [f"{name}.md" for name in names]


async def test_nothing_chosen_is_nothing_written(finished: FakeRun, home: Path) -> None:
    async with opened(finished) as stage:
        dialog = await asked(stage)
        for _ in range(4):
            stage.type("space", "down")
        stage.type("enter")
        await stage.until(lambda: stage.notices())
        assert stage.app.screen is dialog
        stage.type("escape")
        await stage.until(lambda: stage.app.screen is stage.train)
        assert not (home / "exports").exists()


async def test_an_export_that_is_left_goes_on_and_says_so(finished: FakeRun) -> None:
    async with opened(finished) as stage:
        await asked(stage)
        stage.type("enter")
        await stage.until(lambda: isinstance(stage.app.screen, ExportProgress))
        stage.type("escape")
        await stage.until(lambda: stage.notices())
        assert "Written: " in stage.notices()[0]
        assert stage.app.screen is stage.train
