"""Strings from outside in every widget by itself: shown letter by letter, whatever they hold.

Each widget stands alone in a small app and is handed one string after another, by its public way of taking
text. What it then paints is read back from the compositor. A widget that is in no table fails the tests.
"""

import inspect
import pkgutil
from array import array
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from importlib import import_module
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from textual.app import App, ComposeResult
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Input, OptionList, Static

import tui.screens
import tui.widgets
from dlcore.advice import Advice
from dlcore.clean import clean
from dlcore.errors import Problem
from dlcore.events import ActivationsMeasured, DataFetched, FrameSaved, Layer, Prepared
from dlcore.family.lineage import Relations, Trial, standing
from dlcore.family.origin import Origin
from dlcore.files.arrays import Array
from dlcore.finding_runs import listing
from dlcore.finding_runs.keys import DEFAULT_COLUMNS
from dlcore.finding_runs.view import View
from dlcore.flat_config import settings
from dlcore.frames import save
from dlcore.history import RunHistory
from dlcore.labels import Label
from dlcore.oneline import parse
from dlcore.rundir import RunDir
from dlcore.runlist import Entry
from dlcore.runs import RunRow
from tests.dlcore.diagnose.findings import NAN
from tests.torture.hostile import SURROGATES, strings
from tests.torture.ledger import chance, times
from tests.torture.stage import Losses, Talkative, laid_out, until_seen, wait
from tests.tui import looking
from tests.tui.erring import class_errors, number_errors, samples_of
from tests.tui.fakes import facts_of
from tui.asking.error_questions import Question
from tui.asking.error_report import ClassErrors, NumberErrors, read, read_samples
from tui.draft import Draft
from tui.drawing.plotting import Chart, Curve
from tui.drawing.run_marks import LOOKS
from tui.screens.branching import BranchScreen
from tui.screens.choosing_columns import ChooseColumns
from tui.screens.dialogs import Answer, Ask, Help, Pick
from tui.screens.export_dialog import ExportDialog
from tui.screens.export_progress import ExportProgress
from tui.screens.findings import FindingsScreen
from tui.screens.labelling import AddTags, EditLabel
from tui.screens.log import LogScreen
from tui.screens.rate_finder import RateFinder
from tui.screens.stopping import EndHard
from tui.screens.tuning import TuningScreen
from tui.screens.twins import TwinsScreen
from tui.screens.verifying import VerifyDialog
from tui.watching.latest import Measured
from tui.watching.looks import Look
from tui.widgets import remarks
from tui.widgets.aside import Aside
from tui.widgets.class_errors import ClassErrorsView
from tui.widgets.compare.flows import Flow, Flows, _Column
from tui.widgets.compare.legend import Row, RunLegend
from tui.widgets.compare.overlay_plot import OverlayPlot
from tui.widgets.compare.parameters import Parameters
from tui.widgets.compare.tables import Heading, Line, Pair, columns_of, pairs_of
from tui.widgets.confusion import Confusion
from tui.widgets.error_samples import ErrorSamples
from tui.widgets.error_tables import ClassTable, ConfusionTable, WorstTable
from tui.widgets.errors_view import ErrorsView
from tui.widgets.field_row import FieldRow, _Value
from tui.widgets.filter_line import FilterLine
from tui.widgets.finding_line import FindingLine
from tui.widgets.form import Form
from tui.widgets.gradient_bars import GradientBars
from tui.widgets.header import Header
from tui.widgets.key_line import KeyLine
from tui.widgets.kin_line import KinLine
from tui.widgets.network import Network
from tui.widgets.number_errors import NumberErrorsView
from tui.widgets.ordered_input import OrderedInput
from tui.widgets.pane_tabs import PaneTabs
from tui.widgets.panes.activations import Activations
from tui.widgets.panes.band_bars import BandBars
from tui.widgets.panes.boundary import Boundary
from tui.widgets.panes.checkpoint_pane import CheckpointPane
from tui.widgets.panes.features import Features
from tui.widgets.panes.gradients import Gradients
from tui.widgets.panes.heat_map import HeatMap
from tui.widgets.panes.histograms import Histograms
from tui.widgets.panes.layered import Layered
from tui.widgets.panes.pane import Moment, Pane
from tui.widgets.panes.predictions import Predictions
from tui.widgets.panes.spread_table import SpreadTable
from tui.widgets.panes.surface import Surface
from tui.widgets.panes.updates import Updates
from tui.widgets.panes.waterfall import Waterfall
from tui.widgets.panes.weights import Weights
from tui.widgets.pictures.drawing import Drawing
from tui.widgets.pictures.function import band
from tui.widgets.pictures.histogram import histograms, spreads_of
from tui.widgets.pictures.images import images_of, thumbnails
from tui.widgets.pictures.picture import Picture
from tui.widgets.pictures.scatter import points_of, scatter
from tui.widgets.plot import Plot
from tui.widgets.rate_plot import RatePlot
from tui.widgets.run_table import RunTable
from tui.widgets.status_line import StatusLine
from tui.widgets.tune_row import TuneRow
from tui.widgets.virtual_table import VirtualTable

