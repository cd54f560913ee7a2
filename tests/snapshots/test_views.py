"""Screens in the states that a person steers them into: lists of runs, axes, replays, runs of others."""

from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from dlcore.config import to_toml
from dlcore.events import DataFetched, FrameSaved
from dlcore.files.atomic import read_json, write_json
from dlcore.files.private import private_folder
from dlcore.finding_runs.view import View, keep_view
from dlcore.frames import save
from dlcore.importing import Following
from dlcore.labels import relabel
from dlcore.reading import checked
from dlcore.rundir import RunDir
from tests.dlcore.importing.test_runs import event_file
from tests.dlcore.listed import ended
from tests.snapshots.test_inside import in_colour, looking, vanishing
from tests.snapshots.test_screens import LARGE, MNIST, SIZES, SMALL, MakeRun, finished, home, opened, still
from tests.tui.fakes import HEALTHY, MOMENT, Course, until
from tests.tui.test_histograms_pane import arrays
from tui.app import DltuiApp
from tui.messages import CompareRequested, ReplayRequested
from tui.screens.compare import CompareScreen
from tui.screens.replay import ReplayScreen
from tui.screens.runs import RunsScreen
from tui.widgets.panes.gradients import Gradients
from tui.widgets.panes.histograms import Histograms
from tui.widgets.panes.pane import Pane
from tui.widgets.panes.updates import Updates

__all__ = ["home", "in_colour", "still"]
Sized = tuple[int, int]


# -- lists of runs ----------------------------------------------------------------------------------

FAMILY = (
    ("digits mlp 16 adam lr=.01 name=baseline", 0.953),
    ("digits mlp 16 adam lr=.1 name=hotter", 0.887),
    ("digits mlp 16 adam lr=.02 name=cooler", 0.961),
    ("digits mlp 16 tanh momentum lr=.1 name=tanh", 0.931),
    ("digits mlp 16 relu momentum lr=.1 name=relu", 0.944),
    ("moons mlp 8,8 momentum name=moons", 0.972),
)
VIEWS = {
    "tree": View(is_tree=True),
    "groups": View(group="optimizer"),
    "columns": View(columns=("name", "best", "optimizer.lr", "model.activation", "tag", "age"), sort="best"),
    "hidden": View(shows_hidden=True, filter="data=digits"),
}


def add(run: RunDir, **facts: Any) -> None:
    write_json(run.facts, read_json(run.facts) | facts)


def family(home: Path) -> list[RunDir]:
    """A run, a branch of it, a remedy of that, a pair of twins, and one more."""
    runs = [
        ended(home, 60 * number, line, best={"split": "validation", "accuracy": score, "step": 844})
        for number, (line, score) in enumerate(FAMILY)
    ]
    first, hotter, cooler, *twins, _ = runs
    add(hotter, parent={"run": first.id, "step": 421, "changes": ["optimizer.lr 0.01 → 0.1"]})
    add(cooler, parent={"run": hotter.id, "step": 0, "code": "lr_too_high", "remedy": "a lower rate"})
    for run in twins:
        add(run, group={"id": "pair", "kind": "twins", "differs": ["model.activation"], "order": "ab" * 8})
    relabel(first, tags=("thesis", "good"), notes="The one that the others are measured against.")
    return runs


@SIZES
@pytest.mark.parametrize("view", VIEWS)
def test_runs_as_one_wants_them(snap_compare: Any, home: Path, size: Sized, view: str) -> None:
    runs = family(home)
    relabel(runs[3], hidden=view == "hidden")
    keep_view(home, VIEWS[view])
    assert snap_compare(DltuiApp(), terminal_size=size, run_before=opened("5"))


@SIZES
def test_a_filter_that_makes_no_sense_yet(snap_compare: Any, home: Path, size: Sized) -> None:
    family(home)

    async def before(pilot: Pilot[Any]) -> None:
        await opened("5")(pilot)
        await pilot.press("slash", *"accc>9")
        await pilot.pause()

    assert snap_compare(DltuiApp(), terminal_size=size, run_before=before)


