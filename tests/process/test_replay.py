"""A replay in a real terminal, and the recording of one: both show what Train shows of the finished run."""

import json
from pathlib import Path

import pyte

from tests.process.conftest import Finished

COLUMNS, ROWS = 100, 30


def shown(cast: Path) -> list[str]:
    """Play a recording as a terminal does, and check its form; return what stands there in the end."""
    header, *events = [json.loads(line) for line in cast.read_text(encoding="utf-8").splitlines()]
    assert (header["version"], header["width"], header["height"]) == (2, COLUMNS, ROWS)
    screen = pyte.Screen(COLUMNS, ROWS)
    stream = pyte.Stream(screen)
    before = 0.0
    for seconds, kind, text in events:
        assert kind == "o"
        assert seconds >= before
        before = seconds
        stream.feed(text)
    assert header["duration"] == before
    return [line.rstrip() for line in screen.display]


def test_a_recording_ends_with_the_picture_that_a_terminal_shows(finished: Finished) -> None:
    laboratory = finished.laboratory
    run, cast = finished.run.id, laboratory.folder / "digits.cast"
    done = laboratory.dltui(
        "replay", run, "--speed", "64", "--cast", str(cast), "--size", f"{COLUMNS}x{ROWS}"
    )
    assert done.returncode == 0, done.stderr
    assert str(cast) in done.stdout
    terminal = laboratory.open("replay", run, "--speed", "64", columns=COLUMNS, rows=ROWS)
    text = terminal.wait_for("replay over")
    recorded = shown(cast)
    assert "replay over" in "\n".join(recorded)
    text = terminal.wait_for("\n".join(recorded).rstrip())
    assert "finished" in text
    terminal.send("\x1b")
    terminal.wait_for(lambda text: "replay" not in text and "finished" in text)
    terminal.send("q")
    assert terminal.wait_exit() == 0

    again = laboratory.dltui("replay", run, "--cast", str(cast))
    assert again.returncode == 2
    assert "is there already" in again.stderr
    small = laboratory.dltui("replay", run, "--cast", "other.cast", "--size", "10x5")
    assert small.returncode == 2
    assert "60x16" in small.stderr