HOSTILE = [*strings(chance("strings in widgets"), times(50, 1000)), *SURROGATES]
OPENED = HOSTILE[: times(20, 200)]
"""For what must be opened anew for each string."""
MOMENT = datetime(2026, 3, 4, tzinfo=UTC)
MOONS = parse("moons mlp 8,8")
NUMBERS = count(1)
DRAFT = Draft()
ROWS = {row.key: row for row in DRAFT.rows()}


@dataclass(frozen=True)
class Place:
    """A widget, how it takes a text, and how many cells of it are shown, behind what."""

    make: Callable[[], Widget]
    hand: Callable[[Any, str], object]
    cells: int
    before: str = ""
    keeps_lines: bool = False
    is_cut: bool = True
    most: int | None = None
    """So many texts at most, where each takes its time."""


def show_finding(line: FindingLine, text: str) -> None:
    """Name the layer that something is wrong with."""
    line.show([replace(NAN, message=text, layer=text)])


def show_remedy(line: KinLine, text: str) -> None:
    """Have the run be a remedy of another one, as its own file says."""
    stands = standing("finished", {})
    line._show(Relations(None, Trial("", Origin(text, 0, text, text), stands, stands)))
    line._show(Relations(None, Trial("", Origin(text, 0, text, text), stands, standing("running", {}))))


def show_network(network: Network, text: str) -> None:
    """Name a layer, its size and its function."""
    layer = {"name": text, "text": text, "activation": text, "shape": [8, 4, 4], "parameters": 7}
    layer |= {"pooling": f"{text} of 8×2×2", "receptive_field": 3}
    network.show({"input": [1, 8, 8], "layers": [layer, layer], "parameters": 14}, ("10 outputs",))


def show_chart(plot: Plot, text: str) -> None:
    """Name the curves; their names go where they have no room."""
    points = ((0.0, 1.0), (1.0, 2.0))
    curves = tuple(Curve(name, points, "run-1", "●") for name in (text, "b"))
    plot.show(Chart("over time", curves, (0.0, 1.0)))


def show_title(plot: Plot, text: str) -> None:
    """Name the chart."""
    plot.show(Chart(text, (Curve(text, ((0.0, 1.0),)),), (0.0, 1.0)))


def look_at_layers(pane: Pane, text: str) -> None:
    """Name two layers of a run."""
    figures = {text: (0.1, 0.2), f"{text}b": (0.1, 0.2)}
    names = dict.fromkeys(figures, 1.0)
    run = RunHistory()
    run.loss.extend([1.0] * 30)
    run.gradients.add((10, 20), figures)
    run.updates.add((10, 20), figures)
    seen = ActivationsMeasured.model_construct(seq=next(NUMBERS), mean=names, low=names, high=names)
    run.activations.append(seen)
    pane.look(Moment(RunDir(Path("run")), MOONS.resolved(), run, run.step, True))


