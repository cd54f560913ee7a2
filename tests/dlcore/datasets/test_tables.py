"""CSV files as people write them: what comes out as numbers, and what every refusal says."""

import csv
import math
import os
from array import array
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dlcore.datasets import tables
from dlcore.datasets.tables import Table, cached_table, read_table, rows, table_at
from dlcore.datasets.tables.columns import LARGEST
from dlcore.errors import DataError

Write = Callable[[str | bytes], Path]
FLOATS = st.floats(width=32, allow_nan=False, allow_infinity=False)


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes the content of people.csv and returns its path."""

    def writing(content: str | bytes) -> Path:
        path = tmp_path / "people.csv"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return writing


def lines(header: str, rows: list[str], end: str = "\n") -> str:
    return end.join([*([header] if header else []), *rows]) + end


def twelve(header: str = "a,b,y", row: str = "{n},{half},{even}", **changed: str) -> str:
    """Twelve rows, in lines 2 to 13; `line5="..."` puts other text into line 5."""
    rows = [row.format(n=n, half=n / 2, even=n % 2) for n in range(1, 13)]
    for name, text in changed.items():
        rows[int(name.removeprefix("line")) - 2] = text
    return lines(header, rows)


def row_of(table: Table, index: int) -> list[float]:
    width = len(table.inputs)
    return list(table.values[index * width : (index + 1) * width])


def refusal(path: Path, **options: Any) -> str:
    with pytest.raises(DataError) as caught:
        read_table(path, **{"target": "", **options})
    assert caught.value.hint
    assert str(path) in caught.value.message
    return str(caught.value)


def test_numbers_become_rows_and_the_last_column_the_target(write: Write) -> None:
    table = read_table(write(twelve()), target="")
    assert (table.task, table.target, table.inputs) == ("classification", "y", ("a", "b"))
    assert (table.values.typecode, table.targets.typecode) == ("f", "d")
    assert table.rows == 12
    assert row_of(table, 0) == [1.0, 0.5]
    assert row_of(table, 11) == [12.0, 6.0]
    assert table.targets.tolist() == [1.0, 0.0] * 6
    assert table.classes == ("0", "1")


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("start", ["", "\ufeff", "\n  \n"])
def test_delimiters_line_ends_byte_order_mark_and_blank_lines_make_no_difference(
    write: Write, delimiter: str, end: str, start: str
) -> None:
    rows = [delimiter.join((str(n), f' "a{delimiter}{n % 2} ""x"""', str(n % 2))) for n in range(12)]
    rows.insert(5, "")
    content = start + lines(delimiter.join((" n ", "word", "y")), rows, end)
    table = read_table(write(content), target="")
    assert table.inputs == ("n", f'word=a{delimiter}1 "x"')
    assert row_of(table, 11) == [11.0, 1.0]
    assert table.rows == 12


def test_a_last_line_without_an_end_counts(write: Write) -> None:
    assert read_table(write(twelve().rstrip("\n")), target="").rows == 12
    assert read_table(write(twelve(row='{n},{n},"{even}"').rstrip("\n")), target="").rows == 12


def test_semicolons_are_found_beside_words_with_commas(write: Write) -> None:
    table = read_table(write(twelve("a;b;y", "{n};one, two{even};{even}")), target="")
    assert table.inputs == ("a", "b=one, two1")


def test_a_row_may_go_over_several_lines(write: Write) -> None:
    content = twelve(line3='"a\nb",1,0', line5="bad,0")
    assert "line 6 has 2 cells, the header has 3" in refusal(write(content))
    table = read_table(write(twelve(row='"x\r\ny{even}",{n},{even}')), target="")
    assert table.inputs == ("a=x\r\ny1", "b")


