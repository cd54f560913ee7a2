"""Weights and all that a resume needs, on disk as a whole or not at all."""

import io
from typing import Any

import torch

from dlcore.files.atomic import write_atomic
from dlcore.files.private import private_folder
from dlcore.rundir import RunDir
from dlcore.training.safe_load import load_tensors


def save(run: RunDir, step: int, state: dict[str, Any]) -> tuple[str, int]:
    """Write `checkpoints/<step>.pt`; return its name and size in bytes. Raises OSError."""
    content = io.BytesIO()
    torch.save(state, content)
    private_folder(run.checkpoints)
    path = run.checkpoints / f"{step}.pt"
    write_atomic(path, content.getvalue())
    return f"{run.checkpoints.name}/{path.name}", content.tell()


def load(run: RunDir, step: int) -> dict[str, Any]:
    """Return what `save` wrote: tensors and plain values only, never code. Raises DltuiError."""
    return load_tensors(run.checkpoints / f"{step}.pt")
