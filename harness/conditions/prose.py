"""Conditions of symptoms that state a number: "High latency metrics (P95 > 500ms)" is `p95(SERIES) > 500ms`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

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
_AND = re.compile(r"\band\b|&|,(?!.*\bor\b)", re.I)
_OPS = {"above": ">", "over": ">", "exceeds": ">", "below": "<", "under": "<", "≥": ">=", "≤": "<="}
_UNITS = {"milliseconds": "ms", "seconds": "s", "percent": "%"}


def from_prose(text: str, series: str) -> tuple[Condition, ...]:
    """The conditions that a sentence states about the load series `series`, joined by "and"; () without a number.

    Of conditions that are joined by "or", only the first one.
    """
    found = sorted(((match, function) for function, match in _matches(text)), key=lambda each: each[0].start())
    joined = found[:1]
    for (before, _), (match, function) in pairwise(found):
        if not _AND.search(text[before.end() : match.start()]):
            break
        joined.append((match, function))
    return tuple(_condition(match, function, series) for match, function in joined)


def _matches(text: str) -> Iterator[tuple[str, re.Match[str]]]:
    for pattern, function in ((_LATENCY, "p{q}"), (_ERRORS, "error_rate"), (_AVAILABILITY, "availability")):
        yield from ((function, match) for match in pattern.finditer(text))


def _condition(match: re.Match[str], function: str, series: str) -> Condition:
    parts = match.groupdict()
    op = _OPS.get(parts["op"].lower(), parts["op"])
    unit = _UNITS.get(parts["unit"].lower(), parts["unit"].lower())
    return parse(f"{function.format(q=parts.get('q'))}({series}) {op} {parts['value']}{unit}")
