"""The tree of lineage: every row once, each below what it comes from, whatever the files say."""

from pathlib import Path
from typing import Any

from dlcore.family.lineage_tree import DEEPEST, Place, told, tree
from dlcore.family.origin import Group, Origin
from dlcore.rundir import RunDir
from dlcore.runs import RunRow


def name(number: int) -> str:
    return f"20260304T{number:09d}Z-run"


def row(number: int, **fields: Any) -> RunRow:
    run = RunDir(Path("runs") / name(number))
    return RunRow(run, "finished", "run", "mlp", "validation", "accuracy", 0.5, 1, 10, None, **fields)


def branch_of(parent: int, step: int = 40, **fields: Any) -> Origin:
    return Origin(name(parent), step, **fields)


def drawn(rows: list[RunRow]) -> list[str]:
    return [
        f"{'.' * place.depth}{int(place.row.run.id[9:18])} {place.relation}".strip() for place in tree(rows)
    ]


def test_children_stand_below_their_parents_and_the_newest_family_first() -> None:
    rows = [
        row(1),
        row(2),
        row(3, origin=branch_of(1)),
        row(4, origin=branch_of(3)),
        row(5, origin=Origin(name(1), 0, "vanishing_gradient", "relu with he")),
        row(6),
    ]
    wanted = ["6", "1", ".3 branch", "..4 branch", ".5 remedy", "2"]
    assert drawn(rows) == wanted
    assert drawn(rows[::-1]) == wanted, "the order of the rows is no matter"
    assert tree([]) == []


def test_twins_stand_below_the_run_they_were_made_from_else_below_the_first() -> None:
    made_from = Group("a", "twins", ("model.activation",), of=name(1))
    alone = Group("b", "seeds", ("seed",))
    gone = Group("c", "twins", of=name(99))
    rows = [row(1), *(row(number, group=made_from) for number in (2, 3))]
    assert drawn(rows) == ["1", ".2 twin", ".3 twin"]
    assert drawn([row(number, group=alone) for number in (4, 5, 6)]) == ["4 repeat", ".5 repeat", ".6 repeat"]
    assert drawn([row(number, group=gone) for number in (7, 8)]) == ["7 twin", ".8 twin"]


def test_what_lost_its_parent_is_a_root_that_still_says_what_it_is() -> None:
    assert tree([row(5, origin=branch_of(1))]) == [Place(0, row(5, origin=branch_of(1)), "branch")]


def test_runs_that_are_each_others_parents_are_shown_once() -> None:
    rows = [
        row(1, origin=branch_of(2)),
        row(2, origin=branch_of(1)),
        row(3, origin=branch_of(3)),
        row(4, origin=branch_of(2)),
    ]
    assert drawn(rows) == ["1 branch", ".2 branch", "..4 branch", "3 branch"]


def test_a_long_chain_does_not_run_out_of_the_screen_nor_of_the_stack() -> None:
    chain = [row(1), *(row(number, origin=branch_of(number - 1)) for number in range(2, 5001))]
    places = tree(chain)
    assert [place.row for place in places] == chain
    assert max(place.depth for place in places) == DEEPEST


def test_relations_in_words() -> None:
    assert told(row(1)) == ""
    changes = ("optimizer.lr 0.01 → 0.05", "model.dropout 0 → 0.2")
    said = "branch at step 1,640: optimizer.lr 0.01 → 0.05, model.dropout 0 → 0.2"
    assert told(row(2, origin=branch_of(1, 1640, changes=changes))) == said
    assert told(row(2, origin=branch_of(1))) == "branch at step 40"
    assert told(row(3, origin=Origin(name(1), 0, "x", "a lower rate"))) == "remedy: a lower rate"
    assert told(row(4, group=Group("a", "twins", ("model.activation",)))) == "twin: model.activation"
    assert told(row(5, group=Group("a", "seeds"))) == "repeat"
