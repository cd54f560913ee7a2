"""Runs without a trainer, an inspector without torch, and the app on a stage."""

import asyncio
import math
import random
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal, TypeVar

import pytest
from textual.app import App
from textual.events import Key
from textual.geometry import Region
from textual.keys import _character_to_key
from textual.message import Message
from textual.notifications import Notify
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widget import Widget

from dlcore.choices.dataset import Facts
from dlcore.commands import Command
from dlcore.commands import decode as decode_command
from dlcore.config import RunConfig, output_units, plan, to_toml
from dlcore.events import (
    ActivationsMeasured,
    AttemptEnded,
    AttemptStarted,
    CommandApplied,
    CommandRefused,
    EpochEnded,
    Evaluated,
    Event,
    GradientsMeasured,
    Layer,
    Prepared,
    StepsEnded,
    encode,
)
from dlcore.files.journal import Appender, Tail
from dlcore.oneline import parse
from dlcore.reading import read_table
from dlcore.rundir import RunDir, create
from dlcore.summary import store_summary
from tui.app import DltuiApp
from tui.screens.inside import InsideScreen
from tui.screens.setup import SetupScreen
from tui.screens.train import TrainScreen
from tui.widgets.field_row import FieldRow

MOMENT = datetime(2026, 3, 4, 5, 6, 7, 89_000, tzinfo=UTC)
NASTY = "[/x] \x1b[2J 한글"
"""A name that is no markup, steers no terminal, and is wider than its letters."""

_HOLD = """
import sys
from pathlib import Path
from dlcore.files.lock import Lock
from dlcore.rundir import RunDir
lock = Lock(RunDir(Path(sys.argv[1])))
print(flush=True)
sys.stdin.read()
"""
_CHUNK = 60
_STEP_SECONDS = 0.0009
_START_SECONDS = 2.25

Reason = Literal["finished", "stopped", "failed"]
AnyEvent = TypeVar("AnyEvent", bound=Event)
AnyMessage = TypeVar("AnyMessage", bound=Message)


@dataclass(frozen=True)
class Course:
    """What a run's figures look like, as real ones did: from the first to the second, most of it early on."""

    loss: tuple[float, float]
    score: tuple[float, float]
    """Accuracy, or R² of a regression."""
    norms: tuple[float, ...]
    """Of the layers, from input to output."""
    spread: float
    """Standard deviation of a batch's loss, relative to it, once it has come down."""
    pace: float = 25.0

    def left(self, step: int) -> float:
        """The share of the way that is still to go."""
        return 1 / (1 + step / self.pace)


HEALTHY = Course((2.31, 0.07), (0.06, 0.97), (1.3, 0.62, 0.48), 0.35)
VANISHING = Course(
    (2.309, 2.305), (0.1, 0.105), (4.3e-7, 4.2e-7, 3e-6, 2.2e-5, 1.6e-4, 1.2e-3, 9e-3, 6.5e-2, 0.3), 0.0
)
REGRESSION = Course((1.02, 0.52), (-0.05, 0.483), (0.9, 0.5, 0.4), 0.3)
DEVIATION = 77.0
"""Of the targets of a regression: what an error is multiplied with to be in their unit."""


def facts_of(config: RunConfig) -> Facts:
    """What the data hold, which must be known without opening a file."""
    facts = config.data.facts
    assert facts is not None
    return facts


def layers_of(config: RunConfig) -> tuple[Layer, ...]:
    """The layers of a fully connected network, as the trainer and the inspector would name them."""
    facts = facts_of(config)
    widths = [facts.features, *getattr(config.model, "hidden", ()), output_units(config.loss, facts)]
    activation = getattr(config.model, "activation", None)
    word = activation.word() if activation is not None else ""
    return tuple(
        Layer(
            name=f"fc{number}",
            text=f"{before} → {after}",
            shape=(after,),
            activation=word if number < len(widths) - 1 else "",
            parameters=(before + 1) * after,
        )
        for number, (before, after) in enumerate(pairwise(widths), 1)
    )


