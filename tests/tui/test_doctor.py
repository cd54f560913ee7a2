"""What `dltui doctor` says of surroundings that are real where they can be."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from dlcore.files.mounts import Mount
from dlcore.process.session import SCOPE, Survival
from tui.checkup.check import Check
from tui.checkup.folders import disk_check, folder_check
from tui.checkup.installation import installation_checks, packages_check
from tui.checkup.logout import logout_check
from tui.checkup.machine import (
    INSPECTOR,
    ask_environment,
    gpu_checks,
    machine_checks,
    processor_check,
    torchvision_check,
)
from tui.checkup.terminal import (
    clipboard_check,
    colours_check,
    encoding_check,
    size_check,
    terminal_checks,
    tty_check,
)
from tui.subcommands import doctor

WITHOUT_TORCH = (sys.executable, "-I", "-S", "-c", "import torch")


def answering(*words: str) -> tuple[str, ...]:
    """A command that reads the request, and prints these lines whatever it is."""
    return (sys.executable, "-c", f"import sys; sys.stdin.read(); print(*{words!r}, sep='\\n')")


@pytest.fixture
def without_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    """A doctor whose Python has no torch."""
    checks = doctor.checks
    monkeypatch.setattr(doctor, "checks", lambda home: checks(home, WITHOUT_TORCH))


# -- the command ------------------------------------------------------------------------------------


def test_everything_here_is_well(home: Path) -> None:
    result = CliRunner().invoke(doctor.doctor_command, ["--json"])
    found = json.loads(result.output)
    states = {check["name"]: check["state"] for check in found["checks"]}
    assert result.exit_code == 0
    assert found["ok"] is True
    assert states["torch"] == states["python"] == states["home"] == "ok"
    assert list(states)[:3] == ["python", "dltui", "terminal"]
    assert not home.exists()


@pytest.mark.usefixtures("without_torch")
def test_without_torch_it_says_so_and_exits_with_1(home: Path) -> None:
    result = CliRunner().invoke(doctor.doctor_command)
    assert result.exit_code == 1
    assert (
        "✗ torch         no answer from torch: ModuleNotFoundError: No module named 'torch'" in result.output
    )
    assert "Traceback" not in result.output
    assert f"✓ home          {home}: " in result.output
    assert "not made yet" in result.output


def test_help_has_an_example() -> None:
    result = CliRunner().invoke(doctor.doctor_command, ["--help"])
    assert "Example: dltui doctor" in result.output
    assert "--json" in result.output


def test_lines_are_aligned_and_clean() -> None:
    check = Check("gpu", "note", "a\x1b[31m\ncard", "Do this.")
    assert doctor.lines(check, "utf-8") == [
        "• gpu           a\\x1b[31m\\x0acard",
        "                Do this.",
    ]


def test_lines_are_plain_where_nothing_else_can_be_written() -> None:
    first, second = doctor.lines(Check("gpu", "fault", "a – b", "Do é."), "ascii")
    assert first == "!! gpu           a \\u2013 b"
    assert second == "                 Do \\xe9."
    assert doctor.lines(Check("gpu", "ok", "x"), "latin-1") == ["ok gpu           x"]


# -- installation -----------------------------------------------------------------------------------


def test_this_python_and_these_packages() -> None:
    assert [check.state for check in installation_checks()] == ["ok", "ok"]


def test_packages_of_others() -> None:
    ours = (Path("site/tui"), Path("site/dlcore"))
    assert packages_check(*ours, {"dlcore": ["dltui"], "tui": ["dltui"]}).state == "ok"
    shared = packages_check(*ours, {"dlcore": ["dltui", "dlcore"]})
    assert (shared.state, "dlcore installs packages of the same names" in shared.finding) == ("note", True)
    assert packages_check(Path("site/tui"), Path("elsewhere/dlcore"), {}).state == "fault"


# -- terminal ---------------------------------------------------------------------------------------


def test_no_terminal_suggests_ssh_t() -> None:
    assert tty_check(True, True).state == "ok"
    assert tty_check(True, False).finding.startswith("output: no terminal")
    assert tty_check(False, False).finding.startswith("input and output: no terminal")
    assert "ssh -t" in tty_check(False, True).cure


def test_the_doctor_itself_never_loads_torch(tmp_path: Path) -> None:
    ask = (
        "import sys, pathlib; from tui.subcommands.doctor import checks; "
        "list(checks(pathlib.Path(sys.argv[1]), (sys.executable, '-c', ''))); print('torch' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", ask, str(tmp_path)], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == "False\n"


@pytest.mark.parametrize(
    ("environment", "encoding", "state"),
    [
        ({"LANG": "en_US.UTF-8"}, "utf-8", "ok"),
        ({"LC_ALL": "", "LC_CTYPE": "C.utf8", "LANG": "C"}, "utf-8", "ok"),
        ({"LC_ALL": "C", "LANG": "en_US.UTF-8"}, "utf-8", "note"),
        ({}, "utf-8", "note"),
        ({"LANG": "en_US.ISO-8859-1"}, "iso8859-1", "note"),
    ],
)
def test_the_encoding(environment: dict[str, str], encoding: str, state: str) -> None:
    check = encoding_check(environment, encoding)
    assert check.state == state
    assert ("LC_ALL=C.UTF-8" in check.cure) == (state == "note")


@pytest.mark.parametrize(
    ("environment", "state"),
    [
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor"}, "ok"),
        ({"TERM": "tmux-256color"}, "ok"),
        ({"TERM": "xterm"}, "note"),
        ({"TERM": "xterm-256color", "NO_COLOR": "1"}, "note"),
        ({"TERM": "dumb"}, "fault"),
        ({}, "fault"),
    ],
)
def test_the_colours(environment: dict[str, str], state: str) -> None:
    check = colours_check(environment, is_terminal=True)
    assert check.state == state
    assert bool(check.cure) == (state != "ok")


def test_a_script_needs_no_colours() -> None:
    assert colours_check({}, is_terminal=False).state == "note"


@pytest.mark.parametrize(
    ("size", "state"),
    [
        ((80, 24), "ok"),
        ((79, 24), "note"),
        ((60, 16), "note"),
        ((59, 50), "fault"),
        ((200, 15), "fault"),
        ((0, 0), "note"),
    ],
)
def test_the_size(size: tuple[int, int], state: str) -> None:
    assert size_check(*size).state == state


def test_ssh_is_noticed() -> None:
    environment = {"SSH_CONNECTION": "10.0.0.1 2 10.0.0.3 22", "TERM": "xterm-256color"}
    found = {check.name: check for check in terminal_checks(environment)}
    assert "less often" in found["ssh"].finding
    assert "OSC 52" in found["clipboard"].finding
    assert "ssh" not in {check.name for check in terminal_checks({})}


@pytest.fixture
def tmux(tmp_path: Path) -> Iterator[Path]:
    """The socket of a tmux of our own."""
    if shutil.which("tmux") is None:
        pytest.skip("tmux is not installed")
    socket = tmp_path / "tmux"
    start = ["tmux", "-S", str(socket), "-f", os.devnull, "new-session", "-d", "cat"]
    subprocess.run(start, check=True, env={**os.environ, "TERM": "xterm"})
    yield socket
    subprocess.run(["tmux", "-S", str(socket), "kill-server"], check=True)


def test_tmux_is_asked_whether_it_passes_copies_on(tmux: Path) -> None:
    environment = {"TMUX": f"{tmux},1,0", "PATH": os.environ["PATH"]}
    for value, state in (("on", "ok"), ("external", "note"), ("off", "note")):
        subprocess.run(["tmux", "-S", str(tmux), "set", "-g", "set-clipboard", value], check=True)
        check = clipboard_check(environment)
        assert (check.state, value in check.finding) == (state, True)
    assert "set -g set-clipboard on" in check.cure


def test_a_tmux_that_cannot_be_asked_is_a_note(tmp_path: Path) -> None:
    assert clipboard_check({"TMUX": "gone", "PATH": str(tmp_path)}).state == "note"
    gone = {"TMUX": f"{tmp_path / 'gone'},1,0", "PATH": os.environ["PATH"]}
    assert clipboard_check(gone).state == "note"
    assert clipboard_check({"STY": "1.pts-0"}).state == "note"


# -- logout -----------------------------------------------------------------------------------------


def test_what_a_logout_does() -> None:
    assert logout_check(Survival()).state == "ok"
    assert "systemd-run" in logout_check(Survival(prefix=SCOPE)).finding
    check = logout_check(Survival(SCOPE, "Your last logout will end this run. To prevent that: linger"))
    assert (check.state, check.finding) == ("note", "Your last logout will end this run")
    assert check.cure == "To prevent that: linger."


# -- folders ----------------------------------------------------------------------------------------


def test_a_folder_is_tried_and_left_as_it_was(tmp_path: Path) -> None:
    assert folder_check("home", tmp_path).state == "ok"
    assert list(tmp_path.iterdir()) == []
    missing = folder_check("runs", tmp_path / "a" / "runs")
    assert (missing.state, "not made yet" in missing.finding) == ("ok", True)
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_the_way_is_a_fault_with_a_cure(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "runs"):
        check = folder_check("home", folder)
        assert check.state == "fault"
        assert str(folder) in check.finding
        assert "DLTUI_HOME" in check.cure
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    assert folder_check("home", tmp_path / "link").state == "fault"


def test_a_home_that_others_may_write_to_is_a_fault(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    check = folder_check("home", tmp_path)
    assert (check.state, "chmod go-w" in check.cure) == ("fault", True)


def test_the_disk_is_named_and_the_network_told(tmp_path: Path) -> None:
    assert disk_check(tmp_path, [Mount("/", "ext4", "/dev/sda1")]).finding == "ext4, of this machine"
    assert disk_check(tmp_path, []).state == "ok"
    network = disk_check(tmp_path, [Mount("/", "nfs4", "filer:/home")])
    assert (network.state, "nfs4 from filer:/home" in network.finding) == ("note", True)


# -- machine ----------------------------------------------------------------------------------------


def test_the_processor_has_a_name_cores_and_memory() -> None:
    finding = processor_check().finding
    assert "core" in finding
    assert "memory free" in finding


def test_torch_is_asked_in_a_process_of_its_own() -> None:
    assert ask_environment(answering("noise", "[1]", '{"ready": true}', '{"id": 1, "torch": "2.9"}')) == {
        "id": 1,
        "torch": "2.9",
    }
    assert INSPECTOR[1:] == ("-P", "-m", "dlcore.training.inspect")


@pytest.mark.parametrize(
    ("command", "why"),
    [
        (WITHOUT_TORCH, "No module named 'torch'"),
        (("no-such-python",), "no-such-python: No such file"),
        (answering('{"id": 1, "error": "out of order"}'), "out of order"),
        ((sys.executable, "-c", "raise SystemExit(3)"), "status 3"),
        ((sys.executable, "-c", "import os; os.kill(os.getpid(), 9)"), "status -9"),
    ],
)
def test_an_absent_torch_is_a_fault_with_the_reason(command: tuple[str, ...], why: str) -> None:
    *_, last = machine_checks(command)
    assert (last.name, last.state) == ("torch", "fault")
    assert why in last.finding
    assert last.cure


def test_a_silent_torch_is_not_waited_for_forever() -> None:
    silent = (sys.executable, "-c", "import threading; threading.Event().wait()")
    assert "took longer" in ask_environment(silent, seconds=0.2)["error"]


def test_a_torchvision_for_another_torch_is_a_note() -> None:
    error = "RuntimeError: operator torchvision::nms does not exist"
    check = torchvision_check({"torchvision": {"error": error}})
    assert check.state == "note"
    assert error in check.finding
    assert "same source" in check.cure
    assert torchvision_check({"torchvision": {"version": "0.24"}}).state == "ok"
    assert torchvision_check({}).state == "note"


def test_gpus_have_name_load_and_memory() -> None:
    card = {"device": "cuda:0", "name": "H200", "load": 3, "free": 140_000_000_000, "total": 150_000_000_000}
    apple = {"device": "mps", "name": "Apple GPU", "free": None, "total": None, "load": None}
    found = list(gpu_checks({"devices": [card, apple, "nonsense"]}, has_nvidia=True))
    assert [(check.name, check.finding) for check in found] == [
        ("cuda:0", "H200, load 3 %, 140.0 GB of 150.0 GB memory free"),
        ("mps", "Apple GPU"),
    ]


def test_a_card_that_torch_cannot_use_is_a_note() -> None:
    assert [check.state for check in gpu_checks({"devices": []}, has_nvidia=True)] == ["note"]
    assert [check.state for check in gpu_checks({}, has_nvidia=False)] == ["ok"]
