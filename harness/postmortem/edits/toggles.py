"""Adds to a toggle the command that applies it, and the one that takes it back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from harness.model import Toggle
from harness.postmortem.edits.base import Change, Context, Dropped, Edit, EditKind
from harness.postmortem.edits.commands import parts_of
from harness.postmortem.meaning import Meaning
from harness.record.steps import StepFacts, ToggleFacts

_NAME = "toggle"
PLAIN = re.compile(r"[A-Za-z_]\w*(?:-|=[\w.,:/@%+-]*)", re.ASCII)
"""An assignment, or a removal, that means itself in a shell and in inline code."""
_COMMAND = re.compile(
    r"kubectl set env deployment/(?P<name>[a-z0-9.-]+) (?P<assignment>\S+) -n (?P<namespace>[a-z0-9-]+) && .*",
    re.DOTALL,
)
"""How a run sets a toggle that has no command in the document."""


def _find(context: Context) -> Iterator[Edit | Dropped]:
    toggles = [part for part in parts_of(context.document, context.drill.runbook) if isinstance(part, Toggle)]
    for step in context.drill.steps:
        facts = step.facts
        known = [toggle for toggle in toggles if facts.toggle and _is(toggle, facts, facts.toggle)]
        if step.verdict == "ok" and len(known) == 1 and not known[0].command:
            yield _edit(context, facts, known[0])


def _is(toggle: Toggle, facts: StepFacts, set_: ToggleFacts) -> bool:
    return (toggle.line, toggle.name) == (facts.line, set_.name)


def _edit(context: Context, facts: StepFacts, toggle: Toggle) -> Edit | Dropped:
    commands = _commands(facts)
    if commands is None:
        return Dropped(_NAME, facts.line, f"no command sets {toggle.name}: its values need quotes, add one by hand")
    command, rollback = commands
    text = f" (`{command}`; rollback: `{rollback}`)" if rollback else f" (`{command}`)"
    line = context.source.line(facts.line)
    if line is None or not line.text.rstrip().endswith(_end_of(facts.text)):
        return Dropped(_NAME, facts.line, f"no command sets {toggle.name}: add `{command}`")
    stop = line.start + len(line.text.rstrip())
    owner = context.drill.runbook
    why = f"nothing says how {toggle.name} is set on deployment/{facts.toggle.deployment if facts.toggle else ''}"
    return Edit(_NAME, facts.line, why, stop, "", text, _with_commands(owner, toggle, command, rollback))


def _end_of(text: str) -> str:
    """The last word of an item: where it ends, its line ends, and nothing of it stands below."""
    return text.rsplit(maxsplit=1)[-1] if text.split() else "\0"


def _commands(facts: StepFacts) -> tuple[str, str] | None:
    """The command that the run has used, and the same with the value from before; None where a value needs quotes."""
    match = _COMMAND.fullmatch(facts.bound)
    if match is None or facts.toggle is None or facts.toggle.before is None:
        return None
    old = f"{facts.toggle.name}={facts.toggle.before}"
    if not PLAIN.fullmatch(match["assignment"]) or not PLAIN.fullmatch(old):
        return None
    head, tail = f"kubectl set env deployment/{match['name']}", f"-n {match['namespace']}"
    back = "" if old == match["assignment"] else f"{head} {old} {tail}"
    return f"{head} {match['assignment']} {tail}", back


def _with_commands(owner: str, toggle: Toggle, command: str, rollback: str) -> Change:
    def change(parts: list[Meaning]) -> list[Meaning]:
        return [
            replace(part, detail=(*part.detail[:3], command, rollback))
            if (part.line, part.owner, part.kind, part.text) == (toggle.line, owner, "Toggle", toggle.name)
            else part
            for part in parts
        ]

    return change


KIND = EditKind(_NAME, _find)
