"""Where exports go: whole files or none, nobody's overwritten, and a format that fails stops no other."""

import errno
import os
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import NoReturn

import pytest

from dlcore.errors import DltuiError
from dlcore.export import FORMATS, Began, Failed, Format, Placed, Progress, export, render, render_text
from dlcore.rundir import RunDir


def placed(happened: Iterable[Progress]) -> list[Path]:
    """The files that were written; nothing else may have happened."""
    found = list(happened)
    assert not [one for one in found if isinstance(one, Failed)]
    return [one.path for one in found if isinstance(one, Placed)]


def test_the_formats_are_in_plain_sight() -> None:
    found = {format_.name: (format_.ending, format_.is_text, format_.extra) for format_ in FORMATS}
    expected = {
        "markdown": (".md", True, ""),
        "html": (".html", True, ""),
        "json": (".json", True, ""),
        "csv": (".csv", True, ""),
        "parquet": (".parquet", False, "parquet"),
        "tensorboard": ("/events.out.tfevents.dltui", False, ""),
        "safetensors": (".safetensors", False, ""),
        "onnx": (".onnx", False, "onnx"),
    }
    assert expected.items() <= found.items()
    assert len(found) == len(FORMATS)


def test_a_file_for_each_format_that_only_its_owner_reads(run: RunDir, tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    paths = placed(export([run], ["csv", "markdown", "csv"], folder))
    assert paths == [folder / f"{run.id}.csv", folder / f"{run.id}.md"]
    assert sorted(folder.iterdir()) == sorted(paths)
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in paths)
    assert paths[1].read_bytes() == render(run, "markdown")


def test_an_existing_file_is_refused_before_anything_is_written(run: RunDir, tmp_path: Path) -> None:
    mine = tmp_path / f"{run.id}.csv"
    mine.write_text("mine")
    with pytest.raises(DltuiError) as caught:
        export([run], ["markdown", "json", "csv"], tmp_path)
    assert str(mine) in caught.value.message
    assert "--force" in caught.value.hint
    assert mine.read_text() == "mine"
    assert not list(tmp_path.glob("*.md"))


def test_a_dangling_link_is_an_existing_file(run: RunDir, tmp_path: Path) -> None:
    (tmp_path / f"{run.id}.md").symlink_to(tmp_path / "nowhere")
    with pytest.raises(DltuiError, match="exists"):
        export([run], ["markdown"], tmp_path)
    assert not (tmp_path / "nowhere").exists()


def test_force_replaces_a_file_and_follows_no_link(run: RunDir, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_text("other")
    (tmp_path / f"{run.id}.md").symlink_to(other)
    (path,) = placed(export([run], ["markdown"], tmp_path, force=True))
    assert not path.is_symlink()
    assert path.read_bytes() == render(run, "markdown")
    assert other.read_text() == "other"


@pytest.mark.parametrize("links", [True, False])
def test_a_file_that_appears_in_between_is_not_overwritten(
    run: RunDir, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool
) -> None:
    mine = tmp_path / f"{run.id}.csv"
    if not links:
        monkeypatch.setattr(os, "link", no_links)
    going = export([run], ["markdown", "csv", "json"], tmp_path)
    mine.write_text("mine")
    failed = [one for one in going if isinstance(one, Failed)]
    assert [one.format for one in failed] == ["csv"]
    assert failed[0].error.message == f"{mine} exists"
    assert mine.read_text() == "mine"
    there = sorted(path.suffix for path in tmp_path.iterdir() if path.is_file())
    assert there == [".csv", ".json", ".md"]


def no_links(source: object, target: object) -> NoReturn:
    raise OSError(errno.EPERM, "Operation not permitted")


def test_a_file_system_without_links_will_do(
    run: RunDir, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "link", no_links)
    (path,) = placed(export([run], ["json"], tmp_path / "out"))
    assert path.read_bytes() == render(run, "json")
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("name", ["file/folder", "nul\0l"])
def test_a_folder_that_cannot_be_made_is_named(run: RunDir, tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("")
    (failed,) = [one for one in export([run], ["json"], tmp_path / name) if isinstance(one, Failed)]
    assert str(tmp_path / name) in failed.error.message
    assert failed.error.hint


def test_an_unknown_format_names_the_known_ones(run: RunDir, tmp_path: Path) -> None:
    with pytest.raises(DltuiError) as caught:
        export([run], ["json", "pdf"], tmp_path / "out")
    assert "'pdf'" in caught.value.message
    assert "markdown, html, json, csv" in caught.value.hint
    with pytest.raises(DltuiError, match="No export format"):
        export([run], [], tmp_path / "out")
    with pytest.raises(DltuiError, match="No run"):
        export([], ["json"], tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_format_that_cannot_be_had_stops_no_other(
    run: RunDir, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lacking = Format("lacking", ".lacking", "", lambda report: b"", extra="onnx", needs=("no_such_module",))
    monkeypatch.setattr("dlcore.export.FORMATS", (lacking, *FORMATS))
    happened = list(export([run], ["lacking", "safetensors", "csv"], tmp_path))
    assert [one.format for one in happened if isinstance(one, Began)] == ["lacking", "safetensors", "csv"]
    first, second = (one.error for one in happened if isinstance(one, Failed))
    assert "no_such_module, which is not installed here" in first.message
    assert first.hint == "Install it: pip install 'dltui[onnx]'."
    assert "has no checkpoint yet" in second.message
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == [f"{run.id}.csv"]


def test_a_run_that_cannot_be_read_stops_no_other(run: RunDir, home: Path, tmp_path: Path) -> None:
    broken = RunDir(home / "runs" / "20260304T050607090Z-broken")
    broken.path.mkdir()
    broken.config.write_text("[optimizer]\nkind = 'sgdd'\n")
    happened = list(export([broken, run], ["json"], tmp_path / "out"))
    assert [(one.run, "sgdd" in str(one.error)) for one in happened if isinstance(one, Failed)] == [
        (broken.id, True)
    ]
    assert [one.path.name for one in happened if isinstance(one, Placed)] == [f"{run.id}.json"]


def test_runs_of_one_name_are_not_written_over_each_other(run: RunDir, tmp_path: Path) -> None:
    other = RunDir(tmp_path / "elsewhere" / run.id)
    other.path.mkdir(parents=True)
    with pytest.raises(DltuiError, match="Two different runs"):
        export([run, other], ["json"], tmp_path / "out")
    assert len(placed(export([run, run], ["json"], tmp_path / "out"))) == 1


def test_names_of_files_are_nothing_to_a_shell(run: RunDir, tmp_path: Path) -> None:
    strange = run.path.rename(tmp_path / "-r $(touch x); 'ü名' &.\x1b[2J")
    (path,) = placed(export([RunDir(strange)], ["csv"], tmp_path / "out"))
    assert path.name == "r-touch-x-ü名-.-2J.csv"


def test_what_is_no_text_is_no_standard_output(run: RunDir) -> None:
    assert render_text(run, "csv") == render(run, "csv")
    with pytest.raises(DltuiError) as caught:
        render_text(run, "tensorboard")
    assert "no text" in caught.value.message
    assert "markdown, html, json, csv" in caught.value.hint
