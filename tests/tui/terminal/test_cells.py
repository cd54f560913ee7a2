import random

import pyte
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.terminal.cells import Cells

COLUMNS, ROWS = 24, 6
STYLES = (
    "",
    "1",
    "38;2;86;180;233",
    "38;2;9;9;9;48;2;20;23;28",
    "1;31;44",
    "4;38;5;9",
    "7",
    "2;48;5;17",
    "92",
)
TEXTS = ("loss", "  ", "⠒⣀ │", "a b", "x", "●┤", "epoch 1.0")


def move(x: int, y: int) -> str:
    return f"\x1b[{y + 1};{x + 1}H"


def styled(text: str, codes: str) -> str:
    return f"\x1b[{codes}m{text}\x1b[0m" if codes else text


def frame(*stretches: tuple[int, int, str, str]) -> str:
    """What Textual sends: for each stretch a move and text in its style; at last the cursor's place."""
    return "\n".join(f"{move(x, y)}{styled(text, codes)}" for x, y, text, codes in stretches) + move(0, 0)


def shown(*sent: str) -> list[list[tuple[object, ...]]]:
    """All cells of a terminal; of a blank only what can be seen of it."""
    screen = pyte.Screen(COLUMNS, ROWS)
    stream = pyte.Stream(screen)
    for one in sent:
        stream.feed(one)

    def seen(x: int, y: int) -> tuple[object, ...]:
        cell = screen.buffer[y][x]
        plain = cell.data == " " and not (cell.reverse or cell.underscore or cell.strikethrough)
        return (cell.data, cell.bg) if plain else tuple(cell)

    return [[seen(x, y) for x in range(COLUMNS)] for y in range(ROWS)]


@st.composite
def frames(draw: st.DrawFn) -> str:
    stretches = []
    for _ in range(draw(st.integers(1, 6))):
        text = draw(st.sampled_from(TEXTS))
        x = draw(st.integers(0, COLUMNS - len(text)))
        stretches.append((x, draw(st.integers(0, ROWS - 2)), text, draw(st.sampled_from(STYLES))))
    return frame(*stretches)


@given(st.lists(frames(), max_size=6), st.lists(st.booleans(), min_size=6, max_size=6))
def test_the_terminal_shows_the_same(sent: list[str], held_back: list[bool]) -> None:
    cells, passed_on = Cells(), ""
    for one, is_held_back in zip(sent, held_back, strict=False):
        assert cells.take(one)
        if not is_held_back:
            passed_on += cells.changes()
    assert shown(passed_on + cells.changes()) == shown(*sent)
    assert cells.changes() == ""


def test_what_is_shown_already_is_not_sent_again() -> None:
    cells = Cells()
    picture = frame((0, 0, "loss 0.5", "1"), (3, 2, "a curve", "38;2;86;180;233"))
    assert cells.take(picture)
    assert cells.changes() != ""
    for _ in range(3):
        assert cells.take(picture)
        assert cells.take(frame((4, 0, " 0.5", "1")))
        assert cells.changes() == ""


def test_only_the_cells_that_change_are_sent() -> None:
    cells = Cells()
    cells.take(frame((0, 1, "step 1,233 of 9,999", "")))
    cells.changes()
    cells.take(frame((0, 1, "step 1,234 of 9,999", "")))
    assert cells.changes() == f"{move(9, 1)}4{move(0, 0)}"


def test_a_short_way_is_written_and_a_long_one_skipped() -> None:
    cells = Cells()
    cells.take(frame((0, 0, "ab.......cd.e", "")))
    cells.changes()
    cells.take(frame((0, 0, "AB.......CD.E", "")))
    assert cells.changes() == f"{move(0, 0)}AB\x1b[7CCD.E{move(0, 0)}"


