from pathlib import Path

import pytest

from dlcore.diagnose.silenced import silenced, switch
from dlcore.errors import RunError


def test_a_rule_is_switched_off_and_on_again(home: Path) -> None:
    assert silenced(home) == frozenset()
    assert switch(home, "plateau", off=True) == {"plateau"}
    assert switch(home, "nan", off=True) == silenced(home) == {"plateau", "nan"}
    assert switch(home, "plateau", off=False) == silenced(home) == {"nan"}
    assert switch(home, "plateau", off=False) == {"nan"}, "it is on already"
    assert (home / "silenced.json").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("content", ["", "[]", '{"codes": "nan"}', '{"codes": [1, null]}', "{", "\x00" * 9])
def test_a_damaged_file_switches_nothing_off(home: Path, content: str) -> None:
    home.mkdir()
    (home / "silenced.json").write_text(content)
    assert silenced(home) == frozenset()
    assert switch(home, "nan", off=True) == {"nan"}


def test_a_home_that_others_may_write_to_is_refused(home: Path) -> None:
    home.mkdir()
    home.chmod(0o777)
    with pytest.raises(RunError, match="Others may write"):
        switch(home, "nan", off=True)


def test_a_home_that_is_a_file_is_refused(home: Path) -> None:
    home.write_text("")
    with pytest.raises(RunError):
        switch(home, "nan", off=True)
    assert silenced(home) == frozenset()
