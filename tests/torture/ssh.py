"""A real sshd on the loopback, with keys and settings of its own, and real clients that log in to it."""

import getpass
import os
import pwd
import shlex
import shutil
import socket
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import psutil

from tests.process.terminal import Terminal, is_alive, wait_until

NEEDED = ("ssh", "sshd", "ssh-keygen")
_PRIVILEGE_SEPARATION = Path("/run/sshd")
_MARK = "DLTUI_TEST_SESSION"
_SETTINGS = """
ListenAddress 127.0.0.1
AuthenticationMethods publickey
PermitRootLogin prohibit-password
UsePAM no
StrictModes no
UseDNS no
PrintMotd no
PrintLastLog no
MaxStartups 200
LogLevel VERBOSE
"""
_NO_PENALTIES = "PerSourcePenalties no\n"
"""Newer servers shut out, for a while, whoever lost connections."""


def found(program: str) -> str:
    """Return the path of a program, which is often outside the path of users; empty when there is none."""
    return shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin:/sbin") or ""


def why_not() -> str:
    """Return what keeps a server of ours from running here; empty when nothing does."""
    if missing := [program for program in NEEDED if not found(program)]:
        return f"not installed: {', '.join(missing)} (Debian: openssh-server, openssh-client)"
    shell = pwd.getpwuid(os.getuid()).pw_shell
    if shell.endswith(("nologin", "false")):
        return f"the shell of {getpass.getuser()} is {shell}"
    if os.geteuid() == 0:
        try:
            _PRIVILEGE_SEPARATION.mkdir(mode=0o755, exist_ok=True)
        except OSError as error:
            return f"sshd needs {_PRIVILEGE_SEPARATION}: {error.strerror}"
    return ""


class Server:
    """An sshd in the foreground, ended by its process id."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(mode=0o700)
        for name in ("host", "user"):
            subprocess.run(
                [found("ssh-keygen"), "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", folder / name],
                check=True,
            )
        (folder / "user.pub").rename(folder / "authorized")
        self.port = _free_port()
        settings = self._settings()
        with (folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [found("sshd"), "-D", "-e", "-f", settings], stdin=subprocess.DEVNULL, stderr=log
            )
        wait_until(self._answers, "an sshd that listens")

    def _settings(self) -> Path:
        path = self.folder / "settings"
        own = f"Port {self.port}\nHostKey {self.folder}/host\nAuthorizedKeysFile {self.folder}/authorized\n"
        text = f"{own}PidFile {self.folder}/pid\n{_SETTINGS}"
        path.write_text(text + _NO_PENALTIES)
        if subprocess.run([found("sshd"), "-t", "-f", path], capture_output=True, check=False).returncode:
            path.write_text(text)
        return path

    def _answers(self) -> bool:
        assert self._process.poll() is None, self.log
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1.0):
            return True
        return False

    @property
    def log(self) -> str:
        """What the server has said."""
        return (self.folder / "log").read_text(errors="replace")

    @property
    def sessions(self) -> list[psutil.Process]:
        """The processes of the server that serve somebody."""
        with suppress(psutil.NoSuchProcess):
            return psutil.Process(self._process.pid).children()
        return []

    def command(self, program: list[str], environment: Mapping[str, str], mark: str = "") -> list[str]:
        """Return a client's command that runs a program in a terminal of the server."""
        given = [f"{name}={environment[name]}" for name in sorted(environment) if name != "TERM"]
        options = {
            "UserKnownHostsFile": f"{self.folder}/known",
            "StrictHostKeyChecking": "no",
            "IdentitiesOnly": "yes",
            "BatchMode": "yes",
            "LogLevel": "ERROR",
        }
        client = [found("ssh"), "-tt", "-F", "/dev/null", "-i", f"{self.folder}/user", "-p", str(self.port)]
        for name, value in options.items():
            client += ["-o", f"{name}={value}"]
        remote = shlex.join(["env", *given, f"{_MARK}={mark}", *program])
        return [*client, f"{getpass.getuser()}@127.0.0.1", f"exec {remote}"]

    def close(self) -> None:
        """End the server, and what still serves somebody."""
        for process in [*self.sessions, psutil.Process(self._process.pid)]:
            with suppress(psutil.NoSuchProcess):
                process.terminate()
        self._process.wait(30)


class Session:
    """A client in a terminal of its own, and the app at the other end."""

    def __init__(self, server: Server, terminal: Terminal, home: Path, mark: str) -> None:
        self.terminal = terminal
        self._server = server
        self._home = home
        self._mark = mark

    @property
    def app(self) -> psutil.Process:
        """The app's process, once it is there."""
        wait_until(lambda: apps(self._home, self._mark), "the app at the server")
        return apps(self._home, self._mark)[0]

    @property
    def controlling_terminal(self) -> Path:
        """The app's terminal; psutil does not find one that was opened after it first looked for any."""
        command = ["ps", "-o", "tty=", "-p", str(self.app.pid)]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        return Path("/dev", said.strip())

    @property
    def servers(self) -> list[psutil.Process]:
        """The server's processes that serve this session."""
        above = self.app.parents()
        ours = {process.pid for process in self._server.sessions}
        index = next(index for index, process in enumerate(above) if process.pid in ours)
        return above[: index + 1]


def apps(home: Path, mark: str = "") -> list[psutil.Process]:
    """Return the processes of sessions below a home: all of them, or those of one session."""
    return [process for process in psutil.process_iter() if _belongs(process, home, mark)]


def _belongs(process: psutil.Process, home: Path, mark: str) -> bool:
    try:
        environment = process.environ()
        is_trainer = "dlcore.training" in process.cmdline()
    except (psutil.Error, OSError):
        return False
    session = environment.get(_MARK)
    is_ours = environment.get("DLTUI_HOME") == str(home) and session is not None and not is_trainer
    return is_ours and (not mark or session == mark) and is_alive(process.pid)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