def test_without_a_header_columns_are_numbered(write: Write) -> None:
    path = write(lines("", [f"{n},w{n % 3},{n % 2}" for n in range(12)]))
    table = read_table(path, target="", header=False)
    assert (table.target, table.inputs) == ("c3", ("c1", "c2=w0", "c2=w1", "c2=w2"))
    assert table.rows == 12
    assert read_table(path, target="c1", header=False).inputs == ("c2=w0", "c2=w1", "c2=w2", "c3")


def test_german_numbers_without_a_header_are_parted_at_the_semicolon_and_then_refused(write: Write) -> None:
    path = write(lines("", [f"{n},5;{n},25;{n % 2}" for n in range(12)]))
    text = refusal(path, header=False)
    assert 'column "c1" has a number with a comma in line 1: "0,5"' in text
    assert "decimal point" in text


def test_a_target_with_decimal_commas_is_refused_too(write: Write) -> None:
    text = refusal(write(twelve("a;y", "{n};{n},5")))
    assert 'the target "y" has a number with a comma in line 2: "1,5"' in text


def test_empty_names_are_numbered_and_ignored_columns_left_out(write: Write) -> None:
    path = write(twelve(",id,y", "{n},name{n},{even}"))
    assert read_table(path, target="").inputs[0] == "c1"
    table = read_table(path, target="", ignore=("y",))
    assert (table.target, table.inputs) == ("id", ("c1",))
    assert read_table(path, target="", ignore=("id",)).inputs == ("c1",)


def test_categories_are_sorted_and_two_make_one_column(write: Write) -> None:
    rows = [f"{['red', 'blue', 'green'][n % 3]},{['yes', 'no'][n % 2]},same,7,{n}" for n in range(12)]
    table = read_table(write(lines("colour,ok,all,seven,y", rows)), target="", task="regression")
    assert table.inputs == ("colour=blue", "colour=green", "colour=red", "ok=yes", "seven")
    assert row_of(table, 0) == [0, 0, 1, 1, 7]
    assert row_of(table, 1) == [1, 0, 0, 0, 7]
    assert row_of(table, 2) == [0, 1, 0, 1, 7]


def test_a_word_far_down_makes_categories_of_the_numbers_above(write: Write) -> None:
    rows = [f"{n % 3},{n % 2}" for n in range(3000)] + ["low,1"]
    table = read_table(write(lines("a,y", rows)), target="")
    assert table.inputs == ("a=0", "a=1", "a=2", "a=low")
    assert row_of(table, 2) == [0, 0, 1, 0]
    assert row_of(table, 3000) == [0, 0, 0, 1]


def test_a_hundred_categories_are_columns_and_one_more_is_refused(write: Write) -> None:
    rows = [f"w{n:03},{n % 2}" for n in range(100)]
    table = read_table(write(lines("word,y", rows)), target="")
    assert len(table.inputs) == 100
    assert row_of(table, 42) == [float(n == 42) for n in range(100)]
    text = refusal(write(lines("word,y", [*rows, "more,1"])))
    assert 'column "word" has more than 100 different values that are not all numbers' in text
    assert "data.ignore" in text


def test_one_bad_cell_among_many_numbers_is_named(write: Write) -> None:
    rows = [f"{n},{n % 2}" for n in range(2000)]
    rows[1500] = "12o,1"
    assert 'line 1502 has "12o"' in refusal(write(lines("age,y", rows)))


def test_a_header_taken_for_data_is_told_from_it(write: Write) -> None:
    path = write(lines("age,y", [f"{n},{n % 2}" for n in range(200)]))
    text = refusal(path, header=False)
    assert 'line 1 has "age"' in text
    assert "data.header = true" in text


def test_underscores_make_a_word(write: Write) -> None:
    assert read_table(write(twelve(row="1_{even},{n},{even}")), target="").inputs == ("a=1_1", "b")


