"""What the process says that verifies a run for the app."""

from pathlib import Path
from typing import Any

import pytest

from dlcore.proof.verifying import LeftError, answer
from tests.dlcore.export.script.scripts import made, trained


def asked(run: Any) -> dict[str, str]:
    return {"run": str(run.path)}


def test_whoever_has_left_is_told_nothing_more(home: Path) -> None:
    said: list[dict[str, Any]] = []
    with pytest.raises(LeftError):
        answer(asked(trained(home, "digits mlp 4, n=100 e=1 b=32")), said.append, lambda: True)
    assert not said


def test_a_fault_is_a_sentence(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[dict[str, Any]] = []
    young = made(home, "digits mlp 4,")
    answer(asked(young), said.append, lambda: False)
    assert said == [
        {"failed": f"{young.id} has not trained a step yet. Verify it once it has."},
        {"done": True},
    ]
    said.clear()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "missing"))
    answer(asked(trained(home, "digits mlp 4, n=100 e=1 b=32")), said.append, lambda: False)
    failed, done = said
    assert failed["failed"].startswith("The script could not be run: No such file or directory: ")
    assert str(tmp_path / "missing" / "dltui-verify-") in failed["failed"]
    assert done == {"done": True}
