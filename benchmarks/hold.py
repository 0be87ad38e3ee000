"""What a benchmark promises, and whether it was so."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Hold:
    """One thing that has to be so."""

    text: str
    ok: bool
    found: str
