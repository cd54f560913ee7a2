"""What ends a trainer at logout, on systems made of files and of commands that note what they are asked."""

import os
from pathlib import Path

import pytest

from dlcore.process.session import SCOPE, Survival, place_of, survival

SESSION = "0::/user.slice/user-1000.slice/session-3.scope\n"
TMUX = "0::/user.slice/user-1000.slice/session-3.scope/tmux\n"
MANAGER = "0::/user.slice/user-1000.slice/user@1000.service/app.slice/app-gnome-terminal.slice/vte-1.scope\n"
SERVICE = "0::/system.slice/cron.service\n"
OLD = "12:pids:/user.slice/user-1000.slice/session-3.scope\n1:name=systemd:/user.slice/session-c2.scope\n"
ON, OFF = ('b true\nas 0\nas 1 "root"', 'b false\nas 0\nas 1 "root"')


class System:
    """A root folder, commands on a path of their own, and what they were asked."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "root"
        self._commands = folder / "bin"
        self._calls = folder / "calls"
        self._commands.mkdir()
        self.file("run/systemd/system/.keep", "")
        self.environment = {"PATH": f"{self._commands}:{os.environ['PATH']}"}

    def file(self, name: str, content: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)

    def place(self, groups: str) -> None:
        self.file("proc/self/cgroup", groups)

    def command(self, name: str, output: str, status: int = 0) -> None:
        """A command that notes its words, prints, and ends with a status."""
        path = self._commands / name
        path.write_text(
            f"#!/bin/sh\necho {name} \"$@\" >>{self._calls}\ncat <<'.'\n{output}\n.\nexit {status}\n"
        )
        path.chmod(0o755)

    @property
    def calls(self) -> list[str]:
        return self._calls.read_text().splitlines() if self._calls.exists() else []

    def survival(self) -> Survival:
        return survival(self.environment, self.root, "ada")


@pytest.fixture
def system(tmp_path: Path) -> System:
    """A machine with systemd, whose logind ends all processes at logout, seen from a login session."""
    made = System(tmp_path)
    made.place(SESSION)
    made.command("busctl", ON)
    made.command("systemd-run", "")
    return made


def test_without_systemd_nobody_is_asked(system: System) -> None:
    (system.root / "run/systemd/system/.keep").unlink()
    (system.root / "run/systemd/system").rmdir()
    assert system.survival() == Survival()
    assert system.calls == []


@pytest.mark.parametrize(
    ("groups", "place"),
    [(SESSION, "session"), (TMUX, "session"), (OLD, "session"), (MANAGER, "manager"), (SERVICE, "elsewhere")],
)
def test_the_place(system: System, groups: str, place: str) -> None:
    system.place(groups)
    assert place_of(system.root) == place


def test_a_system_that_lets_processes_be(system: System) -> None:
    system.command("busctl", OFF)
    assert system.survival() == Survival()
    assert system.calls == [
        "busctl get-property org.freedesktop.login1 /org/freedesktop/login1 "
        "org.freedesktop.login1.Manager KillUserProcesses KillOnlyUsers KillExcludeUsers"
    ]


def test_with_lingering_a_scope_outlives_every_logout(system: System) -> None:
    system.file("var/lib/systemd/linger/ada", "")
    assert system.survival() == Survival(prefix=SCOPE)
    assert system.calls[1:] == ["systemd-run --user --scope --quiet --collect true"]


def test_without_lingering_a_scope_outlives_all_but_the_last_logout(system: System) -> None:
    found = system.survival()
    assert found.prefix == SCOPE
    assert found.warning.startswith("Your last logout from this machine will end this run.")
    assert "loginctl enable-linger" in found.warning


def test_where_there_is_no_manager_the_end_is_said(system: System) -> None:
    system.command("systemd-run", "Failed to connect to bus: No medium found", 1)
    found = system.survival()
    assert found.prefix == ()
    assert found.warning.startswith("Logging out will end this run:")
    assert "KillUserProcesses" in found.warning
    assert "tmux and nohup do not help" in found.warning


def test_below_the_manager_the_last_logout_ends_it_whatever_logind_says(system: System) -> None:
    system.place(MANAGER)
    assert system.survival().warning.startswith("Your last logout from this machine will end this run.")
    system.file("var/lib/systemd/linger/ada", "")
    assert system.survival() == Survival()
    assert system.calls == []


def test_of_a_desktop_nothing_is_said(system: System) -> None:
    system.place(MANAGER)
    system.environment["XDG_SESSION_TYPE"] = "wayland"
    assert system.survival() == Survival()
    system.place(SESSION)
    assert system.survival().prefix == SCOPE


def test_a_service_knows_no_logout(system: System) -> None:
    system.place(SERVICE)
    assert system.survival() == Survival()
    assert system.calls == []


@pytest.mark.parametrize(
    ("answer", "is_ended"),
    [
        ('b true\nas 0\nas 2 "root" "ada"', False),
        ('b true\nas 1 "bob"\nas 1 "root"', False),
        ('b true\nas 2 "bob" "ada"\nas 1 "root"', True),
        ("b true\nas 0\nas 0", True),
        ("what", False),
    ],
)
def test_some_users_are_exempt(system: System, answer: str, is_ended: bool) -> None:
    system.command("busctl", answer)
    assert bool(system.survival().prefix) == is_ended


def test_the_files_are_asked_where_logind_does_not_answer(system: System) -> None:
    system.command("busctl", "", 1)
    assert system.survival() == Survival()
    system.file(
        "etc/systemd/logind.conf", "# comment\n[Login]\n#KillUserProcesses=no\nKillUserProcesses=yes\n"
    )
    assert system.survival().prefix == SCOPE
    system.file("usr/lib/systemd/logind.conf.d/50-a.conf", "[Login]\nKillUserProcesses=no\n")
    assert system.survival() == Survival()
    system.file("etc/systemd/logind.conf.d/50-a.conf", "[Login]\nKillUserProcesses=Yes\n")  # in its place
    assert system.survival().prefix == SCOPE
    system.file("etc/systemd/logind.conf.d/60-b.conf", "[Login]\nKillExcludeUsers=root ada\n")
    assert system.survival() == Survival()
    system.file("etc/systemd/logind.conf.d/60-b.conf", "[Login\nKillExcludeUsers=root ada\n\x00")  # damaged
    assert system.survival().prefix == SCOPE


def test_commands_that_are_not_there(system: System) -> None:
    system.environment["PATH"] = str(system.root)
    assert system.survival() == Survival()
    system.file("etc/systemd/logind.conf", "[Login]\nKillUserProcesses=yes\n")
    assert system.survival().prefix == ()
    assert "KillUserProcesses" in system.survival().warning
