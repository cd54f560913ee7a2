"""Strings from outside in exports: no formula, no markup, no broken table, and valid JSON."""

import csv
import io
import json
import shutil
from collections.abc import Iterator
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from dlcore.clean import clean
from dlcore.export import render
from dlcore.export.escape import for_markdown, for_spreadsheet
from dlcore.files.atomic import read_json, write_json
from dlcore.rundir import RunDir
from tests.torture.hostile import ACTIVE, LISTED, SURROGATES, raw, strings
from tests.torture.ledger import Promise, chance, fault, times
from tests.torture.stage import MakeRun, fetching, sayable, train_with
from tests.tui.fakes import FakeRun

HOSTILE = [*ACTIVE, *SURROGATES, *strings(chance("strings in exports"), times(50, 1000))]
SIGNS = "-+*#>`~|[](){}<>_=&\\!:/w.@1234567890) \tx"
FORMULAS = tuple("=+-@\t\r\n＝＋－＠")


@pytest.fixture
def make_run(home: Path) -> Iterator[MakeRun]:
    """Make runs in the test's home."""
    made: list[FakeRun] = []

    def make(*arguments: Any, **options: Any) -> FakeRun:
        made.append(FakeRun(home, *arguments, **options))
        return made[-1]

    yield make
    for run in made:
        run.close()


def said(make_run: MakeRun, text: str, number: int = 0) -> RunDir:
    """A run that says a text wherever it can: name, folder, layers, classes, versions, messages."""
    run = fetching(make_run, text, number)
    train_with(run, text)
    run.evaluate()
    versions = {"torch": text, sayable(text): "1", "python": [text]}
    write_json(run.dir.facts, {**read_json(run.dir.facts), "versions": versions, "created": text})
    run.end("failed", sayable(text), sayable(text))
    run.close()
    return run.dir


def is_said(text: str) -> str:
    """A text that is not empty: then there are as many sentences as with any other."""
    return text if clean(sayable(text)).strip() else "x"


def parser() -> MarkdownIt:
    """Markdown as forges read it: tables, raw HTML, and links that nobody marked as such."""
    reader = MarkdownIt("gfm-like", {"html": True})
    reader.linkify.set({"fuzzy_link": False, "fuzzy_email": False, "fuzzy_ip": False})  # type: ignore[union-attr]
    return reader


def structure(tokens: list[Token]) -> list[str]:
    """The kinds of all parts of a document, but for the text in them."""
    kinds = []
    for token in tokens:
        kinds.append(f"{token.type} {token.tag} {token.markup}")
        kinds += [f"  {child.type}" for child in token.children or [] if child.type != "text"]
    return kinds


def test_exports_stay_what_they_are(make_run: MakeRun) -> None:
    plain = said(make_run, "plain", 10**6)
    sections = structure(parser().parse(render(plain, "markdown").decode()))
    rows = list(csv.reader(io.StringIO(render(plain, "csv").decode())))
    elements = Elements(render(plain, "html").decode()).found
    for number, text in enumerate(map(is_said, HOSTILE)):
        run = said(make_run, text, number)
        with fault(Promise.HOSTILE_STRING):
            check_markdown(render(run, "markdown").decode(), text, sections)
        with fault(Promise.HOSTILE_STRING):
            check_html(render(run, "html").decode(), text, elements)
        with fault(Promise.HOSTILE_STRING):
            check_csv(render(run, "csv").decode(), rows)
        with fault(Promise.HOSTILE_STRING):
            check_json(render(run, "json"), text)
        shutil.rmtree(run.path)


class Elements(HTMLParser):
    """The elements of a page with the names of their attributes, without those that plots are made of."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, ...]] = []
        self.texts: list[str] = []
        self._is_plot = False
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._is_plot |= tag == "svg"
        if not self._is_plot:
            self.found.append((tag, *(name for name, _ in attrs)))

    def handle_endtag(self, tag: str) -> None:
        self._is_plot &= tag != "svg"

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def check_html(page: str, text: str, wanted: list[tuple[str, ...]]) -> None:
    """See that a page has the same elements as that of a harmless run, and says the text as it is."""
    assert not [line for line in page.split("\n") if raw(line)]
    found = Elements(page)
    assert found.found == wanted, text
    assert "script" not in {tag for tag, *_ in found.found}
    assert clean(sayable(text)).strip() in {said.strip() for said in found.texts}


def check_markdown(document: str, text: str, wanted: list[str]) -> None:
    """See that a document has the same parts as that of a harmless run, and says the text as it is."""
    assert not [line for line in document.split("\n") if raw(line)]
    tokens = parser().parse(document)
    assert structure(tokens) == wanted, text
    head = next(after for before, after in pairwise(tokens) if before.tag == "h1")
    shown = "".join(child.content for child in head.children or [])
    assert shown.split() == clean(sayable(text)[:200]).split()


def check_csv(table: str, wanted: list[list[str]]) -> None:
    """See that a table has the same cells as that of a harmless run, but for its header, and no formula."""
    assert not [line for line in table.split("\n") if raw(line)]
    rows = list(csv.reader(io.StringIO(table)))
    assert [len(row) for row in rows] == [len(row) for row in wanted]
    assert rows[1:] == wanted[1:]
    texts = [cell for row in rows for cell in row if not is_number(cell)]
    assert not [cell for cell in texts if cell.startswith(FORMULAS)]


def check_json(document: bytes, text: str) -> None:
    """See that a document can be read by whoever reads JSON, and says the text as it is."""
    assert document.isascii()
    found = json.loads(document)
    assert found["message"].startswith(sayable(text))
    assert found["network"]["layers"][0]["name"] == sayable(text)
    json.dumps(found, ensure_ascii=False).encode()  # which no half of a letter can be


@settings(max_examples=times(200, 5000), deadline=None)
@given(
    st.one_of(
        st.text(), st.sampled_from(LISTED), st.text(alphabet="-+*#>`~|[](){}<>_=&\\!:/w.@1234567890) \tx")
    )
)
def test_a_text_stays_a_text_in_a_quote_an_item_and_a_cell(text: str) -> None:
    with fault(Promise.HOSTILE_STRING):
        shown = for_markdown(is_said(text))
        reader = parser()
        for around in ("> {}", "- Step 1: {}", "# {}", "| a | b |\n|---|---|\n| {} | c |"):
            assert structure(reader.parse(around.format(shown))) == structure(
                reader.parse(around.format("x"))
            )
        assert not raw(shown)


def is_number(cell: str) -> bool:
    """Whether a cell holds a figure."""
    try:
        float(cell)
    except ValueError:
        return False
    return True


@settings(max_examples=times(200, 5000), deadline=None)
@given(
    st.one_of(
        st.text(), st.sampled_from(FORMULAS).flatmap(lambda sign: st.text().map(lambda text: sign + text))
    )
)
def test_a_cell_of_text_is_no_formula(text: str) -> None:
    with fault(Promise.HOSTILE_STRING):
        shown = for_spreadsheet(text)
        assert not shown.lstrip().startswith(FORMULAS)
        assert not raw(shown)
        assert clean(text) in shown
