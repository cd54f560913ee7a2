"""The whole conversation over a real SSH connection, from the first key to the proof."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from dlcore.commands import Stop
from dlcore.files.atomic import read_json
from dlcore.launch import tell
from tests.process.laboratory import Laboratory, Watch, dltui_command
from tests.process.terminal import Terminal, wait_until
from tests.torture import ssh

LINE = "digits mlp 16,8 tanh momentum b=64 lr=.01 m=.9 e=100000 seed=0"
"""A run that lasts for as long as one talks."""


@pytest.fixture(name="line")
def _line(tmp_path: Path) -> Iterator["Line"]:
    if reason := ssh.why_not():
        pytest.skip(reason)
    laboratory = Laboratory(tmp_path)
    server = ssh.Server(tmp_path / "ssh")
    try:
        yield Line(laboratory, server)
    finally:
        laboratory.close()
        server.close()


class Line:
    """A laboratory at the other end of SSH."""

    def __init__(self, laboratory: Laboratory, server: ssh.Server) -> None:
        self.laboratory = laboratory
        self._server = server

    def dial(self, *words: str) -> Terminal:
        """Run `dltui` over SSH, in a terminal of 120×40."""
        command = self._server.command([dltui_command(), *words], self.laboratory.environment, "talk")
        return self.laboratory.open_program(command)


def test_start_change_regret_branch_compare_export_verify(line: Line) -> None:
    assert line.dial("run", LINE, "--detach").wait_exit() == 0
    talk = line.dial("attach", "latest")
    run = line.laboratory.run()
    parent = Watch(run)
    talk.wait_for("▶ running")

    talk.send("]")
    talk.wait_for("optimizer.lr 0.01 → 0.02")
    wait_until(lambda: len(parent.history.edits) == 1, "the change")
    [changed] = parent.history.edits
    talk.send("u")
    talk.wait_for("optimizer.lr 0.02 → 0.01")
    wait_until(lambda: len(parent.history.edits) == 2, "the regret")
    assert parent.history.edits[-1].takes_back == changed.id
    assert parent.history.settings == {"optimizer.lr": 0.01}

    talk.send("b")
    talk.wait_for("Branch of ")
    talk.send("r")
    wait_until(lambda: len(line.laboratory.runs()) == 2, "a second run")
    branch = line.laboratory.runs()[0]
    talk.wait_for(f"Branch of {run.id} at step")
    origin = read_json(branch.facts)["parent"]
    assert isinstance(origin, dict)
    assert origin["run"] == run.id
    steps = Watch(branch).until_step(int(origin["step"]) + 50)
    for one in (run, branch):
        tell(one, Stop())
        Watch(one).until_state("stopped")

    talk.send("5")
    talk.wait_for("2 runs in")
    talk.send(" ")
    talk.wait_for("1 marked")
    talk.send("j ")
    talk.wait_for("2 marked")
    talk.send("v")
    talk.wait_for(lambda text: "Differences" in text and text.count("◼ stopped") == 2)
    talk.close()

    for words, said in (
        (("export", branch.id, "--format", "markdown,script", "-o", "proof"), f"{branch.id}.py"),
        (("verify", branch.id, "--steps", str(steps)), "equal bit for bit"),
    ):
        done = line.dial(*words)
        assert done.wait_exit() == 0, done.text
        assert said in done.text
