"""Strings from outside on the command line: whatever was typed or recorded, nothing raw comes out again."""

import io
import json
import os
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dlcore.files import lock
from tests.process.laboratory import Laboratory
from tests.torture.hostile import LISTED, SURROGATES, raw, strings
from tests.torture.ledger import IS_FULL, Promise, chance, fault, times
from tests.torture.stage import Losses, MakeRun, fetching, sayable, train_with
from tests.tui.fakes import FakeRun
from tui import cli

HOSTILE = [*SURROGATES[:2], *strings(chance("strings on the command line"), times(50, 1000))]
PTY = LISTED if IS_FULL else ("\x1b]0;PWN\x07[/x] \x9b31m\u202e 한글 👨‍👩‍👧‍👦 \x1b[2J",)
_SEQUENCE = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|[@-Z\\-_]|[ -/]*[0-~])")


class Printed(io.TextIOWrapper):
    """A standard stream that keeps what was written, and says that it is a terminal, or not."""

    def __init__(self, *, is_terminal: bool) -> None:
        super().__init__(io.BytesIO(), encoding="utf-8", write_through=True)
        self._is_terminal = is_terminal

    def isatty(self) -> bool:
        """Whether it is a terminal."""
        return self._is_terminal

    @property
    def text(self) -> str:
        """What was written."""
        buffer: Any = self.buffer
        return str(buffer.getvalue().decode())


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


@pytest.fixture
def losses() -> Iterator[Losses]:
    """What went wrong in a test, told at its end."""
    losses = Losses()
    yield losses
    losses.tell()


def dltui(monkeypatch: pytest.MonkeyPatch, words: list[str], *, is_terminal: bool) -> tuple[str, str]:
    """Run a command in this process; return what it has written to standard output and standard error."""
    output, errors = Printed(is_terminal=is_terminal), Printed(is_terminal=is_terminal)
    with monkeypatch.context() as patch:
        patch.setattr(sys, "argv", ["dltui", *words])
        patch.setattr(sys, "stdin", io.StringIO("n\n"))
        patch.setattr(sys, "stdout", output)
        patch.setattr(sys, "stderr", errors)
        with pytest.raises(SystemExit):
            cli.main()
    return output.text, errors.text


def not_started(*_: object) -> None:
    """Refuse to start a trainer."""
    raise OSError("no trainer is started here")


def check(output: str, errors: str) -> None:
    """See that nothing raw was written."""
    for text in (output, errors):
        assert not [line for line in text.split("\n") if raw(line)], text
        assert "Traceback" not in text


def spoken(make_run: MakeRun, text: str, number: int) -> FakeRun:
    """An ended run that says a text wherever it can."""
    run = fetching(make_run, text, number)
    train_with(run, text)
    run.evaluate().end("failed", sayable(text), sayable(text))
    run.close()
    return run


@pytest.mark.parametrize("is_terminal", [True, False], ids=["terminal", "pipe"])
def test_what_was_recorded(
    make_run: MakeRun, monkeypatch: pytest.MonkeyPatch, losses: Losses, tmp_path: Path, is_terminal: bool
) -> None:
    monkeypatch.setattr("dlcore.launch.start", not_started)
    for number, text in enumerate(HOSTILE):
        run = spoken(make_run, text, number)
        found = str(run.dir.path)
        commands = [["runs"], ["show", found], ["runs", "--delete", run.dir.id]]
        commands += [["export", found, "--force", "-o", str(tmp_path / "out")], ["attach", found]]
        commands += [["export", found, "--format", one, "-o", "-"] for one in ("markdown", "csv", "json")]
        commands += [["stop", found], ["set", found, "optimizer.lr=1"], ["resume", found, "--detach"]]
        for words in commands:
            with losses.fault(" ".join(words[:1]), text):
                check(*dltui(monkeypatch, words, is_terminal=is_terminal))
        for words in (["runs", "--json"], ["show", found, "--json"]):
            with losses.fault(" ".join(words[:1]), text):
                output, errors = dltui(monkeypatch, words, is_terminal=is_terminal)
                check(output, errors)
                told = json.loads(output)
                assert run.dir.id in (told["run"] if isinstance(told, dict) else [one["run"] for one in told])
        lock.delete(run.dir)


