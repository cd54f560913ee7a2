"""What happens to gradients between the backward pass and the step: penalties are added, sizes bounded.

Both work in place on plain lists of tensors, eagerly and inside a compiled step alike.
"""

import torch

from dlcore.choices.regularization import Regularization

_TINY = 1e-6


def penalize(
    chosen: Regularization, weights: list[torch.Tensor], gradients: list[torch.Tensor | None]
) -> None:
    """Add the gradients of l1 · Σ |w| and l2 · Σ w²: the same as adding the terms to the loss."""
    if not (chosen.l1 or chosen.l2):
        return
    for weight, gradient in zip(weights, gradients, strict=True):
        if gradient is None:  # the loss does not depend on it
            continue
        if chosen.l1:
            gradient.add_(weight.detach().sign(), alpha=chosen.l1)
        if chosen.l2:
            gradient.add_(weight.detach(), alpha=2 * chosen.l2)


def clip(chosen: Regularization, gradients: list[torch.Tensor | None]) -> None:
    """Bound the gradients: each figure by itself, then the norm of all of them together."""
    if not (chosen.clip_value or chosen.clip_norm):
        return
    held = [gradient for gradient in gradients if gradient is not None]
    if chosen.clip_value:
        for gradient in held:
            gradient.clamp_(-chosen.clip_value, chosen.clip_value)
    if chosen.clip_norm:
        norm = torch.linalg.vector_norm(torch.stack([torch.linalg.vector_norm(one) for one in held]))
        factor = (chosen.clip_norm / (norm + _TINY)).clamp(max=1.0)
        for gradient in held:
            gradient.mul_(factor)
