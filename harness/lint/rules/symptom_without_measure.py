"""RB701: a symptom that cannot be measured."""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness.lint.base import Hit, Rule, Severity
from harness.lint.document import Document
from harness.lint.facts import shown, whole_line
from harness.lint.patterns import lazy

_HEADING = lazy(r"^\W*(?:symptoms?|signs|detection|indicators?|what you (?:will )?see)\b", re.I)
_VAGUE = lazy(
    r"^\W*(?:(?:very|unusually|abnormally|too) )?(?:high|low|slow|increas\w+|elevated|degraded|poor|bad|many|few|some"
    r"|lots of|excessive|unusual|abnormal|sluggish|spikes?|large)\b"
    r"|\b(?:is|are|seems?|feels?|becomes?|gets?) (?:very |too |unusually )?(?:slow|high|low|sluggish|unresponsive"
    r"|degraded|flaky|unstable)\b",
    re.I,
)
_MEASURED = lazy(r"\d|`|\berror:|\"|%|\bp9\d|https?:|\balert\b|\b[a-z]+_[a-z_]+\b", re.I)
_ITEM = lazy(r"^\s*(?:[-*+]|\d+[.)])\s+(?P<text>.+)$")


_METRIC_MOVES = lazy(
    r"`[a-z][a-z0-9_]+(?:\{[^`]*\})?`\s+(?:is |are )?(?:high|low|rising|rises|increasing|growing|dropping|climb\w*"
    r"|saturated|spik\w+|elevated)\b",
    re.I,
)
_CODE = lazy(r"`[^`]*`")


def _is_vague(text: str) -> bool:
    """Whether a symptom has neither a threshold nor a place, or only the name of a metric that "is high"."""
    if _METRIC_MOVES.search(text):
        return not any(sign.isdigit() for sign in _CODE.sub("", text))
    return bool(_VAGUE.search(text)) and not _MEASURED.search(text)


def _check(document: Document) -> Iterator[Hit]:
    for section in document.sections:
        if not _HEADING.match(section.heading.text) or section.last - section.heading.line > 40:
            continue
        for number in range(section.heading.line + 1, section.last + 1):
            line = document.lines[number - 1]
            item = _ITEM.match(line) if document.kinds[number - 1] == "p" else None
            if item and _is_vague(item["text"]):
                yield Hit(
                    whole_line(document, number),
                    f"the symptom {shown(item['text'])} states no threshold and no place to look",
                )


RULE = Rule(
    code="RB701",
    name="symptom-without-measure",
    severity=Severity.NOTE,
    summary="A symptom has no threshold and no place to look at.",
    why='"High" at night is a matter of opinion: two people decide differently whether this is the right runbook. '
    "Name the metric with "
    "its threshold, the alert, or the text in the log.",
    fires="## Symptoms\n\n- High latency\n- Many errors\n",
    silent="## Symptoms\n\n- P95 of the gateway above 500 ms for 5 minutes\n- the alert `ApiErrors`\n",
    check=_check,
)
