"""From logs of others to runs of ours: whole, in shares, by our steps, and nobody's to train."""

import hashlib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dlcore import commands, launch
from dlcore.errors import ConfigError, DataError, RunError
from dlcore.export import render
from dlcore.export.tfrecord import record, scalar, version
from dlcore.family.branch import start_at
from dlcore.history import RunHistory
from dlcore.importing import Following, Imported
from dlcore.judged import config_of, findings_of
from dlcore.runs import run_row
from dlcore.summary import read_history, state_of
from tests.dlcore.importing.test_csv_logs import FASTAI, KERAS, LIGHTNING, ULTRALYTICS

_BEGAN = 1.7e9


def event_file(folder: Path, points: list[tuple[str, int, float]], number: int = 1) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    events = [version(_BEGAN), *(scalar(_BEGAN + step, step, tag, value) for tag, step, value in points)]
    content = b"".join(map(record, events))
    (folder / f"events.out.tfevents.170000000{number}.box").write_bytes(content)


def imported(home: Path, path: Path, **given: str) -> list[Imported]:
    following = Following(home, path, given, grows=False)
    following.read()
    following.end()
    return list(following.imported.values())


def only(home: Path, path: Path, **given: str) -> tuple[Imported, RunHistory]:
    (one,) = imported(home, path, **given)
    return one, read_history(one.run, whole=True)


def curve(history: RunHistory, split: str) -> list[tuple[int, float | None, float | None]]:
    return [(one.step, one.loss, one.accuracy) for one in history.as_it_went(split)]


