"""Every dialog as a picture, over the screen that asks for it."""

import asyncio
import math
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from dlcore import rundir
from dlcore.commands import Set
from dlcore.events import CheckpointSaved, CommandApplied
from dlcore.files.private import private_folder
from dlcore.lr_band import rates_of
from dlcore.process.crashes import unasked
from dlcore.reading import read_table
from tests.snapshots.test_screens import LARGE, SIZES, SMALL, Before, MakeRun, finished, home, opened, still
from tests.tui.fakes import MOMENT, VANISHING, FakeInspector, FakeRun, is_ready, until
from tui.app import DltuiApp
from tui.screens.choosing_columns import ChooseColumns
from tui.screens.dialogs import Ask, Help, Pick
from tui.screens.export_progress import ExportProgress
from tui.screens.findings import FindingsScreen, Row
from tui.screens.labelling import EditLabel
from tui.screens.log import LogScreen
from tui.screens.rate_finder import RateFinder
from tui.screens.tuning import TuningScreen
from tui.screens.twins import TwinsScreen
from tui.widgets.finding_line import FindingLine

__all__ = ["home", "still"]
Sized = tuple[int, int]
WIDE = "digits mlp 16,8 elu adamw lr=.005 e=10 schedule=one_cycle model.dropout=0.2"
STUCK = "digits mlp 16,16,16,16,16,16,16,16 sigmoid"
LOG = """\
2026-03-04 05:06:07 run 20260304T050607089Z-digits, attempt 1, process 4242
2026-03-04 05:06:09 data: digits, 1,347 training samples, 180 for validation, 270 for the test
2026-03-04 05:06:09 network: 1,162 parameters, float32, on cpu with 1 thread
2026-03-04 05:06:09 step 0: evaluated
/home/ada/.venv/lib/python3.12/site-packages/torch/nn/modules/loss.py:101: UserWarning: \
a line of some library that is far longer than the window is wide, so that what is behind is reached with →
2026-03-04 05:06:10 step 63: checkpoint of 14 kB
"""


def asked(kind: type, *keys: str, then: tuple[str, ...] = ()) -> Before:
    """Press keys until a dialog of this kind stands, then more keys."""

    async def before(pilot: Pilot[Any]) -> None:
        await opened(*keys)(pilot)
        await until(lambda: isinstance(pilot.app.screen, kind) and pilot.app.screen.is_mounted)
        for field in pilot.app.screen.query(Input):
            field.cursor_blink = False
        await pilot.press(*then)
        await pilot.pause()

    return before


def live(make_run: MakeRun, line: str = "digits mlp 16,8 relu e=10") -> FakeRun:
    """A healthy run in its eighth epoch that can be gone on with from its third."""
    run = make_run(line).hold().start().prepare().evaluate().epochs(3)
    run.say(CheckpointSaved, file=f"checkpoints/{run.step}.pt", bytes=7)
    return run.epochs(4).steps(9).gradients()


# -- over Setup -------------------------------------------------------------------------------------


@SIZES
@pytest.mark.parametrize(
    ("kind", "keys"),
    [(Pick, ("p",)), (Pick, (*["down"] * 9, "enter")), (Ask, ("w",)), (TwinsScreen, ("t",))],
    ids=["presets", "kind", "path", "twins"],
)
def test_over_setup(snap_compare: Any, size: Sized, kind: type, keys: tuple[str, ...]) -> None:
    assert snap_compare(DltuiApp(), terminal_size=size, run_before=asked(kind, *keys))


class Sweeping(FakeInspector):
    """Sweeps whose loss falls, and then leaves the numbers; up to a share of the second one, if wanted."""

    def __init__(self, share: float = 1.0) -> None:
        super().__init__()
        self._share = share

    async def ask(self, what: str, **fields: Any) -> dict[str, Any]:
        if what != "lr_range":
            return await super().ask(what, **fields)
        if self.asked and self.asked[-1]["ask"] == what:
            await asyncio.Event().wait()  # the next part never comes
        self.asked.append({"ask": what})
        config = read_table(fields["config"]).config
        assert config is not None
        rates = rates_of(config.optimizer)
        sweeps = [_losses(rates, number) for number in range(3)]
        if self._share < 1:
            sweeps = [sweeps[0], sweeps[1][: round(self._share * len(sweeps[1]))]]
        return {"rates": list(rates), "sweeps": sweeps, "done": self._share == 1}


