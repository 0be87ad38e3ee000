"""From a one-line condition to the OpenSLO document that it is short for; harness/slo/meaning.py is the way back."""

from __future__ import annotations

import re

from harness.conditions import Condition
from harness.schema.tree import Plain

WINDOW, SLICE, SLICES_TARGET = "28d", "1m", 0.999
"""What a sentence does not say: four weeks, rolling; and of "always", that 99.9 % of the minutes are to be so."""


def document_of(condition: Condition, name: str, title: str = "") -> dict[str, Plain]:
    """The OpenSLO document that a condition stands for; raises ConditionError where OpenSLO cannot say it."""
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
    """A name by DNS's rules for a title, unlike those that are taken, to which it is added."""
    plain = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:56].strip("-") or "slo"
    names = (plain if number == 1 else f"{plain}-{number}" for number in range(1, len(taken) + 2))
    found = next(name for name in names if name not in taken)
    taken.add(found)
    return found
