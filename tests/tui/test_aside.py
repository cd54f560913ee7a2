import asyncio
import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Static

from dlcore.choices.datasets import DATASETS
from dlcore.events import ActivationsMeasured
from dlcore.oneline import parse, print_line
from tests.tui.fakes import NASTY, FakeInspector, FakeRun, Stage, opened
from tui.asking.examination import facts_of
from tui.drawing.plotting import Chart
from tui.messages import RunRequested
from tui.widgets.aside import Aside
from tui.widgets.network import Network
from tui.widgets.pictures.drawing import Drawing
from tui.widgets.plot import Plot
from tui.widgets.subjects import Subject, subject_of

MakeRun = Callable[..., FakeRun]

pytestmark = pytest.mark.usefixtures("home")


class Painter(FakeInspector):
    """An inspector with a picture of the data, or whatever else it is told to answer."""

    def __init__(self) -> None:
        super().__init__()
        self.told: dict[str, dict[str, Any]] = {}
        self.held: dict[str, asyncio.Event] = {}

    async def ask(self, what: str, **fields: Any) -> dict[str, Any]:
        """Answer, unless something is held back."""
        if "error" in self.told.get(what, {}):
            self.asked.append({"ask": what, **fields})
            return self.told[what]
        answer = await super().ask(what, **fields)
        if what in self.held:
            await self.held[what].wait()
        return {**answer, **self.told.get(what, {})}

    def questions(self) -> list[str]:
        return [one["ask"] for one in self.asked]


@pytest.fixture
def painter(monkeypatch: pytest.MonkeyPatch) -> Painter:
    fake = Painter()
    monkeypatch.setattr("tui.asking.inspector.Inspector", lambda: fake)
    return fake


def aside(stage: Stage) -> Aside:
    return stage.setup.query_one(Aside)


def seen(stage: Stage) -> list[str]:
    """The widgets that show something: the line above, the picture, the band below."""
    names = {".aside--line": "line", ".aside--picture": "picture", ".aside--band": "band"}
    found = [name for selector, name in names.items() if aside(stage).query_one(selector).display]
    return found + [kind.__name__ for kind in (Network, Plot) if aside(stage).query_one(kind).display]


def drawn(stage: Stage) -> str:
    return aside(stage).query_one(".aside--picture", Drawing).render().plain


def chart(stage: Stage) -> Chart:
    shown = aside(stage).query_one(Plot)._chart
    assert shown is not None
    return shown


def remarks(stage: Stage, selector: str) -> str:
    return str(stage.setup.query_one(selector, Static).content)


async def load(stage: Stage, line: str) -> None:
    """Show another configuration, and wait until its form can be used."""
    stage.setup.load(parse(line))
    await stage.until(lambda: stage.focused == "data.kind" and stage.app.focused is stage.row("data.kind"))
    await stage.until(lambda: aside(stage)._config == parse(line))


@pytest.mark.parametrize(
    ("key", "subject"),
    [
        ("data.kind", "data"),
        ("data.batch_size", "data"),
        ("model.kind", "network"),
        ("model.dropout", "network"),
        ("model.activation", "function"),
        ("model.activation.slope", "function"),
        ("model.init", "spread"),
        ("model.init.deviation", "spread"),
        ("loss.kind", "loss"),
        ("optimizer.lr", "course"),
        ("schedule.kind", "course"),
        ("regularization.l2", "network"),
        ("training.epochs", "network"),
        ("seed", "network"),
    ],
)
def test_the_row_says_what_is_drawn(key: str, subject: Subject) -> None:
    assert subject_of(key) == subject


async def test_data_are_points_with_their_facts_above(painter: Painter) -> None:
    painter.told["data"] = {
        "picture": {"sort": "points", "points": [[0, 0, 0], [1, 1, 1]], "axes": ["u", "v"]}
    }
    async with opened() as stage:
        await load(stage, "moons")
        await stage.until(lambda: "●" in drawn(stage))
        assert seen(stage) == ["line", "picture"]
        assert set("uv●×") <= set(drawn(stage))


async def test_data_that_are_not_here_yet_are_said_so(painter: Painter) -> None:
    async with opened() as stage:
        await stage.until(lambda: "not here yet" in drawn(stage))


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_data_are_images(painter: Painter, size: tuple[int, int]) -> None:
    images = [{"label": NASTY if n else "zero", "pixels": [[0, 255] * 4] * 8} for n in range(12)]
    painter.told["data"] = {"picture": {"sort": "images", "images": images}}
    async with opened(size=size) as stage:
        await stage.until(lambda: "▀" in drawn(stage))
        assert "zero" in drawn(stage)
        assert "\x1b" not in drawn(stage)
    async with opened(size=size, ascii_only=True) as stage:
        await stage.until(lambda: "@" in drawn(stage))
        assert "▀" not in drawn(stage)


