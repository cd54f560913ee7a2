"""What becomes of a trainer at logout, and how it is started so that it stays.

A session of its own, which keeps a trainer from a terminal's hang-up, does not take it out of the *login*
session, whose processes systemd counts in a control group. Where a process stands decides what ends it:

- in a login session (`session-3.scope`): logging out, where logind's `KillUserProcesses` is on for this user;
- below the user's own manager (`user@1000.service`): the last logout, unless the user lingers. What
  `systemd-run --user` starts stands there, and so do the terminals of a desktop; of those nothing is said,
  since whoever logs out of a desktop expects its programs to end;
- elsewhere (a service, a container, a batch job): no logout.

So with `KillUserProcesses` a trainer is started by `systemd-run --user --scope`, which moves it below the
manager and becomes it; only lingering keeps it there for good. tmux and nohup do not leave the login session.
"""

import os
import pwd
import re
import subprocess
from collections.abc import Iterator, Mapping
from configparser import ConfigParser, Error
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

SCOPE = ("systemd-run", "--user", "--scope", "--quiet", "--collect")
"""Moves a program below the user's manager, and becomes it: process number and descriptors stay."""

_LOGIND = ("org.freedesktop.login1", "/org/freedesktop/login1", "org.freedesktop.login1.Manager")
_SETTINGS = ("KillUserProcesses", "KillOnlyUsers", "KillExcludeUsers")
_ASK = ("busctl", "get-property", *_LOGIND, *_SETTINGS)
_CONFIGURATIONS = ("usr/lib", "usr/local/lib", "run", "etc")
"""Where drop-ins lie; of two of the same name, the later place counts."""
_DESKTOPS = ("x11", "wayland", "mir")
_PATIENCE_SECONDS = 3.0
_YES = ("1", "yes", "y", "true", "t", "on")
_LINGER = "To prevent that: loginctl enable-linger, then start again; tmux and nohup do not help"

Place = Literal["session", "manager", "elsewhere"]


@dataclass(frozen=True, slots=True)
class Survival:
    """How to start a trainer, and what to say about it before."""

    prefix: tuple[str, ...] = ()
    """Words in front of its command."""
    warning: str = ""
    """A sentence about what will end it, without a full stop; empty where nothing will."""


def survival(environment: Mapping[str, str] = os.environ, root: Path = Path("/"), user: str = "") -> Survival:
    """Return how a trainer that is started here outlives a logout; asks no process where there is no systemd.

    `root` is where the system's files lie, `user` the name of ours, which the system knows as well.
    """
    if not (root / "run/systemd/system").is_dir():
        return Survival()
    place = place_of(root)
    user = user or _user()
    lingers = bool(user) and (root / "var/lib/systemd/linger" / user).exists()
    if place == "manager" and not lingers and environment.get("XDG_SESSION_TYPE") not in _DESKTOPS:
        return Survival(warning=f"Your last logout from this machine will end this run. {_LINGER}")
    if place != "session" or not kills(user, environment, root):
        return Survival()
    if not _runs((*SCOPE, "true"), environment):
        return Survival(
            warning="Logging out will end this run: the system ends all of a user's processes then "
            f"(KillUserProcesses), and systemd-run cannot start it elsewhere. {_LINGER}"
        )
    if lingers:
        return Survival(prefix=SCOPE)
    return Survival(SCOPE, f"Your last logout from this machine will end this run. {_LINGER}")


def place_of(root: Path = Path("/")) -> Place:
    """Return where systemd counts this process, and so what we start."""
    try:
        groups = (root / "proc/self/cgroup").read_text(errors="replace")
    except OSError:
        return "elsewhere"
    if re.search(r"/session-[^/]+\.scope(/|$)", groups, re.MULTILINE):
        return "session"
    return "manager" if re.search(r"/user@\d+\.service(/|$)", groups, re.MULTILINE) else "elsewhere"


def kills(user: str, environment: Mapping[str, str], root: Path = Path("/")) -> bool:
    """Whether logind ends the processes of a user's login session at logout, as far as can be known."""
    settings = _asked(environment) or _configured(root)
    if not settings.get("KillUserProcesses"):
        return False
    only, exempt = settings.get("KillOnlyUsers"), settings.get("KillExcludeUsers", ["root"])
    return user not in exempt and (not only or user in only)


def _asked(environment: Mapping[str, str]) -> dict[str, list[str]]:
    """Return what logind answers: lists of words, empty for no; nothing at all where it does not."""
    try:
        done = subprocess.run(
            _ASK,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_PATIENCE_SECONDS,
            env=environment,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return {}
    lines = done.stdout.splitlines()
    if done.returncode or len(lines) != 3 or not re.fullmatch("b (true|false)", lines[0]):
        return {}
    only, exempt = (re.findall(r'"([^"]*)"', line) for line in lines[1:])
    return dict(zip(_SETTINGS, (["yes"] if lines[0] == "b true" else [], only, exempt), strict=True))


def _configured(root: Path) -> dict[str, list[str]]:
    """Return what the files of logind say, in the same form; what they leave open is taken for no."""
    found: dict[str, list[str]] = {}
    for path in _files(root):
        parser = ConfigParser(strict=False, interpolation=None, allow_no_value=True)
        parser.optionxform = str  # type: ignore[assignment,method-assign]
        try:
            parser.read_string(path.read_text(errors="replace"))
        except (OSError, Error):
            continue
        if parser.has_section("Login"):
            found |= {key: (value or "").split() for key, value in parser.items("Login")}
    if [word.lower() for word in found.get("KillUserProcesses", [])] not in [[word] for word in _YES]:
        found["KillUserProcesses"] = []
    return found


def _files(root: Path) -> Iterator[Path]:
    yield root / "etc/systemd/logind.conf"
    parts: dict[str, Path] = {}
    for place in _CONFIGURATIONS:
        parts |= {path.name: path for path in (root / place / "systemd/logind.conf.d").glob("*.conf")}
    yield from (path for _, path in sorted(parts.items()))


def _runs(command: tuple[str, ...], environment: Mapping[str, str]) -> bool:
    """Whether a command can be started and ends well."""
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=_PATIENCE_SECONDS,
            env=environment,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def _user() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return ""
