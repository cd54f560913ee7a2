"""How good outputs are: a score for each step, and all figures of a whole split."""

from collections.abc import Callable
from typing import Any

import torch

from dlcore.choices.dataset import Facts

_TOP5_FROM = 10
"""With fewer classes, being among the first five says little."""

Scorer = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


def predicted(outputs: torch.Tensor) -> torch.Tensor:
    """Return class numbers (…, batch) of outputs (…, batch, units): the largest, or the sign of one unit."""
    return (outputs[..., 0] > 0).to(torch.int64) if outputs.shape[-1] == 1 else outputs.argmax(-1)


def build_scorer(facts: Facts, variance: torch.Tensor) -> Scorer:
    """Return a function of outputs (…, batch, units) and targets: each batch's score times its samples.

    The score is the share that was right; in a regression R² against the `variance` of the whole training
    split, which is defined for a batch of any size.
    """
    if facts.task == "classification":
        return lambda outputs, targets: (predicted(outputs.detach()) == targets).sum(-1)

    def r2(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        errors = (outputs.detach() - targets).square().mean(-2) / variance
        return outputs.shape[-2] * (1 - errors.mean(-1))

    return r2


class ClassFigures:
    """Accuracy, top 5, and precision, recall and F1 of each class, added up over batches.

    Precision is the share of those called a class that are of it, recall the share of those of a class that
    are called it, F1 their harmonic mean; each is 0 where there is nothing to divide by, as in scikit-learn.
    """

    def __init__(self, classes: int) -> None:
        self._classes = classes
        self._confusion = torch.zeros(classes * classes, dtype=torch.int64)
        self._top5 = 0

    def add(self, outputs: torch.Tensor, targets: torch.Tensor) -> None:
        """Take one batch in."""
        pairs = targets * self._classes + predicted(outputs)
        self._confusion += torch.bincount(pairs, minlength=self._classes**2).cpu()
        if self._classes >= _TOP5_FROM:
            best = outputs.topk(5, dim=1).indices
            self._top5 += int((best == targets[:, None]).any(1).sum())

    @property
    def confusion(self) -> torch.Tensor:
        """How many samples of each class (a row) were called each class (a column)."""
        return self._confusion.view(self._classes, self._classes)

    def figures(self) -> dict[str, Any]:
        """Return the figures by name; those of classes as tuples in their order."""
        table = self.confusion.to(torch.float64)
        right, called, true = table.diagonal(), table.sum(0), table.sum(1)
        precision = right / called.clamp_min(1)
        recall = right / true.clamp_min(1)
        both = called + true
        f1 = 2 * right / both.clamp_min(1)
        total = int(table.sum())
        found: dict[str, Any] = {
            "accuracy": float(right.sum()) / total,
            "precision": tuple(precision.tolist()),
            "recall": tuple(recall.tolist()),
            "f1": tuple(f1.tolist()),
        }
        if self._classes >= _TOP5_FROM:
            found["top5"] = self._top5 / total
        return found


class NumberFigures:
    """R², mean absolute error and root mean squared error, the errors in the targets' own unit.

    R² is 1 − Σ(target − output)² / Σ(target − mean)² over the split, its mean over several targets.
    """

    def __init__(self, deviation: torch.Tensor) -> None:
        self._deviation = deviation.cpu().to(torch.float64)
        self._samples = 0
        self._sums = torch.zeros(4, len(deviation), dtype=torch.float64)
        self._origin: torch.Tensor | None = None

    def add(self, outputs: torch.Tensor, targets: torch.Tensor) -> None:
        """Take one batch in; both are scaled targets."""
        outputs, targets = outputs.cpu().double(), targets.cpu().double()
        errors = targets - outputs
        self._samples += len(targets)
        # Counted from one of the targets: the squares of far-off ones would drown their spread.
        self._origin = targets[0] if self._origin is None else self._origin
        targets = targets - self._origin
        self._sums += torch.stack(
            (errors.abs().sum(0), errors.square().sum(0), targets.sum(0), targets.square().sum(0))
        )

    def figures(self) -> dict[str, Any]:
        """Return the figures by name."""
        absolute, squared, total, squares = self._sums
        spread = squares - total.square() / self._samples
        # Targets that are all alike leave nothing to explain: 1 when they are met, else 0 (scikit-learn too).
        flat = torch.where(squared == 0, 1.0, 0.0).to(torch.float64)
        r2 = torch.where(spread > 1e-12 * squares, 1 - squared / spread.clamp_min(1e-300), flat)
        return {
            "r2": float(r2.mean()),
            "mae": float((absolute / self._samples * self._deviation).mean()),
            "rmse": float(((squared / self._samples).sqrt() * self._deviation).mean()),
        }
