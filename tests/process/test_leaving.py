"""However the app is left, the terminal is as it was and the run goes on."""

import re

from dlcore.files.lock import lock_holder
from tests.process.conftest import Live
from tests.process.laboratory import Laboratory
from tests.process.terminal import Terminal

RESTORED = {
    "main screen": (b"\x1b[?1049h", b"\x1b[?1049l"),
    "cursor": (b"\x1b[?25l", b"\x1b[?25h"),
    "mouse": (b"\x1b[?1000h", b"\x1b[?1000l"),
    "bracketed paste": (b"\x1b[?2004h", b"\x1b[?2004l"),
}
"""What the app changes, and what changes it back."""
INVISIBLE = re.compile(r"\x1b\[[^a-zA-Z]*[a-zA-Z]|\x1b\][^\x07]*\x07")


def left_behind(terminal: Terminal) -> list[str]:
    """Return what was not changed back."""
    sent = bytes(terminal.sent)
    return [name for name, (taken, back) in RESTORED.items() if not 0 <= sent.rfind(taken) < sent.rfind(back)]


def parting_words(terminal: Terminal) -> str:
    """Return what was printed after the screen was given back, its invisible part removed."""
    _, _, words = bytes(terminal.sent).rpartition(b"\x1b[?1049l")
    return INVISIBLE.sub("", words.decode()).strip()


def attach(live: Live) -> Terminal:
    terminal = live.laboratory.open("attach", live.run.id)
    terminal.wait_for("Ⅱ paused")
    terminal.wait_for("Quit")
    return terminal


def test_q_asks_and_enter_detaches(paused: Live) -> None:
    trainer = lock_holder(paused.run)
    terminal = attach(paused)
    terminal.send("q")
    terminal.wait_for(
        lambda text: all(word in text for word in ("Leave?", "detach", "stop and save", "cancel"))
    )
    terminal.send("\r")
    assert terminal.wait_exit() == 0
    assert left_behind(terminal) == []
    assert terminal.is_sane()
    words = parting_words(terminal)
    assert words.startswith(f"{paused.run.id}: paused, best validation accuracy ")
    assert words.endswith(f" · {paused.run.path} · dltui attach {paused.run.id}")
    assert lock_holder(paused.run) == trainer
    assert paused.watch.state == "paused"


def test_q_can_be_taken_back(paused: Live) -> None:
    terminal = attach(paused)
    terminal.send("q")
    terminal.wait_for("Leave?")
    terminal.send("\x1b")
    terminal.wait_for(lambda text: "Leave?" not in text and "Ⅱ paused" in text)
    assert terminal.process.poll() is None
    terminal.close()


def test_without_a_run_q_leaves_at_once_and_says_nothing(laboratory: Laboratory) -> None:
    terminal = laboratory.open()
    terminal.wait_for("an epoch")
    terminal.send("q")
    assert terminal.wait_exit() == 0
    assert left_behind(terminal) == []
    assert parting_words(terminal) == ""
