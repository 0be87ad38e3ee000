"""The first events of a run and of a drill: what the record must hold so that it can be judged on its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Literal

from harness.bindings import RunbookBinding
from harness.faults.admin import LOAD
from harness.history.vif import History
from harness.model import Document
from harness.model import Procedure as ProcedurePart
from harness.plan import DrillPlan, GamedayPlan
from harness.record.event import CONTROL, TREATMENT, SideName
from harness.record.events import DrillStarted, RunStarted
from harness.record.header import DashboardPlan, Procedure, SloPlan, SymptomPlan, UnreadLine
from harness.record.incident import AlertAction, ProcedureRow, ProceduresRead
from harness.runbook.alerting import asked_action
from harness.slo import Slo


@dataclass(frozen=True)
class Draw:
    """What a run draws at random, and how certain a credit has to be.

    `credit_alpha`: largest probability of self-healing at which a recovery is credited.
    """

    seed: int
    credit_alpha: float

    def first(self, drill: str) -> SideName:
        """The side of a drill that comes up, and is broken, first: it must not always be the same one."""
        return TREATMENT if Random(f"{self.seed} {drill}").random() < 0.5 else CONTROL  # noqa: S311  no secret


def run_header(plan: GamedayPlan, platform: str, jobs: int) -> RunStarted:
    """The header of a run on this kind of platform, with `jobs` drills at a time."""
    return RunStarted(
        document=plan.document.path,
        bindings=str(plan.bindings.path),
        platform=platform,
        jobs=jobs,
        drills=tuple(drill.runbook.id for drill in plan.drills),
        findings=tuple(plan.findings),
        procedures=tuple(_procedures(plan.document)),
    )


def _procedures(document: Document) -> Iterator[Procedure]:
    yield from (Procedure("alert", part.line, part.text) for part in document.alerts)
    yield from (Procedure("escalation", part.line, part.text) for part in document.escalation)
    yield from (Procedure("post-incident", part.line, part.text) for part in document.post_incident)


def procedures_header(document: Document) -> ProceduresRead | None:
    """The alert and escalation procedures of a document; None without any."""
    rows = [_row("alert", part, asked_action(part)) for part in document.alerts]
    rows += [_row("escalation", part, None) for part in document.escalation]
    return ProceduresRead(rows=tuple(rows)) if rows else None


def _row(kind: Literal["alert", "escalation"], part: ProcedurePart, action: AlertAction | None) -> ProcedureRow:
    return ProcedureRow(
        kind=kind,
        line=part.line,
        text=part.text,
        priority=part.priority,
        level=part.level,
        deadline_s=part.deadline_s,
        action=action,
    )


def drill_header(drill: DrillPlan, plan: GamedayPlan, history: History, draw: Draw) -> DrillStarted:
    """The header of a drill; `history` gives the VIF and the exposure of earlier runs."""
    runbook, binding = drill.runbook, drill.binding
    fault = _fault(plan, binding) if binding else ""
    earlier = history.without_response(fault)
    return DrillStarted(
        drill=runbook.id,
        title=runbook.title,
        line=runbook.line,
        fault=fault,
        faulted=_faulted(plan, binding) if binding else (),
        scenario=binding.scenario if binding else "",
        rate_per_s=binding.rate if binding else None,
        empty=not drill.steps,
        unbound="" if binding else _unbound(plan, runbook.id),
        symptoms=tuple(SymptomPlan(part.line, part.text, each.text if each else None) for part, each in drill.symptoms),
        slos=tuple(_slo(slo, binding, history) for slo in binding.slos.values()) if binding else (),
        unread=tuple(UnreadLine(unread.line, unread.why) for unread in drill.unread),
        seed=draw.seed,
        first=CONTROL if plan.bindings.control else draw.first(runbook.id),
        credit_alpha=draw.credit_alpha,
        earlier_exposure_s=earlier.exposure_s,
        earlier_ends=earlier.ends,
        dashboards=dashboards_of(drill),
    )


def dashboards_of(drill: DrillPlan) -> tuple[DashboardPlan, ...]:
    """The dashboard lines of a drill's runbook."""
    return tuple(DashboardPlan(part.line, part.text, part.system, part.name) for part in drill.runbook.dashboards)


def _fault(plan: GamedayPlan, binding: RunbookBinding) -> str:
    return f"{binding.fault} ({'; '.join(fault.text for fault in plan.bindings.faults[binding.fault])})"


def _faulted(plan: GamedayPlan, binding: RunbookBinding) -> tuple[str, ...]:
    return tuple(sorted({fault.at for fault in plan.bindings.faults[binding.fault]} - {LOAD}))


def _unbound(plan: GamedayPlan, id_: str) -> str:
    return f"{plan.bindings.path.name} defines no fault for this runbook: add runbooks.{id_}"


def _slo(slo: Slo, binding: RunbookBinding, history: History) -> SloPlan:
    known = history.known(binding.scenario, binding.rate, slo.condition.text)
    return SloPlan(
        name=slo.name,
        objective=slo.condition.text,
        window_s=slo.window_s,
        target=slo.target,
        alpha=slo.alpha,
        vif_floor=slo.vif_floor,
        known_vif=known.vif,
        known_vif_s=known.seconds,
    )
