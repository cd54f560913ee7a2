"""The benchmark of changes: each is noted when its event stands in the run's folder."""

import time
from pathlib import Path

import pytest

from benchmarks import edits
from benchmarks.edits import Confirmed
from dlcore.commands import Pause, Set, as_told
from dlcore.errors import DltuiError
from dlcore.events import CommandApplied, encode
from dlcore.files.journal import Appender
from dlcore.rundir import RunDir


def test_changes_are_noted_and_other_commands_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = RunDir(tmp_path)
    appender = Appender(run.events)
    change = Set(key="optimizer.lr", value=0.5)
    appender.append(encode(CommandApplied(id="early", command=as_told(change), text="")))
    began = time.perf_counter()
    confirmed = Confirmed(run, began)
    try:
        for command in (Pause(), change, Set(key="optimizer.lr", value=0.2)):
            event = CommandApplied(id=command.id, command=as_told(command), text="")
            appender.append(encode(event))
        confirmed.wait_for(2)
        assert 0 < confirmed.moments[0] <= confirmed.moments[1] <= time.perf_counter() - began
        monkeypatch.setattr(edits, "_PATIENCE_SECONDS", 0.01)
        with pytest.raises(DltuiError, match="Only 2 of 3 changes were confirmed"):
            confirmed.wait_for(3)
    finally:
        confirmed.close()
        appender.close()