def of_layers(kind: type[Pane], cells: int = 6) -> Place:
    """A pane of Inside that names layers."""
    return Place(lambda: kind(Talkative()), look_at_layers, cells)  # type: ignore[arg-type]


def look_at_checkpoint(pane: CheckpointPane, text: str, said: Callable[[str], dict[str, Any]]) -> None:
    """Look at a run of one checkpoint, of which the inspector says something with that text in it."""
    inspector = pane.inspector
    assert isinstance(inspector, Talkative)
    inspector.answer = said(text)
    run = RunDir(Path(f"run-{next(NUMBERS)}"))
    run.checkpoints.mkdir(parents=True)
    (run.checkpoints / "0.pt").touch()
    pane.look(Moment(run, MOONS.resolved(), RunHistory(), 1, False))


def said_of(
    kind: type[CheckpointPane], said: Callable[[str], dict[str, Any]], cells: int, before: str = ""
) -> Place:
    """A pane of Inside that asks about a checkpoint."""
    hand, most = partial(look_at_checkpoint, said=said), len(OPENED)
    return Place(lambda: kind(Talkative()), hand, cells, before, most=most)  # type: ignore[arg-type]


def whole_of(kind: type[CheckpointPane], said: Callable[[str], dict[str, Any]], before: str = "") -> Place:
    """One that shows a text only if there is room for all of it."""
    return replace(said_of(kind, said, 30, before), is_cut=False)


def refused(kind: type[CheckpointPane]) -> Place:
    """A pane of Inside of which the inspector says why there is no picture."""
    return replace(said_of(kind, lambda text: {"error": text}, 60), keeps_lines=True)


def look_at_frame(pane: Histograms, text: str) -> None:
    """Look at a run with a frame in which a layer has that name."""
    rows: dict[str, array[Any]]
    rows = {"edges": array("f", (0, 1, 2)), "counts": array("I", (1, 2)), "figures": array("f", (1, 1))}
    run, history = RunDir(Path(f"run-{next(NUMBERS)}")), RunHistory()
    run.path.mkdir()
    file, size = save(run, 1, {f"weights.{name}/{text}": Array.row(row) for name, row in rows.items()}, {})
    history.frames.add(FrameSaved(seq=0, step=1, seconds=0.0, file=file, bytes=size))
    layer = Layer(name=text, text=text, shape=(8,), activation=text, parameters=1)
    history.prepared = Prepared.model_construct(layers=(layer,))
    pane.look(Moment(run, MOONS.resolved(), history, 1, False))


def show_runs(table: RunTable, text: str) -> None:
    """List a run of that name, and one that has not been read yet."""
    read, unread = Entry(text), Entry(text)
    run = RunDir(Path("runs") / (text.replace("/", "").replace("\0", "") or "x"))
    label, config = Label(text, (text,), text), settings({"data": text})
    read.row = RunRow(
        run, "finished", text, text, text, "accuracy", 0.9, 1, 1, MOMENT, label=label, settings=config
    )
    group = listing.Heading(f"data {text}", (read,), "", False)
    relation = f"branch at step 1: {text}"
    table.look_as(View(columns=(*DEFAULT_COLUMNS, "tag", "notes", "data"), is_tree=True))
    lines = [listing.Line(None, group), listing.Line(read, None, "└─ ", relation), listing.Line(unread)]
    table.show_lines(lines, 0, {text}, MOMENT)
    table.take_in([read, unread], MOMENT)


def show_status(line: StatusLine, text: str) -> None:
    """Fetch data of that name."""
    history = RunHistory()
    history.apply(DataFetched(seq=0, step=0, seconds=0.0, file=text, bytes=1, total=2))
    line.show(history, "starting")


def show_value(row: FieldRow, text: str) -> None:
    """Put a value into a line of the form, and say what is wrong with it."""
    row.text, row.problem = text, text


