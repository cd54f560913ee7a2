from pathlib import Path

import pytest

from dlcore.oneline import parse
from tui.subcommands.train import _advise


def test_each_advice_is_a_line_of_its_own_with_the_settings_that_change_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    _advise(parse("digits mlp 8,8,8,8 sigmoid sgd lr=50"))
    printed = capsys.readouterr()
    assert printed.out == ""
    first, second = printed.err.splitlines()
    assert first.startswith("advice: sgd usually takes")
    assert first.endswith("(--set optimizer.lr=0.1)")
    assert second.endswith("(--set model.activation=relu --set model.init=he)")


def test_a_healthy_run_is_not_talked_to(capsys: pytest.CaptureFixture[str]) -> None:
    _advise(parse("digits"))
    assert capsys.readouterr() == ("", "")


def test_a_file_is_opened_for_advice_on_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "flowers.csv"
    path.write_text("a,b,kind\n" + "1,2,x\n3,4,z\n" * 60)
    config = parse(f"csv mse adam data.file={path}")
    _advise(config)
    assert "(--set loss.kind=auto --set model.output=auto)" in capsys.readouterr().err
    path.unlink()
    _advise(config)  # what is wrong with the file is not for advice to say
    assert capsys.readouterr().err == ""
