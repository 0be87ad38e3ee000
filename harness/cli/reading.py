"""`gameday show` and `gameday plan`: what was read, and what would run. Neither runs anything."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from harness.cli.run import read_plan
from harness.errors import PASSED, UNUSABLE
from harness.plan import DrillPlan, GamedayPlan
from harness.report.show import to_json, to_text
from harness.runbook import nothing_to_test, read
from harness.steps.step import Step


def show(runbook: Path, form: str) -> int:
    """Print what was read of a document; exit 2 when there is nothing to test in it."""
    document = read(runbook)
    sys.stdout.write(to_json(document) if form == "json" else to_text(document))
    nothing = nothing_to_test(document)
    if nothing:
        sys.stderr.write(f"gameday: {runbook}: nothing to test: {nothing}\n")
    return UNUSABLE if nothing else PASSED


def plan(runbook: Path, bindings: Path | None, only: list[str], form: str) -> int:
    """Print what a run would do; exit 2 when it would refuse to start."""
    made = read_plan(runbook, bindings, only)
    sys.stdout.write(_json(made) if form == "json" else "\n".join(_text(made)) + "\n")
    return UNUSABLE if any(step.missing or step.refusals for step in made.steps()) else PASSED


def _text(made: GamedayPlan) -> Iterator[str]:
    yield f"{made.document.path}, bound by {made.bindings.path}"
    for drill in made.drills:
        yield ""
        yield f"{drill.runbook.id}  {drill.runbook.title}"
        yield from _incident(drill, made)
        for step in drill.steps:
            yield from _step(step)
    if made.general:
        yield ""
        yield "General section, during the first incident"
    for step in made.general:
        yield from _step(step)
    for finding in made.findings:
        yield f"finding: {finding}"


def _incident(drill: DrillPlan, made: GamedayPlan) -> Iterator[str]:
    if drill.binding is None:
        where = made.bindings.path.name
        yield f"  not bound: add runbooks.{drill.runbook.id} to {where}; the drill would be inconclusive"
        return
    yield f"  load      {drill.binding.scenario}"
    for fault in made.bindings.faults[drill.binding.fault]:
        yield f"  fault     {fault.text}"
    for symptom, condition in drill.symptoms:
        bound = condition.text if condition else "UNBOUND: the drill would be inconclusive"
        yield f"  symptom   line {symptom.line:<4} {symptom.text}  →  {bound}"
    for slo in drill.binding.slos.values():
        yield f"  SLO       {slo.name}: {slo.condition.text}"


def _step(step: Step) -> Iterator[str]:
    written, bound = " ".join(step.text.split()), " ".join(step.shown.split())
    yield f"  {step.kind:<9} line {step.line:<4} {written}" + ("  (manual)" if step.purpose == "manual" else "")
    if bound and bound != written:
        yield f"  {'':<9}      as  {bound}"
    yield from (f"  {'':<9} MISSING  `{name}` has no binding" for name in step.missing)
    yield from (f"  {'':<9} REFUSED  {why}" for why in step.refusals)
    yield from (f"  {'':<9} note     {note}" for note in step.notes)


def _json(made: GamedayPlan) -> str:
    whole = {
        "document": made.document.path,
        "bindings": str(made.bindings.path),
        "findings": list(made.findings),
        "drills": [_drill_json(drill) for drill in made.drills],
        "general": [_step_json(step) for step in made.general],
    }
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"


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
