"""A rule with its numbers written in, as a teacher writes it on a board."""

import math
from typing import Any

import torch

Written = dict[str, Any]
"""`symbol` = `rule` = `parts` (texts and numbers in turn) = `value`; a number that is not finite is None."""
Part = str | int | float


def written(symbol: str, rule: str, value: float, *parts: Part) -> Written:
    """Return a rule, the same with numbers in it, and what it comes to."""
    shown = [number(part) if isinstance(part, float) else part for part in parts]
    return {"symbol": symbol, "rule": rule, "parts": shown, "value": number(value)}


def number(value: float | torch.Tensor) -> float | None:
    """Return a number as JSON has it: None where it is not finite."""
    plain = float(value)
    return plain if math.isfinite(plain) else None


def largest(terms: torch.Tensor, most: int) -> list[int]:
    """Return where the terms are that matter most to their sum, the largest first."""
    return [int(one) for one in terms.abs().nan_to_num(torch.inf).topk(min(most, len(terms))).indices]
