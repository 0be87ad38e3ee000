"""The parts of a run's and a drill's first event: everything that judging needs to know about the plan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from harness.record.ranges import Count, Seconds, Share, Vif, Window

ProcedureKind = Literal["alert", "escalation", "post-incident"]


@dataclass(frozen=True)
class Procedure:
    """A line of a procedure of the document, which only a person can follow."""

    kind: Annotated[ProcedureKind, "procedure that the line belongs to"]
    line: Annotated[Count, "line of the document, from 1"]
    text: Annotated[str, "text as written"]


@dataclass(frozen=True)
class SymptomPlan:
    """A documented symptom with the condition that the bindings give it."""

    line: Annotated[Count, "line of the document, from 1"]
    text: Annotated[str, "text as written"]
    condition: Annotated[str | None, "condition, such as `error_rate(gateway) > 5%`; null: not bound"]


@dataclass(frozen=True)
class SloPlan:
    """A service level objective of the drill and what earlier runs say about its load."""

    name: Annotated[str, "name of the SLO"]
    objective: Annotated[str, "condition, such as `p95(gateway) < 500ms`"]
    window_s: Annotated[Window, "window of the error budget in seconds"]
    target: Annotated[Share | None, "share of good requests that the SLO demands; null: no fraction"] = None
    alpha: Annotated[Share | None, "probability of a wrong decision, 0 to 1; null: the default"] = None
    vif_floor: Annotated[Vif | None, "lowest VIF to assume, stated by the user; null: not stated"] = None
    known_vif: Annotated[Vif, "VIF estimated from earlier runs (1: none)"] = 1.0
    known_vif_s: Annotated[Seconds, "seconds of earlier runs that this estimate is based on"] = 0.0


@dataclass(frozen=True)
class DashboardPlan:
    """A dashboard line of the runbook."""

    line: Annotated[Count, "line of the document, from 1"]
    text: Annotated[str, "text as written"]
    system: Annotated[str, "monitoring system, such as `Prometheus`"]
    name: Annotated[str, "name of the metric or dashboard"]


@dataclass(frozen=True)
class UnreadLine:
    """A line of the runbook that the parser did not understand."""

    line: Annotated[Count, "line of the document, from 1"]
    why: Annotated[str, "what was not understood"]
