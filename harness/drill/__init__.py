"""Runs the phases of one drill in order, on interfaces only."""

from harness.drill.run import Drill, Limits, Side

__all__ = ["Drill", "Limits", "Side"]
