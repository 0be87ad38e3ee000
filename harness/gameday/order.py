"""The order in which the drills of a run start."""

from __future__ import annotations

from collections.abc import Sequence

from harness.gameday.observation import expected_s
from harness.plan import DrillPlan


def start_order(drills: Sequence[DrillPlan], jobs: int) -> list[DrillPlan]:
    """The drills that are expected to last longest first, if several run at a time; otherwise the document's order.

    A long drill that starts last runs alone at the end. Longest first is at most a third longer than the best order
    (Graham, Bounds on Multiprocessing Timing Anomalies, SIAM J. Appl. Math. 17, 1969).
    """
    if jobs == 1:
        return list(drills)
    return sorted(drills, key=lambda drill: expected_s([step.purpose for step in drill.steps]), reverse=True)
