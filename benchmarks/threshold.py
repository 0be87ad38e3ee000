"""Threshold of a benchmark, with its result."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Threshold:
    """A condition that a benchmark must meet: its text, whether it was met, and the figure found."""

    text: str
    ok: bool
    found: str
