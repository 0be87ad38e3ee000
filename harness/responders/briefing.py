"""What a program that handles an incident reads on its standard input: one JSON object."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TypeAlias

from harness.model import Document
from harness.responders.desk import IncidentDesk
from harness.responders.sections import Section
from harness.steps.step import Step

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"

VERSION = 1
"""Version of the briefing; raised with every change that a program would misunderstand."""


def briefing(desk: IncidentDesk, namespace: str) -> str:
    """The briefing of an incident. It names neither the fault nor the runbook: to find that is the responder's work."""
    now = desk.situation()
    whole: dict[str, Json] = {
        "version": VERSION,
        "namespace": namespace,
        "budget_s": round(now.left_s, 1),
        "alerts": [
            {
                "id": alert.alert,
                "priority": alert.priority,
                "slo": alert.slo,
                "source": alert.source,
                "text": alert.text,
                "raised_s": alert.t_s,
            }
            for alert in now.alerts
        ],
        "slos": [
            {"name": slo.name, "objective": slo.objective, "unit": slo.unit, "value": slo.value, "holds": slo.holds}
            for slo in now.slos
        ],
        "document": _document(desk.document, desk.sections),
    }
    return json.dumps(whole, ensure_ascii=False, indent=1) + "\n"


def _document(document: Document, sections: tuple[Section, ...]) -> dict[str, Json]:
    rows = (*document.alerts, *document.escalation)
    return {
        "name": Path(document.path).name,
        "text": document.text,
        "runbooks": [_section(section) for section in sections],
        "procedures": [
            {
                "line": row.line,
                "text": row.text,
                "priority": row.priority,
                "level": row.level,
                "deadline_s": row.deadline_s,
            }
            for row in rows
        ],
    }


def _section(section: Section) -> dict[str, Json]:
    return {
        "id": section.id,
        "title": section.title,
        "line": section.line,
        "symptoms": list(section.symptoms),
        "steps": [_step(step) for step in section.steps],
    }


def _step(step: Step) -> dict[str, Json]:
    return {
        "line": step.line,
        "kind": step.kind,
        "purpose": step.purpose,
        "text": step.text,
        "command": step.shown if step.script and not step.missing else "",
    }
