"""The parts of a document that have steps, so that a responder can run each of them by its line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from harness.plan import GamedayPlan
from harness.responders.base import Incident
from harness.steps.step import Step


@dataclass(frozen=True)
class Section:
    """A runbook of the document, or its general commands, with the steps in order."""

    id: str
    """Id of the runbook; empty: the general commands."""
    title: str
    line: int
    symptoms: tuple[str, ...]
    steps: tuple[Step, ...]


def sections_of(plan: GamedayPlan) -> tuple[Section, ...]:
    """Every runbook of the plan in the document's order, then the general commands."""
    runbooks = (
        Section(
            drill.runbook.id,
            drill.runbook.title,
            drill.runbook.line,
            tuple(symptom.text for symptom in drill.runbook.symptoms),
            drill.steps,
        )
        for drill in plan.drills
    )
    return (*runbooks, *_general(plan.general))


def sections_of_incident(incident: Incident) -> tuple[Section, ...]:
    """The runbook of an incident, then the general commands of the document."""
    runbook = incident.runbook
    symptoms = tuple(symptom.text for symptom in runbook.symptoms)
    own = Section(runbook.id, runbook.title, runbook.line, symptoms, incident.steps)
    return (own, *_general(incident.general))


def _general(steps: Sequence[Step]) -> Iterator[Section]:
    if steps:
        yield Section("", "General commands", steps[0].line, (), tuple(steps))
