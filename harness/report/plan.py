"""The plan of a gameday as text and as JSON: what a run would do, as written and with placeholders filled in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from harness.bindings import RunbookBinding, SequentialControl
from harness.bindings.closed_load import understated
from harness.plan import DrillPlan, GamedayPlan
from harness.report.format import as_json, one_line, printable
from harness.steps.step import Step


def to_text(plan: GamedayPlan) -> str:
    """The plan for a terminal: per drill its load, faults, symptoms, SLOs and steps."""
    return printable("\n".join(_lines(plan)) + "\n")


def _lines(plan: GamedayPlan) -> Iterator[str]:
    yield f"{plan.document.path}, bound by {plan.bindings.path}; toggles start from their {plan.start} values"
    if control := plan.bindings.control:
        yield f"control: sequential, on one platform before the treatment: {control.why}"
    for service in plan.bindings.own.values():
        yield f"service {service.name}: {one_line(service.source)}"
    for ignored in plan.bindings.compose.ignored if plan.bindings.compose else ():
        yield f"note: {one_line(ignored)}"
    if plan.bindings.manifests:
        yield from (f"deploys {each.about} ({each.place()})" for each in plan.bindings.manifests.objects)
    for drill in plan.drills:
        yield ""
        yield f"{drill.runbook.id}  {drill.runbook.title}"
        yield from _incident(drill, plan)
        for step in drill.steps:
            yield from _step(step)
    if plan.general:
        yield ""
        yield "General section, during the first incident"
    for step in plan.general:
        yield from _step(step)
    for finding in plan.findings:
        yield f"finding: {finding}"


def _incident(drill: DrillPlan, plan: GamedayPlan) -> Iterator[str]:
    if drill.binding is None:
        where, name = plan.bindings.path.name, drill.runbook.id
        fix = (
            f"decide the open keys of runbooks.{name} in" if name in plan.bindings.drafts else f"add runbooks.{name} to"
        )
        yield f"  not bound: {fix} {where}; the drill would be inconclusive"
        return
    yield f"  load      {_load(drill.binding)}"
    for fault in plan.bindings.faults[drill.binding.fault]:
        yield f"  fault     {fault.text}"
    for symptom, condition in drill.symptoms:
        bound = condition.text if condition else "UNBOUND: the drill would be inconclusive"
        yield f"  symptom   line {symptom.line:<4} {symptom.text}  →  {bound}"
    for slo in drill.binding.slos.values():
        yield f"  SLO       {slo.name}: {slo.condition.text}"


def _load(binding: RunbookBinding) -> str:
    if binding.load:
        return f"{binding.scenario}: {replace(binding.load, rate_per_s=binding.rate).text}"
    if binding.users is not None:
        return f"{binding.scenario}: {understated(binding.users)}"
    return binding.scenario


def _step(step: Step) -> Iterator[str]:
    written, bound = one_line(step.text), one_line(step.shown)
    yield f"  {step.kind:<9} line {step.line:<4} {written}" + ("  (manual)" if step.purpose == "manual" else "")
    if bound and bound != written:
        yield f"  {'':<9}      as  {bound}"
    yield from (f"  {'':<9} MISSING  `{name}` has no binding" for name in step.missing)
    yield from (f"  {'':<9} REFUSED  {why}" for why in step.refusals)
    yield from (f"  {'':<9} note     {note}" for note in step.notes)


def to_json(plan: GamedayPlan) -> str:
    """The plan as JSON: document, bindings, start, control, services[], findings[], drills[], general[]."""
    whole = {
        "document": plan.document.path,
        "bindings": str(plan.bindings.path),
        "start": plan.start.value,
        "control": _control(plan.bindings.control),
        "services": list(plan.bindings.own_services),
        "findings": list(plan.findings),
        "drills": [_drill_json(drill) for drill in plan.drills],
        "general": [_step_json(step) for step in plan.general],
    }
    return as_json(whole)


def _control(control: SequentialControl | None) -> dict[str, object] | None:
    return None if control is None else {"sequential": control.why, "observe_s": control.observe_s}


def _drill_json(drill: DrillPlan) -> dict[str, object]:
    return {
        "runbook": drill.runbook.id,
        "bound": drill.binding is not None,
        "symptoms": [
            {"line": symptom.line, "text": symptom.text, "condition": condition.text if condition else None}
            for symptom, condition in drill.symptoms
        ],
        "steps": [_step_json(step) for step in drill.steps],
    }


def _step_json(step: Step) -> dict[str, object]:
    return {
        "line": step.line,
        "kind": step.kind,
        "purpose": step.purpose,
        "text": step.text,
        "bound": step.shown,
        "placeholders": dict(step.used),
        "missing": list(step.missing),
        "refused": list(step.refusals),
        "notes": list(step.notes),
    }
