"""The plan of a run as the page shows it: each runbook with its steps, and the deadlines for alerts."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

from harness.listeners.web.hiding import HIDDEN
from harness.plan import DrillPlan, GamedayPlan
from harness.runbook.alerting import asked_action
from harness.steps.step import Step


def shown_plan(plan: GamedayPlan, only: Collection[str] = ()) -> dict[str, object]:
    """The document and its drills; `only`: ids of runbooks, if not all are shown."""
    drills = [_drill(drill) for drill in plan.drills if not only or drill.runbook.id in only]
    return {"document": Path(plan.document.path).name, "drills": drills, "deadlines": list(_deadlines(plan))}


def hidden_plan(plan: GamedayPlan) -> dict[str, object]:
    """The same for a drill whose runbook is hidden: the steps of all runbooks, and no symptoms."""
    steps = [_step(step) for drill in plan.drills for step in drill.steps]
    drill = {
        "id": HIDDEN,
        "title": "one of the document's",
        "line": 1,
        "symptoms": [],
        "steps": steps,
        "dashboards": [],
    }
    return {**shown_plan(plan), "drills": [drill]}


def _drill(drill: DrillPlan) -> dict[str, object]:
    """One runbook: what it documents, and the steps as they would run."""
    runbook = drill.runbook
    return {
        "id": runbook.id,
        "title": runbook.title,
        "line": runbook.line,
        "symptoms": [{"line": each.line, "text": each.text} for each in runbook.symptoms],
        "steps": [_step(step) for step in drill.steps],
        "dashboards": [{"line": each.line, "text": each.text} for each in runbook.dashboards],
    }


def _step(step: Step) -> dict[str, object]:
    return {
        "number": step.number, "line": step.line, "kind": step.kind, "purpose": step.purpose, "text": step.text,
        "shown": step.shown or step.text, "runs": step.script is not None,
    }  # fmt: skip


def _deadlines(plan: GamedayPlan) -> Iterator[dict[str, object]]:
    """Each time limit of the procedures for alerts: priority, what has to be done, and within how many seconds."""
    for procedure in plan.document.alerts:
        if procedure.deadline_s and procedure.priority and (action := asked_action(procedure)):
            place = {"line": procedure.line, "text": procedure.text}
            yield {"priority": procedure.priority, "action": action, "limit_s": procedure.deadline_s, **place}
