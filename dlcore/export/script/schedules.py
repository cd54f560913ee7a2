"""How the learning rate changes over a run, as code."""

from typing import assert_never

from dlcore.choices.schedules import (
    BatchGrowth,
    Constant,
    Cosine,
    Exponential,
    OneCycle,
    Performance,
    Piecewise,
    Power,
    Schedule,
)
from dlcore.export.script.part import NOTHING, Part, docstring, number


def is_flat(chosen: Schedule) -> bool:
    """Whether the rate is the same at every step."""
    return isinstance(chosen, Constant | BatchGrowth) and not chosen.warmup_steps


def schedule(chosen: Schedule, name: str, steps: str, *, always: bool) -> Part:
    """Return a function `name` of the steps taken so far: what the learning rate is multiplied by.

    `steps` is the code for the steps of the whole run. Where the rate stays the same nothing is returned,
    unless `always`.
    """
    if is_flat(chosen) and not always:
        return NOTHING
    warmup = chosen.warmup_steps
    code, imports = _body(chosen, f"max({steps} - {warmup}, 1)" if warmup else steps)
    if warmup:
        code = (
            f"    begun, step = step, max(step - {warmup}, 0)  # the schedule begins after the warm-up\n"
            f"{code.replace('return ', 'factor = ')}"
            f"    return factor * ((begun + 1) / {warmup}) if begun < {warmup} else factor\n"
        )
    text = f"def {name}(step: int) -> float:\n{docstring(chosen.summary())}\n{code}"
    return Part(text.rstrip("\n"), imports)


def _body(chosen: Schedule, steps: str) -> tuple[str, tuple[str, ...]]:
    """Return the lines that return the factor at `step`, without any warm-up, and what they import."""
    match chosen:
        case Constant() | BatchGrowth():
            return "    return 1.0\n", ()
        case Power():
            return f"    return (1 + step / {chosen.steps}) ** -{number(chosen.exponent)}\n", ()
        case Exponential():
            return f"    return {number(chosen.gamma)} ** (step / {chosen.steps})\n", ()
        case Piecewise():
            return _piecewise(chosen), ()
        case Performance():
            return f"    return {number(chosen.factor)}**plateau.reductions\n", ()
        case OneCycle():
            return _one_cycle(chosen, steps), ("import math",)
        case Cosine():
            final = number(chosen.final)
            reach = "1" if chosen.final == 0 else f"(1.0 - {final})"
            start = "" if chosen.final == 0 else f"{final} + "
            half = f"(1 + math.cos(math.pi * min(step / {steps}, 1.0))) / 2"
            scaled = half if chosen.final == 0 else f"{reach} * {half}"
            return f"    return {start}{scaled}\n", ("import math",)
        case _:
            assert_never(chosen)


def _piecewise(chosen: Piecewise) -> str:
    boundaries = ", ".join(map(str, chosen.boundaries))
    factors = ", ".join(map(number, (1.0, *chosen.factors)))
    return (
        f"    passed = sum(step >= boundary for boundary in [{boundaries}])\n    return [{factors}][passed]\n"
    )


def _one_cycle(chosen: OneCycle, steps: str) -> str:
    return (
        f"    start, end = 1 / {number(chosen.start)}, 1 / {number(chosen.start)} / {number(chosen.end)}\n"
        f"    top, last = {number(chosen.rise)} * {steps} - 1, {steps} - 1\n"
        "    if step < top:\n"
        "        low, high, share = start, 1.0, step / top\n"
        "    else:\n"
        "        low, high, share = 1.0, end, (step - top) / (last - top)\n"
        "    return high + (low - high) * (1 + math.cos(math.pi * min(share, 1.0))) / 2\n"
    )
