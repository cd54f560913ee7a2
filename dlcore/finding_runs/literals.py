"""Numbers, times and days as people type them behind a comparison: `97%`, `10k`, `2h30m`, `2026-01-31`.

Each of these returns None for what it cannot read.
"""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

_NUMBER = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?)(\s*%|[kMG])?")
_SCALES = {"%": Decimal("0.01"), "k": Decimal(1000), "M": Decimal(10**6), "G": Decimal(10**9)}
_PART = r"(\d+\.?\d*|\.\d+)(min|[smhdw])"
_TIME = re.compile(f"(?:{_PART})+")
_SECONDS = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86_400, "w": 604_800}
_CLOCK = re.compile(r"(?:(\d{1,4}):)?(\d{1,2}):(\d{2})")
_DAY = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2})(?:[T ](\d{2}):(\d{2}))?)?)?")
_MOST_LETTERS = 40
_TRUTH = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


def number(text: str) -> float | None:
    """Return a number: with a % a hundredth of it, with k, M or G thousands, millions or billions."""
    found = _NUMBER.fullmatch(text) if len(text) <= _MOST_LETTERS else None
    if found is None:
        return None
    # In decimals, so that 97.3% is just what 0.973 is.
    value = Decimal(found[1]) * _SCALES[found[2].strip()] if found[2] else Decimal(found[1])
    return float(value)


def seconds(text: str) -> float | None:
    """Return a time in seconds: `90`, `45s`, `5m` or `5min`, `2h30m`, `3d`, `1w`, `3:05`, `1:03:05`."""
    if len(text) > _MOST_LETTERS:
        return None
    if (clock := _CLOCK.fullmatch(text)) is not None:
        hours, minutes, rest = (int(part or 0) for part in clock.groups())
        return float(3600 * hours + 60 * minutes + rest)
    if _TIME.fullmatch(text):
        return sum(float(amount) * _SECONDS[unit] for amount, unit in re.findall(_PART, text))
    plain = number(text)
    return plain if plain is not None and plain >= 0 and not text.endswith("%") else None


def has_unit(text: str) -> bool:
    """Whether a time says which unit it is in."""
    return not text[-1:].isdigit() or ":" in text


def day(text: str) -> tuple[datetime, datetime] | None:
    """Return the beginning of a year, month, day or minute (UTC), and that of the next one."""
    found = _DAY.fullmatch(text)
    if found is None:
        return None
    parts = [int(part) for part in found.groups() if part is not None]
    try:
        start = datetime(*[*parts, 1, 1][: max(3, len(parts))], tzinfo=UTC)  # type: ignore[arg-type, misc]
        return start, _after(start, len(parts))
    except (ValueError, OverflowError):
        return None


def _after(start: datetime, parts: int) -> datetime:
    """Return the beginning of the next year, month, day or minute, by how many parts it was told in."""
    if parts == 1:
        return start.replace(year=start.year + 1)
    if parts == 2:
        return (start + timedelta(days=31)).replace(day=1)
    return start + (timedelta(days=1) if parts == 3 else timedelta(minutes=1))


def truth(text: str) -> bool | None:
    """Return yes or no."""
    return _TRUTH.get(text.casefold())