def sums(folder: Path) -> dict[str, tuple[str, int]]:
    return {
        str(path): (
            hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "",
            path.stat().st_mtime_ns,
        )
        for path in folder.rglob("*")
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of TensorBoard: two hundred steps with an evaluation every fifty."""
    there = tmp_path / "logs" / "exp1"
    points = [("Loss/train", step, 4.0 / (1 + step)) for step in range(200)]
    for step in range(49, 200, 50):
        points += [
            ("Loss/val", step, 1.0 - step / 1000),
            ("Accuracy/val", step, 50 + step / 10),
            ("lr", step, 0.1),
        ]
    event_file(there, sorted(points, key=lambda one: one[1]))
    return there


def test_a_folder_of_tensorboard(home: Path, folder: Path) -> None:
    before = sums(folder.parent)
    one, history = only(home, folder)
    assert sums(folder.parent) == before
    assert state_of(one.run, history) == "finished"
    assert history.step == 200
    assert [history.loss.value_at(step) for step in (1, 2, 200)] == pytest.approx([4.0, 2.0, 0.02])
    measured = curve(history, "validation")
    assert [step for step, _, _ in measured] == [50, 100, 150, 200]
    assert [loss for _, loss, _ in measured] == pytest.approx([0.951, 0.901, 0.851, 0.801])
    assert [share for _, _, share in measured] == pytest.approx([0.549, 0.599, 0.649, 0.699])
    assert history.watched == "validation"
    assert history.lr.last() == pytest.approx(0.1)
    assert history.seconds == pytest.approx(199)
    row = run_row(one.run, datetime.now(UTC))
    assert (row.state, row.steps) == ("finished", 200)
    assert row.score == pytest.approx(0.699)
    assert row.made == datetime.fromtimestamp(_BEGAN, UTC)
    assert "imported from TensorBoard" in row.network


def test_it_is_exported_and_judged_and_never_trained(home: Path, folder: Path) -> None:
    one, history = only(home, folder)
    findings_of(one.run, history)
    for form in ("markdown", "json", "csv"):
        assert render(one.run, form)
    assert b"It was imported from" in render(one.run, "markdown")
    with pytest.raises(RunError, match="cannot be resumed: it was imported from"):
        launch.resume(home, one.run)
    with pytest.raises(RunError, match="cannot be branched"):
        start_at(one.run)
    with pytest.raises(ConfigError, match="what a log of another program tells of"):
        launch.launch(home, config_of(one.run), datetime.now(UTC))
    with pytest.raises(RunError, match="is not being trained"):
        launch.tell(one.run, commands.Pause())


def test_each_folder_below_is_a_run_and_splits_are_joined(home: Path, tmp_path: Path) -> None:
    root = tmp_path / "logs"
    event_file(root / "a" / "train", [("epoch_loss", step, 2.0 - step) for step in range(2)])
    event_file(root / "a" / "validation", [("epoch_loss", step, 3.0 - step) for step in range(2)])
    event_file(root / "b", [("loss", 5, 1.0)])
    event_file(root / "c", [("weights", 1, 1.0)])
    following = Following(home, root, {}, grows=False)
    following.read()
    following.end()
    found = {one.log.name: one for one in following.imported.values()}
    assert list(found) == ["a", "b"]
    assert [log.name for log in following.unknown.values()] == ["c"]
    joined = read_history(found["a"].run)
    assert [joined.loss.value_at(step) for step in (1, 2)] == [2.0, 1.0]
    assert curve(joined, "validation") == [(1, 3.0, None), (2, 2.0, None)]
    alone = read_history(found["b"].run)
    assert alone.step == 5
    assert alone.loss.value_at(5) == 1.0


def test_a_later_file_takes_back_what_it_says_again(home: Path, tmp_path: Path) -> None:
    event_file(tmp_path / "x", [("loss", step, 1.0) for step in (10, 20, 30)], 1)
    event_file(tmp_path / "x", [("loss", step, 2.0) for step in (20, 40)], 2)
    _, history = only(home, tmp_path / "x")
    found = {step: history.loss.value_at(step) for step in (10, 20, 30, 40)}
    assert found[10] == 1.0
    assert found[20] == found[40] == 2.0
    assert found[30] != found[30]


def test_csv_logs_have_our_steps(home: Path, tmp_path: Path) -> None:
    (tmp_path / "metrics.csv").write_text(LIGHTNING)
    _, history = only(home, tmp_path / "metrics.csv")
    assert history.step == 200
    assert [history.loss.value_at(step) for step in (50, 100, 200)] == [1.5, 1.25, 0.75]
    assert curve(history, "validation") == [(100, 1.125, 0.5), (200, 1.0, 0.625)]
    assert [(one.epoch, one.step, one.loss) for one in history.epochs] == [(1, 100, 1.375), (2, 200, 0.875)]
    assert history.prepared is not None
    assert (history.prepared.total_steps, history.prepared.epochs) == (200, 2)
    for content in (KERAS, FASTAI, ULTRALYTICS):
        (tmp_path / "log.csv").write_text(content)
        one, history = only(home, tmp_path / "log.csv")
        assert history.step == 2, one.log.format
        assert [one.epoch for one in history.epochs] == [1, 2]
        assert [one.step for one in history.as_it_went("validation")] == [1, 2]


def test_what_is_not_finite_stays_so(home: Path, tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text("step,loss,val_loss\n1,2.0,\n2,nan,inf\n3,inf,1e300\n")
    _, history = only(home, tmp_path / "log.csv")
    assert history.step == 3
    assert history.loss.value_at(1) == 2.0
    assert [one.nonfinite for one in history.as_it_went("validation")] == [{"loss": "inf"}, {}]


def test_what_is_unknown_is_concluded_nothing_from(home: Path, folder: Path) -> None:
    _, history = only(home, folder)
    assert history.prepared is not None
    assert set(history.prepared.unknown) == {"optimizer", "network", "chance", "epochs"}


def test_a_log_that_grows_becomes_the_same_run(home: Path, tmp_path: Path) -> None:
    lines = LIGHTNING.splitlines(keepends=True)
    path = tmp_path / "log.csv"
    path.write_text("".join(lines[:3]))
    following = Following(home, path, {}, grows=True)
    (one,) = following.read()
    assert read_history(one.run).ended is None
    launch.leave(one.run, commands.Stop())
    for end in range(4, len(lines) + 1):
        path.write_text("".join(lines[:end]))
        assert following.read() == []
    following.end()
    history = read_history(one.run, whole=True)
    _, at_once = only(home, path)
    assert history.step == at_once.step == 200
    for series in ("loss", "lr"):
        grown, whole = getattr(history, series), getattr(at_once, series)
        assert [grown.value_at(step) for step in (50, 100, 150, 200)] == pytest.approx(
            [whole.value_at(step) for step in (50, 100, 150, 200)], nan_ok=True
        )
    assert [answer.kind for answer in history.answers] == ["CommandRefused"]
    assert curve(history, "validation") == curve(at_once, "validation")
    assert [(one.epoch, one.step) for one in history.epochs] == [(1, 100), (2, 200)]
    assert history.prepared == at_once.prepared or history.prepared is not None


def test_nothing_is_left_where_nothing_can_be_read(home: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="There is nothing at"):
        imported(home, tmp_path / "gone")
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="There is no log in"):
        imported(home, tmp_path / "empty")
    following = Following(home, _written(tmp_path / "a.csv", "step,loss\n1,2\n"), {}, grows=False)
    following.read()
    following.give_up()
    assert not list((home / "runs").iterdir())


def _written(path: Path, content: str) -> Path:
    path.write_text(content)
    return path


def test_damage_is_told(home: Path, folder: Path) -> None:
    (file,) = folder.iterdir()
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 255
    file.write_bytes(content)
    one, history = only(home, folder)
    assert one.log.damage
    assert [warning.message for warning in history.warnings] == one.log.damage
