import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from textual.events import Key
from textual.widgets import Static

from dlcore.commands import Continue, Pause, Set, Step, Stop
from dlcore.events import AttemptEnded, CheckpointSaved
from dlcore.oneline import print_line
from tests.tui.fakes import NASTY, VANISHING, FakeRun, Stage, count_refreshes, opened, until
from tui.drawing.charts import SMOOTHING
from tui.drawing.plotting import Chart
from tui.messages import SetupRequested
from tui.widgets.gradient_bars import GradientBars
from tui.widgets.key_line import KeyLine
from tui.widgets.plot import Plot
from tui.widgets.status_line import StatusLine

MakeRun = Callable[..., FakeRun]
PARTS = ("loss", "score", "gradients", "bars")

pytestmark = pytest.mark.usefixtures("home", "inspector")


def chart(stage: Stage, name: str) -> Chart:
    found = stage.train.query_one(f"#{name}", Plot)._chart
    assert found is not None
    return found


def message(stage: Stage) -> str:
    content: Any = stage.train.query_one("#train-message", Static).content
    return str(getattr(content, "plain", content))


def state(stage: Stage) -> str:
    """The state that the screen shows."""
    return stage.train.query_one(StatusLine).render().plain.split()[1]


async def drawn(stage: Stage, run: FakeRun) -> None:
    """Wait until all that the run has said is on the screen."""

    def is_drawn() -> bool:
        feed = stage.train.feed
        is_read = feed is not None and feed.history.seq == run.seq and not stage.train._stale
        return is_read and not stage.train._parts

    await stage.until(is_drawn)


@pytest.fixture
def running(make_run: MakeRun) -> FakeRun:
    return make_run().hold().start().prepare().evaluate().epochs(2).steps(5).gradients()


# -- what it shows ----------------------------------------------------------------------------------


async def test_each_state_of_a_run_is_told_as_it_comes(make_run: MakeRun) -> None:
    run = make_run().hold()
    async with opened(run) as stage:
        await stage.until(lambda: state(stage) == "starting")
        run.start().prepare().steps(21).gradients()
        await stage.until(lambda: state(stage) == "running")
        run.apply(Pause(), "paused")
        await stage.until(lambda: state(stage) == "paused")
        assert message(stage) == "paused at step 21"
        run.apply(Continue(), "continued")
        await stage.until(lambda: state(stage) == "running")
        run.apply(Stop(), "stopping")
        await stage.until(lambda: state(stage) == "stopping")
        run.end("stopped")
        await stage.until(lambda: state(stage) == "stopped")
        assert message(stage).startswith("stopped: accuracy ")


async def test_a_failure_says_what_happened_and_what_to_do(make_run: MakeRun) -> None:
    run = make_run().start().prepare().steps(9)
    run.end("failed", f"The loss is not finite since step 9 {NASTY}", "Take a smaller learning rate.")
    async with opened(run) as stage:
        await drawn(stage, run)
        assert state(stage) == "failed"
        assert "since step 9 [/x] \\x1b[2J 한글. Take a smaller" in message(stage)


async def test_a_trainer_that_died_is_told_with_its_log(running: FakeRun) -> None:
    async with opened(running) as stage:
        await stage.until(lambda: state(stage) == "running")
        running.die()
        await stage.until(lambda: state(stage) == "crashed")
        assert str(running.dir.log) in message(stage)


async def test_the_end_names_the_figures_of_both_splits(make_run: MakeRun) -> None:
    run = make_run().start().prepare().epochs(10).end()
    async with opened(run) as stage:
        await drawn(stage, run)
        assert state(stage) == "finished"
        assert "validation" in message(stage)
        assert "test" in message(stage)


async def test_stopping_early_is_told_as_a_good_end(make_run: MakeRun) -> None:
    run = make_run().start().prepare().epochs(3).take_back(42)
    run.end("finished", f"Stopped early after epoch 3. The weights of epoch 2 are kept {NASTY}")
    async with opened(run) as stage:
        await drawn(stage, run)
        assert state(stage) == "finished"
        assert message(stage).startswith("finished: accuracy ")
        assert "Stopped early after epoch 3. The weights of epoch 2 are kept [/x]" in message(stage)
        assert message(stage).endswith("e exports a summary.")
        content: Any = stage.train.query_one("#train-message", Static).content
        assert {str(span.style) for span in content.spans} == {"$text-success"}
        assert [x for x, _ in chart(stage, "loss").curves[-1].points] == [21, 42, 63]


