"""Adds the check behind a change that has none: that the rollout completes."""

from __future__ import annotations

from collections.abc import Iterator

from harness.model import Command
from harness.policy.kubectl import positionals
from harness.postmortem.edits.base import Context, Dropped, Edit, EditKind, instead
from harness.postmortem.edits.bounded import ROLLOUT
from harness.postmortem.edits.commands import Workload, only_call, parts_of, placed, workload_of
from harness.postmortem.meaning import Meaning
from harness.record.steps import StepFacts

_NAME = "check"
_ROLLS_OUT = (("scale",), ("set",), ("patch",), ("rollout", "restart"), ("rollout", "undo"))
"""Verbs of kubectl that replace or add pods of a Deployment."""


def _find(context: Context) -> Iterator[Edit | Dropped]:
    for step in context.drill.steps:
        facts = step.facts
        if step.verdict == "ok" and facts.changed and facts.kind != "toggle":
            workload = _changed(facts.text)
            if workload is not None and not _checked(context, facts, workload):
                yield _edit(context, facts, workload)


def _changed(text: str) -> Workload | None:
    call = only_call(text)
    if call is None:
        return None
    verbs = tuple(positionals(call.argv[1:]))
    return workload_of(call) if any(verbs[: len(each)] == each for each in _ROLLS_OUT) else None


def _checked(context: Context, facts: StepFacts, workload: Workload) -> bool:
    """Whether a later command of the runbook looks at the rollout of this Deployment."""
    later = [part for part in parts_of(context.document, context.drill.runbook) if part.line > facts.line]
    texts = [part.text for part in later if isinstance(part, Command)]
    return any("rollout status" in text and workload.name in text for text in texts)


def _edit(context: Context, facts: StepFacts, workload: Workload) -> Edit | Dropped:
    command = f"kubectl rollout status {workload.words} {ROLLOUT}"
    place = placed(context.source, facts)
    if place is None:
        return Dropped(_NAME, facts.line, f"nothing checks the change: add `{command}` behind it")
    at, new = place.line_below(command, context.source)
    owner = context.drill.runbook
    both = [Meaning(facts.line, owner, "Command", text, ("",)) for text in (facts.text, command)]
    why = "nothing shows whether the change was rolled out"
    return Edit(_NAME, facts.line, why, at, "", new, instead(facts.line, "Command", facts.text, *both))


KIND = EditKind(_NAME, _find)
