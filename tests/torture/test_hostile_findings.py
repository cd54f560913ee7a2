"""Strings from outside in the findings of a run: layers, and what a run's own files say of remedies."""

from dataclasses import replace
from pathlib import Path

import pytest

from dlcore.diagnose import Remedy
from dlcore.family.lineage import Trial, standing
from dlcore.family.origin import Origin
from tests.dlcore.diagnose.findings import VANISHING
from tests.torture.hostile import strings
from tests.torture.ledger import chance, times
from tests.torture.stage import Losses, laid_out, lines_of, until_seen
from tests.tui.fakes import FakeInspector, FakeRun, opened
from tui.feed import RunFeed
from tui.screens.findings import FindingsScreen, Row
from tui.watching.judging import Judge

HOSTILE = list(strings(chance("strings in findings"), times(20, 200)))


async def test_the_findings_screen(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.asking.inspector.Inspector", FakeInspector)
    losses = Losses()
    run = FakeRun(home)
    run.close()
    run.dir.config.unlink()  # nothing is judged
    judge = Judge(RunFeed(run.dir), frozenset(HOSTILE[:3]))
    async with opened(size=(100, 40)) as stage:
        for text in HOSTILE:
            remedy = Remedy(text, {"model.activation": text})
            judge.findings = (
                replace(VANISHING, layer=text, cause=text, evidence={text: 1.0}, remedies=(remedy,)),
            )
            stands = standing("finished", {})
            screen = FindingsScreen(judge, [Trial("", Origin("", 0, VANISHING.code, text), stands, stands)])
            with losses.fault("findings", text):
                await stage.app.push_screen(screen)
                await laid_out(stage.app)
                await until_seen(stage.app, screen.query(Row).first(), text, 40, before="›1")
                lines_of(stage.app)
            await stage.app.pop_screen()
    losses.tell()
