"""The paper `root-cause`: the fault that was injected, and the evidence that it, and the response to it, had effect."""

from __future__ import annotations

from collections.abc import Iterator

from harness.postmortem.base import Incident, Paper
from harness.postmortem.procedures import asked_for
from harness.postmortem.timeline import UNKNOWN
from harness.report.evidence import chain
from harness.report.format import printable
from harness.report.markdown_text import code, quoted
from harness.verdict.result import DrillResult, StepResult


def _render(incident: Incident) -> str:
    return printable("\n".join(_lines(incident)) + "\n")


def _lines(incident: Incident) -> Iterator[str]:
    yield from ("# Root cause", "")
    yield from asked_for(incident.result, PAPER.procedure)
    for drill in incident.result.drills:
        yield from _drill(drill)


def _drill(drill: DrillResult) -> Iterator[str]:
    yield from (f"## {quoted(drill.runbook)}", "")
    if drill.fault:
        yield f"The cause of the incident is known, because gameday injected it: {quoted(drill.fault)}."
    else:
        yield "No fault was injected: the bindings have none for this runbook."
    yield from ("", "Evidence, in the order in which it was gathered:", "")
    yield from (f"{number}. {fact.mark} {quoted(fact.text)}" for number, fact in enumerate(chain(drill), 1))
    yield ""
    changing = [step for step in drill.steps if step.facts.changed]
    if changing:
        yield from (
            "What the response changed:",
            "",
            "| line | step | changed | effect on the SLOs |",
            "|---|---|---|---|",
        )
        yield from map(_step, changing)
        yield ""
    yield from (f"Why could this happen in production, and what would have prevented it: {UNKNOWN}", "")


def _step(step: StepResult) -> str:
    moved = [
        f"{effect.slo}: {effect.before:.1%} bad before, {effect.after:.1%} after"
        for effect in step.effects
        if effect.moved and effect.before is not None and effect.after is not None
    ]
    known = any(effect.before is not None and effect.after is not None for effect in step.effects)
    effect = code("; ".join(moved)) if moved else "none" if known else "not measured: the next step followed at once"
    return f"| {step.facts.line} | {code(step.facts.text)} | {code('; '.join(step.facts.changed))} | {effect} |"


PAPER = Paper("root-cause", "root-cause.md", r"root[- ]cause|\brca\b|5 whys", _render)