@SIZES
def test_twins_under_way(snap_compare: Any, make_run: MakeRun, size: Sized) -> None:
    group = {"id": "pair", "kind": "twins", "differs": ["model.activation"], "order": ""}
    for number, word in enumerate(("relu", "tanh", "sigmoid")):
        run = make_run(f"mnist mlp 128,64 {word} e=5 name={word}", moment=MOMENT + timedelta(seconds=number))
        add(run.dir, group=group)
        run.hold()
        if number < 2:
            run.start().prepare().evaluate().epochs(2 - number).steps(200).gradients()
    assert snap_compare(DltuiApp(), terminal_size=size, run_before=opened("5"))


def test_no_runs_at_all(snap_compare: Any) -> None:
    async def before(pilot: Pilot[Any]) -> None:
        await opened()(pilot)
        await pilot.press("5")
        await until(lambda: isinstance(pilot.app.screen, RunsScreen) and pilot.app.screen.is_mounted)
        await pilot.pause()

    assert snap_compare(DltuiApp(), terminal_size=SMALL, run_before=before)


# -- Train ------------------------------------------------------------------------------------------


@SIZES
@pytest.mark.parametrize(
    "keys",
    [("X", "y"), ("X", "X", "Y"), ("X", "X", "X", "plus", "plus"), ("z", "z")],
    ids=["epochs_and_log_loss", "log_time", "samples_smoothed", "zoom"],
)
def test_curves_as_one_wants_them(
    snap_compare: Any, make_run: MakeRun, size: Sized, keys: tuple[str, ...]
) -> None:
    run = finished(make_run)
    assert snap_compare(DltuiApp(run.dir), terminal_size=size, run_before=opened(*keys))


@SIZES
def test_a_run_that_broke_off(snap_compare: Any, make_run: MakeRun, size: Sized) -> None:
    run = make_run(MNIST).start().prepare().evaluate().epochs(2).steps(300).gradients()
    private_folder(run.dir.checkpoints)
    (run.dir.checkpoints / f"{2 * run.plan.steps_per_epoch}.pt").write_bytes(b"weights")
    assert snap_compare(DltuiApp(run.dir), terminal_size=size, run_before=opened())


@SIZES
def test_data_on_their_way(snap_compare: Any, make_run: MakeRun, size: Sized) -> None:
    run = make_run(MNIST).hold().start()
    run.say(DataFetched, file="train-images-idx3-ubyte.gz", bytes=6_400_000, total=9_912_422)
    assert snap_compare(DltuiApp(run.dir), terminal_size=size, run_before=opened())


@SIZES
def test_a_regression(snap_compare: Any, make_run: MakeRun, size: Sized) -> None:
    run = make_run("diabetes mlp 16,8 adam lr=.01 e=20").start().prepare().evaluate().epochs(20).end()
    assert snap_compare(DltuiApp(run.dir), terminal_size=size, run_before=opened())


def test_train_without_a_run(snap_compare: Any) -> None:
    assert snap_compare(DltuiApp(), terminal_size=SMALL, run_before=opened("2"))


