"""The line of a run that was changed while it went on."""

from typing import Any

from dlcore.edits import Edit
from dlcore.oneline import parse, print_line
from tui.watching.run_line import run_line

CONFIG = parse("digits mlp 16,8 relu momentum lr=.01 m=.9 e=10")


def edits(*changes: tuple[str, Any]) -> list[Edit]:
    return [Edit(40, key, value, None, "") for key, value in changes]


def test_without_a_change_it_is_the_line_of_the_configuration() -> None:
    assert run_line(CONFIG) == print_line(CONFIG)
    assert run_line(CONFIG, edits(("optimizer.lr", 0.1), ("optimizer.lr", 0.01))) == print_line(CONFIG)


def test_what_was_changed_stands_beside_what_it_was() -> None:
    line = run_line(CONFIG, edits(("optimizer.lr", 0.02), ("optimizer.lr", 0.003), ("model.dropout", 0.2)))
    assert " lr=.003 (was .01) m=.9 " in line
    assert "drop=.2 (was 0)" in line


def test_a_default_that_is_new_is_said_too() -> None:
    line = run_line(parse("digits mlp drop=.5"), edits(("model.dropout", 0.0)))
    assert line.endswith(" drop=0 (was .5)")


def test_another_schedule_is_said_once() -> None:
    schedule = {"kind": "cosine", "warmup_steps": 0}
    line = run_line(CONFIG, edits(("schedule", schedule)))
    assert line.split(" (was constant)")[0].endswith(" cosine")
    assert line.count("(was") == 1
    back = run_line(parse("digits cosine"), edits(("schedule", {"kind": "constant"})))
    assert "schedule=constant (was cosine)" in back


def test_rates_of_layers_stay_one_word() -> None:
    line = run_line(CONFIG, edits(("optimizer.lr_per_layer", {"fc1": 0.02})))
    assert " 'optimizer.lr_per_layer={fc1 = 0.02}' (was {}) " in line
