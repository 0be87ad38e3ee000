"""What a check of a dashboard line found."""

from __future__ import annotations

from dataclasses import dataclass

from harness.record.monitoring import BoardVerdict


@dataclass(frozen=True)
class Window:
    """The part of a drill in which a dashboard has to move: from shortly before the fault until its revert."""

    start_s: float
    end_s: float


@dataclass(frozen=True)
class Found:
    """The verdict on one line, the evidence, and a finding: what the line should say instead; "" for none."""

    verdict: BoardVerdict
    why: str
    finding: str = ""
