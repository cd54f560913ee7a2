"""`dltui twins` and `dltui branch`: what they refuse, and what `show` says of both."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner, Result

from dlcore import launch
from dlcore.errors import DltuiError
from dlcore.family import twins
from dlcore.family.origin import Origin
from dlcore.files.atomic import read_json, write_json
from dlcore.files.private import private_folder
from dlcore.oneline import parse
from dlcore.rundir import RunDir, run_ids
from tests.tui.fakes import MOMENT, FakeRun
from tui import cli

MakeRun = Callable[..., FakeRun]
LINE = "digits mlp 8, e=2 device=cpu"


def invoke(*words: str) -> Result:
    return CliRunner().invoke(cli.dltui, words)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((LINE,), "Say in what they differ: --vary model.activation=relu,tanh, or --seeds 3."),
        ((LINE, "--vary", "model.activation"), "is not key=v1,v2"),
        (("--vary", "a=1,2"), "Give a line, a TOML file or a run"),
    ],
)
def test_what_is_no_use_of_twins_is_told(home: Path, words: tuple[str, ...], message: str) -> None:
    refused = invoke("twins", *words)
    assert refused.exit_code == 2
    assert message in " ".join(refused.output.split())
    assert run_ids(home) == []


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((LINE, "--vary", "model.activation=relu"), "model.activation has 1 values here"),
        ((LINE, "--vary", "model.activation=relu,rellu"), "Did you mean relu?"),
        ((LINE, "--seeds", "99"), "cannot be made together"),
        ((LINE, "--seeds", "3", "--set", "optimizer=adan"), "Did you mean adam?"),
        (("latest", "--seeds", "3"), "There are no runs in"),
        (("no/such/file.toml", "--seeds", "3"), "cannot be read"),
    ],
)
def test_what_makes_no_twins_is_told_before_anything_is_made(
    home: Path, words: tuple[str, ...], message: str
) -> None:
    refused = invoke("twins", *words)
    assert isinstance(refused.exception, DltuiError)
    assert message in str(refused.exception)
    assert run_ids(home) == []


def test_a_branch_that_cannot_be_is_refused_with_a_way_out(home: Path, make_run: MakeRun) -> None:
    run = make_run("digits mlp 8, e=5").start().prepare().epochs(2)
    refused = invoke("branch", "latest")
    assert isinstance(refused.exception, DltuiError)
    assert "has no checkpoint to go on from" in str(refused.exception)
    private_folder(run.dir.checkpoints)
    (run.dir.checkpoints / "21.pt").write_bytes(b"")
    refused = invoke("branch", "latest", "--set", "model.hidden=9", "--set", "optimizer.lr=no")
    assert isinstance(refused.exception, DltuiError)
    assert "optimizer.lr" in str(refused.exception)
    refused = invoke("branch", "latest", "--set", "model.hidden=9")
    assert isinstance(refused.exception, DltuiError)
    said = str(refused.exception)
    assert "model.hidden: the weights of the checkpoint do not fit a network with that." in said
    assert f"dltui train {run.dir.config} --set model.hidden=…" in said
    assert run_ids(home) == [run.dir.id]


def test_a_branch_says_first_how_long_it_will_train_and_how_to_leave_it(
    home: Path, make_run: MakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make_run("digits mlp 8, e=5").start().prepare().epochs(2)
    private_folder(run.dir.checkpoints)
    torch.save({"step": 1}, run.dir.checkpoints / "21.pt")

    def start(root: Path, child: RunDir, *arguments: str) -> "subprocess.Popen[bytes]":
        return subprocess.Popen([sys.executable, "-c", "pass"])

    monkeypatch.setattr(launch, "start", start)
    first, *_ = invoke("branch", "latest").output.splitlines()
    assert first == (
        f"branch of {run.dir.id} from step 21: 84 steps left, 4 epochs; "
        "Ctrl-C twice leaves it to itself, as --detach does"
    )
    first, second, third, *_ = invoke(
        "branch", run.dir.id, "--step", "30", "--set", "training.epochs=2"
    ).output.splitlines()
    assert first.startswith(f"branch of {run.dir.id} from step 21: 21 steps left, 1 epoch; ")
    assert second == "there is no checkpoint at step 30, this is the nearest"
    assert third == "  training.epochs 5 → 2"


def test_show_says_where_a_run_comes_from(home: Path, make_run: MakeRun) -> None:
    made = twins.make(home, twins.varied(parse(LINE), "model.activation", ["relu", "tanh"]), MOMENT, "twins")
    assert "A twin: its group differs in model.activation." in invoke("show", made.runs[0].id).output
    child = make_run(LINE).start().prepare().epochs(1).end()
    origin = Origin(made.runs[0].id, 63, changes=("optimizer.lr 0.01 → 0.05",))
    write_json(child.dir.facts, read_json(child.dir.facts) | {"parent": origin.table()})
    shown = invoke("show", child.dir.id).output
    assert f"A branch of {made.runs[0].id} at step 63: optimizer.lr 0.01 → 0.05." in shown
