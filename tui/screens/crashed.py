"""The offer to go on with a run that broke off, made once at the app's next start."""

from datetime import UTC, datetime
from typing import Any

from textual.app import App
from textual.message import Message

from dlcore import rundir
from dlcore.process import crashes
from dlcore.process.aftermath import cause, last_checkpoint, place
from dlcore.runs import RunRow, age
from tui.messages import ResumeRequested, RunOpened
from tui.screens.dialogs import Answer, Pick


async def offer(app: App[Any], rows: list[RunRow]) -> Message | None:
    """Ask what becomes of the newest of these runs; return what the person wants, None for nothing now."""
    crashes.remember(rundir.home(), [row.run for row in rows])
    newest = rows[0]
    is_kept = last_checkpoint(newest.run, newest.steps) is not None
    answers = [
        Answer("look", "Open it; R resumes it there."),
        Answer(
            "resume", "Go on from its last checkpoint." if is_kept else "Train it again from its first step."
        ),
        Answer("later", "Nothing happens; it stays in Runs (5)."),
    ]
    story = _story(newest, len(rows) - 1)
    word = await app.push_screen_wait(Pick(f"{newest.name} broke off", answers, "look", story))
    if word == "resume":
        return ResumeRequested(newest.run)
    return RunOpened(newest.run) if word == "look" else None


def _story(row: RunRow, others: int) -> str:
    died = crashes.died(row.run)
    ago = _ago(age((datetime.now(UTC) - died).total_seconds())) if died is not None else ""
    story = f"Its trainer {cause(row.run)}{ago}, {place(row.run, row.steps)}: {row.run.id}."
    if others:
        more = "1 other run" if others == 1 else f"{others} other runs"
        story += f" So did {more}: see Runs (5)."
    return story


def _ago(length: str) -> str:
    return " just now" if length == "now" else f" {length} ago"
