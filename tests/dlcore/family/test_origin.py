"""What `run.json` says of a run's origin: read back as it was written, and nothing foreign believed."""

import pytest

from dlcore.family.origin import Group, Origin, group, origin

PARENT = "20260304T050607089Z-digits-mlp"


def test_a_branch_says_what_it_has_otherwise() -> None:
    plain = Origin(PARENT, 40)
    assert plain.table() == {"run": PARENT, "step": 40}
    changed = Origin(PARENT, 40, changes=("optimizer momentum → adam",), is_fresh=True, threads=2)
    assert origin({"parent": changed.table()}) == changed
    strange = {"changes": ["a" * 1000, 5, None], "is_fresh": "yes", "threads": 10**9}
    found = origin({"parent": plain.table() | strange})
    assert found == Origin(PARENT, 40, changes=("a" * 200,))
    assert origin({"parent": plain.table() | {"changes": "abc", "threads": True}}) == plain


def test_a_group_is_read_back() -> None:
    twins = Group("0af3", "twins", ("model.activation",), "00ff" * 4, PARENT)
    assert group({"group": twins.table()}) == twins
    seeds = Group("0af3", "seeds", ("seed",))
    assert seeds.table() == {"id": "0af3", "kind": "seeds", "differs": ["seed"], "order": ""}
    assert group({"group": seeds.table()}) == seeds


@pytest.mark.parametrize(
    "table", [None, [], {}, {"id": 5, "kind": "twins"}, {"id": "", "kind": "twins"}, {"id": "a", "kind": "x"}]
)
def test_what_is_no_group_is_none(table: object) -> None:
    assert group({"group": table}) is None


def test_foreign_fields_of_a_group_count_as_absent() -> None:
    table = {"id": "a", "kind": "twins", "differs": 7, "order": ["x"], "of": "../../etc"}
    assert group({"group": table}) == Group("a", "twins")
