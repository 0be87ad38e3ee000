"""The events of a comparison. Its load has the same events as that of a drill; the base is the side `control`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

from harness.record.event import DrillEvent, Event
from harness.record.ranges import Percent, Rate, Seconds, Share, Time


@dataclass(frozen=True, kw_only=True)
class ComparisonStarted(Event):
    """A comparison of two variants begins: everything that its result depends on."""

    base: Annotated[str, "the variant on the side `control`, as it was named"]
    candidate: Annotated[str, "the variant on the side `treatment`, as it was named"]
    base_detail: Annotated[str, "what the name stood for, such as a commit; empty: nothing to add"] = ""
    candidate_detail: Annotated[str, "the same of the candidate"] = ""
    quantiles: Annotated[tuple[Percent, ...], "compared latency quantiles in percent, such as 95"]
    margin: Annotated[Share, "relative increase of a quantile that still counts as not worse, such as 0.1"]
    alpha: Annotated[Share, "probability of a wrong decision, in each direction"]
    budget_s: Annotated[Seconds, "longest load of one runbook in seconds"]
    seed: Annotated[int, "seed of the schedules and of the assignment of arrivals"]


@dataclass(frozen=True, kw_only=True)
class DuetStarted(DrillEvent):
    """Both variants get the load of one runbook."""

    scenario: Annotated[str, "load profile"]
    series: Annotated[str, "load series that is compared"]
    rate_per_s: Annotated[Rate | None, "arrivals per second on each side; null: the scenario's own"] = None
    starts_s: Annotated[Time, "when the first arrivals are due, seconds since the epoch"]


@dataclass(frozen=True, kw_only=True)
class DuetEnded(DrillEvent):
    """The load was stopped, decided or at the end of its budget. Without this event, it was cut."""


COMPARISON_EVENTS: Final[tuple[type[Event], ...]] = (ComparisonStarted, DuetStarted, DuetEnded)
"""Every kind of event that only a comparison has."""
