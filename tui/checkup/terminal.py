"""The terminal: what it can write, in which colours, how large it is, and what lies between it and us."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping

from tui.checkup.check import Check

RECOMMENDED = (80, 24)
LEAST = (60, 16)
_TMUX_SECONDS = 5
_UTF8 = "Set LC_ALL=C.UTF-8, here and on the machine you come from."
_LEAVES_OUT = "Set TERM to what your terminal is, for example xterm-256color."


def terminal_checks(environment: Mapping[str, str]) -> Iterator[Check]:
    """Yield what there is to say of the terminal that this process runs on."""
    is_terminal = sys.stdin.isatty() and sys.stdout.isatty()
    yield tty_check(sys.stdin.isatty(), sys.stdout.isatty())
    yield encoding_check(environment, sys.stdout.encoding or "unknown")
    yield colours_check(environment, is_terminal)
    if (size := _size()) is not None:
        yield size_check(*size)
    if "SSH_CONNECTION" in environment or "SSH_TTY" in environment:
        yield Check("ssh", "note", "over SSH: dltui draws less often, to keep the line free")
    yield clipboard_check(environment)


def tty_check(stdin: bool, stdout: bool) -> Check:
    """Return whether the app could open."""
    if stdin and stdout:
        return Check("terminal", "ok", "standard input and output are a terminal")
    where = " and ".join(name for name, there in (("input", stdin), ("output", stdout)) if not there)
    return Check(
        "terminal",
        "note",
        f"{where}: no terminal, so the app cannot open, but dltui train and run can work",
        "Over SSH, ask for a terminal: ssh -t HOST dltui.",
    )


def encoding_check(environment: Mapping[str, str], encoding: str) -> Check:
    """Return whether curves can be drawn with more than plain characters."""
    if "utf" not in encoding.lower():
        return Check("encoding", "note", f"{encoding}: dltui draws with plain characters only", _UTF8)
    keys = ("LC_ALL", "LC_CTYPE", "LANG")
    name = next((environment[key] for key in keys if environment.get(key)), "")
    if "utf" not in name.lower():
        found = f"{encoding}, but the locale is {name or 'not set'}: tmux and others may not write it"
        return Check("encoding", "note", found, _UTF8)
    return Check("encoding", "ok", f"{encoding}, locale {name}")


def colours_check(environment: Mapping[str, str], is_terminal: bool) -> Check:
    """Return how many colours the terminal says it has; without any, the app still works."""
    kind = environment.get("TERM", "")
    if kind in ("", "dumb", "unknown"):
        found = f"TERM is {kind or 'not set'}: the app cannot draw on that"
        return Check("colours", "fault" if is_terminal else "note", found, _LEAVES_OUT)
    if environment.get("NO_COLOR"):
        return Check("colours", "note", "none, as NO_COLOR asks", "Unset NO_COLOR to have them.")
    if environment.get("COLORTERM", "").lower() in ("truecolor", "24bit"):
        return Check("colours", "ok", f"16 million (COLORTERM, TERM={kind})")
    if "256" in kind:
        return Check("colours", "ok", f"256 (TERM={kind})")
    found = f"TERM={kind} promises 16 colours or fewer"
    return Check("colours", "note", found, "If your terminal has more, set TERM=xterm-256color.")


def _size() -> os.terminal_size | None:
    """Return columns and rows of the terminal, None where there is none."""
    for stream in (sys.__stdout__, sys.__stdin__, sys.__stderr__):
        try:
            if stream is not None:
                return os.get_terminal_size(stream.fileno())
        except (OSError, ValueError):  # no terminal, or a stream that is closed
            continue
    return None


def size_check(columns: int, rows: int) -> Check:
    """Return whether everything fits."""
    found = f"{columns}x{rows}"
    least, wanted = (f"{width}x{height}" for width, height in (LEAST, RECOMMENDED))
    cure = "Enlarge the window, or take a smaller font."
    if columns == 0 or rows == 0:
        return Check("size", "note", "the terminal does not tell its size", "Tell it: stty cols 80 rows 24.")
    if columns < LEAST[0] or rows < LEAST[1]:
        return Check("size", "fault", f"{found}: the app needs {least}", cure)
    if columns < RECOMMENDED[0] or rows < RECOMMENDED[1]:
        return Check("size", "note", f"{found}: it fits, but {wanted} shows everything", cure)
    return Check("size", "ok", found)


def clipboard_check(environment: Mapping[str, str]) -> Check:
    """Return whether what the app copies can reach the clipboard, by the escape sequence OSC 52."""
    if environment.get("TMUX"):
        return _tmux_check(environment)
    if environment.get("STY"):
        return Check(
            "clipboard", "note", "screen keeps copies to itself", "Use tmux, or take the file from export."
        )
    if "SSH_CONNECTION" in environment or "SSH_TTY" in environment:
        found = "copies travel to your own machine by OSC 52, where the terminal allows it"
        return Check("clipboard", "note", found, "If nothing arrives, allow OSC 52 in its settings.")
    return Check("clipboard", "ok", "by OSC 52, which most terminals know")


def _tmux_check(environment: Mapping[str, str]) -> Check:
    value = _tmux_option("set-clipboard", environment)
    if value == "on":
        return Check("clipboard", "ok", "tmux passes copies on (set-clipboard is on)")
    found = (
        f"tmux drops copies (set-clipboard is {value})" if value else "tmux does not say what it passes on"
    )
    return Check("clipboard", "note", found, "Put this into ~/.tmux.conf: set -g set-clipboard on")


def _tmux_option(name: str, environment: Mapping[str, str]) -> str:
    """Return the value of a global option of the tmux around us, '' where it does not say."""
    tmux = shutil.which("tmux", path=environment.get("PATH", ""))
    if tmux is None:
        return ""
    try:
        answer = subprocess.run(
            [tmux, "show", "-gv", name],
            stdin=subprocess.DEVNULL,
            env=dict(environment),
            capture_output=True,
            timeout=_TMUX_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return answer.stdout.decode(errors="replace").strip() if answer.returncode == 0 else ""
