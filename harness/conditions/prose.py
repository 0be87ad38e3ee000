"""Conditions of symptoms that state a number: "High latency metrics (P95 > 500ms)" is `p95(SERIES) > 500ms`."""

from __future__ import annotations

import re

from harness.conditions.grammar import parse
from harness.measures.base import Condition

_COMPARISON = r"(?P<op>>=|<=|>|<|≥|≤|above|over|below|under|exceeds)\s*(?P<value>\d+(?:\.\d+)?)"
_LATENCY = re.compile(
    rf"\bp(?P<q>\d{{2}}(?:\.\d+)?)\b[^\d<>≥≤]{{0,30}}?{_COMPARISON}\s*(?P<unit>ms|milliseconds|s|seconds)\b", re.I
)
_ERRORS = re.compile(rf"\berror[ _-]?rates?\b[^\d<>≥≤]{{0,30}}?{_COMPARISON}\s*(?P<unit>%|percent)", re.I)
_AVAILABILITY = re.compile(
    rf"\b(?:availability|success[ _-]?rate)\b[^\d<>≥≤]{{0,30}}?{_COMPARISON}\s*(?P<unit>%|percent)", re.I
)
_OPS = {"above": ">", "over": ">", "exceeds": ">", "below": "<", "under": "<", "≥": ">=", "≤": "<="}
_UNITS = {"milliseconds": "ms", "seconds": "s", "percent": "%"}


def from_prose(text: str, series: str) -> Condition | None:
    """The condition that a sentence states about the load series `series`; None when it states no number."""
    for pattern, function in ((_LATENCY, "p{q}"), (_ERRORS, "error_rate"), (_AVAILABILITY, "availability")):
        match = pattern.search(text)
        if match:
            parts = match.groupdict()
            op = _OPS.get(parts["op"].lower(), parts["op"])
            unit = _UNITS.get(parts["unit"].lower(), parts["unit"].lower())
            return parse(f"{function.format(q=parts.get('q'))}({series}) {op} {parts['value']}{unit}")
    return None
