"""The Errors screen: what it asks, how keys go through it, and what it says when there is nothing to tell."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Static

from dlcore.training import inspect
from tests.dlcore.trained import train
from tests.tui.erring import Examiner, checkpoint, class_errors, number_errors
from tests.tui.fakes import NASTY, FakeInspector, FakeRun, Stage, count_refreshes
from tests.tui.fakes import opened as stage_opened
from tui.screens.errors import ErrorsScreen
from tui.widgets.class_errors import ClassErrorsView
from tui.widgets.confusion import Confusion
from tui.widgets.error_samples import ErrorSamples
from tui.widgets.error_tables import ClassTable, ConfusionTable, WorstTable
from tui.widgets.number_errors import NumberErrorsView
from tui.widgets.pictures.drawing import Drawing

MakeRun = Callable[..., FakeRun]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.screens.errors._LOOK_SECONDS", 0.02)
    monkeypatch.setattr("tui.asking.error_questions.EVERY_SECONDS", 0.0)
    monkeypatch.setattr("tui.screens.errors._PAUSE", 0.0)


@asynccontextmanager
async def opened(
    monkeypatch: pytest.MonkeyPatch, inspector: FakeInspector, run: FakeRun | None = None, **options: Any
) -> AsyncIterator[Stage]:
    monkeypatch.setattr("tui.asking.inspector.Inspector", lambda: inspector)
    async with stage_opened(run, **options) as stage:
        await stage.press("4")
        await stage.until(lambda: stage.app.current_mode == "errors" and screen(stage).is_mounted)
        yield stage


def screen(stage: Stage) -> ErrorsScreen:
    return stage.app._errors


def line(stage: Stage) -> str:
    content: Any = screen(stage).query_one("#errors-line", Static).content
    return str(content)


def note(stage: Stage) -> str:
    drawing = screen(stage).query_one(".errors--note", Drawing)
    return drawing.render().plain.replace("\n", " ") if drawing.display else ""


def cell(stage: Stage) -> tuple[int, int]:
    return screen(stage).query_one(Confusion).cell


def told(stage: Stage) -> str:
    content: Any = screen(stage).query_one("#errors-cell", Static).content
    return str(content)


def is_seen(stage: Stage, kind: Any) -> bool:
    return bool(screen(stage).query_one(kind).display)


def verdict(stage: Stage) -> str:
    return screen(stage).query_one(".samples--verdict", Drawing).render().plain


async def test_without_a_run_or_a_checkpoint_it_says_so(
    monkeypatch: pytest.MonkeyPatch, make_run: MakeRun
) -> None:
    examiner = Examiner(class_errors())
    async with opened(monkeypatch, examiner) as stage:
        await stage.until(lambda: note(stage).startswith("No run is open"))
        run = make_run("digits").hold().start().prepare()
        await stage.show("train")
        stage.train.open(run.dir)
        await stage.press("4")
        await stage.until(lambda: "saved every 30 s" in note(stage))
        run.die()
        await stage.until(lambda: note(stage).startswith("This run has no checkpoint"))
        assert not examiner.questions("errors")
        examiner.failing = "The data of x are no longer here. A new run fetches them again."
        checkpoint(run, 5)
        await stage.until(lambda: note(stage) == examiner.failing)
        examiner.failing = ""
        await stage.until(lambda: is_seen(stage, ClassErrorsView))
        assert not note(stage)


async def test_keys_go_through_matrix_lists_and_samples_and_back(
    monkeypatch: pytest.MonkeyPatch, make_run: MakeRun
) -> None:
    run = checkpoint(make_run("mnist").start().prepare(), 900)
    report = class_errors()
    counts = {(true, called): number for true, called, number in report["cells"]}
    async with opened(monkeypatch, Examiner(report), run) as stage:
        await stage.until(lambda: is_seen(stage, ClassErrorsView))
        assert line(stage).startswith("validation at step 900 · 6,045 samples · accuracy ")
        worst = max((one for one in counts if one[0] != one[1]), key=lambda one: counts[one])
        assert cell(stage) == worst, "the cursor begins on the worst"
        assert f"taken for {worst[1]}: {counts[worst]}" in told(stage)
        await stage.press("enter")
        await stage.until(lambda: "probability, by softmax" in verdict(stage))
        assert is_seen(stage, ErrorSamples)
        assert line(stage).startswith(f"1 of {counts[worst]} · {worst[0]} taken for {worst[1]}, worst first")
        for _ in range(counts[worst] + 3):
            stage.type("right")
        await stage.until(lambda: line(stage).startswith(f"{counts[worst]} of {counts[worst]} "))
        await stage.until(lambda: f"{7 * (counts[worst] - 1)} of validation" in verdict(stage))
        await stage.press("left", "escape")
        await stage.until(lambda: is_seen(stage, ClassErrorsView))
        assert cell(stage) == worst
        assert line(stage).startswith("validation at step 900")
        await stage.pilot.click(screen(stage).query_one(Confusion), offset=(1 + 10 + 5 + 2, 1 + 3))
        await stage.until(lambda: cell(stage) == (3, 1))
        stage.type(*["left"] * 9, *["up"] * 9)
        await stage.until(lambda: cell(stage) == (0, 0))
        assert told(stage).startswith("0, rightly so: ")
        await stage.press("enter")
        await stage.until(lambda: "0 rightly told, least sure first" in line(stage))
        await stage.press("escape", "w", "w")
        second = screen(stage).query_one(ConfusionTable).confusions[1]
        assert cell(stage) == second
        await stage.press("tab", "up")
        assert cell(stage) == worst, "the matrix follows the list"
        await stage.press("s")
        by_share = max((one for one in counts if one[0] != one[1]),
                       key=lambda one: counts[one] / report["support"][one[0]])  # fmt: skip
        assert screen(stage).query_one(ConfusionTable).confusions[0] == by_share
        await stage.press("tab")
        classes = screen(stage).query_one(ClassTable)
        assert classes.labels == sorted(range(10), key=lambda label: report["recall"][label])
        await stage.press("s", "down")
        assert classes.labels == sorted(range(10), key=lambda label: report["precision"][label])
        chosen = classes.labels[1]
        await stage.press("enter")
        await stage.until(lambda: f"{chosen} taken for " in line(stage))


async def test_a_newer_checkpoint_and_an_older_one_under_the_cursor(
    monkeypatch: pytest.MonkeyPatch, make_run: MakeRun
) -> None:
    run = make_run("mnist").hold().start().prepare().epochs(1)
    run.steps(100).gradients()
    checkpoint(run, 400)
    examiner = Examiner(class_errors(step=400), class_errors(step=900))
    async with opened(monkeypatch, examiner, run) as stage:
        await stage.until(lambda: line(stage).startswith("validation at step 400"))
        await stage.press("down", "down")
        before = cell(stage)
        checkpoint(run, 900)
        await stage.until(lambda: line(stage).startswith("validation at step 900"))
        assert cell(stage) == before
        await stage.press("comma", "less_than_sign", "less_than_sign")
        await stage.until(lambda: "step 400 " in line(stage) and "cursor at step" in line(stage))
        await stage.press("home")
        await stage.until(lambda: note(stage).startswith("No checkpoint up to step"))
        await stage.press("end")
        await stage.until(lambda: line(stage).startswith("validation at step 900"))
        assert "cursor" not in line(stage)
        assert [one["step"] for one in examiner.questions("errors")] == [400, 900], "the rest was known"


async def test_nothing_is_asked_or_drawn_off_screen_or_for_nothing(
    monkeypatch: pytest.MonkeyPatch, make_run: MakeRun
) -> None:
    run = checkpoint(make_run("mnist").start().prepare(), 400)
    examiner = Examiner(class_errors())
    async with opened(monkeypatch, examiner, run) as stage:
        await stage.until(lambda: is_seen(stage, ClassErrorsView))
        refreshed = count_refreshes(monkeypatch, screen(stage))
        await asyncio.sleep(0.1)  # several looks
        assert not refreshed
        await stage.show("setup")
        checkpoint(run, 500)
        await asyncio.sleep(0.1)
        assert len(examiner.questions("errors")) == 1
        await stage.press("4")
        await stage.until(lambda: len(examiner.questions("errors")) == 2)


async def test_samples_come_in_until_they_are_complete(
    monkeypatch: pytest.MonkeyPatch, make_run: MakeRun
) -> None:
    run = checkpoint(make_run("mnist").start().prepare(), 400)

    class Slow(Examiner):
        """Tells of 250 samples more at each question; the third of a step waits until it may."""

        def __init__(self) -> None:
            super().__init__(class_errors(step=400), class_errors(step=900))
            self.may = {step: asyncio.Event() for step in (400, 900)}

        async def ask(self, what: str, **fields: Any) -> dict[str, Any]:
            answer = await super().ask(what, **fields)
            taken = 250 * sum(one["step"] == fields["step"] for one in self.questions("errors"))
            if taken == 750:
                await self.may[fields["step"]].wait()
            return {**answer, "samples": taken, "size": 20_000, "complete": taken == 750}

    slow = Slow()
    async with opened(monkeypatch, slow, run) as stage:
        await stage.until(lambda: "step 400 · 500 of 20,000 samples, evenly picked … ·" in line(stage))
        checkpoint(run, 900)
        await asyncio.sleep(0.1)  # several looks
        slow.may[400].set()
        await stage.until(lambda: "step 400 · 750 of 20,000 samples, evenly picked ·" in line(stage))
        await stage.until(lambda: len(slow.questions("errors")) == 6)
        assert "step 400 · 750" in line(stage), "the step before stays until all of the next are in"
        slow.may[900].set()
        await stage.until(lambda: "step 900 · 750 of 20,000 samples, evenly picked ·" in line(stage))


async def test_a_hundred_classes_are_seen_around_the_cursor(
    monkeypatch: pytest.MonkeyPatch, make_run: MakeRun
) -> None:
    run = checkpoint(make_run("mnist").start().prepare(), 400)
    names = [f"class number {label}" for label in range(99)] + [NASTY]
    async with opened(monkeypatch, Examiner(class_errors(names, 40)), run, ascii_only=True) as stage:
        await stage.until(lambda: is_seen(stage, ClassErrorsView))
        confusion = screen(stage).query_one(Confusion)
        confusion.place((99, 99))
        await stage.until(lambda: told(stage).startswith(r"[/x] \x1b[2J"))
        rows = confusion.render().plain.split("\n")
        assert len(rows) == confusion.size.height
        assert "[" in rows[-2]
        assert rows[0].split()[-3:] == ["cl98", "[/x]", "recall"]


async def test_a_regression_has_its_own_panes(monkeypatch: pytest.MonkeyPatch, make_run: MakeRun) -> None:
    run = checkpoint(make_run("diabetes").start().prepare(), 60)
    examiner = Examiner(number_errors(targets=2, name="weight"), columns=["age", "bmi", "[b]s1"])
    async with opened(monkeypatch, examiner, run) as stage:
        await stage.until(lambda: is_seen(stage, NumberErrorsView))
        assert "weight, 1 of 2 · R² 0.483" in line(stage)
        drawn = screen(stage).query_one(".errors--scatter", Drawing).render().plain
        assert "╱" in drawn
        assert "●" in drawn
        await stage.press("tab", "down", "enter")
        assert screen(stage).query_one(WorstTable).cursor == 1
        await stage.until(lambda: "off by" in verdict(stage))
        assert line(stage).startswith("2 of 100 · farthest off first")
        subject = screen(stage).query_one(".samples--subject", Drawing).render().plain
        assert "[b]s1" in subject
        await stage.press("escape", "t")
        await stage.until(lambda: "weight, 2 of 2" in line(stage))


async def test_real_errors_of_a_real_run(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    trained = train(home, "digits mlp 12, adam lr=.003 e=1")

    class Direct(FakeInspector):
        """The real answers, without a process of their own."""

        async def ask(self, what: str, **fields: Any) -> dict[str, Any]:
            self.asked.append({"ask": what})
            answer = json.loads(json.dumps(inspect.answer({"ask": what, **fields}), allow_nan=False))
            assert isinstance(answer, dict)
            return answer

    class Real:
        dir = trained.run

    async with opened(monkeypatch, Direct(), Real()) as stage:  # type: ignore[arg-type]
        await stage.until(lambda: is_seen(stage, ClassErrorsView))
        found = trained.history.latest("validation")
        assert found is not None
        assert found.accuracy is not None
        assert f"{found.samples:,} samples · accuracy {100 * found.accuracy:.2f} %" in line(stage)
        await stage.press("enter")
        await stage.until(lambda: "probability" in verdict(stage))
        picture = screen(stage).query_one(".samples--subject", Drawing).render().plain
        assert "▀" in picture
