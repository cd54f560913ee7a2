"""All that writes what must last, each with a check that it was done whole or not at all.

A scenario works in a folder that was prepared: it has something recorded before, which must survive.
"""

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch

from dlcore import checkpoints, commands, events, frames, rundir, summary
from dlcore.commands import Pause, Set
from dlcore.config import RunConfig, to_toml
from dlcore.datasets.partfile import PartFile
from dlcore.events import AttemptEnded, AttemptStarted, Evaluated, StepsEnded, Warned
from dlcore.export import FORMATS, Failed, export, render
from dlcore.files import disk
from dlcore.files.arrays import Array
from dlcore.files.atomic import read_json, write_json
from dlcore.files.journal import Appender, Tail
from dlcore.launch import leave
from dlcore.rundir import RunDir
from dlcore.training import checkpoint
from dlcore.training.record import Record
from tui.files import save_config, save_line

DEATH = 9
"""The exit status of a process that died at the call it was told."""
_DOOR = ("write", "sync", "replace", "link", "sync_folder")
_FORMATS = [one for one in FORMATS if one.name in ("markdown", "html", "json", "csv")]
"""What is written from the log alone: each is a file of its own, whole or not there."""
_MOMENT = datetime(2026, 3, 4, tzinfo=UTC)
_EVENTS = 20
_CONFIG = to_toml(RunConfig().resolved())
_FACTS = {"name": "old", "network": "mlp 8", "versions": {"torch": "2.9"}}
_CONTENT = bytes(range(256)) * 40
"""Of a file that is downloaded in three pieces."""


# -- faults -----------------------------------------------------------------------------------------------


def _refuse(code: int) -> Callable[..., None]:
    def fail(name: str, real: Callable[..., None], *arguments: Any) -> None:
        raise OSError(code, os.strerror(code))

    return fail


