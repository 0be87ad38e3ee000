"""Adds the command that takes a change back, as a comment above it, with the values that the record has from before."""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness.model import Command
from harness.policy.kubectl import positionals
from harness.postmortem.edits.base import Context, Dropped, Edit, EditKind, unchanged
from harness.postmortem.edits.commands import only_call, parts_of, placed, workload_of
from harness.postmortem.edits.toggles import PLAIN
from harness.record.steps import NOT_SET, StepFacts

_NAME = "rollback"
_REPLICAS = re.compile(r"deployment/\S+ replicas (?P<old>\d+) -> (?P<new>\d+)")
_VARIABLE = re.compile(r"deployment/\S+ (?P<name>[A-Za-z_]\w*) (?P<old>.*) -> (?P<new>.*)")
_BACK = re.compile(r"roll(?:ed|ing)?[ -]?back|undo|revert", re.I)


def _find(context: Context) -> Iterator[Edit | Dropped]:
    for step in context.drill.steps:
        facts = step.facts
        if step.verdict == "ok" and facts.changed and facts.kind != "toggle" and not _has_one(context, facts):
            command = _rollback(facts)
            if command:
                yield _edit(context, facts, command)


def _has_one(context: Context, facts: StepFacts) -> bool:
    """Whether the comment above the command says how to take it back."""
    for part in parts_of(context.document, context.drill.runbook):
        if isinstance(part, Command) and (part.line, part.text) == (facts.line, facts.text):
            return bool(_BACK.search(part.title))
    return False


def _rollback(facts: StepFacts) -> str:
    """The command that takes the change back; "" where there is none, or its values are not known."""
    call = only_call(facts.text)
    if call is None or workload_of(call) is None:
        return ""
    verbs = positionals(call.argv[1:])
    if verbs[:1] == ["scale"]:
        return _with_replicas(facts)
    if verbs[:2] == ["set", "env"]:
        return _with_variables(facts)
    if verbs[:1] == ["patch"] or verbs[:1] == ["set"]:
        workload = workload_of(call)
        return f"kubectl rollout undo {workload.words}" if workload else ""
    return ""


def _with_replicas(facts: StepFacts) -> str:
    """The same command with the number of replicas from before."""
    counts = [match for change in facts.changed if (match := _REPLICAS.fullmatch(change))]
    if len(counts) != 1:
        return ""
    pattern = rf"(?<=\s)--replicas(=|\s+){counts[0]['new']}(?=\s|$)"
    text, number = re.subn(pattern, lambda match: f"--replicas{match[1]}{counts[0]['old']}", facts.text)
    return text if number == 1 else ""


def _with_variables(facts: StepFacts) -> str:
    """The same command with the values from before; a variable that was not there is removed by `NAME-`."""
    text = facts.text
    for change in facts.changed:
        match = _VARIABLE.fullmatch(change)
        if match is None:
            continue
        old = f"{match['name']}-" if match["old"] == NOT_SET else f"{match['name']}={match['old']}"
        assignment = rf"(?<=\s){match['name']}={re.escape(match['new'])}(?=\s|$)"
        if not PLAIN.fullmatch(old) or len(re.findall(assignment, text)) != 1:
            return ""
        text = re.sub(assignment, lambda _, old=old: old, text)  # type: ignore[misc]
    return text if text != facts.text else ""


def _edit(context: Context, facts: StepFacts, command: str) -> Edit | Dropped:
    place = placed(context.source, facts)
    if place is None:
        return Dropped(_NAME, facts.line, f"nothing says how to take the change back: `{command}`")
    at, new = place.line_above(f"# Rollback: {command}", context.source)
    why = "nothing says how to take the change back after the incident"
    return Edit(_NAME, facts.line, why, at, "", new, unchanged)


KIND = EditKind(_NAME, _find)
