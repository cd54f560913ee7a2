"""Where there is no terminal: one sentence, and what to do."""

import subprocess

from tests.process.laboratory import Laboratory


def sentence(done: subprocess.CompletedProcess[str]) -> str:
    """Return the one line that a refused command says."""
    [line] = done.stderr.splitlines()
    assert (done.returncode, done.stdout) == (2, "")
    assert line.startswith("dltui: ")
    return line


def test_pipes_are_no_terminal(laboratory: Laboratory) -> None:
    assert "ssh -t" in sentence(laboratory.dltui())
    assert not laboratory.home.exists()