def _half(name: str, real: Callable[..., None], *arguments: Any) -> None:
    if name == "write":
        descriptor, content = arguments
        os.write(descriptor, content[: len(content) // 2])
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _all_but_one(name: str, real: Callable[..., None], *arguments: Any) -> None:
    if name == "write":
        descriptor, content = arguments
        os.write(descriptor, content[:-1])
    raise OSError(errno.EIO, os.strerror(errno.EIO))


def _die_before(name: str, real: Callable[..., None], *arguments: Any) -> None:
    os._exit(DEATH)


def _die_after(name: str, real: Callable[..., None], *arguments: Any) -> None:
    real(*arguments)
    os._exit(DEATH)


ERRORS: dict[str, Callable[..., None]] = {
    "disk full": _refuse(errno.ENOSPC),
    "input/output error": _refuse(errno.EIO),
    "half written": _half,
    "written but for the last byte": _all_but_one,
}
DEATHS: dict[str, Callable[..., None]] = {"death before": _die_before, "death after": _die_after}


@contextmanager
def fault_at(number: int, kind: str) -> Iterator[list[str]]:
    """Let the call number `number` through the door to the disk fail; the list names the calls that came."""
    calls: list[str] = []
    real = {name: getattr(disk, name) for name in _DOOR}

    def guarded(name: str) -> Callable[..., None]:
        def call(*arguments: Any) -> None:
            calls.append(name)
            if len(calls) == number + 1:
                (ERRORS | DEATHS)[kind](name, real[name], *arguments)
            else:
                real[name](*arguments)

        return call

    for name in _DOOR:
        setattr(disk, name, guarded(name))
    try:
        yield calls
    finally:
        for name in _DOOR:
            setattr(disk, name, real[name])


def die(scenario: str, folder: str, number: int, kind: str) -> int:
    """Do what the scenario does, in a process that dies at a call; return 0 where there are fewer calls."""
    with fault_at(number, kind):
        SCENARIOS[scenario].act(Path(folder))
    return 0


# -- scenarios --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Scenario:
    """Something that is written."""

    act: Callable[[Path], None]
    """Write it; done a second time, it goes on from where it was left."""
    check: Callable[[Path, bool], None]
    """Assert that what was there before is there, and that the new is whole: there, if it was `done`."""


def prepare(folder: Path) -> None:
    """Record what all scenarios find there."""
    run = rundir.create(folder, "old", _MOMENT, _CONFIG, _FACTS)
    appender = Appender(run.events)
    appender.append(events.encode(AttemptStarted(time="", pid=1, host="")))
    for seq in range(1, _EVENTS):
        appender.append(events.encode(_told(seq)))
    evaluated = Evaluated(split="test", epoch=1.0, loss=0.5, accuracy=0.75, samples=4, duration=0.1)
    appender.append(events.encode(evaluated.model_copy(update={"seq": _EVENTS, "step": _EVENTS - 1})))
    appender.append(events.encode(AttemptEnded(seq=_EVENTS + 1, reason="finished")))
    appender.close()
    leave(run, Set(id="first", key="optimizer.lr", value=0.1))
    checkpoint.save(run, 10, _state(10))
    frames.save(run, 10, _arrays(10), {})
    write_json(run.label, {"name": "old"})
    (folder / "exports").mkdir()
    (folder / "exports" / "mine").write_text("mine")
    save_line("old", folder)


def old_run(folder: Path) -> RunDir:
    """Return the run that was there before."""
    return rundir.find(folder, "20260304T000000000Z-old")


def check_old(folder: Path) -> None:
    """Assert that nothing recorded before was lost or changed."""
    run = old_run(folder)
    history = summary.read_history(run)
    assert history.loss.values[: _EVENTS - 1].tolist() == [float(seq) for seq in range(1, _EVENTS)]
    assert [one.accuracy for one in history.split("test")][:1] == [0.75]
    assert _FACTS.items() <= read_json(run.facts).items()
    assert run.config.read_text() == _CONFIG
    assert next(iter(_commands(run))) == Set(id="first", key="optimizer.lr", value=0.1)
    assert torch.equal(checkpoint.load(run, 10)["weights"], _state(10)["weights"])
    assert frames.load(frames.path_of(run, 10)).arrays == _arrays(10)
    assert (folder / "exports" / "mine").read_text() == "mine"


def _told(seq: int) -> StepsEnded:
    return StepsEnded(
        seq=seq, step=seq, loss=(float(seq),), lr=(0.1,), samples=seq, training_seconds=float(seq)
    )


def _commands(run: RunDir) -> list[commands.Command]:
    found = [commands.decode(line) for line in Tail(run.control).read()]
    return [command for command in found if command is not None]


def _state(step: int) -> dict[str, Any]:
    return {"step": step, "weights": torch.full((300,), float(step))}


def _arrays(step: int) -> dict[str, Array]:
    return {"values/fc1": Array("U8", (3000,), bytes([step]) * 3000)}


def _make(folder: Path) -> None:
    rundir.create(folder, "new", _MOMENT, _CONFIG, {"name": "new", "network": "mlp 8"})


def _is_made(folder: Path, done: bool) -> None:
    made = [RunDir(path) for path in (folder / "runs").glob("*-new*")]
    whole = [run for run in made if run.config.is_file() and run.facts.is_file()]
    assert all(run.config.read_text() == _CONFIG for run in whole)
    assert all(read_json(run.facts)["name"] == "new" for run in whole)
    assert whole or not done
    if (folder / "failed").exists():
        assert not made, "a run that could not be made is left half made"


def _append(folder: Path) -> None:
    """Append events and note each that was acknowledged, past the door."""
    run = old_run(folder)
    first = summary.read_history(run).seq + 1
    appender = Appender(run.events)
    try:
        with (folder / "acknowledged").open("a") as acknowledged:
            for seq in range(first, first + _EVENTS):
                appender.append(events.encode(_told(seq)))
                print(seq, file=acknowledged, flush=True)
                if seq % 7 == 0:
                    appender.sync()
    finally:
        appender.close()


def _is_appended(folder: Path, done: bool) -> None:
    found = [events.decode(line) for line in Tail(old_run(folder).events).read()]
    told = [event for event in found if event is not None and event.seq > _EVENTS + 1]
    assert all(event == _told(event.seq) for event in told)
    assert [event.seq for event in told] == sorted({event.seq for event in told})
    with suppress(FileNotFoundError):
        acknowledged = {int(line) for line in (folder / "acknowledged").read_text().split()}
        assert acknowledged <= {event.seq for event in told}
    assert len(told) >= _EVENTS * done


def _record(folder: Path) -> None:
    run = old_run(folder)
    history = summary.read_history(run)
    record = Record(run, history.attempt + 1, history.seq + 1)
    try:
        record.say(AttemptStarted, 19, time="", pid=2, host="", kept=history.seq + 1)
        for step in range(20, 20 + _EVENTS):
            record.say(StepsEnded, step, loss=(float(step),), lr=(0.1,), samples=step, training_seconds=1.0)
    finally:
        assert record.close(), "a record that could have been saved was not"


def _is_recorded(folder: Path, done: bool) -> None:
    found = [events.decode(line) for line in Tail(old_run(folder).events).read()]
    assert None not in found
    kept = [event for event in found if event is not None]
    assert [event.seq for event in kept] == list(range(len(kept)))
    steps = [event for event in kept[_EVENTS + 2 :] if isinstance(event, StepsEnded)]
    assert all(event.loss == (float(event.step),) for event in steps)
    assert all(isinstance(event, AttemptStarted | StepsEnded | Warned) for event in kept[_EVENTS + 2 :])
    assert {event.step for event in steps} >= (set(range(20, 20 + _EVENTS)) if done else set())


def _command(folder: Path) -> None:
    leave(old_run(folder), Pause(id="second"))


def _is_commanded(folder: Path, done: bool) -> None:
    told = _commands(old_run(folder))[1:]
    assert told or not done
    assert all(command == Pause(id="second") for command in told)


def _facts(folder: Path) -> None:
    run = old_run(folder)
    write_json(run.facts, read_json(run.facts) | {"more": [1, 2]})


def _has_facts(folder: Path, done: bool) -> None:
    assert read_json(old_run(folder).facts).get("more") in ([1, 2], *([] if done else [None]))


def _label(folder: Path) -> None:
    write_json(old_run(folder).label, {"name": "new", "tags": ["x"]})


def _is_labelled(folder: Path, done: bool) -> None:
    new = {"name": "new", "tags": ["x"]}
    assert read_json(old_run(folder).label) in (new, *([] if done else [{"name": "old"}]))


def _summarize(folder: Path) -> None:
    summary.store_summary(old_run(folder))


def _is_summarized(folder: Path, done: bool) -> None:
    found = read_json(old_run(folder).facts).get("summary")
    assert found is not None or not done
    assert found is None or (found["state"], found["best"]["accuracy"]) == ("finished", 0.75)


def _export(folder: Path, force: bool = False) -> None:
    for told in export([old_run(folder)], [one.name for one in _FORMATS], folder / "exports", force=force):
        if isinstance(told, Failed):
            raise told.error


def _exports(folder: Path) -> list[Path]:
    return [folder / "exports" / f"{old_run(folder).id}{one.ending}" for one in _FORMATS]


def _rendered(folder: Path) -> dict[Path, bytes]:
    contents = [render(old_run(folder), one.name) for one in _FORMATS]
    return dict(zip(_exports(folder), contents, strict=True))


def _export_anew(folder: Path) -> None:
    """Export where nothing is; what a process has left that died is removed by whoever tries again."""
    for path in _exports(folder):
        path.unlink(missing_ok=True)
    _export(folder)


def _is_exported(folder: Path, done: bool) -> None:
    there = [path for path in _exports(folder) if path.exists()]
    assert len(there) == len(_FORMATS) or not done
    contents = _rendered(folder) if there else {}
    assert all(path.read_bytes() == contents[path] for path in there)


def _export_over(folder: Path) -> None:
    for path in _exports(folder):
        if not path.exists():
            path.write_text("old")
    _export(folder, force=True)


def _is_exported_over(folder: Path, done: bool) -> None:
    for path, content in _rendered(folder).items():
        assert not path.exists() or path.read_bytes() in (content, *([] if done else [b"old"]))


def _download(folder: Path) -> None:
    part = PartFile(folder, "data.gz")
    try:
        while part.size < len(_CONTENT):
            part.write(_CONTENT[part.size : part.size + 4000])
        part.publish(folder / "data.gz")
    finally:
        part.release()


def _is_downloaded(folder: Path, done: bool) -> None:
    with suppress(FileNotFoundError):
        assert (folder / "data.gz").read_bytes() == _CONTENT
    assert (folder / "data.gz").exists() or not done
    for part in folder.glob("*.part"):
        assert part.name == "data.gz.part"
        assert _CONTENT.startswith(part.read_bytes())


def _checkpoint(folder: Path) -> None:
    checkpoint.save(old_run(folder), 20, _state(20))


def _is_saved(folder: Path, done: bool) -> None:
    there = checkpoints.saved(old_run(folder))
    assert 20 in there or not done
    for step, path in there.items():
        assert checkpoints.is_whole(path)
        assert torch.equal(checkpoint.load(old_run(folder), step)["weights"], _state(step)["weights"])


def _checkpoint_over(folder: Path) -> None:
    """A resumed run saves at a step that has a checkpoint already."""
    checkpoint.save(old_run(folder), 10, _state(10) | {"attempt": 2})


def _is_saved_over(folder: Path, done: bool) -> None:
    assert checkpoint.load(old_run(folder), 10).get("attempt") in (2, *([] if done else [None]))


def _frame(folder: Path) -> None:
    frames.save(old_run(folder), 20, _arrays(20), {})


def _has_frame(folder: Path, done: bool) -> None:
    there = frames.saved(old_run(folder))
    assert 20 in there or not done
    assert all(frames.load(path).arrays == _arrays(step) for step, path in there.items())


def _configuration(folder: Path) -> None:
    (folder / "mine.toml").unlink(missing_ok=True)
    save_config(RunConfig().resolved(), str(folder / "mine.toml"))


def _is_configured(folder: Path, done: bool) -> None:
    assert (folder / "mine.toml").exists() or not done
    assert not (folder / "mine.toml").exists() or (folder / "mine.toml").read_text() == _CONFIG


def _line(folder: Path) -> None:
    save_line("new", folder)


def _has_line(folder: Path, done: bool) -> None:
    assert (folder / "line.txt").read_text() in ("new\n", *([] if done else ["old\n"]))


SCENARIOS = {
    "a run is made": Scenario(_make, _is_made),
    "events are appended": Scenario(_append, _is_appended),
    "an attempt is recorded": Scenario(_record, _is_recorded),
    "a command is given": Scenario(_command, _is_commanded),
    "run.json changes": Scenario(_facts, _has_facts),
    "a label changes": Scenario(_label, _is_labelled),
    "the summary is stored": Scenario(_summarize, _is_summarized),
    "a run is exported": Scenario(_export_anew, _is_exported),
    "an export is replaced": Scenario(_export_over, _is_exported_over),
    "a download is published": Scenario(_download, _is_downloaded),
    "a checkpoint is saved": Scenario(_checkpoint, _is_saved),
    "a checkpoint is replaced": Scenario(_checkpoint_over, _is_saved_over),
    "a frame is saved": Scenario(_frame, _has_frame),
    "a configuration is saved": Scenario(_configuration, _is_configured),
    "the line is kept": Scenario(_line, _has_line),
}
