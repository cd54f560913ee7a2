"""Runs and answers that say a text wherever they can, and what is painted then, read back cell by cell."""

import asyncio
import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from rich.cells import cell_len, set_cell_size
from textual.app import App
from textual.widget import Widget

from dlcore.clean import clean
from dlcore.events import CommandRefused, DataFetched, GradientsMeasured, Layer, Prepared, Warned
from dlcore.rundir import RunDir
from tests.torture.hostile import raw, squeezed
from tests.torture.ledger import Promise, fault
from tests.tui.fakes import MOMENT, FakeInspector, FakeRun, until

MakeRun = Callable[..., FakeRun]
PATIENCE = 20.0
HALVED = re.compile("\u200d | \u200d")
"""What Textual leaves of a joined picture that the edge of a dialog or a notice covers by half; we let no
joiner stand beside a blank."""
MOST_LOST = 6
"""So many strings may do harm before a test ends: each of them may be waited for in vain."""


# -- reading the screen -----------------------------------------------------------------------------


async def wait(condition: Callable[[], object]) -> None:
    """Let the app work until a condition holds."""
    await until(condition, PATIENCE)


async def laid_out(app: App[Any]) -> None:
    """Wait until the screen on top has been laid out for the terminal."""
    await wait(lambda: app.screen.is_mounted and app.screen._compositor.size == app.size)


def lines_of(app: App[Any], widget: Widget | None = None) -> list[str]:
    """What is painted in the place of a widget, or anywhere, once every line has been found well-formed."""
    width, height = app.size
    strips = app.screen._compositor.render_strips(app.size)
    assert len(strips) == height
    for strip in strips:
        cells = sum(cell_len(segment.text) for segment in strip)
        is_whole = strip.cell_length == cells == cell_len(strip.text) == width
        assert is_whole or HALVED.search(strip.text), (cells, ascii(strip.text))
        assert not raw(strip.text), (raw(strip.text), strip.text)
    if widget is None:
        return [strip.text for strip in strips]
    region = widget.content_region
    return [strip.crop(region.x, region.right).text for strip in strips[region.y : region.bottom]]


def begins(text: str, cells: int) -> str:
    """The part of a text that has room in so many cells, as it must be readable, but for blanks."""
    shown = clean(text)
    if not cell_len(shown):  # marks without a letter to stand on may be left out
        return ""
    if cell_len(shown) > cells:
        shown = set_cell_size(shown, cells - 1)  # an ellipsis may stand for the rest
    return squeezed(shown)


async def until_seen(
    app: App[Any], widget: Widget, text: str, cells: int, *, before: str = "", is_cut: bool = True
) -> None:
    """Wait until a widget shows a text from its beginning on, as far as there is room for it.

    Where it `is_cut` never, it is shown only if all of it has room.
    """
    has_room = is_cut or cell_len(clean(text)) <= cells
    wanted = squeezed(before) + (begins(text, cells) if has_room else "")
    deadline = time.monotonic() + PATIENCE
    while wanted not in (shown := squeezed("".join(lines_of(app, widget)))):
        told = f"{widget!r} shows not {wanted[:200]!r} of {text[:60]!r}, but {shown[:300]!r}"
        assert time.monotonic() < deadline, told
        await asyncio.sleep(0.002)


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
            if len(self._told) == MOST_LOST:
                self.tell()

    def tell(self) -> None:
        """Fail if there were any."""
        told, self._told = self._told, []
        assert not told, f"{len(told)} lost\n" + "\n".join(told)


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
        self.answer: dict[str, Any] = {}
        """What it says of a checkpoint."""

    async def ask(self, what: str, **fields: Any) -> dict[str, Any]:
        """Answer in that text."""
        if "step" in fields:
            return self.answer
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
