import json
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import dlcore
from dlcore.commands import Set, as_told
from dlcore.events import CommandApplied
from dlcore.labels import relabel
from tests.tui.fakes import MOMENT, NASTY, VANISHING, FakeRun
from tui import cli
from tui.subcommands.words import parting

MakeRun = Callable[..., FakeRun]
COMMANDS = list(cli._SUBCOMMANDS)


def invoke(*arguments: str, answer: str | None = None) -> Result:
    return CliRunner().invoke(cli.dltui, arguments, input=answer)


def status_of(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    """The exit status of the command as a shell would see it."""
    monkeypatch.setattr(sys, "argv", ["dltui", *arguments])
    with pytest.raises(SystemExit) as exit_:
        cli.main()
    assert isinstance(exit_.value.code, int)
    return exit_.value.code


@pytest.fixture
def finished(make_run: MakeRun) -> FakeRun:
    return make_run().start().prepare().evaluate().epochs(10).end()


# -- help -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_every_command_explains_itself_with_an_example(command: str) -> None:
    for option in ("--help", "-h"):
        result = invoke(*filter(None, [command]), option)
        assert result.exit_code == 0
        assert f"Example: dltui {command}".rstrip() in " ".join(result.output.split())
        assert max(len(line) for line in result.output.splitlines()) <= 80


def test_the_list_names_every_command() -> None:
    shown = invoke("--help").output
    for name, (_, text) in cli._SUBCOMMANDS.items():
        assert any(line.split()[:1] == [name] and text in line for line in shown.splitlines())


def test_the_version() -> None:
    assert invoke("--version").output == f"dltui, version {dlcore.__version__}\n"


# -- runs and show ----------------------------------------------------------------------------------


def test_no_runs_yet(home: Path) -> None:
    assert invoke("runs").output.startswith("No runs yet")
    assert json.loads(invoke("runs", "--json").output) == []
    assert not home.exists()


def test_runs_lists_the_newest_first(make_run: MakeRun, finished: FakeRun) -> None:
    later = make_run("moons", moment=MOMENT + timedelta(days=1), name=NASTY).hold().start().prepare().steps(3)
    *lines, last = invoke("runs").output.splitlines()
    assert last.startswith("2 runs, ")
    assert last.endswith(f" kB in {later.dir.path.parent}")
    assert [line.split()[:2] for line in lines] == [[later.dir.id, "running"], [finished.dir.id, "finished"]]
    rows = json.loads(invoke("runs", "--json").output)
    assert [row["run"] for row in rows] == [later.dir.id, finished.dir.id]
    assert rows[0]["name"] == NASTY
    assert (rows[1]["state"], rows[1]["epochs"], rows[1]["steps"]) == ("finished", 10, 210)
    assert rows[1]["path"] == str(finished.dir.path)


def test_show_tells_the_figures(finished: FakeRun) -> None:
    shown = invoke("show", "latest").output
    assert shown.startswith(f"{finished.dir.id}  finished\ndigits mlp 128,64 relu")
    for word in ("train", "validation", "test", "loss", "accuracy", "fc1", "fc3", "first/last"):
        assert word in shown
    assert "▇" in shown


def test_show_as_json_has_the_fields_that_scripts_rely_on(finished: FakeRun) -> None:
    found = json.loads(invoke("show", finished.dir.id, "--json").output)
    fields = {"run", "state", "epochs", "steps", "seconds", "samples_per_second", "findings"}
    assert fields <= set(found)
    for split in ("train", "validation", "test"):
        assert {"loss", "accuracy"} <= set(found[split])


def test_show_tells_the_name_that_somebody_gave_the_run(finished: FakeRun) -> None:
    assert invoke("show", "latest").output.splitlines()[0] == f"{finished.dir.id}  finished"
    relabel(finished.dir, name="the good one")
    assert invoke("show", "latest").output.splitlines()[0] == f"{finished.dir.id}  finished  the good one"


def test_show_tells_which_edits_were_undone(make_run: MakeRun) -> None:
    run = make_run("digits").start().prepare().steps(30)
    for command, text in (
        (Set(id="1", key="optimizer.lr", value=0.05), "optimizer.lr 0.01 → 0.05"),
        (Set(id="2", key="optimizer.lr", value=0.01, takes_back="1"), "optimizer.lr 0.05 → 0.01"),
    ):
        run.say(CommandApplied, id=command.id, command=as_told(command), text=text, before=0.01)
    assert [line for line in invoke("show", "latest").output.splitlines() if "optimizer.lr" in line] == [
        "optimizer.lr 0.01 → 0.05 at step 30",
        "undone: optimizer.lr 0.05 → 0.01 at step 30",
    ]


def test_show_tells_each_class_by_its_name(make_run: MakeRun) -> None:
    make_run("iris").start().prepare().epochs(3).end()
    lines = invoke("show", "latest").output.splitlines()
    head = next(index for index, line in enumerate(lines) if line.startswith("test split"))
    assert lines[head].split() == ["test", "split", "precision", "recall", "F1"]
    assert [line.split()[0] for line in lines[head + 1 :]] == ["setosa", "versicolor", "virginica"]
    assert all(line.count("%") == 3 and len(line) == len(lines[head]) for line in lines[head + 1 :])


def test_show_tells_a_regression_by_its_errors(make_run: MakeRun) -> None:
    run = make_run("diabetes").start().prepare().epochs(3).end()
    shown = invoke("show", "latest").output
    (line,) = [line for line in shown.splitlines() if line.startswith("test ")]
    assert [word for word in line.split() if word[0].isalpha()] == ["test", "loss", "R²", "MAE", "RMSE"]
    assert "accuracy" not in shown
    assert "%" not in shown
    found = json.loads(invoke("show", "latest", "--json").output)
    assert {"loss", "r2", "mae"} <= set(found["test"])
    assert found["best"]["r2"] > 0
    (row,) = json.loads(invoke("runs", "--json").output)
    assert row["r2"] == found["best"]["r2"]
    assert "accuracy" not in row
    assert f"R² {row['r2']:.3f} validation" in invoke("runs").output
    assert f"best validation R² {row['r2']:.3f} " in parting(run.dir)


def test_show_tells_that_the_best_weights_are_back(make_run: MakeRun) -> None:
    run = make_run().start().prepare().epochs(3).take_back(42)
    run.end("finished", "Stopped early after epoch 3")
    shown = invoke("show", "latest").output
    assert "\nStopped early after epoch 3.\n" in shown
    assert shown.count("(best weights, step 42)") == 2


@pytest.mark.parametrize("state", ["starting", "running", "failed", "crashed"])
def test_show_works_in_every_state(make_run: MakeRun, state: str) -> None:
    run = make_run("digits mlp 8,8,8,8 sigmoid", course=VANISHING).start()
    if state != "starting":
        run.prepare().steps(30).gradients()
    if state in ("starting", "running"):
        run.hold()
    if state == "failed":
        run.end("failed", f"It broke {NASTY}", "Mend it.")
    result = invoke("show", "latest")
    assert result.exit_code == 0
    assert result.output.startswith(f"{run.dir.id}  {state}\n")
    assert "\x1b" not in result.output
    assert ("It broke [/x]" in result.output) == (state == "failed")


def test_a_run_is_deleted_after_a_yes(finished: FakeRun) -> None:
    assert invoke("runs", "--delete", "latest", answer="n\n").exit_code == 1
    assert finished.dir.path.exists()
    result = invoke("runs", "--delete", "latest", answer="y\n")
    assert result.output.splitlines()[-1].startswith(f"deleted {finished.dir.id}: ")
    assert result.output.endswith(" kB freed\n")
    assert not finished.dir.path.exists()


def test_several_runs_are_deleted_and_no_other(make_run: MakeRun, finished: FakeRun) -> None:
    others = [make_run("moons", moment=MOMENT + timedelta(days=day)).start() for day in (1, 2)]
    assert invoke("runs", finished.dir.id).exit_code == 2
    assert invoke("runs", "--delete").exit_code == 2
    result = invoke("runs", "--delete", finished.dir.id, others[0].dir.id, finished.dir.id, answer="y\n")
    assert "Delete 2 runs (" in result.output
    assert result.output.count(" freed\n") == 2
    assert list(others[1].dir.path.parent.iterdir()) == [others[1].dir.path]


def test_nothing_is_deleted_where_one_of_the_runs_is_live(make_run: MakeRun, finished: FakeRun) -> None:
    live = make_run(moment=MOMENT + timedelta(days=1)).hold().start()
    result = invoke("runs", "--delete", finished.dir.id, live.dir.id, "--yes")
    assert f"{live.dir.id} is being trained" in str(result.exception)
    assert finished.dir.path.exists()


def test_a_live_run_is_not_deleted(
    make_run: MakeRun, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run = make_run().hold().start()
    assert status_of(monkeypatch, "runs", "--delete", run.dir.id, "--yes") == 2
    assert "Stop it first: dltui stop" in capsys.readouterr().err
    assert run.dir.path.exists()


# -- export -----------------------------------------------------------------------------------------


def test_export_writes_files_and_prints_their_names(finished: FakeRun, tmp_path: Path) -> None:
    folder = tmp_path / "results"
    result = invoke("export", "latest", "--format", "markdown,json,csv", "-o", str(folder))
    files = [folder / f"{finished.dir.id}{ending}" for ending in (".md", ".json", ".csv")]
    assert result.output.splitlines() == [str(file) for file in files]
    assert all(file.stat().st_size for file in files)
    assert json.loads(files[1].read_text())


def test_export_to_standard_output_is_the_file_alone(finished: FakeRun, tmp_path: Path) -> None:
    for name, ending in (("markdown", ".md"), ("json", ".json"), ("csv", ".csv")):
        result = invoke("export", "latest", "--format", name, "-o", "-")
        invoke("export", "latest", "--format", name, "-o", str(tmp_path))
        assert result.stdout_bytes == (tmp_path / f"{finished.dir.id}{ending}").read_bytes()


def test_export_never_writes_over_a_file_unless_told(
    finished: FakeRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / f"{finished.dir.id}.md"
    file.write_text("mine")
    assert status_of(monkeypatch, "export", "latest", "-o", str(tmp_path)) == 2
    assert "--force" in capsys.readouterr().err
    assert file.read_text() == "mine"
    assert status_of(monkeypatch, "export", "latest", "-o", str(tmp_path), "--force") == 0
    assert file.read_text() != "mine"


# -- commands to a run ------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["pause", "continue", "stop"])
def test_a_run_that_has_ended_takes_no_commands(
    finished: FakeRun, command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert status_of(monkeypatch, command, "latest") == 2
    assert "nobody listens" in capsys.readouterr().err
    assert not finished.dir.control.exists()


@pytest.mark.parametrize("refused", [False, True])
def test_set_waits_for_its_answer(
    make_run: MakeRun, refused: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run = make_run().hold().start().prepare().steps(3)
    said: list[Set] = []

    def answer(seconds: float) -> None:
        """Answer instead of sleeping, as a trainer would meanwhile."""
        for command in run.told()[len(said) :]:
            assert isinstance(command, Set)
            said.append(command)
            if refused:
                run.refuse(command, "only optimizer.lr can change")
            else:
                run.apply(command, "optimizer.lr 0.01 → 0.003")

    monkeypatch.setattr("tui.subcommands.control.time.sleep", answer)
    key = "data.limit" if refused else "optimizer.lr"
    assert status_of(monkeypatch, "set", "latest", f"{key}=0.003") == (2 if refused else 0)
    assert [(command.key, command.value) for command in said] == [(key, 0.003)]
    out, err = capsys.readouterr()
    assert ("only optimizer.lr can change" in err) == refused
    assert ("0.01 → 0.003 at step 3" in out) == (not refused)


def test_a_run_that_waits_for_its_turn_is_told_at_once(
    make_run: MakeRun, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run = make_run("digits schedule=constant lr=.1").hold()
    waiting = run.dir
    waiting.events.unlink(missing_ok=True)  # no trainer has ever said anything

    def told(*words: str) -> str:
        assert status_of(monkeypatch, words[0], "latest", *words[1:]) == 0
        [line] = capsys.readouterr().out.splitlines()
        assert line.startswith(f"{waiting.id} waits for its turn: ")
        return line.partition(": ")[2]

    assert told("set", "lr=.2") == "optimizer.lr 0.1 → 0.2 as soon as that comes"
    assert told("set", "lr=.3") == "optimizer.lr 0.2 → 0.3 as soon as that comes"
    assert told("pause") == "it is told to pause as soon as that comes"
    assert told("stop") == "it stops as soon as that comes"
    assert status_of(monkeypatch, "set", "latest", "data.limit=9") == 2
    assert "refuses data.limit = 9: cannot change" in capsys.readouterr().err
    kinds = [command.kind for command in run.told()]
    assert kinds == ["Set", "Set", "Pause", "Stop"], "what is refused is not told"


# -- faults -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["rums"], "Did you mean run"),
        (["show"], "Missing argument"),
        (["show", "nothing"], "There is no run 'nothing'"),
        (["show", "latest"], "There are no runs"),
        (["attach"], "There are no runs"),
        (["export", "latest", "--format", "docx"], "There are no runs"),
        (["train", "missing.toml"], "missing.toml cannot be read"),
        (["train", "--set", "optimizer.lr=fast"], "optimizer.lr: must be a number"),
        (["train", "--set", "optimzer.lr=1"], "Did you mean optimizer"),
        (["run", "mnits mlp"], "Did you mean mnist"),
        (["run", "digits lr='"], "cannot be read"),
        (["run"], "Give a line"),
        (["run", " "], "Give a line"),
        (["run", "", "--set", "optimizer.lr=1"], "Give a line"),
        (["set", "latest", "optimizer.lr"], "is not key=value"),
        (["set", "latest", "optimizer.lr={a = 2026-01-01}"], "is no value of a hyperparameter"),
        (["runs", "--frobnicate"], "No such option"),
        ([], "needs a terminal"),
        (["runs", "--delete", NASTY], "[/x] \\x1b[2J 한글"),
    ],
    ids=lambda value: " ".join(value)[:20] if isinstance(value, list) else "",
)
@pytest.mark.usefixtures("home")
def test_a_fault_is_a_sentence_and_status_2(
    arguments: list[str], words: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert status_of(monkeypatch, *arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert words in err
    assert "Traceback" not in err
    assert "\x1b" not in err


def test_all_faults_of_a_file_are_told_at_once(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "bad.toml"
    file.write_text('seed = -1\n[optimizer]\nkind = "adma"\n[training]\nepochs = 0\n')
    assert status_of(monkeypatch, "train", str(file)) == 2
    err = capsys.readouterr().err
    assert f"{file} has 3 faults" in err
    for words in ("seed: must be at least 0", "Did you mean adam?", "training.epochs: must be at least 1"):
        assert words in err
    assert not home.exists()


def test_a_file_in_the_way_of_the_home_is_a_sentence(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    home.write_text("")
    assert status_of(monkeypatch, "run", "digits e=1") != 0
    assert str(home) in capsys.readouterr().err


def test_ctrl_c_at_a_question_is_130(
    finished: FakeRun, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: object, **__: object) -> bool:
        raise KeyboardInterrupt

    monkeypatch.setattr("click.confirm", interrupted)
    assert status_of(monkeypatch, "runs", "--delete", "latest") == 130
    assert finished.dir.path.exists()
    assert "Traceback" not in capsys.readouterr().err
