"""Which run this one comes from, what came of its remedies, and the keys that lead there and back."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

from textual import work
from textual.content import Content
from textual.widget import Widget

from dlcore.clean import clean
from dlcore.diagnose.words import words
from dlcore.family.lineage import Kin, Relations, Trial
from dlcore.family.origin import Group, Origin
from dlcore.rundir import RunDir
from tui.widgets.finding_line import fitting

_SECONDS = 2.0
"""What other runs have come to is read so often, while it is seen."""


class KinLine(Widget):
    """A line for where the run comes from, and one for the latest remedy taken of it; most have none."""

    DEFAULT_CSS = """
    KinLine { display: none; height: auto; padding: 0 1; }
    KinLine.-related { display: block; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.relations = Relations()
        self._kin: Kin | None = None
        self._is_looking = False

    def on_mount(self) -> None:
        """Look now and then."""
        self.set_interval(_SECONDS, self.look)
        self.look()

    def watch_run(self, root: Path, run: RunDir) -> None:
        """Show the relations of another run; they are looked for among the runs below `root`."""
        self._kin = Kin(root, run)
        self._show(Relations())
        if self.is_mounted:
            self.look()

    @work
    async def look(self) -> None:
        """Read what has come of the runs, away from the screen's own thread."""
        if self._is_looking or self._kin is None or not self.screen.is_current:
            return
        self._is_looking = True
        try:
            while True:
                kin = self._kin
                relations = await asyncio.to_thread(kin.look)
                if kin is self._kin:
                    break
            self._show(relations)
        finally:
            self._is_looking = False

    def _show(self, relations: Relations) -> None:
        if relations != self.relations:
            self.relations = relations
            self.set_class(relations != Relations(), "-related")
            self.refresh(layout=True)

    def render(self) -> Content:
        """Return one line or two."""
        lines = []
        if (own := self.relations.own) is not None:
            lines.append(fitting(list(_origin(own)), _key("p", "parent"), self.size.width))
        elif (origin := self.relations.origin) is not None:
            lines.append(fitting(list(_branch(origin)), _key("p", "parent"), self.size.width))
        elif (group := self.relations.group) is not None:
            lines.append(fitting(list(_twin(group)), _key("n", "more seeds"), self.size.width))
        if taken := self.relations.taken:
            others = f", the latest of {len(taken)}" if len(taken) > 1 else ""
            clauses = [Content(clean(taken[0].told("this run", split=split))) for split in (True, False)]
            lines.append(fitting(clauses, _key("P", f"shows it{others}"), self.size.width))
        return Content("\n").join(lines)


def _key(key: str, what: str) -> Content:
    return Content.assemble((key, "bold $accent"), f" {what}")


def _branch(origin: Origin) -> Iterator[Content]:
    """Yield ways to say which run a branch goes on from, the fullest first."""
    where = f"at step {origin.step:,}"
    changes = f": {', '.join(origin.changes)}" if origin.changes else ""
    yield Content(clean(f"Branch of {origin.run} {where}{changes}"))
    yield Content(clean(f"Branch {where}{changes}"))
    yield Content(clean(f"Branch of {origin.run} {where}"))


def _twin(group: Group) -> Iterator[Content]:
    """Yield ways to say with which others a run was made."""
    what = "Twin" if group.kind == "twins" else "Repeat"
    of = f" of {group.of}" if group.of else ""
    differs = f": differs in {', '.join(group.differs)}" if group.differs else ""
    order = f" · batches {group.order}" if group.order else ""
    yield Content(clean(f"{what}{of}{differs}{order}"))
    yield Content(clean(f"{what}{differs}{order}"))
    yield Content(clean(f"{what}{differs}"))


def _origin(own: Trial) -> Iterator[Content]:
    """Yield ways to say where a run comes from, or what came of it once that is known."""
    origin = own.origin
    if own.is_decided:
        yield Content(clean(f"{own.told()} · remedy of {origin.run}"))
        yield Content(clean(own.told()))
        yield Content(clean(own.told(split=False)))
    else:
        yield Content(clean(f"Remedy of {origin.run}, for {words(origin.code)}: {origin.remedy}"))
        yield Content(clean(f"Remedy of {origin.run}: {origin.remedy}"))
