"""Recording a program in a terminal of its own, and the file that comes of it."""

import json
import os
import sys

import pyte
import pytest

from dlcore.errors import DltuiError
from tui.terminal.asciicast import Piece, environment, recorded, written

PAINTS = """
import os, sys, time
def say(text): os.write(1, text)
columns, rows = os.get_terminal_size()
say(b"\\x1b[?1049h\\x1b[2J\\x1b[H%dx%d %s" % (columns, rows, os.environ["TERM"].encode()))
whole = "\\r\\nnaïve ● 한글".encode()
for byte in whole:  # a letter comes in pieces
    say(bytes([byte])); time.sleep(0.001)
say(b"\\x1b[?20"); time.sleep(0.05); say(b"04l\\r\\nbye")
"""


def played(pieces: list[Piece], columns: int, rows: int) -> list[str]:
    """What a terminal shows in the end."""
    screen = pyte.Screen(columns, rows)
    stream = pyte.Stream(screen)
    for _, text in pieces:
        stream.feed(text)
    return [line.rstrip() for line in screen.display]


def test_all_output_is_kept_with_its_times_until_the_terminal_is_given_back() -> None:
    pieces = recorded([sys.executable, "-c", PAINTS], 70, 20)
    shown = played(pieces, 70, 20)
    assert shown[0] == "70x20 xterm-256color"
    assert shown[1].startswith("naïve ●")
    assert not any("bye" in line for line in shown)
    assert "\x1b[?20" not in pieces[-1][1]
    times = [seconds for seconds, _ in pieces]
    assert times == sorted(times)
    assert times[-1] > times[0]
    assert "�" not in "".join(text for _, text in pieces)


def test_the_file_is_asciicast_v2() -> None:
    pieces = [(0.1, "a\x1b[1m"), (0.5, 'ü"\r\n')]
    lines = written(pieces, 80, 24, "a run", 1_700_000_000).decode().splitlines()
    header = json.loads(lines[0])
    assert header == {
        "version": 2,
        "width": 80,
        "height": 24,
        "timestamp": 1_700_000_000,
        "duration": 2.5,
        "title": "a run",
        "env": {"TERM": "xterm-256color"},
    }
    assert [json.loads(line) for line in lines[1:]] == [
        [0.1, "o", "a\x1b[1m"],
        [0.5, "o", 'ü"\r\n'],
        [2.5, "o", ""],
    ]


def test_a_program_that_fails_is_told_with_its_last_words() -> None:
    with pytest.raises(DltuiError, match=r"status 3: it does not fit \\x1b\[2J"):
        recorded(
            [
                sys.executable,
                "-c",
                "import sys; print('it does not fit \\x1b[2J', file=sys.stderr); sys.exit(3)",
            ],
            80,
            24,
        )


def test_the_recording_does_not_depend_on_the_terminal_it_is_asked_for_in() -> None:
    given = {"SSH_CONNECTION": "x", "COLUMNS": "5", "TERM": "dumb", "TEXTUAL_THEME": "x", "PATH": os.defpath}
    assert environment(given) == {
        "PATH": os.defpath,
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
        "PYTHONIOENCODING": "utf-8",
    }