def show_tuned(row: TuneRow, text: str) -> None:
    """Put a value into a line of what can change, and say what came of it."""
    row.text, row.start, row.answer = text, "", text


def type_value(row: FieldRow, text: str) -> None:
    """Open the value for typing."""
    for field in row.query(Input):
        field.remove()
    row._field = None
    row.text = text
    row.edit()


def show_form(form: Form, text: str) -> None:
    """Put a value into the form."""
    form.put("data.batch_size", text)


def show_points(drawing: Drawing, text: str) -> None:
    """Name the axes and the classes of a scatter plot."""
    picture = {"points": [[0.0, 1.0, 0], [1.0, 0.0, 1]], "axes": [text, text]}
    drawing.show(partial(scatter, points_of(picture, [text, text])))


def show_images(drawing: Drawing, text: str) -> None:
    """Name the classes of images."""
    picture: dict[str, object] = {"images": [{"label": text, "pixels": [[0] * 12] * 12}] * 3}
    drawing.show(partial(thumbnails, images_of(picture)))


def show_spread(drawing: Drawing, text: str) -> None:
    """Name layers beside their histograms."""
    layer = {"name": text, "deviation": 1.0, "range": [-2.0, 2.0], "counts": [1, 2, 1]}
    drawing.show(partial(histograms, spreads_of({"layers": [layer, layer]})))


def show_band(drawing: Drawing, text: str) -> None:
    """Name the run whose values are marked."""
    drawing.show(partial(band, Measured(text, -1.0, 1.0)))


def show_faults(static: Static, text: str) -> None:
    """Say what is wrong in Setup, and what could be better."""
    problems = [Problem(text, text, text)] * 2
    static.update(remarks.faults(problems, [Advice(text, text, {text: text})]))


def show_kind(static: Static, text: str) -> None:
    """Explain a kind whose word is not known."""
    draft = Draft()
    draft.put("data.kind", text)
    static.update(remarks.about(ROWS["data.kind"], draft))


def classes_named(text: str) -> ClassErrors:
    """Errors of classes that have that name, and of another one."""
    report = read(class_errors((text, "b"), 300))
    assert isinstance(report, ClassErrors)
    return report


def numbers_named(text: str) -> NumberErrors:
    """Errors of a number that has that name."""
    report = read(number_errors(name=text))
    assert isinstance(report, NumberErrors)
    return report


def show_sample(samples: ErrorSamples, text: str) -> None:
    """Open a sample whose column and class have that name."""
    raw = class_errors((text, "b"), 300)
    samples.open(Question("", 0, 0), read(raw), (0, 0), 0)
    samples.take(0, read_samples(samples_of(raw, (0, 0), 0, 1, (text,))))


def ask(aside: Aside, text: str, sort: str, key: str) -> None:
    """Have the picture beside the form be asked for, of which the inspector answers in that text."""
    inspector = aside._inspector
    assert isinstance(inspector, Talkative)
    inspector.text, inspector.sort = text, sort
    aside.turn(key)
    config = parse(f"moons mlp 8,8 seed={next(NUMBERS)}")
    aside.tell(config, facts_of(config))


def asked(sort: str, key: str, cells: int, *, keeps_lines: bool = False) -> Place:
    """A picture beside the form."""
    hand = partial(ask, sort=sort, key=key)
    return Place(lambda: Aside(Talkative()), hand, cells, keeps_lines=keeps_lines)  # type: ignore[arg-type]


def show_compared(legend: RunLegend, text: str) -> None:
    """Compare a run of that name."""
    legend.show_rows([Row(LOOKS[0], text, text, "finished", "1", "1", "1", False)], 0)


def show_flow(flows: Flows, text: str) -> None:
    """Show the gradients of a run of that name, whose layers have it too."""
    look = Look(1, {text: 0.5, f"{text}b": 2.0}, [])
    flows.show([Flow(text, "red", look), Flow("b", "red", None, text)], 0)


