"""Corrects names that do not exist where the record has one that is meant: of metrics, Deployments and services."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches

from harness.postmortem.edits.base import Context, Dropped, Edit, EditKind, instead
from harness.postmortem.meaning import Meaning
from harness.record.steps import StepFacts
from harness.verdict.result import DashboardResult, StepResult

_NAME = "dead name"
_SIMILAR = 0.8
_MISSING = re.compile(r"(?:deployments\.apps|services) \"(?P<name>[a-z0-9.-]+)\" not found")
_NO_HOST = re.compile(r"[Cc]ould not resolve host: (?P<name>[a-z0-9-]+)")


def _find(context: Context) -> Iterator[Edit | Dropped]:
    for board in context.drill.dashboards:
        if board.near:
            yield _of_board(context, board)
    known = sorted(_known(context))
    for step in (*context.drill.steps, *context.drill.general):
        if step.verdict == "failed" and step.facts.kind != "toggle":
            yield from _of_step(context, step, known)


def _known(context: Context) -> Iterator[str]:
    """Names that exist on the platform: of services, and of Deployments that a step changed."""
    for step in context.drill.steps:
        yield from (service.partition(":")[0] for service in step.facts.services)
        changes = (re.match(r"deployment/([a-z0-9.-]+) ", change) for change in step.facts.changed)
        yield from (match[1] for match in changes if match)


def _of_board(context: Context, board: DashboardResult) -> Edit | Dropped:
    at = _only_place(context, board.line, board.name)
    if at is None:
        return Dropped(_NAME, board.line, f"no pod exports {board.name}; {board.near} is exported")
    after = Meaning(board.line, context.drill.runbook, "Dashboard", board.near, (board.system,))
    why = f"no pod exports {board.name}; {board.near} is exported"
    change = instead(board.line, "Dashboard", board.name, after)
    return Edit(_NAME, board.line, why, at, board.name, board.near, change)


def _of_step(context: Context, step: StepResult, known: list[str]) -> Iterator[Edit | Dropped]:
    facts = step.facts
    match = _MISSING.search(facts.stderr) or _NO_HOST.search(facts.stderr)
    near = get_close_matches(match["name"], dict.fromkeys(known), n=2, cutoff=_SIMILAR) if match else []
    if match and len(near) == 1 and match["name"] not in known:
        yield _renamed(context, facts, match["name"], near[0])


def _renamed(context: Context, facts: StepFacts, name: str, near: str) -> Edit | Dropped:
    why = f"there is no {name}; {near} exists"
    at, word = _only_place(context, facts.line, name), _word(name)
    if at is None or "\n" in facts.text or len(word.findall(facts.text)) != 1:
        return Dropped(_NAME, facts.line, why)
    owner = "" if facts.kind == "general" else context.drill.runbook
    after = Meaning(facts.line, owner, "Command", word.sub(near, facts.text), ("",))
    return Edit(_NAME, facts.line, why, at, name, near, instead(facts.line, "Command", facts.text, after))


def _only_place(context: Context, number: int, name: str) -> int | None:
    """Offset of a name that is once on its line; None for any other number."""
    line = context.source.line(number)
    found = list(_word(name).finditer(line.text)) if line else []
    return line.start + found[0].start() if line and len(found) == 1 else None


def _word(name: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w.-]){re.escape(name)}(?![\w-])")


KIND = EditKind(_NAME, _find)
