"""RB717: a step that asks for a change and does not say how."""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness.lint.base import Hit, Rule, Severity
from harness.lint.document import Document
from harness.lint.facts import goes_on, is_incident_document, shown, whole_line
from harness.lint.patterns import lazy

_ITEM = lazy(
    r"^\s*(?:[-*+]|\d+[.)])\s+(?:\[[ x]\]\s+)?(?:\*\*(?:fix|action|resolution|remedy)\*\*:?\s*)?"
    r"(?P<text>(?:restart|re-?deploy|roll ?back|scale|increase|reduce|decrease|enable|disable|switch|fail ?over"
    r"|redirect|reroute|drain|kill|stop|clear|purge|recycle|retry|rotate|re-?enable|activate|optimi[sz]e|flush|reboot|recreate"
    r"|revert)\b [^`\n]*)$",
    re.I,
)
_ROW = lazy(r"^\s*\|.*\|\s*(?P<text>(?:clear|kill|restart|increase)\b [^`|\n]*)\|\s*$", re.I)
_HOW = lazy(r"`|\]\(|https?://|:\s*$|\bsee\b|\bvia\b|\busing\b|\bin the\b|\bbelow\b|\babove\b", re.I)


def _check(document: Document) -> Iterator[Hit]:
    if not is_incident_document(document):
        return
    for number, (line, kind) in enumerate(zip(document.lines, document.kinds, strict=True), start=1):
        item = (_ITEM.match(line) or _ROW.match(line)) if kind == "p" else None
        if item is not None and not _HOW.search(item["text"]) and not goes_on(document, number):
            yield Hit(whole_line(document, number), f"{shown(item['text'])} names no command, button or document")


RULE = Rule(
    code="RB717",
    name="remedy-without-command",
    severity=Severity.NOTE,
    summary="A step asks for a change and does not say how to make it.",
    why="It is the step that restores the service, and the one who is paged has to invent it. Add the command, the "
    "button, or the document that has it.",
    fires="## Symptoms\n\nErrors.\n\n## Mitigation\n\n- Redirect traffic to healthy regions\n- Enable rate limiting\n",
    silent="## Symptoms\n\nErrors.\n\n## Mitigation\n\n- Enable rate limiting: `kubectl set env deployment/api "
    "LIMIT=on -n shop`\n",
    check=_check,
)
