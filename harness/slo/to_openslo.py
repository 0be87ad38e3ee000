"""Converts a one-line condition to the OpenSLO document that it is short for; `to_condition` is the inverse."""

from __future__ import annotations

import re

from harness.conditions import Condition
from harness.schema.tree import Plain

WINDOW, SLICE, SLICES_TARGET = "28d", "1m", 0.999
"""Defaults for what one line cannot state: the time window, and for "always" the slice and its share (99.9 %)."""


def document_of(condition: Condition, name: str, title: str = "") -> dict[str, Plain]:
    """Return the OpenSLO document for a condition. Raises ConditionError when OpenSLO cannot express it."""
    form = condition.measure.openslo(condition)
    objective: dict[str, Plain] = dict(form.objective)
    if form.always:
        objective |= {"target": SLICES_TARGET, "timeSliceTarget": 1, "timeSliceWindow": SLICE}
    return {
        "apiVersion": "openslo/v1",
        "kind": "SLO",
        "metadata": {"name": name, **({"displayName": title} if title else {})},
        "spec": {
            "service": form.service,
            "indicator": {"metadata": {"name": name}, "spec": dict(form.indicator)},
            "timeWindow": [{"duration": WINDOW, "isRolling": True}],
            "budgetingMethod": "Timeslices" if form.always else "Occurrences",
            "objectives": [objective],
        },
    }


def name_for(title: str, taken: set[str]) -> str:
    """Return a DNS label made from a title that is not in `taken`, and add it there."""
    plain = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:56].strip("-") or "slo"
    names = (plain if number == 1 else f"{plain}-{number}" for number in range(1, len(taken) + 2))
    found = next(name for name in names if name not in taken)
    taken.add(found)
    return found
