"""The events of monitoring: what was found of the dashboards that a runbook names, and which alerts arrived."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final, Literal

from harness.record.event import DrillEvent, Event
from harness.record.ranges import Count

BoardVerdict = Literal["ok", "failed", "unknown"]


@dataclass(frozen=True, kw_only=True)
class DashboardChecked(DrillEvent):
    """A dashboard line of the runbook was looked up in its monitoring system, at the end of the drill's incident."""

    line: Annotated[Count, "line of the document, from 1"]
    name: Annotated[str, "name of the metric, dashboard or service"]
    verdict: Annotated[BoardVerdict, "`ok`; `failed`: it is not there, or did not move; `unknown`: it was not answered"]
    why: Annotated[str, "the evidence: what was asked, and the answer"]
    finding: Annotated[str, "what the line should say instead, such as the name that works; empty: nothing"] = ""


@dataclass(frozen=True, kw_only=True)
class AlertDelivered(DrillEvent):
    """An alert of Prometheus has arrived at its Alertmanager, which would notify people."""

    alert: Annotated[str, "name of the alert, as in its `alert-raised`"]


MONITORING_EVENTS: Final[tuple[type[Event], ...]] = (DashboardChecked, AlertDelivered)
"""Every kind of event of this file."""
