"""Where there is no terminal, or one that cannot draw: one sentence, and what to do."""

import subprocess

import pytest

from tests.process.laboratory import Laboratory, dltui_command


def sentence(done: subprocess.CompletedProcess[str]) -> str:
    """Return the one line that a refused command says."""
    [line] = done.stderr.splitlines()
    assert (done.returncode, done.stdout) == (2, "")
    assert line.startswith("dltui: ")
    return line


def test_pipes_are_no_terminal(laboratory: Laboratory) -> None:
    assert "ssh -t" in sentence(laboratory.dltui())
    assert not laboratory.home.exists()


@pytest.mark.parametrize("closed", ["<&-", ">&-", "<&- >&-"])
def test_closed_streams_are_no_terminal(laboratory: Laboratory, closed: str) -> None:
    process = laboratory.start_program(["/bin/sh", "-c", f'exec "$0" {closed}', dltui_command()])
    assert "ssh -t" in sentence(laboratory.finish(process))


@pytest.mark.parametrize("kind", ["dumb", "unknown", ""])
def test_a_terminal_that_cannot_draw_is_refused(laboratory: Laboratory, kind: str) -> None:
    terminal = laboratory.open(TERM=kind)
    assert terminal.wait_exit() == 2
    assert f"dltui: The terminal is of the kind {kind or 'unset'}, which cannot draw." in terminal.text
    assert "TERM" in terminal.text
    assert b"\x1b" not in terminal.sent
