"""Runs and answers that say a text wherever they can, and what is painted then, read back cell by cell."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from rich.cells import cell_len, set_cell_size
from textual.widget import Widget

from dlcore.clean import clean
from dlcore.events import CommandRefused, DataFetched, GradientsMeasured, Layer, Prepared, Warned
from dlcore.rundir import RunDir
from tests.torture.hostile import raw, squeezed
from tests.torture.ledger import Promise, fault
from tests.tui.fakes import MOMENT, FakeInspector, FakeRun, Stage, until

MakeRun = Callable[..., FakeRun]
PATIENCE = 20.0


# -- reading the screen -----------------------------------------------------------------------------


def painted(stage: Stage, widget: Widget | None = None) -> str:
    """What is painted in the place of a widget, or anywhere, once every line has been found well-formed."""
    screen = stage.app.screen
    width, height = stage.app.size
    strips = screen._compositor.render_strips(stage.app.size)
    assert len(strips) == height
    for strip in strips:
        assert strip.cell_length == cell_len(strip.text) == width, (strip.cell_length, strip.text)
        assert not raw(strip.text), (raw(strip.text), strip.text)
    if widget is None:
        return "\n".join(strip.text for strip in strips)
    region = widget.content_region
    return "\n".join(strip.crop(region.x, region.right).text for strip in strips[region.y : region.bottom])


def begins(text: str, cells: int) -> str:
    """The part of a text that has room in so many cells, as it must be readable, but for blanks."""
    shown = clean(text)
    if not cell_len(shown):  # marks without a letter to stand on may be left out
        return ""
    if cell_len(shown) > cells:
        shown = set_cell_size(shown, cells - 1)  # an ellipsis may stand for the rest
    return squeezed(shown)


async def wait(condition: Callable[[], object]) -> None:
    """Let the app work until a condition holds."""
    await until(condition, PATIENCE)


async def until_seen(stage: Stage, widget: Widget, text: str, cells: int) -> None:
    """Wait until a widget shows a text from its beginning on, as far as there is room for it."""
    wanted = begins(text, cells)
    shown = said = ""

    def is_there() -> bool:
        nonlocal shown, said
        try:
            shown, said = squeezed(painted(stage, widget)), ""
        except AssertionError as error:  # a screen that has just been opened is not laid out yet
            said = str(error)
        return not said and wanted in shown

    try:
        await wait(is_there)
    except AssertionError:
        told = f"{widget!r} shows not {wanted[:200]!r} of {text[:60]!r}, but {shown[:300]!r} {said[:300]}"
        raise AssertionError(told) from None


class Losses:
    """Goes on after a string that did harm, and tells of all of them at the end."""

    def __init__(self) -> None:
        self._told: list[str] = []

    @contextmanager
    def fault(self, place: str, text: str) -> Iterator[None]:
        """Count a string in a place."""
        try:
            with fault(Promise.HOSTILE_STRING):
                yield
        except Exception as error:
            self._told.append(f"{place}: {text[:60]!r}: {type(error).__name__}: {str(error)[:600]}")

    def tell(self) -> None:
        """Fail if there were any."""
        assert not self._told, f"{len(self._told)} lost\n" + "\n".join(self._told[:12])


# -- runs -------------------------------------------------------------------------------------------


def sayable(text: str) -> str:
    """A text as far as a file in UTF-8 can hold it."""
    return text.encode(errors="backslashreplace").decode()


def renamed(run: FakeRun, text: str) -> FakeRun:
    """Give the folder of a run a name that it would never give itself; a cut letter is no UTF-8 any more."""
    name = text.replace("/", "").replace("\0", "").encode(errors="surrogatepass")[:200]
    target = run.dir.path.with_name(f"{run.dir.id[:19]}-{os.fsdecode(name)}-x")
    run.dir.path.rename(target)
    run.dir = RunDir(target)
    return run


def fetching(make_run: MakeRun, text: str, number: int = 0) -> FakeRun:
    """A run whose name, folder and data have a text for their name; those of a higher number are older."""
    moment = MOMENT - timedelta(seconds=number)
    run = renamed(make_run("digits mlp 8", name=sayable(text)[:200], moment=moment), text)
    run.start()
    run.say(DataFetched, file=sayable(text), bytes=1, total=2)
    return run


def train_with(run: FakeRun, text: str) -> None:
    """Have it name its layers and classes by a text, and refuse a command in its words."""
    text = sayable(text)
    layers = [Layer(name=name, text=text, shape=(8,), activation=text, parameters=1) for name in (text, "b")]
    sizes = dict.fromkeys(("training_samples", "validation_samples", "test_samples", "batch_size"), 64)
    plan = dict.fromkeys(("steps_per_epoch", "total_steps", "epochs", "parameters", "threads"), 100)
    run.say(Prepared, device="cpu", classes=(text, "b"), layers=tuple(layers), **sizes, **plan)
    run.steps(12)
    run.say(Warned, message=text)
    run.say(GradientsMeasured, steps=(12,), norms={text: (0.5,), "b": (2.0,)}, every=10, cost=0.0)
    run.say(CommandRefused, id="x", command={"kind": "Set", "key": text, "value": text}, reason=text)


class Talkative(FakeInspector):
    """An inspector that has one text for every name, and a picture of some data."""

    def __init__(self) -> None:
        super().__init__()
        self.text = ""
        self.sort = "points"

    async def ask(self, what: str, **fields: Any) -> dict[str, Any]:
        """Answer in that text."""
        answer = await super().ask(what, **fields)
        if self.sort == "error":
            return {"error": self.text}
        if what == "data":
            images = [{"label": self.text, "pixels": [[0] * 12] * 12}] * 3
            points = {"sort": "points", "points": [[0.0, 1.0, 0], [1.0, 0.0, 1]], "axes": [self.text] * 2}
            answer["picture"] = points if self.sort == "points" else {"sort": "images", "images": images}
            answer["names"] = [self.text] * answer["classes"]
        for layer in answer.get("layers", ()):
            layer |= {name: self.text for name in ("name", "text", "activation") if name in layer}
        return answer