def test_classes_that_are_numbers_are_sorted_as_numbers_and_words_as_words(write: Write) -> None:
    numeric = read_table(
        write(lines("a,y", [f"{n},{[10, 9, '9.0', -1][n % 4]}" for n in range(12)])), target=""
    )
    assert numeric.classes == ("-1", "9", "10")
    assert numeric.targets.tolist() == [2, 1, 1, 0] * 3
    words = read_table(
        write(lines("a,y", [f"{n},{['x10', 'x9', 'X'][n % 3]}" for n in range(12)])), target=""
    )
    assert words.classes == ("X", "x10", "x9")
    assert words.targets.tolist() == [1, 2, 0] * 4


def test_a_class_may_have_one_sample(write: Write) -> None:
    table = read_table(write(twelve(row="{n},{half},common", line7="1,1,rare")), target="y")
    assert table.classes == ("common", "rare")
    assert table.targets.tolist().count(1.0) == 1


@pytest.mark.parametrize(
    ("targets", "task"),
    [
        (["a", "b"], "classification"),
        ([0, 1, 2], "classification"),
        (["1.0", "2.0"], "classification"),
        ([0.5, 1.5], "regression"),
        (list(range(20)), "classification"),
        (list(range(21)), "regression"),
        (list(range(60)), "regression"),
    ],
)
def test_the_task_is_guessed(write: Write, targets: list[Any], task: str) -> None:
    path = write(lines("a,y", [f"{n},{targets[n % len(targets)]}" for n in range(66)]))
    assert read_table(path, target="y").task == task


def test_few_rows_of_each_number_are_values(write: Write) -> None:
    path = write(lines("a,y", [f"{n},{n % 4}" for n in range(12)]))
    assert read_table(path, target="").task == "classification"
    path = write(lines("a,y", [f"{n},{n % 4}" for n in range(11)]))
    assert read_table(path, target="").task == "regression"


def test_the_task_can_be_said(write: Write) -> None:
    path = write(twelve())
    table = read_table(path, target="y", task="regression")
    assert (table.task, table.classes, table.targets.tolist()) == ("regression", (), [1.0, 0.0] * 6)
    table = read_table(path, target="b", task="classification")
    assert table.classes[:3] == ("0.5", "1", "1.5")
    assert table.targets.tolist() == [float(n) for n in range(12)]


def test_the_values_of_a_regression_keep_64_bits(write: Write) -> None:
    table = read_table(write(twelve(row="{n},{n},0.1234567890123")), target="", task="regression")
    assert table.targets[0] == 0.1234567890123


def test_a_regression_needs_numbers(write: Write) -> None:
    text = refusal(write(twelve(line6="1,2,much")), task="regression")
    assert 'the target "y" has "much" in line 6, which is no number' in text


def test_a_thousand_classes_at_most(write: Write) -> None:
    numbers = [f"0,{n % 1001}" for n in range(4000)]
    assert "more than 1,000 classes" in refusal(write(lines("a,y", numbers)), task="classification")
    words = [f"0,w{n}" for n in range(1001)]
    text = refusal(write(lines("a,y", words)))
    assert 'the target "y" has more than 1,000 different values that are not all numbers' in text
    assert "data.target" in text
    assert len(read_table(write(lines("a,y", words[:-1])), target="").classes) == 1000


@pytest.mark.parametrize("task", ["auto", "classification"])
@pytest.mark.parametrize("same", ["1", "yes"])
def test_a_single_class_is_refused(write: Write, task: str, same: str) -> None:
    assert f'the target "y" has one class only: "{same}"' in refusal(
        write(twelve(row="{n},{half}," + same)), task=task
    )


@pytest.mark.parametrize("cell", ["", " ", '""', "nan", "NaN", "-nan", "NA", "n/a", "NULL", "None", "?"])
def test_a_missing_cell_is_refused_where_it_is(write: Write, cell: str) -> None:
    text = refusal(write(twelve(line5=f"1,{cell},1", line9=f"{cell},{cell},0")))
    assert "line 5 has " in text
    assert 'in column "b"; 3 cells in all have none' in text
    assert "data.missing = impute" in text
    assert ("stands for no value" in text) == bool(cell.strip(' "'))


