"""Weights and all that a resume needs, on disk as a whole or not at all."""

import io
from typing import Any

import torch
from torch import nn

from dlcore.atomic import private_folder, write_atomic
from dlcore.rundir import RunDir
from dlcore.training.optimizers import Updater


def save(run: RunDir, step: int, model: nn.Module, optimizer: Updater) -> tuple[str, int]:
    """Write `checkpoints/<step>.pt`; return its name and size in bytes."""
    content = io.BytesIO()
    torch.save(
        {"step": step, "model": model.state_dict(), "optimizer": optimizer.state_dict()},
        content,
    )
    private_folder(run.checkpoints)
    path = run.checkpoints / f"{step}.pt"
    write_atomic(path, content.getvalue())
    return f"{run.checkpoints.name}/{path.name}", len(content.getvalue())


def load(run: RunDir, step: int) -> dict[str, Any]:
    """Return what `save` wrote: tensors and plain values only, never code."""
    content: dict[str, Any] = torch.load(
        run.checkpoints / f"{step}.pt", weights_only=True, map_location="cpu"
    )
    return content
