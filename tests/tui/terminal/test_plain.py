"""The plain-character mode."""

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tui.app import DltuiApp
from tui.terminal.plain import plain


@given(st.text(st.characters(min_codepoint=0xA1, exclude_categories=("C", "M", "Z"))))
def test_a_plain_line_is_ascii_and_as_wide(text: str) -> None:
    assert plain(text).isascii()
    assert cell_len(plain(text)) == sum(map(cell_len, text))


def test_marks_stay_apart() -> None:
    assert plain("✓ ✗ ▶ Ⅱ ◼") == "+ x > = #"
    assert plain("64 → 128 · 한글") == "64 > 128 . ????"


async def test_nothing_but_ascii_is_drawn() -> None:
    app = DltuiApp(ascii_only=True)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        await pilot.press("question_mark")
        await pilot.pause()
        drawn = app.screen._compositor.render_strips()
        assert all(strip.text.isascii() for strip in drawn)
        assert any("dltui" in strip.text or "Keys" in strip.text for strip in drawn)