def test_one_missing_cell_of_a_column_of_words(write: Write) -> None:
    text = refusal(write(twelve(row="w{n},{n},{even}", line12=",1,1")))
    assert 'line 12 has no value in column "a". Fill' in text


def test_a_missing_target_is_always_refused(write: Write) -> None:
    path = write(twelve(line4="1,,1", line8="1,2,", line9="1,2,?"))
    assert 'line 8 has no value in the target "y"; 2 cells in all have none' in refusal(
        path, missing="impute"
    )
    assert "data.missing" not in refusal(path, missing="impute")
    assert 'line 4 has no value in column "b"; 3 cells in all' in refusal(path)


def test_imputing_leaves_nan_in_numbers_and_zeros_in_categories(write: Write) -> None:
    rows = [f"{n},{'rgb'[n % 3]},{'yn'[n % 2]},{n % 2}" for n in range(12)]
    rows[3] = "NA,?,,1"
    table = read_table(write(lines("a,colour,ok,y", rows)), target="", missing="impute")
    assert table.inputs == ("a", "colour=b", "colour=g", "colour=r", "ok=y")
    assert math.isnan(row_of(table, 3)[0])
    assert row_of(table, 3)[1:] == [0, 0, 0, 0]
    assert row_of(table, 4) == [4, 0, 1, 0, 1]
    assert sum(map(math.isnan, table.values)) == 1


def test_a_column_without_any_value_is_refused(write: Write) -> None:
    assert 'column "b" has no value in any row' in refusal(write(twelve(row="{n},,{even}")), missing="impute")


def test_missing_cells_of_ignored_columns_do_not_matter(write: Write) -> None:
    assert read_table(write(twelve(row="{n},,{even}")), target="", ignore=("b",)).inputs == ("a",)


@pytest.mark.parametrize("cell", ["inf", "-Infinity", "1e999", "1e39"])
def test_numbers_that_are_not_finite_are_refused(write: Write, cell: str) -> None:
    text = refusal(write(twelve(line9=f"1,{cell},1")))
    assert f'column "b" has "{cell}" in line 9, which is no finite number of 32 bits' in text
    assert f'the target "y" has "{cell}" in line 9' in refusal(write(twelve(line9=f"1,1,{cell}")))


def test_infinity_among_words_is_a_word(write: Write) -> None:
    assert read_table(write(twelve(row="inf{even},{n},{even}", line3="inf,1,0")), target="").rows == 12


@pytest.mark.parametrize(("row", "cells"), [("1,2", "2 cells"), ("1,2,3,4", "4 cells"), ("1", "1 cell")])
def test_ragged_rows_are_refused(write: Write, row: str, cells: str) -> None:
    text = refusal(write(twelve(line7=row)))
    assert f"line 7 has {cells}, the header has 3" in text
    assert "a comma here" in text
    assert f"line 7 has {cells}, line 1 has 3" in refusal(write(twelve(line7=row)), header=False)


def test_two_columns_of_one_name_are_refused(write: Write) -> None:
    text = refusal(write(twelve("a, a,y")))
    assert 'columns 1 and 2 are both called "a"' in text
    assert "data.header = false" in text


def test_an_unknown_column_is_answered_with_the_nearest(write: Write) -> None:
    path = write(twelve("age,weight,y"))
    text = refusal(path, target="wieght")
    assert 'there is no column "wieght". Did you mean weight? Known: age, weight, y.' in text
    assert 'there is no column "agee"' in refusal(path, ignore=("agee",))


def test_of_many_columns_only_the_nearest_are_named(write: Write) -> None:
    names = [f"pixel{n}" for n in range(784)]
    path = write(lines(",".join(names), [",".join(["0"] * 784)] * 10))
    text = refusal(path, target="pixle42")
    assert "Did you mean pixel42?" in text
    assert "nearest 20 of 784" in text
    assert len(text) < 600


