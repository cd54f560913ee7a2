"""The page: it says what the Markdown says, stands alone, runs nothing, and what is from outside is text."""

import re
from html.parser import HTMLParser
from pathlib import Path

from dlcore.config import RunConfig
from dlcore.events import CommandApplied
from dlcore.export import render
from dlcore.rundir import RunDir
from tests.dlcore.export.said import STEERING, an_epoch_and_a_half, make, markdown, to_the_end

VOID = {"meta", "br", "path"}


class Page(HTMLParser):
    """Reads a page, and checks that every element is closed where it should be."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.texts: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def page(run: RunDir) -> tuple[str, Page]:
    text = render(run, "html").decode()
    return text, Page(text)


def test_it_says_what_the_markdown_says(run: RunDir) -> None:
    _, found = page(run)
    headings = re.findall(r"^#+ (.*)$", markdown(run), re.MULTILINE)
    assert next(text for text in found.texts if text in headings) == headings[0]
    assert set(headings) <= set(found.texts)
    assert {"Finished", "running mean over the steps of epoch 2", "first ÷ last"} <= set(found.texts)
    assert found.tags.count("svg") == 3  # loss, accuracy, gradient norms
    assert found.tags.count("table") == 5


def test_it_stands_alone_and_runs_nothing(run: RunDir) -> None:
    text, found = page(run)
    assert not {"script", "link", "img", "iframe", "object", "embed", "a", "base", "form"} & set(found.tags)
    names = {name for name, _ in found.attributes}
    assert not {"src", "href", "xlink:href", "action", "style"} & names
    assert not [name for name in names if name.startswith("on")]
    assert "default-src 'none'" in text
    assert "url(" not in text
    assert "://" not in text
    assert "prefers-color-scheme:dark" in text
    assert "@media print" in text


def test_a_name_is_text_and_nothing_else(home: Path) -> None:
    name = "</title><script>alert(1)</script> <img src=x onerror=y> \x1b[31m ‮evil \ud7ff & \"q\" 'q'"
    config = RunConfig().resolved()
    config = RunConfig(general=config.general.model_copy(update={"name": name})).resolved()
    text, found = page(make(home, config, to_the_end()))
    assert not {"script", "img"} & set(found.tags)
    assert not STEERING.search(text)
    assert found.texts.count(found.texts[found.texts.index("dltui 0.1.0")]) == 1
    shown = [text for text in found.texts if text.startswith("</title><script>")]
    assert len(shown) == 2  # the title of the page, and the heading
    assert "\\x1b[31m" in shown[0]
    assert text.encode().decode() == text


def test_edits_are_ticks_with_the_numbers_of_their_list(home: Path) -> None:
    edit = {"kind": "Set", "key": "optimizer.lr", "value": 0.02}
    applied = CommandApplied(step=4, id="1", command=edit, before=0.01, text="<lr> 0.01 → 0.02")
    text, found = page(make(home, RunConfig(), [*an_epoch_and_a_half(), applied]))
    assert text.count('class="edit"') == 3  # in each plot
    assert "<lr> 0.01 → 0.02" in found.texts
