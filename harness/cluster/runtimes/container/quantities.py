"""Kubernetes' quantities of CPU and memory, as numbers (kubernetes.io/docs/reference, "Quantity")."""

from __future__ import annotations

import re

UNITS = {
    "": 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40
}  # fmt: skip


def cpu_cores(text: str) -> float | None:
    """`250m` → 0.25; None for what is no quantity, and for none."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)(m?)", text)
    return float(found[1]) / (1000 if found[2] else 1) if found else None


def memory_bytes(text: str) -> int | None:
    """`128Mi` → 134217728; None for what is no quantity, and for none."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([A-Za-z]*)", text)
    return round(float(found[1]) * UNITS[found[2]]) if found and found[2] in UNITS else None