def test_the_target_must_not_be_ignored(write: Write) -> None:
    path = write(twelve())
    assert 'the target "y" is ignored' in refusal(path, target="y", ignore=("y",))
    assert "no column is left to learn from" in refusal(path, ignore=("a", "b"))


def test_columns_of_one_word_teach_nothing(write: Write) -> None:
    assert "no column is left to learn from" in refusal(write(twelve(row="x,z,{even}")))


@pytest.mark.parametrize("rows", [0, 1, 9])
def test_fewer_than_ten_rows_are_refused(write: Write, rows: int) -> None:
    text = refusal(write(lines("a,y", [f"{n},{n % 2}" for n in range(rows)])))
    assert f"it has {rows} row" in text
    assert "At least 10" in text


def test_ten_rows_are_enough(write: Write) -> None:
    assert read_table(write(lines("a,y", [f"{n},{n % 2}" for n in range(10)])), target="").rows == 10


@pytest.mark.parametrize("content", ["", "\n\n  \n", "\ufeff"])
def test_an_empty_file_is_refused(write: Write, content: str) -> None:
    assert "it is empty" in refusal(write(content))


def test_one_column_is_refused(write: Write) -> None:
    assert "its first row has one cell" in refusal(write("y\n1\n2\n"))


def test_bytes_that_are_not_utf8_are_named_with_their_line(write: Write) -> None:
    path = write(twelve(line9="1,caf\xe9,1").encode("latin-1"))
    assert "line 9 is not UTF-8 text (byte 0xe9)" in refusal(path)
    far = [f"{n},{n},1" for n in range(50_000)]
    far[45_000] = "1,\xfc,1"
    assert "line 45002 is not UTF-8" in refusal(write(lines("a,b,y", far).encode("latin-1")))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le"])
def test_utf16_is_refused(write: Write, encoding: str) -> None:
    text = refusal(write(twelve().encode(encoding)))
    assert "line 1 " in text
    assert "UTF-8" in text


def test_letters_of_the_world_stay(write: Write) -> None:
    path = write(twelve("größe,名前,y", "{n},日本{even},{even}"))
    assert read_table(path, target="").inputs == ("größe", "名前=日本1")


@pytest.mark.parametrize("line", [2, 9])
def test_a_cell_beyond_the_limit_of_csv_is_refused(write: Write, line: int) -> None:
    path = write(twelve(**{f"line{line}": f"1,{'x' * (csv.field_size_limit() + 1)},1"}))
    assert f"line {line} begins a cell of more than 131,072 characters" in refusal(path)


def test_a_first_cell_beyond_the_limit_is_refused(write: Write) -> None:
    assert "line 1 begins a cell of more than" in refusal(write("x" * 200_000 + ",y\n1,2\n"))


def test_a_quotation_mark_that_is_never_closed_hides_no_rows(write: Write) -> None:
    text = refusal(write(twelve(line6='1,2,"1')))
    assert "the row that begins in line 6 has an open quotation mark" in text
    assert "the row that begins in line 1 has" in refusal(write('"a,b\n1,2\n'))


def test_a_line_without_end_is_refused(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "LONGEST_LINE", 1000)
    assert "line 3 has 1,000 characters or more" in refusal(write(twelve(line3=f"1,{'2' * 2000},1")))


def test_encoding_must_not_blow_up(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "MOST_VALUES", 100)
    assert "12 rows of 13 inputs" in refusal(write(twelve(row="w{n},{n},{even}")))