def show_columns(static: Static, text: str) -> None:
    """Put a run of that name beside another one."""
    headings = [Heading("●", text, "red"), Heading("×", "b", "red")]
    static.update(columns_of(headings, [Line(text, (text, text))], 0, 90))


def show_pairs(static: Static, text: str) -> None:
    """Put a key of that name, and its value, beside a result."""
    static.update(pairs_of((text, "score"), [Pair("●", text, "red", text, "1", False)], 90, 9))


PLACES = {
    "compared": Place(RunLegend, show_compared, 12),
    "flows": Place(lambda: Flows(2), show_flow, 20),
    "columns": Place(Static, show_columns, 20),
    "pairs": Place(Static, show_pairs, 20),
    "gradient bars": Place(
        GradientBars, lambda bars, text: bars.show({text: 0.5, f"{text}b": 2.0}, 1), 6, "step 1"
    ),
    "gradient bars, a note": Place(GradientBars, lambda bars, text: bars.say(text), 60),
    "header": Place(lambda: Header("train"), lambda header, text: setattr(header, "aside", text), 38, "Runs"),
    "finding": Place(FindingLine, show_finding, 40, is_cut=False),
    "remedy": Place(KinLine, show_remedy, 60, "Remedy of"),
    "network": Place(Network, show_network, 20),
    "network, a note": Place(Network, lambda network, text: network.say(text), 60, keeps_lines=True),
    "curves": Place(Plot, show_chart, 20, is_cut=False),
    "title": Place(Plot, show_title, 20),
    "runs": Place(RunTable, show_runs, 12),
    "filter": Place(lambda: FilterLine("x"), lambda line, text: line.hold(text), 60, is_cut=False),
    "status": Place(StatusLine, show_status, 40, is_cut=False),
    "value": Place(lambda: FieldRow(ROWS["name"], ""), show_value, 20),
    "tuned value": Place(lambda: TuneRow(ROWS["name"], "", ""), show_tuned, 20),
    "refused value": Place(lambda: TuneRow(ROWS["name"], "", ""), show_value, 20),
    "typed value": Place(lambda: FieldRow(ROWS["name"], ""), type_value, 20, most=times(20, 50)),
    "form": Place(lambda: Form(Draft()), show_form, 20),
    "sentence": Place(Drawing, lambda drawing, text: drawing.say(text), 60, keeps_lines=True),
    "points": Place(Drawing, show_points, 6),
    "images": Place(Drawing, show_images, 12),
    "spread": Place(Drawing, show_spread, 13),
    "band": Place(Drawing, show_band, 60, "in the run"),
    "confusion": Place(Confusion, lambda matrix, text: matrix.show(classes_named(text)), 11),
    "confusions": Place(
        ConfusionTable, lambda table, text: table.show_errors(classes_named(text), by_share=False), 20
    ),
    "classes": Place(ClassTable, lambda table, text: table.show_errors(classes_named(text), "class"), 20),
    "errors of classes": Place(ClassErrorsView, lambda view, text: view.show(classes_named(text)), 11),
    "errors of numbers": Place(NumberErrorsView, lambda view, text: view.show(numbers_named(text)), 20),
    "sample": Place(lambda: ErrorSamples(Talkative()), show_sample, 25),  # type: ignore[arg-type]
    "faults": Place(Static, show_faults, 60, "✗"),
    "kind": Place(Static, show_kind, 60),
    "gradients": of_layers(Gradients),
    "waterfall": of_layers(Waterfall, 16),
    "updates": of_layers(Updates),
    "activations": of_layers(Activations),
    "weights": said_of(Weights, lambda text: looking.images(total=1) | {"layer": text}, 60),
    "weights, inputs": said_of(Weights, lambda text: looking.table() | {"names": [text] * 4}, 20),
    "weights, many inputs": whole_of(Weights, lambda text: looking.table(inputs=30) | {"names": [text] * 30}),
    "features": said_of(Features, lambda text: looking.features(maps=1) | {"layers": [text]}, 30, "sample 0"),
    "features, class": said_of(Features, lambda text: looking.features(maps=1) | {"label": text}, 14, "is"),
    "features, said": said_of(
        Features, lambda text: looking.features(maps=1) | {"predicted": text}, 12, "said"
    ),
    "boundary": said_of(
        Boundary, lambda text: looking.curve() | {"units": looking.units() | {"layers": [text]}}, 30, "points"
    ),
    "boundary, axes": said_of(Boundary, lambda text: looking.curve() | {"axes": [text] * 2}, 30, "-2"),
    "boundary, classes": whole_of(Boundary, lambda text: looking.regions() | {"names": ["b", text]}, "×"),
    "predictions": said_of(Predictions, lambda text: looking.predictions() | {"name": text}, 60),
    "weights, error": refused(Weights),
    "features, error": refused(Features),
    "boundary, error": refused(Boundary),
    "surface, error": refused(Surface),
    "histograms": Place(lambda: Histograms(Talkative()), look_at_frame, 60, most=len(OPENED)),  # type: ignore[arg-type]
    "aside waits": Place(
        lambda: Aside(Talkative()),  # type: ignore[arg-type]
        lambda aside, text: aside.wait(text),
        60,
        keeps_lines=True,
    ),
    "aside, network": asked("points", "model.hidden", 20),
    "aside, spread": asked("points", "model.init", 13),
    "aside, points": asked("points", "data.kind", 6),
    "aside, images": asked("images", "data.kind", 12),
    "aside, error": asked("error", "data.kind", 60, keeps_lines=True),
}
WITHOUT: dict[type[Widget], str] = {
    KeyLine: "our own keys",
    VirtualTable: "RunTable is one",
    OrderedInput: "the dialogs, and FilterLine, have it",
    _Value: "FieldRow opens it",
}
WITHOUT |= {ErrorsView: "two others are one", WorstTable: "numbers alone"}
WITHOUT |= {Pane: "it has no looks", Layered: "four others are one", PaneTabs: "our own names"}
WITHOUT |= {HeatMap: "Waterfall shows it", BandBars: "Updates shows it", SpreadTable: "Activations shows it"}
WITHOUT |= {OverlayPlot: "it is a Plot", Parameters: "table and plot are tried", _Column: "Flows has them"}
WITHOUT |= {CheckpointPane: "five others are one", Picture: "these show it", RatePlot: "numbers alone"}
"""Widgets that nobody hands a string from outside, and why."""


