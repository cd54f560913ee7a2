"""Hostile configurations and runs are refused in a sentence or shown as they are, in bounded memory."""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dlcore.files.journal import frame
from tests.process.laboratory import Laboratory, Watch
from tests.torture.ledger import Promise, fault
from tests.torture.sandbox import Sandbox

Planted = Callable[[Path], object]
GIGABYTE = 1 << 30
CONFIG = b'[data]\nkind = "digits"\n'
FACTS = b'{"schema": 1, "created": "2026-01-31T14:02:05.123+00:00"}'


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    sandbox = Sandbox(tmp_path_factory.mktemp("home"))
    yield sandbox
    sandbox.close()


# -- what a name can stand for instead of a plain file --------------------------------------------------


def pipe(path: Path) -> None:
    os.mkfifo(path)


def endless(path: Path) -> None:
    path.symlink_to("/dev/zero")


def loop(path: Path) -> None:
    path.symlink_to(path.name)


def folder(path: Path) -> None:
    path.mkdir()


def hole(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(64 * GIGABYTE)


STRANGE: tuple[Planted, ...] = (pipe, endless, loop, folder, hole)


def holding(content: bytes) -> Planted:
    return lambda path: path.write_bytes(content)


# -- configurations ----------------------------------------------------------------------------------------

CONFIGURATIONS: dict[str, bytes] = {
    "deep lists": b"seed = " + b"[" * 400_000,
    "deep tables": b"a = " + b"{a = " * 150_000,
    "a deep key": b"a" + b".a" * 450_000 + b" = 1",
    "a deep key with quotation marks": b'""' + b' . ""' * 190_000 + b" = 1",
    "a deep header": b"[a" + b".a" * 450_000 + b"]\nb = 1",
    "many deep keys": b"".join(b"k%d%s = 1\n" % (n, b".a" * 29) for n in range(14_000)),
    "a key of a megabyte": b"a" * 990_000 + b" = 1",
    "an endless run of letters and dots": b"x = '" + b"a." * 450_000 + b"'",
    "a number of a million digits": b"seed = " + b"1" * 900_000,
    "a number of a million hexadecimal digits": b"seed = 0x" + b"f" * 900_000,
    "a rate of a million digits": b"[optimizer]\nlr = 0x" + b"f" * 900_000,
    "layers of 10^9 units": b"[model]\nhidden = [1000000000]",
    "a quarter of a million layers": b"[model]\nhidden = [" + b"1.5," * 240_000 + b"]",
    "words for numbers": b"[model]\nhidden = [" + b"'',," * 200_000 + b"]",
    "a float beyond floats": b"[optimizer]\nlr = 1e999999",
    "a zero byte": b'name = "a\0b"',
    "another encoding": 'name = "x"'.encode("utf-16"),
    "half a letter": b'name = "\xf0\x9f"',
    "an open string": b'name = """' + b"x" * 990_000,
    "nothing but quotation marks": b'"' * 990_000,
    "nothing but newlines and a bracket": b"\n" * 990_000 + b"[",
    "all sections as lists": b"data = [1]\nmodel = 2\noptimizer = 1979-05-27\ntraining = true",
}


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_a_configuration(sandbox: Sandbox, tmp_path: Path, name: str) -> None:
    path = tmp_path / "run.toml"
    path.write_bytes(CONFIGURATIONS[name])
    with fault(Promise.HOSTILE_FILE):
        outcome = sandbox.open("command", "train", path)
        assert outcome.status == 2, outcome
        assert outcome.is_refusal, outcome
        assert len(outcome.errors) < 20_000


@pytest.mark.parametrize("planted", STRANGE)
def test_a_configuration_that_is_no_file(sandbox: Sandbox, tmp_path: Path, planted: Planted) -> None:
    planted(tmp_path / "run.toml")
    with fault(Promise.HOSTILE_FILE):
        outcome = sandbox.open("command", "train", tmp_path / "run.toml")
        assert outcome.is_refusal, outcome
        assert "run.toml" in outcome.errors


LINES = {
    "deep lists": "digits " + "a=" + "[" * 100_000,
    "a deep key": "digits optimizer" + ".a" * 100_000 + "=1",
    "many widths": "digits mlp " + "9," * 100_000,
    "wide layers": "digits mlp " + "9" * 100_000,
    "many words": "relu " * 30_000,
    "open quotation mark": "'" + "x" * 100_000,
    "commas": "," * 100_000,
    "settings": " ".join(f"k{number}=1" for number in range(3_000)),
}


@pytest.mark.parametrize("name", LINES)
def test_a_configuration_in_one_line(sandbox: Sandbox, tmp_path: Path, name: str) -> None:
    (tmp_path / "line").write_text(LINES[name])
    with fault(Promise.HOSTILE_FILE):
        outcome = sandbox.open("line", tmp_path / "line")
        assert outcome.is_refusal, outcome


# -- runs ---------------------------------------------------------------------------------------------------


def made_run(path: Path) -> Path:
    path.mkdir()
    (path / "config.toml").write_bytes(CONFIG)
    (path / "run.json").write_bytes(FACTS)
    return path


def said(*events: dict[str, Any] | bytes) -> bytes:
    """Return lines with right checksums; numbers go on by themselves."""
    lines = []
    for number, event in enumerate(events):
        if isinstance(event, dict):
            event = json.dumps({"seq": number, "attempt": 1, "step": 0, "seconds": 1.0, **event}).encode()
        lines.append(frame(event))
    return b"".join(lines)


STARTED = {"kind": "AttemptStarted", "time": "2026-01-31T14:02:05+00:00", "pid": 1, "host": "h"}
PREPARED: dict[str, Any] = {
    "kind": "Prepared",
    "device": "cpu",
    "threads": 1,
    "layers": [],
    "parameters": 1,
    "training_samples": 100,
    "validation_samples": 0,
    "test_samples": 10,
    "batch_size": 10,
    "steps_per_epoch": 10,
    "total_steps": 100,
    "epochs": 10,
}
STEPS: dict[str, Any] = {
    "kind": "StepsEnded",
    "step": 1,
    "loss": [1.0],
    "accuracy": [0.5],
    "lr": [0.1],
    "samples": 10,
    "training_seconds": 0.1,
}
NORMS: dict[str, Any] = {"kind": "GradientsMeasured", "every": 1, "cost": 0.0}
EVALUATED: dict[str, Any] = {
    "kind": "Evaluated",
    "split": "test",
    "epoch": 1.0,
    "loss": 1.0,
    "accuracy": 0.5,
    "samples": 10,
    "duration": 1.0,
    "step": 1,
}
SET = {"kind": "CommandApplied", "id": "x", "text": "lr", "step": 1}
HUGE = 10**18
ODD_KEYS: tuple[Any, ...] = ("optimizer.lr", {}, [], None)


def _looks(number: int) -> Iterator[dict[str, Any]]:
    """Yield looks that leave out nearly all layers of the first one."""
    yield NORMS | {"steps": [1], "norms": {f"layer {layer}": [1.0] for layer in range(100_000)}}
    yield NORMS | {"steps": [1], "norms": {f"layer {layer}": [1.0] for layer in range(1_000)}}
    for step in range(2, number):
        yield NORMS | {"steps": [step], "norms": {"layer 1": [1.0]}}


EVENTS: dict[str, Callable[[], bytes]] = {
    "a line of 20 MB": lambda: said(STARTED) + b"0" * (20 << 20) + b"\n",
    "a string of 15 MB": lambda: said({"kind": "Warned", "message": "x" * (15 << 20)}),
    "5 million numbers": lambda: said(b'{"kind":"StepsEnded","loss":[' + b"1," * 5_000_000 + b"1]}"),
    "5 million lists": lambda: said(b'{"kind":"StepsEnded","loss":[' + b"[]," * 5_000_000 + b"1]}"),
    "deep nesting": lambda: said(b'{"kind":"CommandApplied","command":' + b'{"a":' * 2_000_000),
    "deep, but whole": lambda: said(STARTED, SET | {"command": json.loads('{"a":' * 150 + "1" + "}" * 150)}),
    "a number of 10^6 digits": lambda: said(b'{"kind":"Warned","message":"","step":' + b"1" * 10**6 + b"}"),
    "a number of 4000 digits": lambda: said(
        STARTED, PREPARED, STEPS | {"samples": 10**4000}, STEPS | {"step": 2, "seconds": 10**4000}
    ),
    "step 10^18": lambda: said(STARTED, PREPARED, STEPS, STEPS | {"step": HUGE}),
    "step 10^15": lambda: said(STARTED, PREPARED, STEPS, STEPS | {"step": 10**15}, EVALUATED),
    "there and back": lambda: said(
        STARTED, PREPARED, *(STEPS | {"step": 10**15 if number % 2 else 1} for number in range(40))
    ),
    "a gap of ten million": lambda: said(STARTED, PREPARED, STEPS, STEPS | {"step": 10_000_000}, EVALUATED),
    "a negative step": lambda: said(STARTED, PREPARED, STEPS | {"step": -5}),
    "numbers that jump": lambda: said(STARTED | {"seq": -1}, PREPARED | {"seq": HUGE}, STEPS | {"seq": 5}),
    "attempts that jump": lambda: said(
        STARTED, PREPARED, STEPS, STEPS | {"attempt": -7}, STEPS | {"attempt": 10**9}
    ),
    "no steps an epoch": lambda: said(
        STARTED, PREPARED | {"steps_per_epoch": 0, "epochs": 0, "training_samples": 0}, STEPS, EVALUATED
    ),
    "infinite seconds": lambda: said(STARTED, PREPARED, STEPS | {"seconds": float("inf")}, EVALUATED),
    "not a number anywhere": lambda: said(
        STARTED,
        PREPARED,
        STEPS | {"loss": [float("nan")], "lr": [float("inf")], "training_seconds": float("nan")},
        STEPS | {"loss": [float("nan")], "lr": [float("inf")], "accuracy": [float("-inf")]},
        EVALUATED | {"loss": float("nan"), "accuracy": float("inf"), "epoch": float("nan")},
        EVALUATED
        | {
            "loss": float("inf"),
            "accuracy": float("nan"),
            "precision": [float("inf")] * 2,
            "recall": [float("nan")] * 2,
            "f1": [1e308, -1e308],
        },
        {
            "kind": "EpochEnded",
            "epoch": 1,
            "loss": float("inf"),
            "accuracy": float("nan"),
            "duration": 1.0,
            "step": 1,
        },
        NORMS | {"steps": [1], "norms": {"a": [float("inf")], "b": [float("nan")]}},
        {
            "kind": "ActivationsMeasured",
            "samples": 1,
            "mean": {"a": float("inf")},
            "deviation": {"a": float("nan")},
            "low": {},
            "high": {"z": 1e308},
        },
    ),
    "the largest numbers": lambda: said(
        STARTED,
        PREPARED,
        STEPS | {"loss": [1.7e308], "accuracy": [-1.7e308], "lr": [1.7e308]},
        EVALUATED
        | {"loss": 1.7e308, "accuracy": -1.7e308, "epoch": 1.7e308, "duration": 1.7e308, "seconds": 1.7e308},
        {
            "kind": "EpochEnded",
            "epoch": 10**15,
            "loss": 1.7e308,
            "accuracy": 1.7e308,
            "duration": 1.0,
            "step": 1,
        },
        NORMS | {"steps": [1, 2], "norms": {"a": [1.7e308, 5e-324], "b": [5e-324, 0]}},
    ),
    "more layers than memory": lambda: said(STARTED, PREPARED, *_looks(100)),
    "lists that do not fit": lambda: said(
        STARTED,
        PREPARED,
        STEPS | {"loss": [], "lr": [1.0] * 9, "accuracy": [1.0] * 5, "step": 3},
        NORMS | {"steps": [3, 1, 2], "norms": {"a": []}},
        EVALUATED | {"precision": [1.0], "f1": [1.0] * 50},
    ),
    "a settled lr that is a table": lambda: said(
        STARTED,
        PREPARED,
        STEPS,
        *(SET | {"command": {"kind": "Set", "key": key, "value": [{}]}} for key in ODD_KEYS),
    ),
    "many lines of nothing": lambda: said(STARTED, PREPARED) + frame(b"{}") * 5_000 + b"\n" * 100_000,
    "nothing but zeros": lambda: b"\0" * (20 << 20),
}


@pytest.mark.parametrize("name", EVENTS)
def test_events(sandbox: Sandbox, tmp_path: Path, name: str) -> None:
    run = made_run(tmp_path / "run")
    (run / "events.jsonl").write_bytes(EVENTS[name]())
    with fault(Promise.HOSTILE_FILE):
        for door in ("run", "row"):
            outcome = sandbox.open(door, run)
            assert outcome.status == 0, outcome
            assert outcome.is_sound, outcome


FILES = ("config.toml", "run.json", "events.jsonl", "lock", "label.json", "control.jsonl", "trainer.log")


@pytest.mark.parametrize("planted", STRANGE)
def test_files_of_a_run_that_are_no_files(sandbox: Sandbox, tmp_path: Path, planted: Planted) -> None:
    for name in FILES:
        run = made_run(tmp_path / name)
        (run / name).unlink(missing_ok=True)
        planted(run / name)
    with fault(Promise.HOSTILE_FILE, len(FILES)):
        for name in FILES:
            for door in ("run", "row"):
                outcome = sandbox.open(door, tmp_path / name)
                assert outcome.status == 0, (name, outcome)
                assert outcome.is_sound, (name, outcome)


FACTS_OF_RUNS: dict[str, bytes] = {
    "deep lists": b"[" * 900_000,
    "deep tables": b'{"summary":' * 80_000,
    "a number of 10^5 digits": b'{"schema": ' + b"1" * 100_000 + b"}",
    "many lists": b'{"summary": [' + b"[]," * 300_000 + b"[]]}",
    "not a table": b"[1, 2]",
    "numbers that are none": b'{"created": NaN, "summary": {"state": "stopped", "epochs": Infinity}}',
    "wrong everywhere": json.dumps(
        {
            "schema": [],
            "created": {},
            "name": 5,
            "network": ["a"],
            "versions": [1],
            "device": {},
            "threads": "x",
            "parent": [],
            "summary": {"state": "finished", "epochs": "1", "steps": [], "best": 7},
        }
    ).encode(),
    "wrong inside": json.dumps(
        {
            "created": "9999-12-31T23:59:59-23:00",
            "versions": {"torch": {"a": []}},
            "parent": {"step": "x"},
            "summary": {
                "state": "finished",
                "epochs": -1,
                "steps": 10**400,
                "best": {"split": {}, "accuracy": 1e400},
            },
        }
    ).encode(),
    "true for numbers": b'{"summary": {"state": "failed", "epochs": true, "steps": 0, "best": {"r2": true}}}',
    "half of it": FACTS[:20],
    "another encoding": FACTS.decode().encode("utf-16"),
    "a lone half of a letter": b'{"name": "\\ud800", "network": "\\udfff", "created": "\\ud83d"}',
}


@pytest.mark.parametrize("name", FACTS_OF_RUNS)
def test_facts_of_a_run(sandbox: Sandbox, tmp_path: Path, name: str) -> None:
    run = made_run(tmp_path / "run")
    (run / "run.json").write_bytes(FACTS_OF_RUNS[name])
    (run / "label.json").write_bytes(FACTS_OF_RUNS[name])
    (run / "events.jsonl").write_bytes(said(STARTED, PREPARED, STEPS, EVALUATED))
    with fault(Promise.HOSTILE_FILE):
        for door in ("run", "row"):
            outcome = sandbox.open(door, run)
            assert outcome.status == 0, outcome
            assert outcome.is_sound, outcome


def test_the_list_of_runs_among_hostile_ones(sandbox: Sandbox, tmp_path: Path) -> None:
    runs = sandbox.home / "runs"
    runs.mkdir(parents=True, mode=0o700)
    for number, (name, content) in enumerate(FACTS_OF_RUNS.items()):
        run = made_run(runs / f"20260131T140205{number:03d}Z-{name}")
        (run / "run.json").write_bytes(content)
    for number, planted in enumerate(STRANGE):
        planted(runs / f"20260131T150205{number:03d}Z-strange")
        for file in FILES:
            run = made_run(runs / f"20260131T160205{number:03d}Z-{file}")
            (run / file).unlink(missing_ok=True)
            planted(run / file)
    made_run(runs / "20260131T170205000Z-\x1b[2J")
    with fault(Promise.HOSTILE_FILE):
        for words in (("runs",), ("runs", "--json"), ("show", "latest")):
            outcome = sandbox.open("command", *words)
            assert outcome.status == 0, outcome
            assert outcome.is_sound, outcome


# -- what a trainer and the inspector are told ----------------------------------------------------------


def test_requests_to_the_inspector(sandbox: Sandbox, tmp_path: Path) -> None:
    requests = (
        b"",
        b"[]",
        b"7",
        b"[" * 100_000,
        b'{"id":' * 50_000,
        b"\xff\x00",
        b'{"id": 1, "ask": "network", "config": 5}',
        b'{"id": 2, "ask": {}}',
        b'{"id": 3, "ask": "data", "config": {"data": {"kind": "csv", "file": "/dev/zero"}}}',
        b'{"id": 4, "ask": "network", "config": {"model": {"hidden": [' + b"9," * 100_000 + b"9]}}}",
    )
    (tmp_path / "requests").write_bytes(b"\n".join(requests) + b"\n")
    with fault(Promise.HOSTILE_FILE, len(requests)):
        outcome = sandbox.open("inspector", tmp_path / "requests")
        assert outcome.status == 0, outcome
        answers = [json.loads(line) for line in outcome.output.splitlines()]
        assert len(answers) == len(requests) + 1
        assert all("error" in answer for answer in answers[1:]), answers


def test_commands_to_a_run(laboratory: Laboratory) -> None:
    laboratory.dltui("run", "digits mlp 8 e=1000000", "--detach")
    run = laboratory.run()
    watch = Watch(run)
    watch.until_step(1)
    told = [
        b"[" * 10**6,
        b'{"kind":"Step","count":' + b"9" * 4000 + b"}",
        b'{"kind":"Set","key":"' + b"a." * 10**6 + b'"}',
        b'{"kind":"Set","id":"1","key":"optimizer.lr","value":' + b"9" * 4000 + b"}",
        b'{"kind":"Set","id":"2","key":"optimizer.lr","value":"[[[[[[[["}',
        b'{"kind":"Set","id":"3","key":"model.hidden","value":"1000000000"}',
        b'{"kind":"Set","id":"4","key":"optimizer.lr","value":1e999}',
        b'{"kind":"Set","id":5,"key":[],"value":{}}',
        b'{"kind":"__import__"}',
        b"null",
        b"7",
        b'{"kind":"Stop","id":"' + b"x" * 10**5 + b'"}',
    ]
    with fault(Promise.HOSTILE_FILE, len(told)):
        with run.control.open("ab") as file:
            file.write(b"".join(map(frame, told)) + b"\0" * (1 << 20) + b"\n")
        step = watch.history.step
        watch.until_step(step + 1)
        laboratory.dltui("stop", run.id)
        watch.until_state("stopped")
        assert "Traceback" not in run.log.read_text(errors="replace")


@pytest.mark.parametrize("planted", [*STRANGE[:-1], holding(b"x")])
def test_the_folder_of_compiled_code(sandbox: Sandbox, tmp_path: Path, planted: Planted) -> None:
    planted(tmp_path / "cache")
    with fault(Promise.HOSTILE_FILE):
        outcome = sandbox.open("compiled_code", tmp_path)
        if planted is folder:
            made = tmp_path / "cache" / "compiled"
            assert (outcome.status, outcome.output) == (0, f"{made}\n")
            assert made.stat().st_mode & 0o777 == 0o700
        else:
            assert outcome.is_refusal, outcome
            assert not (tmp_path / "cache" / "compiled").exists()
