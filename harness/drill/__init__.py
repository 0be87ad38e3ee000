"""Runs the phases of one drill in order, on interfaces only."""

from harness.drill.base import Limits, Side
from harness.drill.run import Drill

__all__ = ["Drill", "Limits", "Side"]