class Bench(App[None]):
    """An app with one widget, or none, in the app's own looks."""

    CSS_PATH = "../../tui/dltui.tcss"

    def __init__(self, widget: Widget | None = None) -> None:
        super().__init__()
        self._widget = widget

    def compose(self) -> ComposeResult:
        """Return the widget."""
        yield from (self._widget,) if self._widget is not None else ()


@asynccontextmanager
async def bench(widget: Widget | None = None) -> AsyncIterator[Bench]:
    """Open an app, and wait until it has been laid out."""
    app = Bench(widget)
    async with app.run_test(size=(100, 20)) as pilot:
        await pilot.pause()
        await laid_out(app)
        yield app


@pytest.fixture
def losses() -> Iterator[Losses]:
    """What went wrong in a test, told at its end."""
    losses = Losses()
    yield losses
    losses.tell()


def classes_in(package: Any, base: type[Any]) -> set[type[Any]]:
    """The classes of a sort that the modules of a package define."""
    modules = [
        import_module(one.name) for one in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    ]
    return {
        one
        for module in modules
        for _, one in inspect.getmembers(module, inspect.isclass)
        if issubclass(one, base) and one.__module__ == module.__name__
    }


def test_the_tables_name_every_widget_and_every_dialog() -> None:
    assert {type(place.make()) for place in PLACES.values()} - {Static} | set(WITHOUT) == classes_in(
        tui.widgets, Widget
    )
    dialogs = {type(make("x")) for make, _ in DIALOGS.values()}
    assert dialogs | set(OTHERS) == classes_in(tui.screens, ModalScreen)