async def test_a_model_row_has_the_network_and_what_it_feeds(painter: Painter) -> None:
    async with opened(size=(120, 40)) as stage:
        await stage.focus("model.kind")
        network = aside(stage).query_one(Network)
        await stage.until(lambda: "cross_entropy" in network.render().plain)
        assert seen(stage) == ["Network"]
        assert "10 outputs → cross_entropy (its own softmax)" in network.render().plain
        await load(stage, "moons bce")
        await stage.focus("model.kind")
        await stage.until(lambda: "1 output → bce" in network.render().plain)


async def test_an_activation_row_has_the_function_and_its_slope(painter: Painter) -> None:
    async with opened() as stage:
        await stage.focus("model.activation")
        assert seen(stage) == ["Plot"]
        assert [curve.name for curve in chart(stage).curves] == ["f", "f'"]
        assert chart(stage).title == "relu"
        stage.type("right")
        await stage.until(lambda: chart(stage).title == "leaky_relu")
        assert "activations" not in painter.questions()


async def test_the_values_of_the_latest_run_are_marked(painter: Painter, make_run: MakeRun) -> None:
    run = make_run("digits mlp 32,16 tanh", name=NASTY).start().prepare()
    values: dict[str, Any] = dict.fromkeys(("fc1", "fc2", "fc3"), 0.0)
    low, high = {"fc1": -1.5, "fc2": None, "fc3": -99.0}, {"fc1": 0.5, "fc2": 2.5, "fc3": 99.0}
    run.say(ActivationsMeasured, samples=256, mean=values, deviation=values, low=low, high=high)
    make_run("digits").start().prepare()  # a later one, that has not measured anything yet
    async with opened() as stage:
        await stage.focus("model.activation")
        await stage.until(lambda: "band" in seen(stage))
        marks = aside(stage).query_one(".aside--band", Drawing)
        await stage.until(lambda: "━" in marks.render().plain)
        told = marks.render().plain
        assert "-1.5 to 2.5" in told, "the last layer has no activation"
        assert "\x1b" not in told
        await stage.focus("model.init")
        await stage.until(lambda: "band" not in seen(stage))


async def test_an_init_row_has_the_spread_of_each_layer(painter: Painter) -> None:
    async with opened() as stage:
        await stage.focus("model.init")
        await stage.until(lambda: "fc3" in drawn(stage))
        assert seen(stage) == ["picture"]
        assert "noise stands for the data" in drawn(stage)


async def test_the_learning_rate_is_drawn_at_once_and_nobody_asked(painter: Painter) -> None:
    async with opened() as stage:
        await load(stage, "digits cosine")
        await stage.focus("schedule.kind")
        assert seen(stage) == ["Plot"]
        (curve,) = chart(stage).curves
        rates = [rate for _, rate in curve.points if rate is not None]
        assert rates[0] == 0.01
        assert rates == sorted(rates, reverse=True)
        assert 1 < len(rates) <= 210
        await load(stage, "digits batch_growth e=9")
        await stage.focus("optimizer.lr")
        assert [size for _, size in chart(stage).curves[0].points] == [64, 64, 128, 128, 256, 256]
        assert "line" in seen(stage), "it says that the rate stays"
        assert set(painter.questions()) <= {"data"}


async def test_a_loss_row_says_what_is_compared(painter: Painter) -> None:
    async with opened() as stage:
        await stage.focus("loss.kind")
        assert seen(stage) == ["picture"]
        assert "cross_entropy" in drawn(stage)
        assert "10 numbers" in drawn(stage)


async def test_quick_keys_ask_once(painter: Painter) -> None:
    async with opened() as stage:
        await stage.until(lambda: "not here yet" in drawn(stage))
        before = len(painter.asked)
        stage.type(*["down"] * 11)
        await stage.until(lambda: stage.focused == "model.output")
        await stage.until(lambda: len(painter.asked) > before)
        assert painter.questions()[before:] == ["network"]


