"""An inspector that sweeps over learning rates in this process, by the real code."""

import json
from typing import Any

from dlcore.errors import DltuiError
from dlcore.training import lr_range
from tests.tui.fakes import FakeInspector


class SweepingInspector(FakeInspector):
    """Answers about learning rates as the real one does, or with `problem`; all else as its parent."""

    problem = ""

    async def ask(self, what: str, **fields: Any) -> dict[str, Any]:
        if what != "lr_range":
            return await super().ask(what, **fields)
        self.asked.append({"ask": what, **fields})
        if self.problem:
            return {"error": self.problem}
        try:
            answer = lr_range.lr_range(json.loads(json.dumps(fields)))
        except DltuiError as error:
            return {"error": str(error)}
        found: dict[str, Any] = json.loads(json.dumps(answer, allow_nan=False))
        return found
