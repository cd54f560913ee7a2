"""ONNX: the network with the weights of a checkpoint. torch makes it, in a process of its own."""

import json
import os
import subprocess
import sys
from typing import Any

from dlcore import rundir
from dlcore.clean import clean
from dlcore.errors import DltuiError
from dlcore.export.report import Report
from dlcore.export.weights import checkpoint_of, trained_to

_SECONDS = 600.0
"""Large networks take a minute; one that takes longer than this never ends."""
_MOST_LETTERS = 300


def to_onnx(report: Report) -> bytes:
    """Return the file, once onnxruntime has given the same outputs as our own network; raises DltuiError."""
    step, _ = checkpoint_of(report)
    # -P: a file named like a module in the current folder must not be taken for it.
    command = [sys.executable, "-P", "-m", "dlcore.training.to_onnx", str(report.run.path), str(step)]
    command.append(str(trained_to(report, step)))
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SECONDS,
            env={**os.environ, "DLTUI_HOME": str(rundir.home())},
        )
    except subprocess.TimeoutExpired:
        raise _not_made(report, f"torch has not exported it within {_SECONDS:.0f} s") from None
    answer, _, content = done.stdout.partition(b"\n")
    table = _table(answer)
    if "error" in table:
        raise _not_made(report, str(table["error"]), str(table.get("hint", "")))
    if done.returncode or not content:
        last = done.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        raise _not_made(report, last or f"the process ended with status {done.returncode}")
    return content


def _table(answer: bytes) -> dict[str, Any]:
    try:
        found = json.loads(answer)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _not_made(report: Report, reason: str, hint: str = "") -> DltuiError:
    return DltuiError(
        f"{report.run.id} cannot be exported to ONNX: {clean(reason)[:_MOST_LETTERS]}",
        clean(hint) or "Its weights can be had with --format safetensors.",
    )
