"""What code changes for the whole process is as it was behind the block."""

import os
from pathlib import Path

import pytest
import torch

from dlcore.training.undisturbed import undisturbed


@undisturbed()
def disturb() -> None:
    os.chdir("/")
    os.umask(0o777)
    torch.set_default_dtype(torch.float64)
    raise ZeroDivisionError


def test_all_of_it_is_given_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    mask = os.umask(0o027)
    try:
        with pytest.raises(ZeroDivisionError):
            disturb()
        assert os.umask(0o027) == 0o027
    finally:
        os.umask(mask)
    assert Path.cwd() == tmp_path
    assert torch.get_default_dtype() == torch.float32


def test_a_folder_that_is_gone_is_no_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    monkeypatch.chdir(folder)
    folder.rmdir()
    with undisturbed():
        os.chdir(tmp_path)