def test_a_huge_file_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "huge.csv"
    with path.open("wb") as handle:
        handle.truncate(tables.MOST_BYTES + 1)  # a hole: it takes no room
    assert "2,147,483,649 bytes, at most 2,147,483,648 are read" in refusal(path)


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    assert "there is no such file" in refusal(tmp_path / "nothing.csv")
    assert "this is a folder" in refusal(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    assert "this is not a plain file" in refusal(tmp_path / "pipe")
    (tmp_path / "file").touch()
    assert "cannot be read: Not a directory" in refusal(tmp_path / "file" / "a.csv")
    assert "cannot be read: File name too long" in refusal(tmp_path / ("x" * 300))
    with pytest.raises(DataError, match="this is no path"):
        read_table(Path("a\0b"), target="")
    with pytest.raises(DataError, match="this is no path"):
        cached_table(Path("a\0b"), target="")


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is forbidden to root")
def test_a_forbidden_file_is_refused(write: Write) -> None:
    path = write(twelve())
    path.chmod(0)
    assert "Permission denied" in refusal(path)
    with pytest.raises(DataError, match="Permission denied"):
        cached_table(path, target="")
    path.chmod(0o600)
    assert cached_table(path, target="").rows == 12


def test_strings_from_the_file_steer_no_terminal_and_are_kept_short(write: Write) -> None:
    text = refusal(write(twelve("a\x1b[2J,b,y", line4="\u202e,1,1")), target="\x1b[31m")
    assert "\x1b" not in text
    assert "\\x1b[2J" in text
    text = refusal(write(twelve(line4=f"1,1,\x07{'x' * 500}")), task="regression")
    assert "\x07" not in text
    assert len(text) < 400


def test_a_file_name_steers_no_terminal(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        read_table(tmp_path / "\x1b[2J.csv", target="")
    assert "\x1b" not in str(caught.value)


@pytest.fixture
def no_tables_kept() -> None:
    table_at.cache_clear()


@pytest.mark.usefixtures("no_tables_kept")
def test_an_unchanged_file_is_read_once(write: Write) -> None:
    path = write(twelve())
    table = cached_table(path, target="y")
    assert cached_table(path, target="y") is table
    assert cached_table(path, target="b").target == "b"
    path = write(twelve(line2="9,9,9"))
    os.utime(path, ns=(1, 1))
    assert row_of(cached_table(path, target="y"), 0) == [9, 9]


@pytest.mark.usefixtures("no_tables_kept")
def test_a_fault_is_found_once(write: Write) -> None:
    path = write(twelve(line7="1,2"))
    for _ in range(3):
        with pytest.raises(DataError, match="line 7 has 2 cells"):
            cached_table(path, target="y")
    assert table_at.cache_info().hits == 2


@pytest.mark.usefixtures("no_tables_kept")
def test_a_large_file_is_not_kept(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "KEPT_BYTES", 10)
    path = write(twelve())
    assert cached_table(path, target="y").rows == 12
    assert table_at.cache_info().currsize == 0


@settings(max_examples=50, derandomize=True, deadline=None)
@given(st.data())
def test_any_table_of_numbers_comes_back(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    width = data.draw(st.integers(2, 6))
    rows = data.draw(st.lists(st.lists(FLOATS, min_size=width, max_size=width), min_size=10, max_size=40))
    delimiter = data.draw(st.sampled_from(",;\t|"))
    path = tmp_path_factory.mktemp("any") / "numbers.csv"
    with path.open("w", newline="") as handle:
        csv.writer(handle, delimiter=delimiter).writerows([[f"x{n}" for n in range(width)], *rows])
    table = read_table(path, target="x0", task="regression")
    assert table.values == array("f", [number for row in rows for number in row[1:]])
    assert table.targets.tolist() == [row[0] for row in rows]
    assert max(map(abs, table.values)) <= LARGEST


@settings(max_examples=200, derandomize=True, deadline=None)
@given(
    st.binary(max_size=300) | st.text(alphabet='a1,;"\n\r\t| .', max_size=300).map(str.encode), st.booleans()
)
def test_whatever_is_in_a_file_it_is_a_table_or_a_sentence(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, header: bool
) -> None:
    path = tmp_path_factory.getbasetemp() / "whatever.csv"
    path.write_bytes(content)
    try:
        table = read_table(path, target="", header=header, missing="impute")
    except DataError:
        assert refusal(path, header=header, missing="impute").isprintable()
    else:
        assert len(table.values) == table.rows * len(table.inputs)