def _losses(rates: tuple[float, ...], number: int) -> list[float]:
    """Return the losses of a sweep as those of digits with momentum are."""
    losses = []
    for step, rate in enumerate(rates):
        fall = 2.0 / (1 + (0.012 / rate) ** 1.6)
        rise = (rate / (1.1 + 0.15 * number)) ** 3
        losses.append(2.34 - fall + rise + 0.06 * math.sin(1.9 * step + number) + 0.02 * number)
    return losses


@SIZES
@pytest.mark.parametrize("share", [0.5, 1.0], ids=["under_way", "done"])
def test_the_rate_finder(
    snap_compare: Any, monkeypatch: pytest.MonkeyPatch, size: Sized, share: float
) -> None:
    inspector = Sweeping(share)
    monkeypatch.setattr("tui.asking.inspector.Inspector", lambda: inspector)

    async def before(pilot: Pilot[Any]) -> None:
        await asked(RateFinder, "f")(pilot)
        screen = pilot.app.screen
        assert isinstance(screen, RateFinder)
        await until(lambda: screen._sweeps)
        screen._show()
        await pilot.pause()

    assert snap_compare(DltuiApp(), terminal_size=size, run_before=before)


# -- over Train -------------------------------------------------------------------------------------


@SIZES
def test_the_findings(snap_compare: Any, make_run: MakeRun, size: Sized) -> None:
    run = make_run(STUCK, course=VANISHING).start().prepare().evaluate().epochs(10).end()

    async def before(pilot: Pilot[Any]) -> None:
        await opened()(pilot)
        await until(lambda: pilot.app.screen.query_one(FindingLine).render().plain)
        await asked(FindingsScreen, "d")(pilot)
        await until(lambda: isinstance(pilot.app.focused, Row))
        await pilot.pause()

    assert snap_compare(DltuiApp(run.dir), terminal_size=size, run_before=before)


@SIZES
def test_the_log(snap_compare: Any, make_run: MakeRun, size: Sized) -> None:
    run = live(make_run)
    run.dir.log.write_text(LOG)
    assert snap_compare(DltuiApp(run.dir), terminal_size=size, run_before=asked(LogScreen, "l"))


@SIZES
@pytest.mark.parametrize(
    ("keys", "then"), [("q", ()), ("x", ("x",)), ("n", ())], ids=["leave", "end_hard", "more_seeds"]
)
def test_a_question_over_train(
    snap_compare: Any, make_run: MakeRun, size: Sized, keys: str, then: tuple[str, ...]
) -> None:
    run = live(make_run)

    async def before(pilot: Pilot[Any]) -> None:
        await opened(keys)(pilot)
        await pilot.press(*then)
        await until(lambda: isinstance(pilot.app.screen, Pick) and pilot.app.screen.is_mounted)
        await pilot.pause()

    assert snap_compare(DltuiApp(run.dir), terminal_size=size, run_before=before)


@SIZES
def test_tuning_all_there_is(snap_compare: Any, make_run: MakeRun, size: Sized) -> None:
    run = live(make_run, WIDE)
    command = Set(key="model.dropout", value=0.1)
    run.say(
        CommandApplied,
        id=command.id,
        command=command.model_dump(),
        text="model.dropout 0.2 → 0.1",
        before=0.2,
    )
    before = asked(TuningScreen, "t", then=("down",) * 3)
    assert snap_compare(DltuiApp(run.dir), terminal_size=size, run_before=before)


@SIZES
@pytest.mark.parametrize("is_done", [False, True], ids=["under_way", "done"])
def test_how_far_an_export_is(
    snap_compare: Any, make_run: MakeRun, monkeypatch: pytest.MonkeyPatch, size: Sized, is_done: bool
) -> None:
    run = finished(make_run)
    folder = rundir.home() / "exports" / run.dir.id
    names = ("markdown", ".md"), ("html", ".html"), ("json", ".json"), ("script", ".py")

    async def before(pilot: Pilot[Any]) -> None:
        await opened()(pilot)
        progress = ExportProgress(folder)
        await pilot.app.push_screen(progress)
        for number, (name, ending) in enumerate(names):
            progress.hear({"began": name, "run": run.dir.id})
            if number == 3 and not is_done:
                break
            progress.hear({"placed": str(folder / f"{run.dir.id}{ending}"), "format": name})
        if is_done:
            fault = "The run has no checkpoint yet. Wait for one, or leave the weights out."
            progress.hear({"failed": fault, "format": "safetensors"})
            progress.hear({"done": True})
        await pilot.pause()

    assert snap_compare(DltuiApp(run.dir), terminal_size=size, run_before=before)


