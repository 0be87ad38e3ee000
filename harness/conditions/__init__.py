"""Conditions: measurable sentences such as `p95(gateway) < 500ms`; symptoms and SLOs are both written so."""

from harness.conditions.grammar import Condition, Measure, parse
from harness.conditions.prose import from_prose

__all__ = ["Condition", "Measure", "from_prose", "parse"]