@pytest.mark.parametrize("is_terminal", [True, False], ids=["terminal", "pipe"])
def test_what_is_typed(
    home: Path, monkeypatch: pytest.MonkeyPatch, losses: Losses, tmp_path: Path, is_terminal: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("dlcore.launch.start", not_started)
    for text in HOSTILE:
        word = text.replace("\0", "")[:500]
        typed = [[word or "-"], ["show", word], ["export", "x", "--format", word], ["set", "x", word]]
        typed += [["set", "x", f"{word}={word}"], ["presets", word], ["run", f"digits {word}x=1"]]
        typed += [["run", "digits", "e=0", f"name={word}"], ["train", word], ["train", "--set", f"{word}=1"]]
        typed += [["train", "--set", "data.kind=csv", "--set", f"data.file={word}x"], [f"--{word}"]]
        typed += [["runs", word], ["runs", "--delete", word], ["train", "--preset", word], ["attach", word]]
        for words in typed:
            with losses.fault(f"{words[0][:9]} typed", text):
                check(*dltui(monkeypatch, words, is_terminal=is_terminal))


def test_what_a_file_says(
    home: Path, monkeypatch: pytest.MonkeyPatch, losses: Losses, tmp_path: Path
) -> None:
    for number, text in enumerate(HOSTILE):
        name = os.fsdecode(text.replace("/", "").replace("\0", "").encode(errors="surrogatepass")[:200])
        folder = tmp_path / f"{number}"
        folder.mkdir()
        path = folder / f"{name}.toml"
        said = json.dumps(sayable(text)).replace("\x7f", "\\u007f").encode(errors="surrogatepass")
        path.write_bytes(b"%s = 1\nname = %s\n[optimizer]\n%s = 2\nkind = %s\n" % (said, said, said, said))
        table = folder / f"{name}.csv"
        cell = text.replace('"', '""').replace("\0", "").encode(errors="surrogatepass")
        table.write_bytes(b'"%s","a"\n"%s","%s"\n1,2\n' % (cell, cell, cell))
        for words in (
            ["train", str(path)],
            ["train", "--set", "data.kind=csv", "--set", f"data.file={table}"],
        ):
            with losses.fault("file", text):
                check(*dltui(monkeypatch, [*words, "--set", "training.epochs=0"], is_terminal=True))


def test_who_is_said_to_train_a_run(
    make_run: MakeRun, monkeypatch: pytest.MonkeyPatch, losses: Losses
) -> None:
    run = make_run("digits").start().hold()
    for module in ("dlcore.files.lock", "tui.subcommands.runs"):  # it is taken just after it was asked for
        monkeypatch.setattr(f"{module}.lock_holder", lambda run: None)
    for text in HOSTILE:
        run.dir.lock.write_text(f"{sayable(text)}\n{sayable(text)}\n", encoding="utf-8")
        with losses.fault("host", text):
            output, errors = dltui(monkeypatch, ["runs", "--delete", run.dir.id, "--yes"], is_terminal=True)
            check(output, errors)
            assert "is being trained by" in errors


def kinds(sent: bytes) -> Counter[bytes]:
    """How often each kind of control comes, but for moves of the cursor and styles."""
    found = Counter(re.sub(rb"\d+", b"0", one) for one in _SEQUENCE.findall(sent))
    rest = _SEQUENCE.sub(b"", sent)
    found.update(one.encode() for one in rest.decode(errors="surrogateescape") if raw(one))
    return Counter(
        {one: count for one, count in found.items() if not re.fullmatch(rb"\x1b\[[0;]*[mHC]", one)}
    )


def test_bytes_on_a_real_terminal(laboratory: Laboratory) -> None:
    """The app and the commands send the same controls for a hostile run as for a harmless one."""

    def sent(text: str, number: int) -> tuple[Counter[bytes], str]:
        run = FakeRun(laboratory.home, "digits mlp 8", name=sayable(text)[:200])
        train_with(run.start(), text)
        run.evaluate().end("failed", sayable(text), sayable(text))
        run.close()
        terminal = laboratory.open("attach", str(run.dir.path), columns=110, rows=34)
        shown = terminal.wait_for(lambda seen: "gradient norm" in seen and "failed" in seen and "b  " in seen)
        terminal.send("5")
        terminal.wait_for("network")
        terminal.send("q")
        terminal.wait_exit()
        return kinds(bytes(terminal.sent)), shown

    harmless, _ = sent("harmless", 0)
    for number, text in enumerate(PTY, 1):
        with fault(Promise.HOSTILE_STRING):
            found, shown = sent(text, number)
            assert set(found) <= set(harmless), set(found) - set(harmless)
            assert "한글" in shown or "한글" not in text