@SIZES
def test_the_notice_at_the_end_of_a_run(
    snap_compare: Any, make_run: MakeRun, monkeypatch: pytest.MonkeyPatch, size: Sized
) -> None:
    run = make_run("digits mlp 16,8 relu e=10").hold().start().prepare().evaluate().epochs(10)

    async def carried_out(runs: Any, formats: Any, folder: Path, **options: Any) -> AsyncIterator[Any]:
        folder.mkdir(parents=True)
        path = folder / f"{run.dir.id}.md"
        path.write_text("A summary.\n")
        yield {"placed": str(path)}

    monkeypatch.setattr("tui.watching.watchman.carried_out", carried_out)

    async def before(pilot: Pilot[Any]) -> None:
        await opened()(pilot)
        app = pilot.app
        assert isinstance(app, DltuiApp)
        app._watchman.look()
        run.end()
        train = app.screen
        await until(lambda: app._train.feed is not None and not app._train.feed.live)
        app._watchman.look()
        await until(lambda: len(app._notifications))
        train._redraw()  # type: ignore[attr-defined]
        await until(lambda: not train._stale)  # type: ignore[attr-defined]
        await pilot.pause()

    assert snap_compare(DltuiApp(run.dir), terminal_size=size, run_before=before)


# -- over Runs --------------------------------------------------------------------------------------


@SIZES
@pytest.mark.parametrize(
    ("kind", "key"),
    [(Pick, "g"), (ChooseColumns, "C"), (EditLabel, "i"), (Pick, "d")],
    ids=["group", "columns", "label", "delete"],
)
def test_over_runs(
    snap_compare: Any, make_run: MakeRun, monkeypatch: pytest.MonkeyPatch, size: Sized, kind: type, key: str
) -> None:
    monkeypatch.setattr("tui.screens.run_deeds.folder_bytes", lambda path: 2_300_000)
    finished(make_run)
    make_run("digits mlp 16 adam", moment=MOMENT + timedelta(hours=1)).start().prepare().epochs(3).end()
    assert snap_compare(DltuiApp(), terminal_size=size, run_before=asked(kind, "5", key))


@SIZES
def test_a_run_that_broke_off_is_offered(
    snap_compare: Any, make_run: MakeRun, monkeypatch: pytest.MonkeyPatch, size: Sized
) -> None:
    class Clock(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> "Clock":
            return cls.fromtimestamp((MOMENT + timedelta(minutes=20)).timestamp(), tz)

    monkeypatch.setattr("dlcore.process.crashes.unasked", unasked)
    monkeypatch.setattr("dlcore.process.crashes.died", lambda run: MOMENT.astimezone(UTC))
    monkeypatch.setattr("tui.screens.crashed.datetime", Clock)
    for hours, line in enumerate(("moons", "digits mlp 16,8 relu e=10")):
        run = make_run(line, moment=MOMENT + timedelta(hours=hours)).start().prepare().evaluate().epochs(3)
    private_folder(run.dir.checkpoints)
    (run.dir.checkpoints / f"{run.step}.pt").write_bytes(b"weights")
    run.steps(9).gradients()

    async def before(pilot: Pilot[Any]) -> None:
        pilot.app.animation_level = "none"
        await until(lambda: isinstance(pilot.app.screen, Pick) or is_ready(pilot.app))
        await until(lambda: isinstance(pilot.app.screen, Pick) and pilot.app.screen.is_mounted)
        await pilot.pause()

    assert snap_compare(DltuiApp(), terminal_size=size, run_before=before)


# -- the keys ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("place", "size"),
    [("1", LARGE), ("2", SMALL), ("2", LARGE), ("3", SMALL), ("4", SMALL), ("5", SMALL)],
    ids=["setup-large", "train", "train-large", "inside", "errors", "runs"],
)
def test_the_keys_of_a_screen(snap_compare: Any, make_run: MakeRun, place: str, size: Sized) -> None:
    run = finished(make_run)
    before = asked(Help, place, "question_mark")
    assert snap_compare(DltuiApp(run.dir), terminal_size=size, run_before=before)
