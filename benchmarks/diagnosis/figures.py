"""Shares with their uncertainty."""

import math
from dataclasses import dataclass

_Z = 1.959964
"""Quantile of the standard normal distribution for an interval that holds 95 %."""


@dataclass(frozen=True)
class Share:
    """How many of how many."""

    hits: int
    of: int

    @property
    def value(self) -> float:
        """The share; nan of none."""
        return self.hits / self.of if self.of else math.nan

    def interval(self) -> tuple[float, float]:
        """Return the Wilson score interval at 95 % (Wilson, 1927); 0 to 1 of none."""
        if not self.of:
            return 0.0, 1.0
        share, z2 = self.value, _Z * _Z
        middle = share + z2 / (2 * self.of)
        half = _Z * math.sqrt(share * (1 - share) / self.of + z2 / (4 * self.of * self.of))
        scale = 1 + z2 / self.of
        return max(0.0, (middle - half) / scale), min(1.0, (middle + half) / scale)

    def text(self) -> str:
        """Return the share with its interval and its counts, or a dash of none."""
        if not self.of:
            return "–"
        low, high = self.interval()
        return f"{self.value:.2f} ({low:.2f} – {high:.2f}; {self.hits}/{self.of})"


def middle(values: list[float]) -> float:
    """Return the median; nan of none."""
    ranked = sorted(values)
    if not ranked:
        return math.nan
    return (ranked[(len(ranked) - 1) // 2] + ranked[len(ranked) // 2]) / 2
