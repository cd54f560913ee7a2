import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlcore.clean import clean, clean_lines


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("mnist mlp", "mnist mlp"),
        ("[/x] \x1b[2J 한글", "[/x] \\x1b[2J 한글"),
        ("a\tb\nc\rd\0", "a\\x09b\\x0ac\\x0dd\\x00"),
        ("\x9b31m\x7f", "\\x9b31m\\x7f"),
        ("abc\u202egnp.exe", "abc\\u202egnp.exe"),
        ("\u2028\u2029\u2066\u200f", "\\u2028\\u2029\\u2066\\u200f"),
        ("\udc80 of a file name", "\\udc80 of a file name"),
        ("né 🙂 ½ ﷺ e\u0301", "né 🙂 ½ ﷺ e\u0301"),
        ("", ""),
    ],
)
def test_what_could_steer_a_terminal_becomes_visible(text: str, shown: str) -> None:
    assert clean(text) == shown


@pytest.mark.parametrize(
    "text", ["🙂\u200d↔\ufe0f", "👩🏻\u200d❤\ufe0f\u200d💋\u200d👨🏼", "🏳\ufe0f\u200d🌈", "ශ්\u200dරී"]
)
def test_what_is_one_picture_or_one_letter_stays(text: str) -> None:
    assert clean(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\u200d", "\\u200d"),
        ("a\u200db\u200d", "a\\u200db\\u200d"),
        ("가\u200d나", "가\\u200d나"),
        ("🙂\u200dx", "🙂\\u200dx"),
        ("🙂\u200d" * 5, "🙂\u200d🙂\u200d🙂\u200d🙂\\u200d🙂\\u200d"),
        ("ශ්\u200d", "ශ්\\u200d"),
    ],
)
def test_a_joiner_that_joins_nothing_hides_no_letter_from_the_layout(text: str, shown: str) -> None:
    assert clean(text) == shown


@given(st.text())
def test_nothing_that_steers_is_left(text: str) -> None:
    shown = clean(text)
    assert not {unicodedata.category(letter) for letter in shown} & {"Cc", "Cs", "Zl", "Zp"}
    assert clean(shown) == shown
    assert shown.encode().decode() == shown


@given(st.text(st.characters(categories=["L", "M", "N", "P", "S", "Zs"])))
def test_letters_of_any_script_stay(text: str) -> None:
    assert clean(text) == text


@given(st.lists(st.text(alphabet="a\x1b\r한"), min_size=1))
def test_line_ends_stay_where_lines_are_wanted(lines: list[str]) -> None:
    assert clean_lines("\n".join(lines)).split("\n") == [clean(line) for line in lines]
