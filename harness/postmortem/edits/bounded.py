"""Bounds commands that never end, or may wait for ever: `kubectl logs -f`, a rollout or curl without a limit."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from harness.bash.parse import parse
from harness.bash.script import Script
from harness.policy import classify
from harness.postmortem.edits.base import Context, Dropped, Edit, EditKind, instead
from harness.postmortem.edits.commands import changed_words
from harness.postmortem.meaning import Meaning
from harness.record.steps import StepFacts

TAIL_LINES = 10_000
ROLLOUT = "--timeout=60s"
CURL = "--max-time 10"
_NAME = "bounded"


@dataclass(frozen=True)
class _Rule:
    """A form of command that is not bounded: how it is found, what bounds it, and why it should be."""

    pattern: re.Pattern[str]
    """Has a group `old`, the words that are replaced; they may be empty."""
    new: str
    bounded: re.Pattern[str]
    """A command with these words has a bound already."""
    why: str
    applies: Callable[[Script], bool] = lambda script: True
    """Whether the text, as it is parsed, has a command of this form."""


_UNTIL = r"(?:[^|;&\n]|\\\n)*?"
"""Within one command, also where a backslash continues it on the next line."""
_RULES = (
    _Rule(
        re.compile(rf"\bkubectl\s{_UNTIL}\blogs\b{_UNTIL}\s(?P<old>-f|--follow(?:=true)?)(?=\s|$)"),
        f"--tail={TAIL_LINES}",
        re.compile(r"\s--tail\b"),
        "it never ends by itself, and was ended after a moment",
        classify.endless,
    ),
    _Rule(
        re.compile(rf"\bkubectl\s{_UNTIL}\bget\b{_UNTIL}(?P<old>\s(?:-w|--watch(?:=true)?))(?=\s|$)"),
        "",
        re.compile(r"(?!)"),
        "it watches for ever, and was ended after a moment",
        classify.endless,
    ),
    _Rule(
        re.compile(rf"\bkubectl\s{_UNTIL}\brollout\s+status(?P<old>)(?=\s)"),
        f" {ROLLOUT}",
        re.compile(r"\s--timeout\b"),
        "it waits for ever where a rollout does not complete",
    ),
    _Rule(
        re.compile(r"(?:^|[\s;|&])curl(?P<old>)(?=\s)"),
        f" {CURL}",
        re.compile(r"\s(?:--max-time|-m|--connect-timeout)\b"),
        "it waits for ever where the service takes the connection and does not answer: that is an incident",
        lambda script: bool(classify.urls(script)),
    ),
)


def _find(context: Context) -> Iterator[Edit | Dropped]:
    for step in (*context.drill.steps, *context.drill.general):
        if step.facts.ran and step.facts.kind != "toggle":
            yield from _of_step(context, step.facts)


def _of_step(context: Context, facts: StepFacts) -> Iterator[Edit | Dropped]:
    for rule in _RULES:
        found = [match for match in rule.pattern.finditer(facts.text) if not rule.bounded.search(facts.text)]
        if found and rule.applies(parse(facts.text)):
            made = _edit(context, facts, found[0], rule) if len(found) == 1 else None
            yield made or Dropped(_NAME, facts.line, f"{rule.why}: bound it by hand")


def _edit(context: Context, facts: StepFacts, match: re.Match[str], rule: _Rule) -> Edit | None:
    begin, end = match.span("old")
    text = facts.text[:begin] + rule.new + facts.text[end:]
    at = _offset(context, facts, begin)
    removed, added = changed_words(facts.text, text)
    expected = (match["old"].split(), rule.new.split())
    if at is None or (removed, added) != tuple(map(sorted, expected)) or classify.endless(parse(text)):
        return None
    after = Meaning(facts.line, _owner(context, facts), "Command", text, ("",))
    return Edit(
        _NAME, facts.line, rule.why, at, match["old"], rule.new, instead(facts.line, "Command", facts.text, after)
    )


def _owner(context: Context, facts: StepFacts) -> str:
    return "" if facts.kind == "general" else context.drill.runbook


def _offset(context: Context, facts: StepFacts, position: int) -> int | None:
    """Offset in the document of a position in the step's text; None where that is not certain."""
    spots = context.source.spots(facts.line, facts.text)
    if spots is None:
        return None
    before = facts.text[:position].split("\n")
    piece = facts.text.split("\n")[len(before) - 1]
    indent = len(piece) - len(piece.lstrip())
    return spots[len(before) - 1] + len(before[-1]) - indent if len(before[-1]) >= indent else None


KIND = EditKind(_NAME, _find)
