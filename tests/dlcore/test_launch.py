"""How a trainer is started: so that a logout does not end it, and not at all where it could have company."""

import errno
import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from dlcore import launch
from dlcore.errors import RunError
from dlcore.files import disk, mounts
from dlcore.files.lock import Lock, delete
from dlcore.files.mounts import Mount
from dlcore.oneline import parse
from dlcore.process.session import SCOPE, Survival
from dlcore.rundir import RunDir, run_ids
from tests.conftest import MOMENT

FAKE_SYSTEMD_RUN = """#!/bin/sh
echo "$0 $@" >"$CALLED"
while [ "${1#--}" != "$1" ]; do shift; done
exec "$@"
"""

ASK = """
import sys
from pathlib import Path
from dlcore.files.lock import lock_holder
from dlcore.rundir import RunDir

print(lock_holder(RunDir(Path(sys.argv[1]))))
"""


def test_a_trainer_starts_in_a_scope_of_its_own_where_a_logout_would_end_it(
    fresh_run: RunDir, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh_run.config.write_text("nonsense")  # a trainer that ends at once
    command, called = tmp_path / "systemd-run", tmp_path / "called"
    command.write_text(FAKE_SYSTEMD_RUN)
    command.chmod(0o755)
    monkeypatch.setenv("CALLED", str(called))
    monkeypatch.setattr(launch, "survival", lambda: Survival(prefix=(str(command), *SCOPE[1:])))
    assert launch.start(fresh_run.path.parent.parent, fresh_run).wait(60) == 2
    assert "config.toml" in fresh_run.log.read_text()
    asked = called.read_text()
    assert " --user --scope --quiet --collect " in asked
    assert asked.endswith(f" -P -m dlcore.training {fresh_run.path}\n")


def test_what_is_better_known_before_a_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launch, "survival", Survival)
    monkeypatch.setattr(mounts, "known_mounts", lambda: [Mount("/", "ext4", "/dev/sda1")])
    assert launch.cautions(tmp_path) == []
    monkeypatch.setattr(launch, "survival", lambda: Survival(warning="It ends"))
    monkeypatch.setattr(mounts, "known_mounts", lambda: [Mount("/", "cifs", "//filer/share")])
    logout, network = launch.cautions(tmp_path)
    assert logout == "It ends"
    assert network.startswith(f"{tmp_path} lies on cifs from //filer/share")


def test_no_run_is_left_where_none_can_be_locked(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "lockf", refuse)
    with pytest.raises(RunError, match="cannot be locked"):
        launch.launch(home, parse("digits mlp 8"), MOMENT)
    assert run_ids(home) == []


def test_a_run_is_held_until_nobody_can_find_it(fresh_run: RunDir, monkeypatch: pytest.MonkeyPatch) -> None:
    replace = disk.replace

    def watched(source: Path, target: Path) -> None:
        # A lock holds back other processes only.
        asked = [sys.executable, "-c", ASK, str(source)]
        assert subprocess.run(asked, capture_output=True, check=True).stdout == b"%d\n" % os.getpid()
        replace(source, target)

    monkeypatch.setattr(disk, "replace", watched)
    delete(fresh_run)
    assert os.listdir(fresh_run.path.parent) == []
    with pytest.raises(RunError, match="cannot be written"):
        Lock(fresh_run)


def test_a_run_that_cannot_be_deleted_stays_where_it_is(
    fresh_run: RunDir, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> None:
        raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))

    monkeypatch.setattr(shutil, "rmtree", refuse)
    with pytest.raises(RunError, match="cannot be deleted"):
        delete(fresh_run)
    assert fresh_run.facts.is_file()
    assert os.listdir(fresh_run.path.parent) == [fresh_run.id]


def test_no_trainer_starts_where_others_may_put_data_and_code(fresh_run: RunDir, home: Path) -> None:
    home.chmod(0o777)
    with pytest.raises(RunError, match=rf"Others may write to {home} "):
        launch.resume(home, fresh_run)
    assert not fresh_run.log.exists()
