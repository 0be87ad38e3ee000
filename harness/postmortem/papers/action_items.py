"""The paper `action-items`: failed, useless and harmful steps, findings and drift, each with its place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from harness.postmortem.base import Incident, Paper
from harness.postmortem.procedures import asked_for
from harness.postmortem.timeline import UNKNOWN
from harness.report.format import printable
from harness.report.markdown_text import code
from harness.verdict.gameday import GamedayResult
from harness.verdict.result import DrillResult
from harness.verdict.scope import what

_DRIFT = re.compile(r"\bdrift\b")
_PROSE = re.compile(r"not understood \(prose: nothing to run\)")
"""Text without anything to execute is no defect."""
_USELESS = "was applied and had no measurable effect"
_PLACE = re.compile(r"line (\d{1,9}): (.*)", re.DOTALL)


@dataclass(frozen=True)
class Item:
    """One thing to do, with the line of the document that it concerns; None: none."""

    kind: str
    runbook: str
    line: int | None
    fact: str


def items(result: GamedayResult) -> list[Item]:
    """Every item, each once, the most urgent first."""
    found = [item for drill in result.drills for item in _of_drill(drill)]
    general = {f"{step.place}: {step.why}" for drill in result.drills for step in drill.general}
    texts = [finding.text for finding in result.findings if not finding.runbook and finding.text not in general]
    found += [_of_finding("", text) for text in texts if not _PROSE.search(text)]
    order = ("harmful", "failed", "useless", "drift", "symptom", "dashboard", "finding")
    return sorted(dict.fromkeys(found), key=lambda item: order.index(item.kind))


def _of_drill(drill: DrillResult) -> Iterator[Item]:
    for outage in drill.outages:
        fact = f"{outage.step or 'the response'}: {what(outage)}"
        yield Item("harmful", drill.runbook, outage.line, fact)
    for step in (*drill.steps, *drill.general):
        if step.verdict in ("failed", "refused"):
            runbook = "" if step.facts.kind == "general" else drill.runbook
            yield Item("failed", runbook, step.facts.line, f"{step.facts.text}: {step.why}")
    for symptom in drill.symptoms:
        if drill.waited_for_symptoms and not symptom.seen:
            why = symptom.condition or "bound to no condition"
            yield Item("symptom", drill.runbook, symptom.line, f"{symptom.text}: not observed ({why})")
    for board in drill.dashboards:
        if board.verdict == "failed":
            yield Item("dashboard", drill.runbook, board.line, f"{board.text}: {board.why}")
    yield from (_of_finding(drill.runbook, text) for text in drill.findings)


def _of_finding(runbook: str, text: str) -> Item:
    match = _PLACE.fullmatch(text)
    line, fact = (int(match[1]), match[2]) if match else (None, text)
    kind = "drift" if _DRIFT.search(fact) else "useless" if fact.endswith(_USELESS) else "finding"
    return Item(kind, runbook, line, fact)


def _render(incident: Incident) -> str:
    return printable("\n".join(_lines(incident)) + "\n")


def _lines(incident: Incident) -> Iterator[str]:
    yield from ("# Action items", "")
    yield from asked_for(incident.result, PAPER.procedure)
    found = items(incident.result)
    if not found:
        yield "The drill found nothing to do."
        return
    lines = {edit.line for edit in incident.patched.edits}
    yield from ("| | kind | runbook | line | fact | in the patch | owner | due |", "|---|---|---|---|---|---|---|---|")
    for number, item in enumerate(found, 1):
        line = "" if item.line is None else f"{item.line}"
        patched = "yes" if item.line in lines else ""
        runbook = code(item.runbook)
        cells = (f"{number}", item.kind, runbook, line, code(item.fact), patched, UNKNOWN, UNKNOWN)
        yield f"| {' | '.join(cells)} |"


PAPER = Paper("action-items", "action-items.md", r"action items?|follow[- ]?ups?", _render)