@SIZES
def test_an_imported_run(
    snap_compare: Any, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: Sized
) -> None:
    class Clock(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> "Clock":
            return cls.fromtimestamp(MOMENT.timestamp(), tz)

    monkeypatch.setattr("dlcore.importing.writing.datetime", Clock)
    points = [("loss", step, 2.0 / (1 + step / 9)) for step in range(200)]
    points += [("val_loss", step, 0.1 + 2.1 / (1 + step / 9)) for step in range(9, 200, 10)]
    event_file(tmp_path / "logs" / "resnet", sorted(points, key=lambda one: one[1]))
    following = Following(home, tmp_path / "logs" / "resnet", {}, grows=False)
    following.read()
    following.end()
    (one,) = following.imported.values()
    add(one.run, imported=read_json(one.run.facts)["imported"] | {"from": "~/logs/resnet"})
    assert snap_compare(DltuiApp(one.run), terminal_size=size, run_before=opened())


@SIZES
def test_a_watched_run(snap_compare: Any, make_run: MakeRun, size: Sized) -> None:
    run = make_run("digits mlp 16,8 relu momentum e=10").hold()
    table = {
        "name": "train Net",
        "data": {"kind": "custom", "target": "own_script:data"},
        "model": {"kind": "custom", "target": "own_script:Net"},
        "optimizer": {"kind": "momentum", "lr": 0.01},
        "training": {"epochs": 10, "frames_mb": 0},
    }
    run.dir.config.write_text(to_toml(checked(table)))
    add(run.dir, watched={"script": "~/thesis/train.py"})
    run.start().prepare().evaluate().epochs(4).steps(9).gradients()
    assert snap_compare(DltuiApp(run.dir), terminal_size=size, run_before=opened())


# -- a replay ---------------------------------------------------------------------------------------


@SIZES
@pytest.mark.parametrize("where", ["held", "over"])
def test_a_replay(snap_compare: Any, make_run: MakeRun, size: Sized, where: str) -> None:
    run = finished(make_run)

    async def before(pilot: Pilot[Any]) -> None:
        await opened()(pilot)
        pilot.app.post_message(ReplayRequested(run.dir))
        await until(lambda: isinstance(pilot.app.screen, ReplayScreen) and pilot.app.screen.is_mounted)
        screen = pilot.app.screen
        assert isinstance(screen, ReplayScreen)
        screen.replay.hold(True)
        screen.replay.hurry()
        await until(lambda: screen.replay.is_over and not screen.replay.reading)
        if where == "held":
            for _ in range(20):
                await pilot.press("comma")
            await until(lambda: not screen.replay.reading)
        screen._redraw()
        await until(lambda: not screen._stale and not screen._parts)
        await pilot.pause()

    assert snap_compare(DltuiApp(run.dir), terminal_size=size, run_before=before)


# -- runs over each other ---------------------------------------------------------------------------


@SIZES
def test_many_runs_by_a_number(snap_compare: Any, make_run: MakeRun, size: Sized) -> None:
    runs = []
    for number, (rate, score) in enumerate(
        ((0.001, 0.62), (0.01, 0.93), (0.05, 0.96), (0.2, 0.9), (1, 0.31))
    ):
        course = Course((2.31, 2.4 * (1 - score)), (0.1, score), HEALTHY.norms, 0.3)
        line = f"digits mlp 16 momentum lr={rate} e=5 name=rate-{rate}"
        run = make_run(line, moment=MOMENT + timedelta(seconds=number), course=course)
        runs.append(run.start().prepare().evaluate().epochs(5).end())

    async def before(pilot: Pilot[Any]) -> None:
        await opened()(pilot)
        pilot.app.post_message(CompareRequested(tuple(run.dir for run in runs)))
        await until(lambda: isinstance(pilot.app.screen, CompareScreen) and pilot.app.screen.is_mounted)
        screen = pilot.app.screen
        assert isinstance(screen, CompareScreen)
        await pilot.press("shift+tab")
        feeds = [member.feed for member in screen.comparison.members]

        def is_drawn() -> bool:
            is_read = all(feed.history.seq == run.seq for feed, run in zip(feeds, runs, strict=True))
            return is_read and not screen._stale and not screen._parts

        await until(is_drawn)
        screen.show_moment()
        await until(is_drawn)
        await pilot.pause()

    assert snap_compare(DltuiApp(), terminal_size=size, run_before=before)


# -- panes of Inside that other pictures leave out --------------------------------------------------


@SIZES
def test_histograms(snap_compare: Any, make_run: MakeRun, size: Sized) -> None:
    run = make_run(MNIST).hold().start().prepare().evaluate()
    for step in (0, 40, 80, 160):
        run.steps(step - run.step)
        file, length = save(run.dir, step, arrays(step, ("fc1", "fc2", "fc3")), {})
        run.say(FrameSaved, file=file, bytes=length)
    run.gradients()
    assert snap_compare(DltuiApp(run.dir), terminal_size=size, run_before=looking(Histograms))


@pytest.mark.parametrize("kind", [Gradients, Updates], ids=lambda kind: kind.TITLE.lower())
def test_layers_with_more_room(snap_compare: Any, make_run: MakeRun, kind: type[Pane]) -> None:
    run = vanishing(make_run)
    assert snap_compare(DltuiApp(run.dir), terminal_size=LARGE, run_before=looking(kind))
