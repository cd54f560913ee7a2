"""Frames on disk: written whole, judged, thinned over the run, and read once."""

import itertools
import math
import struct
from array import array
from pathlib import Path

import pytest

from dlcore import frames
from dlcore.errors import DltuiError, RunError
from dlcore.files import disk
from dlcore.files.arrays import Array
from dlcore.files.disk_use import folder_bytes
from dlcore.frames import Album, Frame, What, load, path_of, prune, save, saved
from dlcore.rundir import RunDir


def row(*values: float) -> Array:
    return Array.row(array("f", values))


def counts(*values: int) -> Array:
    return Array.row(array("I", values))


def histogram(what: str = "weights", layer: str = "fc1") -> dict[str, Array]:
    return {
        f"{what}.edges/{layer}": row(-1.0, 0.0, 0.5),
        f"{what}.counts/{layer}": counts(3, 1),
        f"{what}.figures/{layer}": row(-0.25, 0.125),
    }


def test_a_frame_is_read_as_it_was_saved(fresh_run: RunDir) -> None:
    arrays = histogram() | histogram(layer="a/b") | {"weights.others/a/b": counts(7)}
    file, size = save(fresh_run, 40, arrays, {"more": "x"})
    path = fresh_run.path / file
    assert (file, size) == ("frames/40.safetensors", path.stat().st_size)
    assert fresh_run.frames.stat().st_mode & 0o777 == 0o700
    assert path.stat().st_mode & 0o777 == 0o600
    frame = load(path)
    assert (frame.step, frame.notes["more"]) == (40, "x")
    assert frame.layers("weights") == ("fc1", "a/b")
    assert frame.layers("gradients") == ()
    found = frame.histogram("weights", "a/b")
    assert found is not None
    assert (list(found.edges), list(found.counts), found.total, found.others) == ([-1, 0, 0.5], [3, 1], 4, 7)
    assert (found.mean, found.deviation) == (-0.25, 0.125)
    assert frame.histogram("weights", "fc2") is None
    assert frame.confusion() is None


DAMAGE: dict[str, dict[str, Array | None]] = {
    "no edges": {"weights.edges/fc1": None},
    "no figures": {"weights.figures/fc1": None},
    "an edge too few": {"weights.edges/fc1": row(0, 1)},
    "edges that fall": {"weights.edges/fc1": row(0, 1, 0.5)},
    "edges that stand": {"weights.edges/fc1": row(0, 1, 1)},
    "an edge that is no number": {"weights.edges/fc1": row(0, math.nan, 1)},
    "an endless edge": {"weights.edges/fc1": row(0, 1, math.inf)},
    "edges that are counts": {"weights.edges/fc1": counts(0, 1, 2)},
    "counts that are figures": {"weights.counts/fc1": row(3, 1)},
    "no bins": {"weights.counts/fc1": counts(), "weights.edges/fc1": row(1)},
    "a million bins": {
        "weights.counts/fc1": counts(*[1] * 100_000),
        "weights.edges/fc1": row(*range(100_001)),
    },
}


@pytest.mark.parametrize("name", DAMAGE)
def test_a_histogram_that_does_not_fit_together_is_none(name: str) -> None:
    arrays = {key: one for key, one in (histogram() | DAMAGE[name]).items() if one is not None}
    assert Frame(1, arrays, {}).histogram("weights", "fc1") is None


def test_figures_that_are_missing_are_zero() -> None:
    found = Frame(1, histogram() | {"weights.figures/fc1": row()}, {}).histogram("weights", "fc1")
    assert found is not None
    assert (found.mean, found.deviation) == (0.0, 0.0)


def matrix(*values: int, shape: tuple[int, ...] = (2, 2), kind: str = "U32") -> dict[str, Array]:
    return {"confusion": Array(kind, shape, struct.pack(f"<{len(values)}I", *values))}