async def test_a_late_answer_never_covers_a_newer_picture(painter: Painter) -> None:
    painter.held["data"] = asyncio.Event()
    async with opened() as stage:
        await stage.until(lambda: "data" in painter.questions())
        await stage.focus("model.kind")
        network = aside(stage).query_one(Network)
        await stage.until(lambda: "fc3" in network.render().plain)
        painter.held["data"].set()
        await stage.pilot.pause()
        assert seen(stage) == ["Network"]
        assert "not here yet" not in drawn(stage)


@pytest.mark.parametrize(
    ("row", "what"), [("data.kind", "data"), ("model.init", "activations"), ("seed", "network")]
)
async def test_an_error_is_a_calm_sentence(painter: Painter, row: str, what: str) -> None:
    painter.told[what] = {"error": f"no {NASTY}"}
    async with opened() as stage:
        await stage.focus(row)
        shown = aside(stage).query_one(Network) if what == "network" else None
        await stage.until(lambda: "no [/x] \\x1b[2J" in (shown.render().plain if shown else drawn(stage)))


async def test_an_answer_that_holds_is_not_asked_for_again(painter: Painter) -> None:
    async with opened() as stage:
        await stage.focus("model.kind")
        network = aside(stage).query_one(Network)
        await stage.until(lambda: "fc3" in network.render().plain)
        await stage.focus("loss.kind")
        await stage.focus("model.norm")
        await stage.until(lambda: "fc3" in network.render().plain)
        assert painter.questions().count("network") == 1


# -- the user's own data ----------------------------------------------------------------------------


async def test_a_csv_file_is_opened_and_planned_with(painter: Painter, tmp_path: Path) -> None:
    file = tmp_path / "points.csv"
    file.write_text("a,b,kind\n" + "".join(f"{n},{n % 7},{'xy'[n % 2]}\n" for n in range(100)))
    painter.told["network"] = painter.told["data"] = {"error": "not asked about"}
    async with opened(size=(120, 40)) as stage:
        stage.setup.load(parse(f"csv data.file={file} mlp 4 e=9"))
        await stage.until(lambda: "72 training" in remarks(stage, "#setup-plan"))
        assert stage.setup.check_action("train", ()) is True
        await stage.focus("schedule.kind")
        assert chart(stage).x_limits == (0, 17)
        await stage.focus("loss.kind")
        await stage.until(lambda: "2 numbers" in drawn(stage))


async def test_a_fault_in_a_file_is_marked_and_stops_the_start(painter: Painter, tmp_path: Path) -> None:
    painter.told["data"] = {"error": "no such file"}
    async with opened() as stage:
        stage.setup.load(parse(f"csv data.file={tmp_path / 'none.csv'}"))
        await stage.until(lambda: stage.setup._draft.text("data.kind") == "csv")
        assert stage.setup.check_action("train", ()) is None, "not before it was looked at"
        await stage.until(lambda: "✗ data.file" in remarks(stage, "#setup-problems"))
        assert stage.row("data.file").problem
        assert stage.setup.check_action("train", ()) is None
        stage.type("r")
        await stage.pilot.pause()
        assert stage.sent(RunRequested) == []


async def test_what_does_not_go_with_a_file_is_marked(painter: Painter, tmp_path: Path) -> None:
    file = tmp_path / "numbers.csv"
    file.write_text("a,b,y\n" + "".join(f"{n},{n % 7},{n / 3}\n" for n in range(100)))
    painter.told["data"] = {"error": "another story"}
    async with opened() as stage:
        stage.setup.load(parse(f"csv data.file={file} bce"))
        await stage.until(lambda: "✗ loss.kind" in remarks(stage, "#setup-problems"))
        row = stage.row("loss.kind")
        assert row.problem
        stage.setup.load(parse(f"csv data.file={file} mae"))
        await stage.until(lambda: "72 training" in remarks(stage, "#setup-plan"))
        assert remarks(stage, "#setup-problems") == ""


async def test_custom_data_are_asked_about(monkeypatch: pytest.MonkeyPatch) -> None:
    class Coder(Painter):
        async def ask(self, what: str, **fields: Any) -> dict[str, Any]:
            self.asked.append({"ask": what, **fields})
            facts = {
                "task": "classification",
                "shape": [3],
                "classes": 2,
                "names": [],
                "training": 80,
                "test": 20,
            }
            return {**facts, "picture": None} if what == "data" else {"error": "later"}

    coder = Coder()
    monkeypatch.setattr("tui.asking.inspector.Inspector", lambda: coder)
    async with opened() as stage:
        stage.setup.load(parse("data=custom data.target=mine.py:make"))
        await stage.until(lambda: "72 training" in remarks(stage, "#setup-plan"))
        assert stage.setup.check_action("train", ()) is True
        stage.setup.load(parse("data=custom data.target=mine.py:make model=cnn"))
        await stage.until(lambda: "✗ model.kind" in remarks(stage, "#setup-problems"))