def test_of_a_style_only_the_difference_is_sent() -> None:
    cells = Cells()
    first = styled("a", "38;2;1;1;1;48;2;2;2;2")
    second = styled("b", "38;2;3;3;3;48;2;2;2;2")
    cells.take(f"{move(0, 0)}{first}{second}{styled('c', '1;38;2;3;3;3;48;2;2;2;2')}{move(0, 0)}")
    assert cells.changes() == (
        f"{move(0, 0)}\x1b[38;2;1;1;1;48;2;2;2;2ma\x1b[38;2;3;3;3mb\x1b[1mc{move(0, 0)}"
    )
    cells.take(frame((9, 0, "d", "1;38;2;3;3;3;48;2;2;2;2")))
    assert cells.changes() == f"{move(9, 0)}d{move(0, 0)}", "nor from one frame to the next"
    assert (cells.plain(), cells.plain()) == ("\x1b[0m", "")


def test_blanks_need_no_foreground() -> None:
    cells = Cells()
    cells.take(frame((0, 0, " ", "38;2;1;1;1;48;2;2;2;2")))
    assert cells.changes() == f"{move(0, 0)}\x1b[48;2;2;2;2m {move(0, 0)}"
    cells.take(frame((0, 0, " ", "1;38;2;9;9;9;48;2;2;2;2")))
    assert cells.changes() == ""
    cells.take(frame((0, 0, " ", "4;48;2;2;2;2")))
    assert "4" in cells.changes()


def test_lines_with_wide_characters_are_sent_as_they_are() -> None:
    cells = Cells()
    first, second = frame((2, 1, "数字 ok", "31")), frame((2, 1, "数字 no", "31"))
    cells.take(first)
    sent = cells.changes()
    cells.take(second)
    assert shown(sent + cells.changes()) == shown(first, second)
    cells.take(frame((7, 1, "no", "31")))
    assert "no" in cells.changes(), "nobody knows for sure where these cells are"


def test_a_cursor_that_moves_is_moved() -> None:
    cells = Cells()
    cells.take(move(3, 2))
    assert cells.changes() == move(3, 2)
    cells.take(move(3, 2))
    assert cells.changes() == ""


@pytest.mark.parametrize(
    "data", ["", "loss", "\x1b[?25l", "\x1b]52;c;eA==\a", f"{move(0, 0)}a\x1b[K", "\x07"]
)
def test_anything_else_is_no_frame(data: str) -> None:
    assert not Cells().take(data)


def test_what_is_forgotten_is_sent_again() -> None:
    cells = Cells()
    picture = frame((0, 0, "loss", ""))
    cells.take(picture)
    first = cells.changes()
    cells.forget()
    cells.take(picture)
    assert cells.changes() == first


def test_a_figure_that_ticks_costs_few_bytes() -> None:
    chance = random.Random(0)
    cells = Cells()
    line = "train 0.1234   validation 0.2345"
    raw = sent = 0
    for _ in range(100):
        line = line.replace(line[6:12], f"0.{chance.randrange(10000):04d}")
        picture = frame((0, 0, line[:COLUMNS], "38;2;213;217;226;48;2;20;23;28"))
        cells.take(picture)
        raw += len(picture)
        sent += len(cells.changes())
    assert sent < raw / 3


FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"


@pytest.mark.parametrize("text", [FAMILY, "\u2764\ufe0f", "\U0001f1f0\U0001f1f7"])
def test_what_stands_behind_a_disputed_width_stands_where_it_should(text: str) -> None:
    cells = Cells()
    assert cells.take(frame((0, 1, text, ""), (2, 1, "ab", "1")))
    assert "".join(str(cell[0]) for cell in shown(cells.changes())[1][2:4]) == "ab"


def test_a_mark_without_a_letter_moves_nothing() -> None:
    cells = Cells()
    assert cells.take(frame((0, 1, "abcdef", "")))
    cells.changes()
    assert cells.take(frame((2, 1, "\u0301", "1"), (0, 1, "abcdeX", "")))
    drawn = shown(frame((0, 1, "abcdef", "")), cells.changes())
    assert "".join(str(cell[0]) for cell in drawn[1][:7]) == "abcdeX "
