from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from dlcore.family.origin import Origin
from dlcore.finding_runs.language import parse
from dlcore.finding_runs.listing import Listing, guides, listing, ordered, result, varying
from dlcore.finding_runs.matching import matcher
from dlcore.finding_runs.view import View
from dlcore.flat_config import NO_SETTINGS
from dlcore.labels import Label
from dlcore.run_figures import Figures
from dlcore.runlist import Entry
from tests.dlcore.finding_runs.rows import NOW, entry

HIDDEN = Label(hidden=True)


def shown(entries: list[Entry], folded: tuple[str, ...] = (), **view: Any) -> Listing:
    node, seen = parse(view.get("filter", "")), View(**view)
    matches = matcher(node) if node is not None else None
    return listing(ordered(entries, seen, NOW), seen, matches, NOW, folded)


def numbers(found: Listing) -> list[str]:
    """What is in each line: a run by the number in its id, a heading as it stands."""
    return [
        line.entry.id.rpartition("-")[2]
        if line.entry is not None
        else line.heading.text
        if line.heading
        else ""
        for line in found.lines
    ]


def test_without_a_view_all_runs_come_as_they_are_but_the_hidden_ones() -> None:
    unread = Entry("20260101T000000000Z-9")
    entries = [entry(2), entry(1, label=HIDDEN), unread]
    found = shown(entries)
    assert numbers(found) == ["2", "9"]
    assert found.shown == 2
    assert found.hidden == {entries[1].id}
    assert numbers(shown(entries, shows_hidden=True)) == ["2", "1", "9"]
    assert numbers(shown(entries, is_reversed=True)) == ["9", "2"]
    assert found.place(unread.id) == 1
    assert found.place(entries[1].id) is None


def test_a_filter_leaves_out_what_does_not_match_and_what_is_not_read() -> None:
    entries = [entry(3, score=0.99), entry(2, score=0.5), entry(1, score=0.98, label=HIDDEN), Entry("x")]
    found = shown(entries, filter="acc>97%")
    assert numbers(found) == ["3"]
    assert found.hidden == {entries[2].id}
    assert shown(entries, filter="acc>99.5%") == Listing()


def test_the_best_comes_first_and_what_is_missing_last_either_way() -> None:
    entries = [entry(4, score=None), entry(3, score=0.5), entry(2, score=0.9), entry(1, score=0.5)]
    assert numbers(shown(entries, sort="acc")) == ["2", "3", "1", "4"]
    assert numbers(shown(entries, sort="acc", is_reversed=True)) == ["3", "1", "2", "4"]
    lossy = [entry(number, figures=Figures(loss=loss)) for number, loss in enumerate((0.3, None, 0.1))]
    assert numbers(shown(lossy, sort="loss")) == ["2", "0", "1"]
    assert numbers(shown(lossy, sort="loss", is_reversed=True)) == ["0", "2", "1"]


def test_words_and_numbers_of_one_key_are_sorted_apart() -> None:
    values: tuple[Any, ...] = (64, "full", 8, "Auto", None)
    entries = [entry(number, config={"data.batch_size": value}) for number, value in enumerate(values)]
    assert numbers(shown(entries, sort="data.batch_size")) == ["2", "0", "3", "1", "4"]


@settings(max_examples=50, derandomize=True, deadline=None, database=None)
@given(st.lists(st.one_of(st.none(), st.floats(0, 1)), max_size=12), st.booleans())
def test_sorting_loses_nothing_and_is_in_order(scores: list[float | None], is_reversed: bool) -> None:
    entries = [entry(number, score=score) for number, score in enumerate(scores)]
    found = [line.entry for line in shown(entries, sort="acc", is_reversed=is_reversed).lines]
    assert sorted(one.id for one in found if one) == sorted(one.id for one in entries)
    values = [one.row.score for one in found if one and one.row]
    known = [value for value in values if value is not None]
    assert known == sorted(known, reverse=not is_reversed)
    assert values == known + [None] * (len(values) - len(known))


def test_groups_have_headings_with_number_and_result_and_can_be_folded() -> None:
    entries = [
        entry(5, score=0.98),
        entry(4, score=0.96),
        entry(3, score=0.5, config={"optimizer": "sgd"}),
        without_settings(entry(2)),
        Entry("unread"),
    ]
    found = shown(entries, group="optimizer")
    assert numbers(found) == [
        "- optimizer adam · 2 runs · 97.00 ± 1.41 % validation",
        "5",
        "4",
        "- optimizer sgd · 1 run · 50.00 % validation",
        "3",
        "- no optimizer · 1 run · 97.00 % validation",
        "2",
    ]
    assert found.shown == 4
    folded = shown(entries, ("optimizer adam",), group="optimizer", sort="acc", is_reversed=True)
    assert numbers(folded)[:2] == ["+ optimizer adam · 2 runs · 97.00 ± 1.41 % validation", numbers(found)[3]]
    assert folded.shown == 4
    assert found.place("/optimizer sgd") == 3


def without_settings(found: Entry) -> Entry:
    """The same run without a configuration."""
    assert found.row is not None
    found.row = replace(found.row, settings=NO_SETTINGS)
    return found


def test_groups_of_numbers_are_in_their_order() -> None:
    entries = [entry(number, config={"optimizer.lr": lr}) for number, lr in enumerate((0.1, 1.0, 0.02, 0.1))]
    headings = [text for text in numbers(shown(entries, group="optimizer.lr")) if text.startswith("-")]
    assert [text.split(" ·")[0] for text in headings] == [
        "- optimizer.lr 0.02",
        "- optimizer.lr 0.1",
        "- optimizer.lr 1",
    ]


def test_results_of_different_kinds_are_not_averaged() -> None:
    assert result([entry(1), entry(2, metric="r2")]) == ""
    assert result([entry(1), entry(2, split="test")]) == ""
    assert result([entry(1, score=None)]) == ""
    assert result([]) == ""
    assert (
        result([entry(1, metric="r2", score=0.5), entry(2, metric="r2", score=0.7)])
        == "R² 0.600 ± 0.141 validation"
    )


def test_a_tree_has_children_below_their_parents() -> None:
    parent, other = entry(1), entry(2)
    child = entry(3, origin=Origin(parent.id, 640, changes=("optimizer.lr 0.01 → 0.05",)))
    remedy = entry(4, origin=Origin(child.id, 0, "plateau", "faster"))
    found = shown([remedy, child, other, parent], is_tree=True, sort="acc", group="optimizer")
    assert [(line.guide, line.relation) for line in found.lines if line.entry is not other] == [
        ("", ""),
        ("└─ ", "branch at step 640: optimizer.lr 0.01 → 0.05"),
        ("   └─ ", "remedy: faster"),
    ]
    assert numbers(found) == ["1", "3", "4", "2"]


def test_guides_lead_from_parents_to_children() -> None:
    assert guides([0, 1, 2, 2, 1, 2, 0, 1]) == ["", "├─ ", "│  ├─ ", "│  └─ ", "└─ ", "   └─ ", "", "└─ "]
    assert guides([]) == []


def test_keys_that_differ_between_runs_are_found() -> None:
    entries = [
        entry(1, config={"optimizer.lr": 0.1, "loss": "huber"}),
        entry(2, config={"optimizer.lr": 0.2, "loss": "mse"}),
        entry(3, config={"optimizer.lr": 0.3, "loss": "mse", "model.dropout": 0.5}),
        Entry("unread"),
    ]
    assert varying(entries) == ["optimizer.lr", "loss.kind", "model.dropout"]
    assert varying(entries[:1]) == []
