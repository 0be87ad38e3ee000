"""Formats ages, times and quantities as kubectl does."""

from __future__ import annotations

import datetime
from decimal import Decimal
from email.utils import format_datetime

from harness.machine import quantities

MINUTE, HOUR, DAY, YEAR = 60, 3600, 86400, 365 * 86400


def epoch(timestamp: str) -> float:
    """Epoch seconds of an RFC 3339 time in UTC."""
    return datetime.datetime.fromisoformat(timestamp.replace("Z", "+00:00")).timestamp()


def age(timestamp: str, now_s: float) -> str:
    """The text of an AGE column: `5s`, `3m12s`, `2d`."""
    return span(now_s - epoch(timestamp)) if timestamp else "<unknown>"


def span(seconds: float) -> str:
    """A duration in one or two units, as in kubectl's HumanDuration."""
    whole = int(seconds)
    if whole < 0:
        return "0s" if whole >= -1 else "<invalid>"
    for limit, unit, lesser, one_from in STEPS:
        if whole < limit:
            rest = whole % unit[1] // lesser[1]
            first = f"{whole // unit[1]}{unit[0]}"
            return first if whole >= one_from or not rest else f"{first}{rest}{lesser[0]}"
    return f"{whole // YEAR}y"


S, M, H, D, Y = ("s", 1), ("m", MINUTE), ("h", HOUR), ("d", DAY), ("y", YEAR)
STEPS = (
    (2 * MINUTE, S, S, 0),
    (3 * HOUR, M, S, 10 * MINUTE),
    (48 * HOUR, H, M, 8 * HOUR),
    (2 * YEAR, D, H, 8 * DAY),
    (8 * YEAR, Y, D, 8 * YEAR),
)
"""Upper bound in seconds, unit, second unit, and from when on the second unit is omitted."""


def long_time(timestamp: str) -> str:
    """`Mon, 23 Nov 2026 22:52:04 +0000`, the time format of `describe`."""
    return format_datetime(datetime.datetime.fromtimestamp(int(epoch(timestamp)), datetime.UTC))


def quantity(value: object) -> Decimal:
    """The cores or bytes of a Kubernetes quantity (`250m`, `64Mi`, `2`); 0 for anything else."""
    return quantities.parse(value) or Decimal(0)


def cores(value: Decimal) -> str:
    """Cores as a quantity: `50m`, `1`."""
    milli = int(value * 1000)
    return str(milli // 1000) if milli % 1000 == 0 else f"{milli}m"


def bytes_(value: Decimal) -> str:
    """Bytes as a quantity in the largest binary unit that divides them: `432Mi`, `1Gi`, `0`."""
    whole = int(value)
    for unit, size in reversed(quantities.BINARY_UNITS.items()):
        if whole and whole % size == 0:
            return f"{whole // size}{unit}"
    return str(whole)