# -- the user's own network -------------------------------------------------------------------------

OWN = "digits model=custom model.target=mine.py:Net"
FAULT = "RuntimeError: mat1 and mat2 shapes cannot be multiplied (1x64 and 65x16), in mine.py line 8"


async def test_a_fault_in_a_network_of_the_user_s_own_is_marked(painter: Painter) -> None:
    painter.told["network"] = {"error": FAULT}
    async with opened(size=(120, 40)) as stage:
        stage.setup.load(parse(OWN))
        await stage.until(lambda: "✗ model.target" in remarks(stage, "#setup-problems"))
        assert f"{FAULT}.\n" in remarks(stage, "#setup-problems")
        assert stage.row("model.target").problem == FAULT
        assert stage.setup.check_action("train", ()) is None
        stage.type("r")
        await stage.pilot.pause()
        assert stage.sent(RunRequested) == []

        painter.held["network"] = asyncio.Event()
        del painter.told["network"]
        await stage.focus("seed")
        stage.type("7", "enter")  # the code was mended: it is asked again
        await stage.until(lambda: painter.asked[-1]["config"].get("seed") == 7)
        assert stage.row("model.target").problem, "until it is known better"
        painter.held["network"].set()
        await stage.until(lambda: stage.setup.check_action("train", ()) is True)
        assert not stage.row("model.target").problem
        assert remarks(stage, "#setup-problems") == ""


async def test_only_networks_of_the_user_s_own_are_tried(painter: Painter) -> None:
    painter.told["network"] = {"error": FAULT}
    async with opened() as stage:
        await load(stage, "digits")
        await stage.until(lambda: "data" in painter.questions())
        await stage.pilot.pause()
        assert "network" not in painter.questions()
        assert stage.setup.check_action("train", ()) is True


@pytest.mark.parametrize(
    "said", ["the inspector did not start; see dltui doctor", "the inspector has ended; see dltui doctor", ""]
)
async def test_without_an_inspector_it_can_be_started(painter: Painter, said: str) -> None:
    painter.told["network"] = {"error": said}
    async with opened() as stage:
        stage.setup.load(parse(OWN))
        await stage.until(lambda: "network" in painter.questions())
        await stage.pilot.pause()
        assert stage.setup.check_action("train", ()) is True
        assert remarks(stage, "#setup-problems") == ""


async def test_a_network_is_not_tried_on_data_with_a_fault(painter: Painter, tmp_path: Path) -> None:
    painter.told["network"] = painter.told["data"] = {"error": FAULT}
    async with opened() as stage:
        stage.setup.load(
            parse(f"csv data.file={tmp_path / 'none.csv'} model=custom model.target=mine.py:Net")
        )
        await stage.until(lambda: "✗ data.file" in remarks(stage, "#setup-problems"))
        await stage.pilot.pause()
        assert "network" not in painter.questions()
        assert "model.target" not in remarks(stage, "#setup-problems")


# -- the line ---------------------------------------------------------------------------------------


async def test_o_copies_the_line_and_writes_it_down(painter: Painter, home: Path) -> None:
    async with opened() as stage:
        await stage.focus("seed")
        stage.type("7", "enter")
        await stage.until(lambda: stage.setup._config is not None and stage.setup._config.seed == 7)
        stage.type("o")
        await stage.until(lambda: stage.notices())
        file = home / "line.txt"
        assert str(file) in stage.notices()[0]
        assert stage.setup._config is not None
        assert stage.app.clipboard == print_line(stage.setup._config)
        assert file.read_text() == print_line(stage.setup._config) + "\n"
        assert file.stat().st_mode & 0o777 == 0o600


async def test_a_line_that_cannot_be_written_is_told(painter: Painter, home: Path) -> None:
    home.write_text("a file where the folder should be")
    async with opened() as stage:
        stage.type("o")
        await stage.until(lambda: stage.notices())
        assert "cannot be written" in stage.notices()[0]


def test_the_inspector_s_facts_come_back_whole() -> None:
    for kind in DATASETS:
        facts = kind.model_validate({}).facts
        if facts is not None:
            assert facts_of(json.loads(json.dumps({**asdict(facts), "picture": None}))) == facts