@pytest.mark.parametrize("name", PLACES)
async def test_a_widget(name: str, losses: Losses, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")  # the marks of classes are others where there is colour
    for module in ("aside", "panes.checkpoint_pane"):
        monkeypatch.setattr(f"tui.widgets.{module}._PAUSE", 0.0)
    place = PLACES[name]
    widget = place.make()
    async with bench(widget) as app:
        for text in HOSTILE[: place.most]:
            with losses.fault(name, text):
                place.hand(widget, text)
                shown = text.partition("\n")[0] if place.keeps_lines else text
                await until_seen(app, widget, shown, place.cells, before=place.before, is_cut=place.is_cut)


def pick(text: str) -> Pick:
    """A list to pick from."""
    answers = [Answer(text, text, about=text), Answer("b", refusal=text), Answer("c", text, label=text)]
    return Pick(text, answers, text, text)


DIALOGS: dict[str, tuple[Callable[[str], ModalScreen[Any]], type[Widget]]] = {
    "pick": (pick, OptionList),
    "ask": (lambda text: Ask(text, text, text), Input),
    "label": (lambda text: EditLabel(text, text, Label(text, (text,), text)), Input),
}


OTHERS: dict[type[ModalScreen[Any]], str] = {
    Help: "our own words",
    AddTags: "below",
    ChooseColumns: "names of keys",
    RateFinder: "numbers, and sentences of the inspector that Drawing shows",
    LogScreen: "with the screens",
    FindingsScreen: "with the screens",
    ExportDialog: "below",
    ExportProgress: "below",
    VerifyDialog: "below",
    TuningScreen: "TuneRow has its strings",
    BranchScreen: "Form has its strings, and an id is none",
    EndHard: "our own words, and numbers",
    TwinsScreen: "values are words of the configuration's own kinds, or typed into an Ask",
}
"""Dialogs that are not tried like those above, and why."""


async def test_tags_that_runs_have(losses: Losses) -> None:
    async with bench() as app:
        for text in OPENED:
            dialog = AddTags(2, 0, [text])
            with losses.fault("tags", text):
                await app.push_screen(dialog)
                await laid_out(app)
                await until_seen(app, dialog.query(".dialog--text").first(), text, 30, before="All have:")
            await app.pop_screen()


async def test_the_dialogs_of_an_export(losses: Losses) -> None:
    async with bench() as app:
        for text in OPENED:
            dialog, progress = ExportDialog(text, ("json",), Path("x")), ExportProgress(Path("x"))
            with losses.fault("export", text):
                await app.push_screen(dialog)
                await laid_out(app)
                await until_seen(app, dialog.query_one(".dialog--text"), text, 30)
                await app.pop_screen()
                await app.push_screen(progress)
                await laid_out(app)
                progress.hear({"format": "json", "failed": text})
                await until_seen(app, progress.query_one(".progress--lines"), text, 30)
            await app.pop_screen()


async def test_the_dialog_of_a_verification(losses: Losses) -> None:
    async with bench() as app:
        dialog = VerifyDialog(RunDir(Path("x")))
        await app.push_screen(dialog)
        await wait(lambda: dialog.is_done)  # there is no such run
        for text in OPENED:
            with losses.fault("verify", text):
                dialog.hear({"equal": False, "said": [text, text]})
                dialog.hear({"done": True})
                await until_seen(app, dialog.query_one(".verify--said"), text, 30)


@pytest.mark.parametrize("name", DIALOGS)
async def test_a_dialog(name: str, losses: Losses) -> None:
    make, answers = DIALOGS[name]
    async with bench() as app:
        for text in OPENED:
            dialog = make(text)
            with losses.fault(name, text):
                await app.push_screen(dialog)
                await laid_out(app)
                await until_seen(app, dialog.query_one(".dialog--title"), text, 30)
                await until_seen(app, dialog.query_one(answers), text, 30, is_cut=answers is OptionList)
                assert all(field.value == clean(text) for field in dialog.query(Input))
            await app.pop_screen()
