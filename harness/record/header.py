"""The parts of a run's and a drill's first event: everything that judging needs to know about the plan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

ProcedureKind = Literal["alert", "escalation", "post-incident"]


@dataclass(frozen=True)
class Procedure:
    """A line of a procedure of the document, which only a person can follow."""

    kind: Annotated[ProcedureKind, "procedure that the line belongs to"]
    line: Annotated[int, "line of the document, from 1"]
    text: Annotated[str, "text as written"]


@dataclass(frozen=True)
class SymptomPlan:
    """A documented symptom with the condition that the bindings give it."""

    line: Annotated[int, "line of the document, from 1"]
    text: Annotated[str, "text as written"]
    condition: Annotated[str | None, "condition, such as `error_rate(gateway) > 5%`; null: not bound"]


@dataclass(frozen=True)
class SloPlan:
    """A service level objective of the drill and what earlier runs say about its load."""

    name: Annotated[str, "name of the SLO"]
    objective: Annotated[str, "condition, such as `p95(gateway) < 500ms`"]
    window_s: Annotated[float, "window of the error budget in seconds"]
    target: Annotated[float | None, "share of good requests that the SLO demands; null: no fraction"] = None
    alpha: Annotated[float | None, "probability of a wrong decision, 0 to 1; null: the default"] = None
    vif_floor: Annotated[float | None, "lowest VIF to assume, stated by the user; null: not stated"] = None
    known_vif: Annotated[float, "VIF estimated from earlier runs (1: none)"] = 1.0
    known_vif_s: Annotated[float, "seconds of earlier runs that this estimate is based on"] = 0.0


@dataclass(frozen=True)
class DashboardPlan:
    """A dashboard line of the runbook."""

    line: Annotated[int, "line of the document, from 1"]
    text: Annotated[str, "text as written"]
    system: Annotated[str, "monitoring system, such as `Prometheus`"]
    name: Annotated[str, "name of the metric or dashboard"]


@dataclass(frozen=True)
class UnreadLine:
    """A line of the runbook that the parser did not understand."""

    line: Annotated[int, "line of the document, from 1"]
    why: Annotated[str, "what was not understood"]