async def test_a_run_that_was_stopped_at_once_has_no_figures_to_name(make_run: MakeRun) -> None:
    run = make_run().start()
    run.say(AttemptEnded, reason="stopped")
    async with opened(run) as stage:
        await drawn(stage, run)
        assert message(stage) == "stopped. e exports a summary."


async def test_a_regression_is_shown_by_r2(make_run: MakeRun) -> None:
    run = make_run("diabetes").hold().start().prepare().evaluate().epochs(3)
    async with opened(run, size=(120, 40)) as stage:
        await drawn(stage, run)
        shown = chart(stage, "score")
        assert shown.title == "R²"
        assert shown.y_limits is not None
        assert shown.y_limits[0] < 0
        assert not shown.percent
        run.end()
        await stage.until(lambda: state(stage) == "finished")
        assert message(stage).startswith("finished: R² 0.")
        assert "%" not in message(stage)


async def test_the_rate_is_seen_while_it_runs(make_run: MakeRun) -> None:
    run = make_run("digits lr=.002").hold().start().prepare().epochs(2)
    async with opened(run) as stage:
        await drawn(stage, run)
        assert "lr 0.002" in stage.train.query_one(StatusLine).render().plain


async def test_curves_and_bars_follow_the_run(running: FakeRun) -> None:
    async with opened(running, size=(120, 40)) as stage:
        await drawn(stage, running)
        assert chart(stage, "loss").x_limits == (0.0, 210.0)
        assert [x for x, _ in chart(stage, "score").curves[-1].points] == [0, 21, 42]
        assert len(chart(stage, "gradients").curves) == 3
        running.epochs(1)
        await drawn(stage, running)
        assert [x for x, _ in chart(stage, "loss").curves[-1].points] == [0, 21, 42, 68]


async def test_before_gradients_come_it_says_when_or_why_not(make_run: MakeRun) -> None:
    for line, words in (
        ("digits", "after the first step"),
        ("digits training.probe_budget=0", "probe_budget"),
    ):
        run = make_run(line).hold().start().prepare()
        async with opened(run) as stage:
            await drawn(stage, run)
            assert words in stage.train.query_one(GradientBars).render().plain
        run.die()


async def test_another_run_shows_nothing_of_the_last_one(make_run: MakeRun) -> None:
    first = make_run(course=VANISHING).hold().start().prepare().epochs(2)
    second = make_run(name="second").hold().start()
    async with opened(first, size=(120, 40)) as stage:
        await drawn(stage, first)
        stage.train.open(second.dir)
        await drawn(stage, second)
        assert all(not curve.points for name in ("loss", "score") for curve in chart(stage, name).curves)
        assert chart(stage, "gradients").curves == ()
        assert "after the first step" in stage.train.query_one(GradientBars).render().plain
        assert state(stage) == "starting"
        assert message(stage) == ""
        assert stage.train.query_one("Header").aside == second.dir.id  # type: ignore[attr-defined]


async def test_without_a_run_it_says_how_to_get_one() -> None:
    async with opened() as stage:
        await stage.show("train")
        assert "Setup (1)" in message(stage)
        for action in ("pause", "step", "stop", "nudge", "undo", "tune", "export", "copy_setup"):
            assert stage.train.check_action(action, ()) is None
        stage.type("space", "s", "x", "[", "]", "e", "c", "y", "plus")
        await stage.pilot.pause()
        assert stage.app.current_mode == "train"


async def test_a_configuration_that_cannot_be_read_does_not_hide_the_curves(make_run: MakeRun) -> None:
    run = make_run().hold().start().prepare().steps(9)
    run.dir.config.write_text('[data]\nkind = "[/x]\\u001b"\n[model]\nkind = "none"\n')
    async with opened(run) as stage:
        await drawn(stage, run)
        line: Any = stage.train.query_one("#run-line", Static).content
        assert "[/x]" in line.plain
        assert "\x1b" not in line.plain
        assert len(chart(stage, "loss").curves[0].points)
        stage.type("]")
        await stage.pilot.pause()
        assert run.told() == []


