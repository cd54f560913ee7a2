"""The log stays small and open, in a process of its own, whose output it is."""

import subprocess
import sys
from pathlib import Path

from dlcore.training.log import MOST, OLDER, look_after

_GUARDED = """
import os, sys, time
from pathlib import Path
from dlcore.training import log
log.guard(Path(sys.argv[1]))
"""


def run(log: Path, code: str) -> int:
    """Run code whose output is the log, guarded as a trainer's; return its status."""
    with log.open("ab") as output:
        command = [sys.executable, "-c", _GUARDED + code, str(log)]
        return subprocess.run(command, stdout=output, stderr=output, check=False, timeout=60).returncode


def test_the_end_of_a_long_log_is_kept_beside_it(tmp_path: Path) -> None:
    log = tmp_path / "trainer.log"
    with log.open("ab") as file:
        file.write(b"a" * 5000 + b"b" * MOST)
        look_after(file.fileno(), log)
        file.write(b"new")
    assert log.read_bytes() == b"new"
    older = Path(f"{log}{OLDER}")
    assert older.read_bytes() == b"b" * MOST
    assert older.stat().st_mode & 0o777 == 0o600


def test_a_short_log_is_left_alone(tmp_path: Path) -> None:
    log = tmp_path / "trainer.log"
    with log.open("ab", buffering=0) as file:
        file.write(b"a" * 5000)
        look_after(file.fileno(), log)
    assert log.read_bytes() == b"a" * 5000
    assert not Path(f"{log}{OLDER}").exists()


def test_closed_streams_are_opened_again(tmp_path: Path) -> None:
    log = tmp_path / "trainer.log"
    code = "os.close(1)\nwhile True:\n    try:\n        os.fstat(1)\n        break\n    except OSError:\n"
    code += "        time.sleep(0.01)\nos.write(1, b'there again')\nlog.say('and\\nmore')"
    assert run(log, code) == 0
    assert log.read_text() == "there againand\nmore\n"


def test_a_crash_is_told_in_the_log(tmp_path: Path) -> None:
    log = tmp_path / "trainer.log"
    assert run(log, "import ctypes; ctypes.string_at(0)") < 0
    assert "Segmentation fault" in log.read_text()


def test_the_status_stays_whatever_is_left_behind(tmp_path: Path) -> None:
    log = tmp_path / "trainer.log"
    code = """
import atexit, threading
atexit.register(lambda: 1 / 0)
atexit.register(print, "goodbye")
sys.stdout.close()
sys.stderr = object()
log._LAST_SECONDS = 0.1
threading.Thread(target=time.sleep, args=(3600,)).start()
log.leave(7)
"""
    assert run(log, code) == 7


def test_what_is_said_at_the_end_is_in_the_log(tmp_path: Path) -> None:
    log = tmp_path / "trainer.log"
    code = "import atexit\natexit.register(print, 'goodbye')\nsys.stdout.close()\nlog.leave(3)"
    assert run(log, code) == 3
    assert log.read_text() == "goodbye\n"
