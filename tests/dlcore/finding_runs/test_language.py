import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dlcore.finding_runs.language import (
    All,
    Comparison,
    Either,
    Filter,
    Not,
    Word,
    parse,
    print_filter,
    while_typing,
    without_key,
)
from dlcore.finding_runs.tokens import MOST_LETTERS, FilterFault
from tests.dlcore.finding_runs.rows import filters

quick = settings(
    max_examples=120, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)
ACC, ADAM = Comparison("acc", ">", "97%"), Comparison("optimizer", "=", "adam")
A, B, C = Word("a"), Word("b"), Word("c")


@quick
@given(filters)
def test_what_is_printed_is_read_as_the_same(node: Filter) -> None:
    assert parse(print_filter(node)) == node


@quick
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=30))
def test_any_text_is_a_filter_or_a_fault(text: str) -> None:
    held, fault = while_typing(text)
    assert fault is None or 0 <= fault.at <= len(text)
    parse(held)
    if fault is None:
        node = parse(text)
        assert parse(print_filter(node)) == node


@quick
@given(
    st.lists(
        st.sampled_from(["acc", ">", "(", ")", "not", "and", "or", '"', "97%", " ", "x", "!"]), max_size=9
    )
)
def test_any_order_of_signs_is_a_filter_or_a_fault(parts: list[str]) -> None:
    text = " ".join(parts)
    held, fault = while_typing(text)
    parse(held)
    if fault is None:
        assert parse(text) is None or parse(print_filter(parse(text))) == parse(text)


@pytest.mark.parametrize(
    ("text", "node"),
    [
        ("", None),
        ("  ", None),
        ("mnist", Word("mnist")),
        ('"a b"', Word("a b")),
        ("'it''s'", All((Word("it"), Word("s")))),
        (r'"say \"a\" \\"', Word('say "a" \\')),
        ("'and'", Word("and")),
        ("acc>97% and optimizer=adam", All((ACC, ADAM))),
        ("acc > 97%  optimizer == adam", All((ACC, ADAM))),
        ("ACC>97% AND Optimizer=adam", All((ACC, ADAM))),
        ("accuracy>97%", ACC),
        ("(acc > 97.5 %) adam", All((Comparison("acc", ">", "97.5 %"), Word("adam")))),
        ("a 97 %b", All((A, Word("97"), Word("%b")))),
        ("optimizer.kind=adam", ADAM),
        ("lr<=.01", Comparison("optimizer.lr", "<=", ".01")),
        ("batch_size=64", Comparison("data.batch_size", "=", "64")),
        ("loss.kind=huber", Comparison("loss.kind", "=", "huber")),
        ("name='a b'", Comparison("name", "=", "a b")),
        ("name=''", Comparison("name", "=", "")),
        ("hidden=128,64", Comparison("model.hidden", "=", "128,64")),
        ("optimizer.lr_per_layer.fc1>.1", Comparison("optimizer.lr_per_layer.fc1", ">", ".1")),
        ("tag~base", Comparison("tag", "~", "base")),
        ("a b or c", Either((All((A, B)), C))),
        ("a or b and c", Either((A, All((B, C))))),
        ("(a or b) c", All((Either((A, B)), C))),
        ("not a b", All((Not(A), B))),
        ("not (a b)", Not(All((A, B)))),
        ("not not a", Not(Not(A))),
        ("a (b)", All((A, B))),
        ("(a b) c", All((All((A, B)), C))),
    ],
)
def test_what_is_typed_means(text: str, node: Filter | None) -> None:
    assert parse(text) == node


