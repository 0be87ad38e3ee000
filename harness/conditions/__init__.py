"""Conditions: measurable expressions such as `p95(gateway) < 500ms`, in which symptoms and SLOs are written."""

from harness.conditions.grammar import measure_named, parse
from harness.measures.base import Condition, Measure

__all__ = ["Condition", "Measure", "measure_named", "parse"]
