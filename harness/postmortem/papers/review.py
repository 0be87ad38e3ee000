"""The paper `review`: the sheet for the team's review, with the edits of the runbook and the document's procedures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harness.postmortem.base import Incident, Paper
from harness.postmortem.procedures import asked_for, of_kind
from harness.postmortem.timeline import UNKNOWN
from harness.report.format import printable
from harness.report.markdown_text import code, quoted
from harness.verdict.gameday import ManualLine

PATCH = "runbook.patch"
_QUESTIONS = (
    "Did the runbook help, and was it found in time?",
    "Which step cost the most time, and is it needed?",
    "What was not known before this drill?",
    "Which action items are the most urgent, and who owns them?",
)
_KINDS = {"alert": "Alert procedures", "escalation": "Escalation", "post-incident": "After the incident"}


def _render(incident: Incident) -> str:
    return printable("\n".join(_lines(incident)) + "\n")


def _lines(incident: Incident) -> Iterator[str]:
    result = incident.result
    yield from ("# Review", "")
    yield from asked_for(result, PAPER.procedure)
    yield from (f"- {drill.verdict.value}: {quoted(drill.runbook)}" for drill in result.drills)
    yield ""
    yield from _updates(incident)
    yield from ("## Questions", "")
    yield from (f"- {question} {UNKNOWN}" for question in _QUESTIONS)
    for kind, title in _KINDS.items():
        yield from _checklist(title, of_kind(result.procedures, kind))
    yield from ("", f"Reviewed by: {UNKNOWN} on {UNKNOWN}")


def _updates(incident: Incident) -> Iterator[str]:
    """The edits of the patch, and what is left to a person."""
    yield from ("## Runbook updates", "")
    if incident.no_patch:
        yield from (f"There is no `{PATCH}`: {incident.no_patch}.", "")
    elif incident.patched.edits:
        yield from (f"`{PATCH}` makes these edits; nothing else changes.", "")
        yield from ("| accept | line | kind | old | new | why |", "|---|---|---|---|---|---|")
        for edit in incident.patched.edits:
            cells = (f"{edit.line}", edit.kind, code(edit.old), code(edit.new), code(edit.why))
            yield f"| ☐ | {' | '.join(cells)} |"
        yield ""
    if incident.patched.dropped:
        yield from ("Left to a person:", "")
        yield from (f"- ☐ line {each.line} ({each.kind}): {quoted(each.why)}" for each in incident.patched.dropped)
        yield ""


def _checklist(title: str, lines: Sequence[ManualLine]) -> Iterator[str]:
    if lines:
        yield from ("", f"## {title}", "")
        yield from (f"- ☐ line {line.line}: {quoted(line.text)}" for line in lines)


PAPER = Paper("review", "review.md", r"review|lessons|runbook updates?", _render)