@pytest.mark.parametrize(
    ("text", "said", "letter"),
    [
        ("accc>0.9", "there is no key 'accc', did you mean acc", 1),
        ("acc>.9 and optimiser=adam", "'optimiser', did you mean optimizer", 12),
        ("acc>", "a value must follow acc>", 5),
        ("acc> and x", "a value must follow acc>", 6),
        ("acc>=(", "a value must follow acc>=", 6),
        ("acc>97", "write 97% or a number up to 1", 5),
        ("acc>high", "'high' is no number", 5),
        ("loss=huber", "'huber' is no number; the kind of loss is loss.kind", 6),
        ("acc~9", "acc is a figure", 5),
        ("name<b", "name is text", 6),
        ("optimizer>adam", "optimizer is a word", 11),
        ("activation<relu", "model.activation is no number", 12),
        ("lr=fast", "optimizer.lr is a number, and 'fast' is none", 4),
        ("shuffle=maybe", "is true or false", 9),
        ("age>2", "2 needs a unit", 5),
        ("duration<soon", "'soon' is no time", 10),
        ("created>tomorrow", "'tomorrow' is no day", 9),
        ("created>2026-13", "'2026-13' is no day", 9),
        ("(acc>.9", "this parenthesis is not closed", 1),
        ("a)", "no parenthesis is open here", 2),
        ("()", "a condition must stand before ')'", 2),
        ("a or", "something must follow", 5),
        ("a and or b", "a condition must stand before 'or'", 7),
        ("and a", "a condition must stand before 'and'", 1),
        (">3", "a key must stand before >", 1),
        ("a = b = c", "there is no key 'a'", 1),
        ("lr=1=2", "'=' stands where", 5),
        ('name="x', "this quotation mark is not closed", 6),
        ('"acc">3', "a key stands without quotation marks", 1),
        ('""', "hold nothing", 1),
        ("!a", "a ! stands before a = alone", 1),
        ("(" * 60 + "a", "too many parentheses", 42),
        ("not " * 60 + "a", "too many parentheses", 165),
        ("x" * (MOST_LETTERS + 1), "it is too long", MOST_LETTERS + 1),
    ],
)
def test_a_fault_is_one_sentence_with_its_place(text: str, said: str, letter: int) -> None:
    with pytest.raises(FilterFault) as caught:
        parse(text)
    message = str(caught.value)
    assert said in message
    assert message.startswith(f"Letter {letter} of the filter: ")
    assert "\n" not in message


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("acc>0.9", "acc>0.9"),
        ("acc>0.9 ", "acc>0.9"),
        ("acc>0.9 a", "acc>0.9"),
        ("acc>0.9 an", "acc>0.9"),
        ("acc>0.9 and", "acc>0.9"),
        ("acc>0.9 and ", "acc>0.9"),
        ("acc>0.9 and opt", "acc>0.9 and opt"),
        ("acc>0.9 and optimizer=", "acc>0.9"),
        ("acc>0.9 and optimizer=ad", "acc>0.9 and optimizer=ad"),
        ("acc>0.9 a ", "acc>0.9 a"),
        ("acc>0.9 ad", "acc>0.9 ad"),
        ("a", "a"),
        ("lr", "lr"),
        ("lr>", ""),
        ("lr>.1 name='a b", "lr>.1"),
        ("lr>.1 (acc>.9 or", "lr>.1"),
        ("lr>.1 accc>.9", "lr>.1"),
        ("(", ""),
        ("'", ""),
        ("", ""),
        ("   ", ""),
    ],
)
def test_while_somebody_types_what_is_whole_holds(text: str, held: str) -> None:
    assert while_typing(text)[0] == held


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("opt", ""),
        ("acc>0.9 and opt", "acc>0.9"),
        ("acc>0.9 and optimizer", "acc>0.9"),
        ("(moons lr", ""),
        ("moons (lr", "moons"),
        ("acc>0.9 optimizer ", None),
        ("acc>0.9 and qq", None),
        ("acc>0.9", None),
        ("acc>", None),
        ('"opt', None),
        ('"opt"', None),
        ("", None),
    ],
)
def test_a_last_word_may_become_a_key(text: str, rest: str | None) -> None:
    assert without_key(text) == rest


def test_what_may_become_whole_is_told_from_what_is_wrong() -> None:
    for text in ("acc>", "a and", "(a", '"a', "not", "acc>0.9 and lr<", "created>2026-0", "age>2"):
        fault = while_typing(text)[1]
        assert fault is not None
        assert fault.is_unfinished, text
    for text in ("accc>1", "a)", ">3", "acc>97 and x"):
        fault = while_typing(text)[1]
        assert fault is not None
        assert not fault.is_unfinished, text