# -- how it can be seen -----------------------------------------------------------------------------


async def test_y_is_the_log_scale_of_the_loss(running: FakeRun) -> None:
    async with opened(running, size=(120, 40)) as stage:
        await drawn(stage, running)
        for log_y in (True, False):
            stage.type("y")
            await stage.until(lambda log_y=log_y: chart(stage, "loss").log_y == log_y)  # type: ignore[misc]
            assert ("log y" in stage.train.query_one(StatusLine).render().plain) == log_y
            assert not chart(stage, "score").log_y


async def test_smoothing_has_levels_with_names(running: FakeRun) -> None:
    async with opened(running, size=(120, 40)) as stage:
        await drawn(stage, running)
        seen = []
        for key in ("minus", "minus", "plus", "equals_sign", "plus", "plus"):
            stage.type(key)
            await stage.pilot.pause()
            await drawn(stage, running)
            seen.append(SMOOTHING[stage.train._view.smoothing][0])
            assert message(stage) == f"smoothing: {seen[-1]}"
            assert (len(chart(stage, "loss").curves) == 2) == (seen[-1] == "off")
        assert seen == ["off", "off", "light", "medium", "heavy", "heavy"]


async def test_over_ssh_the_next_frame_waits(running: FakeRun, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSH_CONNECTION", "10.0.0.1 5 10.0.0.2 22")
    now, line = 1000.0, (0, False)
    async with opened(running) as stage:
        assert stage.app.animation_level == "none"
        await drawn(stage, running)
        monkeypatch.setattr(
            "tui.screens.time_screen.time", SimpleNamespace(monotonic=lambda: now, thread_time=lambda: 0)
        )
        monkeypatch.setattr("tui.screens.time_screen.line_of", lambda app: line)
        stage.train._redraw()
        await stage.until(lambda: not stage.train._parts)
        for later, given, is_drawn in (
            (0.4, (0, False), False),
            (0.6, (4000, False), False),
            (0.9, (4000, False), False),
            (1.1, (4000, True), False),
            (1.1, (4000, False), True),
        ):
            now, line = 1000.0 + later, given
            stage.train._stale = True
            stage.train._poll()
            assert stage.train._stale != is_drawn


async def test_frames_a_second_are_bounded(running: FakeRun, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr("tui.terminal.pace.FRAME_SECONDS", 0.25)
    async with opened(running) as stage:
        await drawn(stage, running)
        clock = SimpleNamespace(monotonic=lambda: now, thread_time=lambda: 0)
        monkeypatch.setattr("tui.screens.time_screen.time", clock)
        stage.train._redraw()
        frames: list[float] = []
        monkeypatch.setattr(stage.train, "_draw_loss", lambda: frames.append(now))
        for tick in range(1, 101):
            now = tick / 20
            stage.train._stale = True
            stage.train._poll()
            await stage.until(lambda: not stage.train._parts)
        assert len(frames) == 20


async def test_a_key_waits_for_one_part_of_a_frame_at_most(
    running: FakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    async with opened(running, size=(120, 40)) as stage:
        await drawn(stage, running)

        def part(name: str) -> None:
            time.sleep(0.02)
            done.append(name)
            if name == "loss":  # as if it was pressed while the loss was being drawn
                stage.app.post_message(Key("y", "y"))

        monkeypatch.setattr(stage.train, "action_log_scale", lambda: done.append("the key"))
        for name in PARTS:
            monkeypatch.setattr(stage.train, f"_draw_{name}", partial(part, name))
        stage.train._redraw()
        await stage.until(lambda: len(done) == 5)
        assert done == ["loss", "the key", *PARTS[1:]]


async def test_after_a_key_frames_that_it_does_not_ask_for_wait(
    running: FakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, typed = 1000.0, 0.0
    async with opened(running, size=(120, 40)) as stage:
        await drawn(stage, running)
        clock = SimpleNamespace(monotonic=lambda: now, thread_time=lambda: 0)
        monkeypatch.setattr("tui.screens.time_screen.time", clock)
        monkeypatch.setattr("tui.screens.time_screen.typed_at", lambda app: typed)
        for later, is_drawn in ((0.0, False), (0.02, False), (0.04, True)):
            now, typed = 1e6 + later, 1e6
            stage.train._stale = True
            stage.train._poll()
            assert stage.train._stale != is_drawn
        await stage.until(lambda: not stage.train._parts)
        done: list[str] = []

        def draw_score() -> None:
            nonlocal typed
            done.append("score")
            typed = 2e6

        monkeypatch.setattr(stage.train, "_draw_score", draw_score)
        monkeypatch.setattr(stage.train, "_draw_gradients", lambda: done.append("gradients"))
        now = 2e6 - 0.01
        stage.train._redraw()
        await stage.until(lambda: done)
        await stage.pilot.pause(0.1)
        assert done == ["score"], "a key has come meanwhile"
        now = 2e6 + 0.04
        await stage.until(lambda: len(done) == 2)


async def test_a_frame_that_replaces_another_goes_on_with_what_that_one_has_left(
    running: FakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    async with opened(running, size=(120, 40)) as stage:
        await drawn(stage, running)

        def part(name: str) -> None:
            time.sleep(0.005)
            done.append(name)

        for name in PARTS:
            monkeypatch.setattr(stage.train, f"_draw_{name}", partial(part, name))
        for number in range(1, 13):  # a held key asks for the next one before this one is complete
            stage.train._redraw()
            await until(lambda number=number: len(done) >= number)  # type: ignore[misc]
        await stage.until(lambda: not stage.train._parts)
        assert done == [*PARTS * 3, *PARTS[:3]]


async def test_what_is_left_of_a_long_file_waits_for_the_frame_that_has_begun(running: FakeRun) -> None:
    read: list[int] = []
    async with opened(running, size=(120, 40)) as stage:
        await drawn(stage, running)
        stage.train._frames += 1  # nothing goes on with the last one
        stage.train._parts = [lambda: None]
        for number in range(3):
            stage.train.read_on(partial(read.append, number))
        await stage.pilot.pause(0.05)
        assert read == []
        stage.train._parts = []
        await stage.until(lambda: read)
        await stage.pilot.pause(0.05)
        assert read == [0], "once, however often it is asked for"


async def test_what_changes_in_a_batch_is_kept_for_its_end(running: FakeRun) -> None:
    async with opened(running, size=(120, 40)) as stage:
        await drawn(stage, running)
        line = stage.train.query_one(StatusLine)
        line.refresh()
        with stage.app.batch_update():
            stage.train.paint(line)
            assert line._repaint_regions
        stage.train.paint(line)
        assert not line._repaint_regions


async def test_a_stalled_line_gets_no_frames_and_keys_still_work(
    running: FakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = (0, False)
    monkeypatch.setattr("tui.screens.time_screen.line_of", lambda app: line)
    async with opened(running, size=(120, 40)) as stage:
        await drawn(stage, running)
        line = (0, True)
        before = chart(stage, "loss")
        running.steps(20)
        await stage.until(
            lambda: stage.train.feed is not None and stage.train.feed.history.seq == running.seq
        )
        assert chart(stage, "loss") is before
        await stage.press("y")
        assert "log y" in stage.train.query_one(StatusLine).render().plain
        await stage.until(lambda: chart(stage, "loss").log_y)
        running.steps(20)
        line = (0, False)
        await drawn(stage, running)


async def test_an_unchanged_run_draws_nothing(running: FakeRun, monkeypatch: pytest.MonkeyPatch) -> None:
    async with opened(running, size=(120, 40)) as stage:
        await drawn(stage, running)
        await stage.pilot.pause()
        refreshed = count_refreshes(monkeypatch, on=stage.train)
        for _ in range(10):
            stage.train._poll()
        await stage.pilot.pause()
        assert refreshed == []
        for _ in range(10):
            stage.train._redraw()
            await stage.until(lambda: not stage.train._parts)
        await stage.pilot.pause()
        assert refreshed == [], "not even when it is drawn again"


async def test_what_says_nothing_new_draws_nothing(running: FakeRun, monkeypatch: pytest.MonkeyPatch) -> None:
    async with opened(running, size=(120, 40)) as stage:
        await drawn(stage, running)
        await stage.pilot.pause()
        refreshed = count_refreshes(monkeypatch, on=stage.train)
        running.say(CheckpointSaved, file="checkpoints/47.pt", bytes=9)
        await drawn(stage, running)
        assert refreshed == []


async def test_more_steps_draw_figures_and_leave_the_keys_alone(
    running: FakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(running, size=(120, 40)) as stage:
        await drawn(stage, running)
        await stage.pilot.pause()
        refreshed = count_refreshes(monkeypatch, on=stage.train)
        running.steps(20).gradients()
        await drawn(stage, running)
        assert {type(widget) for widget in refreshed} == {Plot, GradientBars, StatusLine}


@pytest.mark.parametrize("mode", ["setup", "runs"])
async def test_hidden_it_reads_on_and_draws_nothing(
    running: FakeRun, monkeypatch: pytest.MonkeyPatch, mode: Any
) -> None:
    async with opened(running) as stage:
        await drawn(stage, running)
        await stage.show(mode)
        draws: list[int] = []
        draw = stage.train._draw_loss

        def counted() -> None:
            assert stage.train.feed is not None
            draws.append(stage.train.feed.history.step)
            draw()

        monkeypatch.setattr(stage.train, "_draw_loss", counted)
        running.steps(20)
        await stage.until(
            lambda: stage.train.feed is not None and stage.train.feed.history.step == running.step
        )
        stage.train._poll()
        assert draws == []
        await stage.show("train")
        await stage.until(lambda: draws)
        assert set(draws) == {running.step}


# -- what it writes ---------------------------------------------------------------------------------


async def test_keys_write_commands(running: FakeRun) -> None:
    async with opened(running) as stage:
        await drawn(stage, running)
        for number, (key, kind) in enumerate(zip("sSx ", (Step, Step, Stop, Pause), strict=True), 1):
            stage.type(key)
            await stage.until(lambda number=number: len(running.told()) == number)  # type: ignore[misc]
            assert type(running.told()[-1]) is kind
        step, epoch, *_ = told = running.told()
        assert len({one.id for one in told}) == len(told)
        assert isinstance(step, Step)
        assert isinstance(epoch, Step)
        assert (step.count, step.unit, epoch.count, epoch.unit) == (1, "step", 1, "epoch")


async def test_space_goes_on_after_a_pause(running: FakeRun) -> None:
    async with opened(running) as stage:
        running.apply(Pause(), "paused")
        await stage.until(lambda: state(stage) == "paused")
        assert stage.train.check_action("pause", ()) is False
        stage.type("space")
        await stage.until(running.told)
        assert [type(one) for one in running.told()] == [Continue]
        running.apply(Continue(), "continued")
        await stage.until(lambda: state(stage) == "running")
        assert stage.train.check_action("go_on", ()) is False
        assert stage.train.check_action("pause", ()) is True


async def test_brackets_step_the_learning_rate_from_where_it_is(running: FakeRun) -> None:
    async with opened(running) as stage:
        await drawn(stage, running)

        async def rate_after(key: str) -> Set:
            before = running.told()
            stage.type(key)
            await stage.until(lambda: running.told() != before)
            command = running.told()[-1]
            assert isinstance(command, Set)
            assert command.key == "optimizer.lr"
            return command

        doubled = await rate_after("]")
        assert doubled.value == 0.02
        again = await rate_after("]")
        assert again.value == 0.05, "the first was not answered yet"
        running.apply(doubled, "optimizer.lr 0.01 → 0.02").refuse(again, "no")
        await stage.until(lambda: message(stage) == "refused: no")
        assert (await rate_after("[")).value == 0.01, "what was refused does not count"


async def test_a_refused_command_is_shown_with_its_reason(running: FakeRun) -> None:
    async with opened(running) as stage:
        await drawn(stage, running)
        running.refuse(Set(key="data.kind", value="x"), f"only optimizer.lr can change {NASTY}")
        await stage.until(lambda: message(stage).startswith("refused: only optimizer.lr"))
        assert "\x1b" not in message(stage)
        assert "[/x]" in message(stage)
        running.apply(Set(key="optimizer.lr", value=0.1), "optimizer.lr 0.01 → 0.1")
        await stage.until(lambda: message(stage) == "optimizer.lr 0.01 → 0.1 at step 47")


async def test_who_only_watches_cannot_steer(running: FakeRun) -> None:
    async with opened(running, read_only=True) as stage:
        await drawn(stage, running)
        for action in ("pause", "step", "stop", "nudge", "undo", "tune"):
            assert stage.train.check_action(action, ()) is None
        assert stage.train.check_action("export", ()) is True
        stage.type("space", "s", "S", "x", "[", "]", "y")
        await stage.until(lambda: chart(stage, "loss").log_y)
        assert not running.dir.control.exists()
        assert state(stage) == "running"


async def test_a_run_that_has_ended_takes_no_commands(make_run: MakeRun) -> None:
    run = make_run().start().prepare().epochs(1).end()
    async with opened(run) as stage:
        await drawn(stage, run)
        assert message(stage).startswith("finished")
        steering = ("pause", "go_on", "step", "stop", "tune", "nudge", "undo", "resume")
        assert not any(stage.train.check_action(action, ()) for action in steering)
        footer = stage.train.query_one(KeyLine).render().plain
        assert footer.startswith("e Export")
        assert not [word for word in ("Pause", "Step", "Stop", "Tune") if word in footer]
        for key in ("space", "s", "S", "x", "t", "[", "]", "u", "R"):
            stage.train._say("")
            stage.type(key)
            await stage.until(lambda: message(stage) == "The run has finished; n repeats it with more seeds.")
        run.dir.checkpoints.mkdir()
        (run.dir.checkpoints / "21.pt").touch()
        stage.type("s")
        await stage.until(lambda: "has finished; b branches, n repeats" in message(stage))
        assert not run.dir.control.exists()
        assert stage.app.screen is stage.train


async def test_a_run_that_can_go_on_says_which_key_does_it(make_run: MakeRun) -> None:
    run = make_run().start().prepare().epochs(1).end("stopped")
    async with opened(run) as stage:
        await drawn(stage, run)
        stage.type("space")
        await stage.until(lambda: message(stage).startswith("The run was stopped; R resumes it, "))
        assert stage.train.query_one(KeyLine).render().plain.startswith("R Resume")
    async with opened(run, read_only=True) as stage:
        await drawn(stage, run)
        stage.type("R")
        await stage.until(lambda: message(stage) == "The run was stopped; e exports it.")


async def test_a_command_that_nobody_hears_says_so(running: FakeRun) -> None:
    async with opened(running) as stage:
        await drawn(stage, running)
        running.die()
        stage.train.action_stop()  # the state line does not know yet
        assert "nobody listens" in message(stage)


async def test_the_configuration_goes_to_setup_in_its_short_form(running: FakeRun) -> None:
    async with opened(running) as stage:
        await drawn(stage, running)
        stage.type("c")
        await stage.until(lambda: stage.app.current_mode == "setup" and stage.setup._config is not None)
        (asked,) = stage.sent(SetupRequested)
        assert asked.config == running.config
        assert stage.setup._config == running.config.folded()
        assert stage.setup._draft.text("loss.kind") == "auto"


async def test_the_line_of_the_run_has_what_it_is_by_now(running: FakeRun) -> None:
    async with opened(running) as stage:
        await drawn(stage, running)

        def line() -> str:
            content: Any = stage.train.query_one("#run-line", Static).content
            return str(content.plain)

        assert " lr=.01 m=.9 " in line()
        running.apply(Set(key="optimizer.lr", value=0.003), "optimizer.lr 0.01 → 0.003")
        await stage.until(lambda: " lr=.003 (was .01) m=.9 " in line())
        running.apply(Set(key="optimizer.lr", value=0.01), "optimizer.lr 0.003 → 0.01")
        await stage.until(lambda: " lr=.01 m=.9 " in line())


async def test_o_copies_the_run_as_one_line(running: FakeRun, home: Path) -> None:
    async with opened(running) as stage:
        await drawn(stage, running)
        stage.type("o")
        await stage.until((home / "line.txt").exists)
        assert stage.app.clipboard == print_line(running.config.folded())
