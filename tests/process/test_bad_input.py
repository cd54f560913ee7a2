"""What is wrong with words, files and folders is said in a sentence, with status 2."""

import os
from pathlib import Path

import pytest

from tests.process.conftest import Finished
from tests.process.laboratory import Laboratory

BROKEN = 'seed = "x"\n[data]\nkind = "digit"\n[optimizer]\nlr = -1\n[training]\nepoch = 3\n'


@pytest.mark.parametrize(
    "words",
    [
        ("show", "nope"),
        ("show", "nope", "--json"),
        ("export", "nope"),
        ("pause", "nope"),
        ("continue", "nope"),
        ("stop", "nope"),
        ("set", "nope", "optimizer.lr=0.1"),
        ("runs", "--delete", "nope"),
    ],
)
def test_a_run_that_nobody_knows(finished: Finished, words: tuple[str, ...]) -> None:
    done = finished.laboratory.dltui(*words)
    assert (done.returncode, done.stdout) == (2, "")
    runs = finished.laboratory.home / "runs"
    assert done.stderr == f"dltui: There is no run 'nope' in {runs}. List them: dltui runs.\n"


@pytest.mark.parametrize("wanted", ["nope", "./nope", "latest"])
def test_attach_to_a_run_that_nobody_knows(laboratory: Laboratory, wanted: str) -> None:
    terminal = laboratory.open("attach", wanted)
    assert terminal.wait_exit() == 2
    assert terminal.text.startswith("dltui: There ")
    assert b"\x1b" not in terminal.sent


def test_a_path_that_is_no_run(laboratory: Laboratory) -> None:
    (laboratory.folder / "file").write_text("")
    for path, why in (
        (".", "is not a run"),
        ("./file", "There is no folder"),
        ("./nope", "There is no folder"),
    ):
        done = laboratory.dltui("show", path)
        assert (done.returncode, done.stdout) == (2, "")
        assert why in done.stderr


def test_bad_usage(laboratory: Laboratory) -> None:
    for words, why in (
        (["trian"], "There is no command 'trian'. Did you mean train?"),
        (["train", "--sett", "a=b"], "--sett"),
        (["train", "nope.toml"], "nope.toml"),
        (["run", "digits reluu"], "relu"),
        (["run", "digits 'relu"], "quotation"),
        (["run", "digits e=0"], "training.epochs"),
        (["train", "--set", "optimizer.lr"], "optimizer.lr"),
        (["set", "latest", "optimizer.lr"], "key=value"),
        (["show"], "RUN"),
    ):
        done = laboratory.dltui(*words)
        assert (done.returncode, done.stdout) == (2, ""), words
        assert why in done.stderr
    assert not laboratory.home.exists()


def test_all_faults_of_a_file_are_shown_at_once(laboratory: Laboratory) -> None:
    file = laboratory.folder / "broken.toml"
    file.write_text(BROKEN)
    done = laboratory.dltui("train", file.name)
    assert (done.returncode, done.stdout) == (2, "")
    for key in ("seed", "data.kind", "optimizer.lr", "training.epoch"):
        assert f"  {key}: " in done.stderr
    assert "digits" in done.stderr
    file.write_bytes(b"\xff\x00 = [")
    assert laboratory.dltui("train", file.name).returncode == 2


@pytest.mark.parametrize("below", ["a file", "the kernel's own"])
def test_a_home_that_cannot_be_written(laboratory: Laboratory, below: str) -> None:
    home = laboratory.folder / "file" if below == "a file" else Path("/proc/self/task")
    if below == "a file":
        home.write_text("")
    elif not home.exists():
        pytest.skip("there is no /proc here")
    home /= "home"
    done = laboratory.dltui("run", "digits", DLTUI_HOME=str(home))
    [line] = done.stderr.splitlines()
    assert (done.returncode, done.stdout) == (2, "")
    assert line.startswith(f"dltui: No run can be made in {home / 'runs'}: ")
    assert "DLTUI_HOME" in line
    assert laboratory.dltui("runs", DLTUI_HOME=str(home)).stdout.startswith("No runs yet.")


def test_a_folder_without_the_right_to_write(laboratory: Laboratory) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    laboratory.home.mkdir(mode=0o500)
    done = laboratory.dltui("run", "digits")
    assert done.returncode == 2
    assert f"No run can be made in {laboratory.home / 'runs'}: Permission denied." in done.stderr


def test_the_app_says_that_no_run_can_be_made_and_stays(laboratory: Laboratory) -> None:
    (laboratory.folder / "file").write_text("")
    terminal = laboratory.open(DLTUI_HOME=str(laboratory.folder / "file" / "home"))
    terminal.wait_for("an epoch")
    terminal.send("r")
    terminal.wait_for("No run can be made in")
    terminal.send("5")
    terminal.wait_for("No runs yet.")
    terminal.send("q")
    assert terminal.wait_exit() == 0