def test_a_confusion_matrix_names_its_evaluation() -> None:
    notes = {"confusion_step": "30", "confusion_split": "validation"}
    found = Frame(40, matrix(5, 1, 2, 7), notes).confusion()
    assert found == frames.Confusion("validation", 30, ((5, 1), (2, 7)))
    for arrays, said in (
        (matrix(5, 1, 2, 7), {}),
        (matrix(5, 1, 2, 7), {"confusion_step": "-3"}),
        (matrix(5, 1, 2, 7), {"confusion_step": "9" * 5000}),
        (matrix(5, 1, 2, 7, shape=(4,)), notes),
        (matrix(5, 1, 2, 7, shape=(4, 1)), notes),
        (matrix(5, 1, 2, 7, kind="F32"), notes),
        (matrix(shape=(0, 0)), notes),
        ({}, notes),
    ):
        assert Frame(40, arrays, said).confusion() is None


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "it is cut short"),
        (b"\x02\0\0\0\0\0\0\0{}", "it does not say of which step it is"),
        (b'\x1d\0\0\0\0\0\0\0{"__metadata__":{"step":"x"}}', "it does not say of which step it is"),
    ],
)
def test_what_is_no_frame_is_refused_in_a_sentence(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "\x1b[2J.safetensors"
    path.write_bytes(content)
    with pytest.raises(DltuiError, match=said) as caught:
        load(path)
    assert "\x1b" not in str(caught.value)


def test_links_and_frames_of_another_step_are_refused(fresh_run: RunDir) -> None:
    save(fresh_run, 3, histogram(), {})
    path_of(fresh_run, 4).symlink_to("3.safetensors")
    path_of(fresh_run, 5).write_bytes(path_of(fresh_run, 3).read_bytes())
    album = Album(9)
    assert album.open(fresh_run, 3).step == 3
    for step, said in ((4, "it is a link"), (5, "it is the frame of step 3"), (6, "No such file")):
        with pytest.raises(DltuiError, match=said):
            album.open(fresh_run, step)


def test_a_folder_of_somebody_else_s_is_not_written_to(fresh_run: RunDir, tmp_path: Path) -> None:
    fresh_run.frames.mkdir(mode=0o777)
    fresh_run.frames.chmod(0o777)
    with pytest.raises(RunError, match="Others may write"):
        save(fresh_run, 3, histogram(), {})
    assert list(fresh_run.frames.iterdir()) == []


def test_what_cannot_be_written_leaves_nothing(fresh_run: RunDir, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int, content: bytes | memoryview) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(disk, "write", full)
    with pytest.raises(OSError, match="No space left"):
        save(fresh_run, 3, histogram(), {})
    assert list(fresh_run.frames.iterdir()) == []


def fill(run: RunDir, *steps: int, size: int = 100) -> None:
    run.frames.mkdir(exist_ok=True)
    for step in steps:
        path_of(run, step).write_bytes(bytes(size))


def test_only_frames_are_listed_by_their_steps(fresh_run: RunDir) -> None:
    fill(fresh_run, 10, 9, 0)
    for name in ("x.safetensors", "-1.safetensors", "7.pt", "²3.safetensors", f"{'9' * 40}.safetensors"):
        (fresh_run.frames / name).touch()
    assert saved(fresh_run) == {step: path_of(fresh_run, step) for step in (0, 9, 10)}


def test_too_many_frames_are_thinned_out_over_the_whole_run(
    fresh_run: RunDir, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frames, "MOST", 10)
    for step in range(0, 2000, 20):
        fill(fresh_run, step)
        prune(fresh_run, 10**9)
        assert len(saved(fresh_run)) <= 10
    steps = list(saved(fresh_run))
    assert (steps[0], steps[-2:]) == (0, [1960, 1980])
    assert len(steps) == 10
    gaps = [math.sqrt(after) - math.sqrt(before) for before, after in itertools.pairwise(steps)]
    assert max(gaps) < 3 * math.sqrt(1980) / 9  # even, between the roots of steps
    assert sum(step < 500 for step in steps) >= 4  # closer at the beginning


def test_frames_stay_within_their_bytes(fresh_run: RunDir) -> None:
    fill(fresh_run, *range(0, 50, 5), size=1000)
    (fresh_run.frames / ".40.safetensors.x.tmp").touch()
    prune(fresh_run, 5500)
    assert folder_bytes(fresh_run.frames) == 5000
    assert next(iter(saved(fresh_run))) == 0
    assert list(saved(fresh_run))[-2:] == [40, 45]
    assert not list(fresh_run.frames.glob(".*"))
    prune(fresh_run, 0)
    assert list(saved(fresh_run)) == [0, 40, 45]  # the first and the newest stay, whatever they take


def test_frames_behind_a_step_are_forgotten(fresh_run: RunDir) -> None:
    fill(fresh_run, 0, 5, 10, 15)
    frames.forget_behind(fresh_run, 10)
    assert list(saved(fresh_run)) == [0, 5, 10]


def test_frames_count_in_what_a_run_takes_and_go_with_it(fresh_run: RunDir) -> None:
    before = folder_bytes(fresh_run.path)
    _, size = save(fresh_run, 3, histogram(), {})
    assert folder_bytes(fresh_run.path) == before + size
    fresh_run.remove()
    assert not fresh_run.path.exists()


def test_an_album_reads_a_file_once(fresh_run: RunDir, monkeypatch: pytest.MonkeyPatch) -> None:
    read = []

    def counted(path: Path, wanted: object) -> Frame:
        read.append(path.stem)
        return load(path, wanted)  # type: ignore[arg-type]

    monkeypatch.setattr(frames, "load", counted)
    gradients: What = "gradients"
    for step in range(4):
        save(fresh_run, step, histogram() | histogram(gradients), {})
    album = Album(3, lambda name: name.startswith("weights."))
    assert album.open(fresh_run, 1).layers("weights") == ("fc1",)
    assert album.open(fresh_run, 1).layers(gradients) == ()
    for step in (2, 1, 3, 2, 1):
        album.open(fresh_run, step)
    assert read == ["1", "2", "3"]
    album.open(fresh_run, 0)  # the one that was not looked at for longest goes
    album.open(fresh_run, 3)
    assert read == ["1", "2", "3", "0", "3"]
    save(fresh_run, 3, histogram(layer="other"), {})
    assert album.open(fresh_run, 3).layers("weights") == ("other",)
