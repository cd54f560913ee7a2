import asyncio
import sys
from typing import Any

import pytest

from dlcore.config import to_table
from dlcore.oneline import parse
from tests.tui.fakes import opened, until
from tui.asking.inspector import Inspector
from tui.widgets.pictures.drawing import Drawing


def answering(program: str) -> tuple[str, ...]:
    """A command that is not the inspector."""
    return (sys.executable, "-c", program)


def ask(line: str) -> dict[str, Any]:
    """The fields of a question about a configuration."""
    return {"config": to_table(parse(line))}


async def test_the_real_inspector_counts_as_we_do() -> None:
    inspector = Inspector()
    try:
        mlp = await inspector.ask("network", **ask("mnist mlp 128,64 tanh"))
        assert mlp["input"] == [1, 28, 28]
        assert [(layer["name"], layer["parameters"], layer["activation"]) for layer in mlp["layers"]] == [
            ("fc1", 784 * 128 + 128, "tanh"),
            ("fc2", 128 * 64 + 64, "tanh"),
            ("fc3", 64 * 10 + 10, ""),
        ]
        assert mlp["parameters"] == 109_386

        questions = [ask("mnist cnn"), {"config": {"optimizer": {"lr": "fast"}}}, ask("digits mlp 5,")]
        cnn, wrong, small = await asyncio.gather(*(inspector.ask("network", **one) for one in questions))
        assert [(layer["name"], layer["shape"], layer["parameters"]) for layer in cnn["layers"]] == [
            ("conv1", [16, 14, 14], 3 * 3 * 1 * 16 + 16),
            ("conv2", [32, 7, 7], 3 * 3 * 16 * 32 + 32),
            ("fc1", [64], 32 * 7 * 7 * 64 + 64),
            ("fc2", [10], 64 * 10 + 10),
        ]
        assert cnn["parameters"] == 105_866
        assert "optimizer.lr: must be a number" in wrong["error"]
        assert small["parameters"] == 64 * 5 + 5 + 5 * 10 + 10

        assert "cannot answer" in (await inspector.ask("riddle"))["error"]
    finally:
        process = inspector._process
        await inspector.close()
    assert process is not None
    assert process.returncode is not None


@pytest.mark.parametrize(
    ("command", "why"),
    [
        (("no-such-inspector",), "did not start"),
        (answering("raise SystemExit(3)"), "did not start"),
        (answering("print('{}', flush=True)"), "has ended"),
        (answering("print('{}', flush=True); input(); print('no json', flush=True); input()"), "has ended"),
    ],
    ids=["not there", "ends at once", "ends after its first word", "talks nonsense"],
)
async def test_an_inspector_that_fails_is_an_answer_and_no_exception(
    command: tuple[str, ...], why: str
) -> None:
    inspector = Inspector(command)
    for _ in range(2):
        assert why in (await inspector.ask("network", **ask("digits")))["error"]
    await inspector.close()


async def test_a_silent_one_is_not_waited_for_forever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.asking.inspector._READY_SECONDS", 0.05)
    inspector = Inspector(answering("import threading; threading.Event().wait()"))
    assert "did not start" in (await inspector.ask("network"))["error"]
    process = inspector._process
    await inspector.close()
    assert process is not None
    assert process.returncode is not None, "it does not stay behind"


async def test_closing_one_that_never_started_or_still_starts() -> None:
    await Inspector().close()
    inspector = Inspector(answering("import threading; threading.Event().wait()"))
    inspector.warm_up()
    await until(lambda: inspector._process is not None)
    process = inspector._process
    await inspector.close()
    assert process is not None
    assert process.returncode is not None


@pytest.mark.usefixtures("home")
async def test_the_app_goes_on_without_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.asking.inspector.Inspector", lambda: Inspector(("no-such-inspector",)))
    async with opened() as stage:
        picture = stage.setup.query_one(".aside--picture", Drawing)
        await stage.until(lambda: "did not start" in picture.render().plain)
        stage.type("down")
        await stage.until(lambda: stage.focused == "data.batch_size")
        stage.type("5", "enter")
        await stage.until(
            lambda: stage.setup._config is not None and stage.setup._config.data.batch_size == 5
        )
        assert "did not start" in picture.render().plain