class FakeRun:
    """A real run directory with real events of a training that nobody does."""

    def __init__(
        self,
        home: Path,
        line: str = "digits",
        *,
        name: str = "",
        moment: datetime = MOMENT,
        course: Course | None = None,
    ) -> None:
        config = parse(line)
        if name:
            general = config.general.model_copy(update={"name": name})
            config = RunConfig(**{**config.__dict__, "general": general})
        self.config = config.resolved()
        facts = {"versions": {"dltui": "0", "python": "3", "torch": "2"}, "parent": None}
        self.dir: RunDir = create(home, self.config.name, moment, to_toml(self.config), facts)
        self.facts = facts_of(self.config)
        self.is_regression = self.facts.task == "regression"
        self.course = course or (REGRESSION if self.is_regression else HEALTHY)
        self.plan = plan(self.config)
        self.step = 0
        self._events: Appender | None = Appender(self.dir.events)
        self._seq = 0
        self._epoch = 0
        self._looked = 0
        self._weights: int | None = None
        self._random = random.Random(7)
        self._holder: subprocess.Popen[bytes] | None = None

    @property
    def seq(self) -> int:
        """The number of the last event."""
        return self._seq - 1

    # -- being alive --------------------------------------------------------------------------------

    def hold(self) -> "FakeRun":
        """Have a process hold the lock, as a trainer does for its whole life."""
        command = [sys.executable, "-c", _HOLD, str(self.dir.path)]
        self._holder = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._holder.stdout is not None
        assert self._holder.stdout.readline() == b"\n"
        return self

    def die(self) -> None:
        """End the process that holds the lock, as a crash does."""
        if self._holder is not None:
            self._holder.kill()
            self._holder.communicate()
            self._holder = None

    def close(self) -> None:
        """Leave nothing behind but the files."""
        self.die()
        if self._events is not None:
            self._events.close()
            self._events = None

    # -- what it says -------------------------------------------------------------------------------

    def say(self, kind: type[AnyEvent], **fields: Any) -> AnyEvent:
        """Write one event."""
        seconds = 0.0 if kind is AttemptStarted else _START_SECONDS + self.step * _STEP_SECONDS
        event = kind(seq=self._seq, step=self.step, seconds=seconds, **fields)
        assert self._events is not None, "it was closed"
        self._events.append(encode(event))
        self._seq += 1
        return event

    def start(self) -> "FakeRun":
        """A trainer has taken the run."""
        self.say(AttemptStarted, time=MOMENT.isoformat(), pid=4242, host="box")
        return self

    def prepare(self, threads: int = 1) -> "FakeRun":
        """Data and network stand."""
        layers = layers_of(self.config)
        self.say(
            Prepared,
            device="cpu",
            threads=threads,
            task=self.facts.task,
            input_shape=self.facts.shape,
            classes=self.facts.names,
            layers=layers,
            parameters=sum(layer.parameters for layer in layers),
            training_samples=self.plan.training,
            validation_samples=self.plan.validation,
            test_samples=self.plan.test,
            batch_size=self.plan.batch_size,
            steps_per_epoch=self.plan.steps_per_epoch,
            total_steps=self.plan.steps,
            epochs=self.config.training.epochs,
        )
        return self

    def steps(self, number: int) -> "FakeRun":
        """So many more steps have ended."""
        while number:
            chunk = min(number, _CHUNK)
            losses = tuple(self._loss(self.step + one) for one in range(1, chunk + 1))
            scores = tuple(self._score(self.step + one) for one in range(1, chunk + 1))
            self.step += chunk
            number -= chunk
            self.say(
                StepsEnded,
                loss=losses,
                **{self.metric: scores},
                lr=(self.config.optimizer.lr,) * chunk,
                samples=self.step * self.plan.batch_size,
                training_seconds=self.step * _STEP_SECONDS,
            )
        return self

    def gradients(self) -> "FakeRun":
        """The gradients of every tenth step since the last look were measured."""
        taken = [step for step in range(self._looked + 1, self.step + 1) if step % 10 == 0 or step <= 10]
        self._looked = self.step
        names = [layer.name for layer in layers_of(self.config)]
        last = len(self.course.norms) - 1
        typical = [self.course.norms[index * last // max(len(names) - 1, 1)] for index in range(len(names))]
        looks = [self._random.gauss(0, 0.22) for _ in taken]
        named = {
            name: tuple(norm * math.exp(look + self._random.gauss(0, 0.08)) for look in looks)
            for name, norm in zip(names, typical, strict=True)
        }
        updates = {name: tuple(1e-3 * norm / typical[-1] for norm in norms) for name, norms in named.items()}
        self.say(GradientsMeasured, steps=tuple(taken), norms=named, updates=updates, every=10, cost=0.02)
        return self

    def activations(self) -> "FakeRun":
        """What the layers hand to their activations was measured."""
        layers = layers_of(self.config)
        grown = 1 - self.course.left(self.step)
        spread = {layer.name: 1 + number + 2 * grown for number, layer in enumerate(layers)}
        words = {layer.name: layer.activation for layer in layers}
        self.say(
            ActivationsMeasured,
            samples=64,
            mean={name: -0.1 * size for name, size in spread.items()},
            deviation=spread,
            low={name: -1.7 * size for name, size in spread.items()},
            high={name: 1.6 * size for name, size in spread.items()},
            dead={name: 0.25 * grown for name, word in words.items() if word == "relu"},
            saturated={name: 0.6 * grown for name, word in words.items() if word in ("sigmoid", "tanh")},
        )
        return self

    @property
    def metric(self) -> str:
        """The name of the figure beside the loss."""
        return "r2" if self.is_regression else "accuracy"

    def evaluate(
        self, split: Literal["validation", "test"] = "validation", weights: int | None = None
    ) -> "FakeRun":
        """A split was evaluated, with the weights of an earlier step if one is given."""
        step = self.step if weights is None else weights
        self.say(
            Evaluated,
            split=split,
            epoch=self.step / self.plan.steps_per_epoch,
            loss=self._mean(self.course.loss, step),
            samples=self.plan.validation if split == "validation" else self.plan.test,
            duration=0.02,
            weights=weights,
            **self._figures(step),
        )
        return self

    def take_back(self, step: int) -> "FakeRun":
        """The best weights, those of a step, were taken back and evaluated."""
        self._weights = step
        return self.evaluate(weights=step)

    def epochs(self, number: int) -> "FakeRun":
        """So many more whole epochs have ended, with all that is said of each."""
        for _ in range(number):
            self.steps(self.plan.steps_per_epoch).gradients()
            self._epoch += 1
            self.say(
                EpochEnded,
                epoch=self._epoch,
                loss=self._mean(self.course.loss, self.step - self.plan.steps_per_epoch // 2),
                **{self.metric: self._mean(self.course.score, self.step - self.plan.steps_per_epoch // 2)},
                duration=self.plan.steps_per_epoch * _STEP_SECONDS,
            )
            self.evaluate()
        return self

    def apply(self, command: Command, text: str) -> "FakeRun":
        """A command took effect."""
        self.say(CommandApplied, id=command.id, command=command.model_dump(), text=text)
        return self

    def refuse(self, command: Command, reason: str) -> "FakeRun":
        """A command was not obeyed."""
        self.say(CommandRefused, id=command.id, command=command.model_dump(), reason=reason)
        return self

    def end(
        self,
        reason: Reason = "finished",
        message: str = "",
        hint: str = "",
    ) -> "FakeRun":
        """The trainer is done, and gone."""
        if reason != "failed":
            self.evaluate("test", self._weights)
        self.say(AttemptEnded, reason=reason, message=message, hint=hint)
        store_summary(self.dir)
        self.die()
        return self

    def told(self) -> list[Command]:
        """What viewers have written for the trainer so far."""
        found = [decode_command(line) for line in Tail(self.dir.control).read()]
        return [command for command in found if command is not None]

    def _mean(self, ends: tuple[float, float], step: int) -> float:
        start, end = ends
        return end + (start - end) * self.course.left(step)

    def _loss(self, step: int) -> float:
        spread = 0.008 + self.course.spread * (1 - self.course.left(step))
        return self._mean(self.course.loss, step) * math.exp(self._random.gauss(0, spread))

    def _figures(self, step: int) -> dict[str, Any]:
        """All that an evaluation has beside the loss."""
        found = self._mean(self.course.score, step)
        if self.is_regression:
            error = DEVIATION * math.sqrt(max(0.0, 1 - found))
            return {"r2": found, "mae": 0.8 * error, "rmse": error}
        each = tuple(
            min(1.0, max(0.0, found + 0.01 * (label % 3 - 1))) for label in range(self.facts.classes)
        )
        top5 = {"top5": min(1.0, found + 0.5)} if self.facts.classes >= 10 else {}
        return {"accuracy": found, "precision": each, "recall": each[::-1], "f1": each, **top5}

    def _score(self, step: int) -> float:
        share, size = self._mean(self.course.score, step), self.plan.batch_size
        if self.is_regression:
            return share + self._random.gauss(0, 0.3 / math.sqrt(size))
        drawn = self._random.gauss(share, math.sqrt(share * (1 - share) / size))
        return max(0, min(size, round(drawn * size))) / size


class FakeInspector:
    """Answers at once what the real inspector would say of data that are not here yet and dense layers."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []

    def warm_up(self) -> None:
        """There is nothing to wait for."""

    async def ask(self, what: str, **fields: Any) -> dict[str, Any]:
        """Return what is known of data and network without torch: no picture, and no real activations."""
        self.asked.append({"ask": what, **fields})
        config = read_table(fields["config"]).config
        assert config is not None
        facts, layers = facts_of(config), layers_of(config)
        if what == "data":
            return {
                "task": facts.task,
                "shape": list(facts.shape),
                "classes": facts.classes,
                "names": list(facts.names),
                "training": facts.training,
                "test": facts.test,
                "picture": None,
            }
        if what == "activations":
            spread = {"mean": 0.0, "deviation": 1.0, "range": [-2.0, 2.0], "counts": [1, 2, 2, 1]}
            return {"layers": [{"name": layer.name, **spread} for layer in layers], "real": False}
        return {
            "input": list(facts.shape),
            "layers": [layer.model_dump() for layer in layers],
            "output": getattr(config.model, "output", ""),
            "parameters": sum(layer.parameters for layer in layers),
        }

    async def close(self) -> None:
        """There is nothing to end."""


@dataclass
class Stage:
    """An open app and all messages it has seen."""

    app: DltuiApp
    pilot: Pilot[RunDir | None]
    messages: list[Message]

    @property
    def setup(self) -> SetupScreen:
        """The Setup screen, seen or not."""
        return self.app._setup

    @property
    def train(self) -> TrainScreen:
        """The Train screen, seen or not."""
        return self.app._train

    @property
    def inside(self) -> InsideScreen:
        """The Inside screen, seen or not."""
        return self.app._inside

    def sent(self, kind: type[AnyMessage]) -> list[AnyMessage]:
        """The messages of a kind, each once, the oldest first."""
        found: dict[int, AnyMessage] = {id(one): one for one in self.messages if isinstance(one, kind)}
        return list(found.values())

    def notices(self) -> list[str]:
        """What the app has said in the corner of the screen."""
        return [one.notification.message for one in self.sent(Notify)]

    async def press(self, *keys: str) -> None:
        """Press keys, and wait after each one until all that follows from it is done."""
        await self.pilot.press(*keys)

    def type(self, *keys: str) -> None:
        """Press keys as fast as a terminal pastes them; wait for what they bring about."""
        type_keys(self.app, *keys)

    async def until(self, condition: Callable[[], object]) -> None:
        """Wait until a condition holds, and all that follows from it is done."""
        await until(condition)
        await self.pilot._wait_for_screen()

    async def show(self, mode: Literal["setup", "train", "inside", "errors", "runs"]) -> None:
        """Go to a screen by its key."""
        keys = {"setup": "1", "train": "2", "inside": "3", "errors": "4", "runs": "5"}
        await self.press(keys[mode])
        await self.until(lambda: self.app.current_mode == mode and self.app.screen.is_mounted)
        resumed = asyncio.Event()
        self.app.screen.call_later(resumed.set)  # behind what tells the screen that it is seen
        await resumed.wait()

    def row(self, key: str) -> FieldRow:
        """The line of a field in the form."""
        return next(row for row in self.setup.query(FieldRow) if row.row.key == key)

    @property
    def focused(self) -> str:
        """The key of the field that has the focus, if one has."""
        return self.app.focused.row.key if isinstance(self.app.focused, FieldRow) else ""

    async def focus(self, key: str) -> FieldRow:
        """Put the focus on a field, and wait until it is explained."""
        row = self.row(key)
        row.focus()
        await self.until(lambda: self.app.focused is row)
        explained = asyncio.Event()
        self.setup.call_after_refresh(explained.set)
        await explained.wait()
        await self.until(lambda: True)
        return row


async def until(condition: Callable[[], object], seconds: float = 20.0) -> None:
    """Let others work until a condition holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came"
        await asyncio.sleep(0.002)


def type_keys(app: App[Any], *keys: str) -> None:
    """Press keys as fast as a terminal pastes them."""
    driver = app._driver
    assert driver is not None
    for key in keys:
        name = _character_to_key(key) if len(key) == 1 else key
        event = Key(name, key if len(key) == 1 else None)
        event.set_sender(app)
        driver.send_message(event)


@asynccontextmanager
async def opened(
    run: FakeRun | None = None,
    *,
    size: tuple[int, int] = (80, 24),
    read_only: bool = False,
    ascii_only: bool = False,
    notifications: bool = False,
) -> AsyncIterator[Stage]:
    """Open the app, on a run if one is given, and wait until it can be used; notices are drawn if wanted."""
    app = DltuiApp(run.dir if run is not None else None, read_only=read_only, ascii_only=ascii_only)
    messages: list[Message] = []
    async with app.run_test(size=size, message_hook=messages.append, notifications=notifications) as pilot:
        await until(lambda: is_ready(app))
        await pilot._wait_for_screen()
        yield Stage(app, pilot, messages)


def is_ready(app: App[Any]) -> bool:
    """Whether the app has opened its first screen and put the focus where it belongs."""
    if app.current_mode not in ("setup", "train"):
        return False
    return isinstance(app.focused, FieldRow) if app.current_mode == "setup" else app.screen.is_mounted


def count_refreshes(monkeypatch: pytest.MonkeyPatch, on: Screen[Any] | None = None) -> list[Widget]:
    """Return a list that every widget joins whenever it asks to be drawn anew; `on` counts one screen's.

    A screen that is told which regions to draw passes on what has changed beneath it: it asks for nothing.
    """
    refreshed: list[Widget] = []
    refresh = Widget.refresh

    def counted(widget: Widget, *regions: Region, **options: bool) -> Widget:
        is_passed_on = isinstance(widget, Screen) and bool(regions)
        if not is_passed_on and (on is None or on in widget.ancestors_with_self):
            refreshed.append(widget)
        return refresh(widget, *regions, **options)

    monkeypatch.setattr(Widget, "refresh", counted)
    return refreshed
