"""The comparisons of conditions."""

from __future__ import annotations

MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
"""The comparison of 1 − x that is the same as this one of x."""


def compare(left: float, op: str, right: float) -> bool:
    """`left op right`."""
    return {
        "<": left < right,
        "<=": left <= right,
        ">": left > right,
        ">=": left >= right,
        "==": left == right,
        "!=": left != right,
    }[op]


def constant(op: str, limit: float, least: float, most: float) -> bool | None:
    """The answer of `x op limit` if it is the same for all x from `least` to `most`, otherwise None."""
    if op in ("==", "!="):
        return None if least <= limit <= most else op == "!="
    low, high = compare(least, op, limit), compare(most, op, limit)
    return low if low == high else None
