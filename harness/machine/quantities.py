"""Kubernetes quantities of CPU and memory (kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity)."""

from __future__ import annotations

import re
from decimal import Decimal

BINARY_UNITS = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40, "Pi": 2**50}
DECIMAL_UNITS = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15}
"""Powers of ten."""


def parse(value: object) -> Decimal | None:
    """`250m` → 0.25 (cores), `128Mi` → 134217728 (bytes); None for anything that is not a quantity."""
    found = re.fullmatch(r"(\d+\.?\d*|\.\d+)([A-Za-z]*)", str(value))
    if found is None:
        return None
    number, unit = Decimal(found[1]), found[2]
    if unit in BINARY_UNITS:
        return number * BINARY_UNITS[unit]
    return number * Decimal(10) ** DECIMAL_UNITS[unit] if unit in DECIMAL_UNITS else None
